"""The job that makes a theatre plan: what holds is kept, the planner is asked, and the answer is told as a proposal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ray_jobs.scheduling.check import COSTS
from ray_jobs.scheduling.tasks import Budget, PlanAnswer, PlanTask, Room
from schemas.events import Booking, PlanCost, PlanRisk, ScheduleProposed
from schemas.ids import digest
from services.operations.planning import documents
from services.operations.planning.bookings import Planned, bookings, changes
from services.operations.planning.kept import Kept, kept, shifted
from services.operations.planning.planner import Planner
from services.operations.planning.problem import Problem
from services.operations.planning.settings import PlanningSettings
from services.operations.planning.standing import Standing
from services.runtime.ports import ObjectStore

MOST_CONFLICTS, LONGEST = 50, 1000
UNITS = {"highest chance of overflow": "probability", "overtime, minutes": "minutes", "cost of the plan": "cost"}
DETERMINISTIC = " without room for longer stays"


@dataclass(frozen=True, slots=True)
class Tools:
    """What planning works with."""

    planner: Planner
    objects: ObjectStore
    settings: PlanningSettings = field(default_factory=PlanningSettings)


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a theatre plan depends on; `answer_all_the_same`: a person waits for it, changed or not."""

    site: str
    problem: Problem
    standing: Standing
    cause: str
    answer_all_the_same: bool = False
    obsolete: tuple[str, ...] = ()
    """Documents of plans that were forgotten."""


def propose(wanted: Wanted, tools: Tools) -> list[ScheduleProposed]:
    """The proposal, unless it is the one that stands; raises PlannerUnavailable, BadInputError, StoreUnavailable."""
    problem, settings = wanted.problem, tools.settings
    former = _former(wanted, tools.objects)
    nurses = None if former is None else shifted(problem.instance, former.solution, _days(former, problem))
    keep = kept(problem, wanted.standing, nurses, settings.frozen_days)
    same_day = former is not None and former.begins == problem.begins
    answer = tools.planner.plan(task(problem, keep, settings, former.room if former and same_day else None))
    plan = Planned(problem, answer.solution, answer.report, keep, frozenset(answer.given_up), answer.yielded)
    before = wanted.standing.bookings
    now = bookings(plan, before, settings)
    conflicts = _conflicts(problem, keep, answer)
    for name in wanted.obsolete:
        tools.objects.delete(name)
    newest = wanted.standing.newest
    if (
        newest is not None
        and not wanted.answer_all_the_same
        and _said(newest.bookings, newest.conflicts) == _said(now, conflicts)
    ):
        return []
    moved = changes(plan, before, now) if wanted.standing.base is not None else ()
    identity = digest("theatres", wanted.site, problem.as_of.isoformat(), wanted.cause, *_said(now, conflicts))
    name = documents.name_of(wanted.site, identity)
    documents.write(tools.objects, name, _document(problem, answer))
    return [
        ScheduleProposed(
            id=identity, site=wanted.site, known=problem.as_of, as_of=problem.as_of, proposal=identity,
            kind="theatres", bookings=now, costs=_costs(answer.report, problem), conflicts=conflicts,
            changes=moved, risks=_risks(answer, problem), document=name,
            base=wanted.standing.base.proposal if wanted.standing.base is not None else None,
            cause=wanted.cause, begins=problem.begins, days=problem.instance.days,
        )
    ]  # fmt: skip


def task(problem: Problem, keep: Kept, settings: PlanningSettings, room: Room | None = None) -> PlanTask:
    """What the planner is asked; `room` is what the plan before left."""
    return PlanTask(
        instance=problem.instance, before=keep.before, fixed=keep.fixed, yielding=frozenset(keep.yielding), room=room,
        budget=Budget(
            seconds=settings.seconds, iterations=settings.iterations, threads=settings.threads, seed=settings.seed
        ),
        change_weight=settings.change_weight, wards=problem.wards, overflow_risk=settings.overflow_risk,
        cancelled_share=settings.cancelled_share, simulated_runs=settings.simulated_runs,
        names=problem.words.names, begins=problem.begins,
    )  # fmt: skip


def _former(wanted: Wanted, objects: ObjectStore) -> documents.Document | None:
    """What stands behind the base, unless it is of a later day."""
    base = wanted.standing.base
    document = documents.read(objects, base.document) if base is not None else None
    return document if document is not None and _days(document, wanted.problem) >= 0 else None


def _days(former: documents.Document, problem: Problem) -> int:
    return (problem.begins - former.begins).days


def _conflicts(problem: Problem, keep: Kept, answer: PlanAnswer) -> tuple[str, ...]:
    told_of = {p for c in answer.conflicts for p in c.patients}
    unproven = [
        f"request {problem.requests[p].request} must be planned, and no plan with it was found in time"
        for p in answer.given_up
        if p not in told_of
    ]
    lines = [*(c.text for c in answer.conflicts), *keep.notes, *problem.notes, *unproven]
    if answer.yielded:
        lines.append("what was approved for the next days cannot all be kept; see the changes")
    told = tuple(line[:LONGEST] for line in dict.fromkeys(lines))
    more = len(told) - MOST_CONFLICTS
    return told if more <= 0 else (*told[: MOST_CONFLICTS - 1], f"and {more + 1} more")


def _said(planned: Iterable[Booking], conflicts: Iterable[str]) -> list[object]:
    """What a person would see differently."""
    lines = sorted((b.request, str(b.day), b.theatre or "", str(b.start), b.room or "", b.pinned) for b in planned)
    return [*lines, *conflicts]


def _document(problem: Problem, answer: PlanAnswer) -> documents.Document:
    return documents.Document(
        instance=problem.instance, solution=answer.solution, begins=problem.begins, names=problem.words.names,
        wards=problem.wards, requests={i: r.request for i, r in problem.requests.items()},
        room=answer.room,
    )  # fmt: skip


def _costs(report: Mapping[str, int], problem: Problem) -> tuple[PlanCost, ...]:
    """Soft costs as counts and weight × count, in the order of `schedule check`."""
    w = problem.instance.weights
    weights = (
        w.room_mixed_age, w.room_nurse_skill, w.continuity_of_care, w.nurse_eccessive_workload,
        w.open_operating_theater, w.surgeon_transfer, w.patient_delay, w.unscheduled_optional,
    )  # fmt: skip
    return tuple(
        PlanCost(name=name, count=report[name] // weight if weight else 0, cost=report[name])
        for name, weight in zip(COSTS, weights, strict=True)
    )


def _risks(answer: PlanAnswer, problem: Problem) -> tuple[PlanRisk, ...]:
    """The plan and, where it differs, the plan without room for longer stays; then wards that may overflow."""
    rows = []
    for row in answer.rows:
        unit = UNITS.get(row.name, "mean number")
        rows.append(PlanRisk(name=row.name, value=row.robust, unit=unit))
        if row.planned != row.robust:
            rows.append(PlanRisk(name=f"{row.name}{DETERMINISTIC}", value=row.planned, unit=unit))
    for risk in answer.overflow:
        day = problem.begins + timedelta(days=risk.day)
        rows.append(
            PlanRisk(name="above capacity", value=risk.chance, unit="probability", ward=risk.ward or None, day=day)
        )
    return tuple(rows)
