"""What a new plan keeps of the plan before: where to begin, what a change counts from, and what is not to be moved.

Kept as they are, while every rule allows it beside the others: people's edits, then approved bookings of the next days.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from ray_jobs.scheduling.edits import Edit, target
from ray_jobs.scheduling.ihtp import Instance, NurseDecision, PatientDecision, ShiftCover, Solution
from ray_jobs.scheduling.occupancy import Where, occupancy
from ray_jobs.scheduling.tasks import Fixed
from ray_jobs.scheduling.why_not import broken_rules
from schemas.events import Booking
from services.operations.planning.naming import short
from services.operations.planning.problem import Problem
from services.operations.planning.standing import Standing

EMPTY = Solution(patients=(), nurses=())


@dataclass(slots=True)
class Kept:
    """`fixed` by patient id, `why` says who wants it so; `notes` names edits that no rule allows.

    `yielding` are approved ones, which give way where no plan is possible otherwise.
    """

    before: Solution | None = None
    fixed: dict[str, Fixed] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    yielding: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def kept(problem: Problem, standing: Standing, former: Solution | None, frozen_days: int) -> Kept:
    """`former` is the solution behind the base, in this problem's days: its nurses; None where it is not to be had."""
    instance, found = problem.instance, Kept()
    if standing.base is not None:
        nurses = former.nurses if former is not None else ()
        found.before = Solution(patients=tuple(_before(problem, standing)), nurses=nurses)
    patients = {p.id: p for p in instance.patients}
    used = occupancy(instance, EMPTY)
    for identity, fixed, why, asked in _wanted(problem, standing, frozen_days):
        if identity in found.fixed or identity not in patients:
            continue
        patient = patients[identity]
        edit = Edit(identity, fixed.day, fixed.theatre, fixed.room)
        try:
            where = target(instance, used, patient, edit)
            rules = list(broken_rules(instance, used, patient, where, problem.words))
        except ValueError as error:
            rules, where, told = [], None, str(error)
        else:
            told = "; ".join(rule.text for rule in rules)
        if where is None or rules:
            if asked:
                found.notes.append(f"request {problem.requests[identity].request}: {why} cannot be kept: {told}")
            continue
        used.add(instance, patient, where)
        found.fixed[identity], found.why[identity] = fixed, why
        if not asked:
            found.yielding.add(identity)
    return found


def _wanted(problem: Problem, standing: Standing, frozen_days: int) -> Iterator[tuple[str, Fixed, str, bool]]:
    """Patient, what is wanted, why, and whether a person asked for it: who is told when it cannot be."""
    instance = problem.instance
    rooms, theatres = {r.id for r in instance.rooms}, {t.id for t in instance.operating_theaters}
    for request, edited in sorted(standing.edits.items()):
        edit = edited.edit
        if edit.day is None or edited.out:
            continue
        day = (edit.day - problem.begins).days
        fixed = Fixed(day=day, room=_short(edit.room), theatre=_short(edit.theatre))
        yield short(request), fixed, f"edited by {edited.by}{f' ({edited.why})' if edited.why else ''}", True
    ends = problem.begins + timedelta(days=frozen_days)
    by = standing.approval.by if standing.approval is not None else ""
    for request, booking in sorted(standing.approved.items(), key=lambda b: (b[1].day, b[1].start, b[0])):
        if booking.day is None or not problem.begins <= booking.day < ends:
            continue
        day, room, theatre = (booking.day - problem.begins).days, _short(booking.room), _short(booking.theatre)
        if room in rooms and theatre in theatres:
            yield short(request), Fixed(day=day, room=room, theatre=theatre), f"approved by {by}", False
        if theatre in theatres:  # the room is lost, the day need not be
            yield short(request), Fixed(day=day, theatre=theatre), f"approved by {by}", False


def _before(problem: Problem, standing: Standing) -> Iterator[PatientDecision]:
    """Where each patient was: in the base, or, where that is not possible any more, in the newest plan."""
    instance, used = problem.instance, occupancy(problem.instance, EMPTY)
    rooms, theatres = {r.id for r in instance.rooms}, {t.id for t in instance.operating_theaters}
    patients = {p.id: p for p in instance.patients}
    newest = standing.newest.bookings if standing.newest is not None and not standing.newest_refused else ()
    later = {b.request: b for b in newest if b.day is not None}
    for request in sorted(standing.bookings.keys() | later.keys()):
        patient = patients.get(short(request))
        for booking in (standing.bookings.get(request), later.get(request)):
            where = None if booking is None else _where(problem, booking)
            if patient is None or where is None or where.room not in rooms or where.theatre not in theatres:
                continue
            if any(broken_rules(instance, used, patient, where, problem.words)):
                continue
            yield PatientDecision(
                id=patient.id, admission_day=where.day, room=where.room, operating_theater=where.theatre
            )
            break


def _where(problem: Problem, booking: Booking) -> Where | None:
    if booking.day is None or booking.room is None or booking.theatre is None:
        return None
    day = (booking.day - problem.begins).days
    return Where(day, short(booking.room), short(booking.theatre)) if 0 <= day < problem.instance.days else None


def shifted(instance: Instance, former: Solution, days: int) -> Solution:
    """The nurses of a plan that began so many days earlier, as far as they still work and rooms are still there."""
    rooms = {r.id for r in instance.rooms}
    works = {(n.id, w.day, w.shift) for n in instance.nurses for w in n.working_shifts}
    nurses = []
    for nurse in former.nurses:
        covers = [
            ShiftCover(day=a.day - days, shift=a.shift, rooms=tuple(r for r in a.rooms if r in rooms))
            for a in nurse.assignments
            if a.day >= days and (nurse.id, a.day - days, a.shift) in works
        ]
        if covers:
            nurses.append(NurseDecision(id=nurse.id, assignments=tuple(covers)))
    return Solution(patients=(), nurses=tuple(nurses))


def _short(name: str | None) -> str | None:
    return None if name is None else short(name)
