"""A plan as bookings: day, theatre, start and room of every request with its reason, and what differs from before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ray_jobs.scheduling.edits import Edit
from ray_jobs.scheduling.ihtp import Patient, Solution
from ray_jobs.scheduling.left_out import why_left
from ray_jobs.scheduling.lists import starts
from ray_jobs.scheduling.occupancy import Occupancy, occupancy
from ray_jobs.scheduling.why_not import weigh
from ray_jobs.scheduling.words import counted
from schemas.events import AdmissionRequested, Booking, PlanChange
from services.operations.planning.kept import Kept
from services.operations.planning.naming import short
from services.operations.planning.people import EMERGENCY
from services.operations.planning.problem import Problem
from services.operations.planning.settings import PlanningSettings

MOST_CHANGES, MOST_EXPLAINED = 400, 20
STEP_MINUTES = 5
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """A solution of a problem with what is said about it."""

    problem: Problem
    solution: Solution
    report: Mapping[str, int]
    kept: Kept
    given_up: frozenset[str]
    yielded: bool

    @property
    def used(self) -> Occupancy:
        """What it uses."""
        return occupancy(self.problem.instance, self.solution)


def bookings(plan: Planned, before: Mapping[str, Booking], settings: PlanningSettings) -> tuple[Booking, ...]:
    """A booking for each request, by day, theatre and start; operations keep their order where they can."""
    problem, used = plan.problem, plan.used
    order = sorted((b.start, short(r)) for r, b in before.items() if b.start is not None)
    first = [i for i, r in problem.requests.items() if r.priority == EMERGENCY]
    held, now = _today(plan, used, before, settings)
    rank = {i: n for n, (_, i) in enumerate(order)}
    begin = starts(used.patients, used.planned, rank=rank, first=first, held=held, earliest={0: now})
    found = [
        _booking(plan, used, used.patients[identity], request, begin.get(identity), settings)
        for identity, request in sorted(problem.requests.items())
    ]
    found += [_left(request, problem.left[name]) for name, request in sorted(problem.left_requests.items())]
    last = date.max
    return tuple(sorted(found, key=lambda b: (b.day or last, b.theatre or "", str(b.start), b.request)))


def _today(
    plan: Planned, used: Occupancy, before: Mapping[str, Booking], settings: PlanningSettings
) -> tuple[dict[str, int], int]:
    """Of today's lists: starts that stand already, and the first minute at which another may begin."""
    problem = plan.problem
    opens = settings.starts(problem.begins)
    now = max(0, math.ceil((problem.as_of - opens).total_seconds() / 60 / STEP_MINUTES) * STEP_MINUTES)
    held = {}
    for request, old in before.items():
        where = used.planned.get(short(request))
        same = where is not None and where.day == 0 and old.day == problem.begins and old.theatre is not None
        if same and where is not None and where.theatre == short(old.theatre or "") and old.start is not None:
            held[short(request)] = round((old.start - opens).total_seconds() / 60)
    return held, now


def _booking(
    plan: Planned, used: Occupancy, patient: Patient, request: AdmissionRequested, begin: int | None,
    settings: PlanningSettings,
) -> Booking:  # fmt: skip
    problem, where = plan.problem, used.planned.get(patient.id)
    surgery = request.surgery
    if surgery is None:
        msg = f"request {request.request} asks for no surgery"
        raise ValueError(msg)
    told = {
        "request": request.request, "patient": request.patient, "surgeon": surgery.surgeon, "minutes": surgery.minutes,
        "nights": patient.length_of_stay, "mandatory": patient.mandatory,
    }  # fmt: skip
    if where is None:
        reason = why_left(problem.instance, used, patient, words=problem.words)
        if patient.id in plan.given_up:
            reason = f"must be planned and cannot be: see the conflicts; {reason}"
        return Booking.model_validate({**told, "reason": reason[:LONGEST]})
    day = problem.begins + timedelta(days=where.day)
    pinned = patient.id in plan.kept.fixed and not (plan.yielded and patient.id in plan.kept.yielding)
    full = problem.full
    return Booking.model_validate(
        {
            **told,
            "day": day,
            "theatre": full.get(where.theatre, where.theatre),
            "start": settings.starts(day) + timedelta(minutes=begin or 0),
            "room": full.get(where.room, where.room),
            "ward": problem.wards.get(where.room) or None,
            "pinned": pinned,
            "reason": _why(plan, patient, request, where.day, pinned=pinned)[:LONGEST],
        }
    )


def _why(plan: Planned, patient: Patient, request: AdmissionRequested, day: int, *, pinned: bool) -> str:
    words, reasons = plan.problem.words, []
    if pinned:
        reasons.append(plan.kept.why[patient.id])
    if request.priority == EMERGENCY:
        reasons.append("emergency")
    if patient.mandatory and patient.surgery_due_day is not None:
        reasons.append(f"must be done by {words.day(patient.surgery_due_day)}")
    late = day - patient.surgery_release_day
    reasons.append("on the earliest day" if not late else f"{counted(late, 'day')} after the earliest day")
    return "; ".join(reasons)


def _left(request: AdmissionRequested, reason: str) -> Booking:
    surgery = request.surgery
    return Booking(
        request=request.request, patient=request.patient, surgeon=surgery.surgeon if surgery else "unknown",
        minutes=surgery.minutes if surgery else 1, nights=0, mandatory=bool(surgery and surgery.due), reason=reason,
    )  # fmt: skip


def changes(plan: Planned, before: Mapping[str, Booking], now: tuple[Booking, ...]) -> tuple[PlanChange, ...]:
    """What is moved, dropped or new against the plan before, with the rule or price that keeps it from staying.

    Of very many the first are told: a plan must fit into one message.
    """
    used, found = plan.used, list[PlanChange]()
    for booking in now:
        old = before.get(booking.request)
        if _place(old) == _place(booking) or len(found) >= MOST_CHANGES:
            continue
        text = _moved(old, booking, plan)
        if old is not None and len(found) < MOST_EXPLAINED:
            text = f"{text}; {_why_moved(plan, used, old)}"
        found.append(
            PlanChange(
                request=booking.request, text=text[:LONGEST], day_before=old.day if old else None, day=booking.day,
                theatre_before=old.theatre if old else None, theatre=booking.theatre,
                room_before=old.room if old else None, room=booking.room,
            )
        )  # fmt: skip
    return tuple(found)


def _place(booking: Booking | None) -> tuple[date | None, str | None, str | None]:
    return (None, None, None) if booking is None else (booking.day, booking.theatre, booking.room)


def _moved(old: Booking | None, new: Booking, plan: Planned) -> str:
    name = plan.problem.words.name

    def told(b: Booking) -> str:
        return f"{b.day:%a %d %b}, {name(b.theatre or '')}, {name(b.room or '')}" if b.day else "not planned"

    if old is None or old.day is None:
        return f"new: {told(new)}"
    return f"{told(old)} → {told(new)}"


def _why_moved(plan: Planned, used: Occupancy, old: Booking) -> str:
    """What stands against leaving it where it was, in the plan as it is now."""
    problem = plan.problem
    day = (old.day - problem.begins).days if old.day is not None else None
    if day is None or day < 0:
        return "its day has passed"
    edit = Edit(short(old.request), day, short(old.theatre or ""), short(old.room or ""))
    try:
        verdict = weigh(problem.instance, plan.solution, edit, words=problem.words, report=plan.report, used=used)
    except ValueError as error:
        return f"it could not stay: {error}"
    late_anyway = edit.patient in plan.given_up
    hard = [h.text for h in verdict.hindrances if h.cost is None and not (late_anyway and h.rule == "AdmissionDay")]
    if hard:
        return f"it could not stay: {hard[0]}"
    return f"staying would cost {verdict.extra} more" if verdict.extra > 0 else "staying would cost as much"
