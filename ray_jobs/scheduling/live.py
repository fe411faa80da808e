"""Plans and prices for a running hospital: lawful, with room for what lasts longer, and changed as little as may be."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ray_jobs.scheduling.check import VIOLATIONS, check_timetable
from ray_jobs.scheduling.ihtp import Instance, Solution
from ray_jobs.scheduling.occupancy import occupancy
from ray_jobs.scheduling.robust import Limits, Reserve, Robust, hardened, robust
from ray_jobs.scheduling.search import LEAST_SECONDS, Lawful, lawful, searched, wished
from ray_jobs.scheduling.settle import settled
from ray_jobs.scheduling.tasks import (
    PlanAnswer,
    PlanTask,
    PriceAnswer,
    PriceTask,
    RiskRow,
    Room,
    Told,
    WardRisk,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLD_CHANCE = 0.005


def plan(task: PlanTask) -> PlanAnswer:
    """The plan that is wanted; raises `ValueError` where the task contradicts itself (an unknown name, a wild pin)."""
    began = time.monotonic()
    until = began + task.budget.seconds
    found = _in_reserve(task, until) or lawful(task, until)
    best = _robust(found, task, until)
    first = found.solved.solution
    solution = first if best is None else best.solution
    if task.before is not None:
        before = occupancy(task.instance, task.before).planned
        solution = settled(found.instance, before, solution, task.change_weight, found.fixed)
    return PlanAnswer(
        solution=solution, report=check_timetable(task.instance, solution),
        conflicts=tuple(
            Told(text=c.text, patients=c.patients, resource=c.resource, short=c.short) for c in found.conflicts
        ),
        given_up=tuple(sorted(found.given_up)), yielded=found.yielded,
        rows=() if best is None else _rows(found.instance, first, best),
        overflow=() if best is None else _overflow(best),
        room=_room(task, best), iterations=found.solved.iterations, seconds=round(time.monotonic() - began, 3),
    )  # fmt: skip


def price(task: PriceTask) -> PriceAnswer:
    """What it costs to fix one patient so and let the rest of the plan give way; raises `ValueError` as `plan` does."""
    before = check_timetable(task.instance, task.solution)
    instance = task.instance
    if not task.fixed.admitted:  # who is taken out on purpose is not missed
        instance = wished(instance, [task.patient])
    asked = PlanTask(
        instance=instance, budget=task.budget, before=task.solution, fixed={task.patient: task.fixed},
        change_weight=task.change_weight,
    )  # fmt: skip
    solved = searched(instance, asked, asked.fixed, task.solution, time.monotonic() + task.budget.seconds)
    if sum(solved.violations.values()) > sum(before[name] for name in VIOLATIONS):
        return PriceAnswer(price=None)
    now = occupancy(instance, task.solution).planned
    solution = settled(instance, now, solved.solution, task.change_weight, [task.patient])
    after = check_timetable(task.instance, solution)
    return PriceAnswer(price=after["total_cost"] - before["total_cost"], solution=solution)


def _in_reserve(task: PlanTask, until: float) -> Lawful | None:
    """A repair that leaves the room which the plan before had; None where only less room lets everyone in."""
    if task.room is None or task.before is None:
        return None
    harder = hardened(task.instance, Reserve(task.room.stays, task.room.lists), _booked(task.instance, task.before))
    solved = searched(harder, task, task.fixed, task.before, until)
    return Lawful(task.instance, solved, task.fixed) if solved.feasible else None


def _booked(instance: Instance, before: Solution) -> Mapping[tuple[str, int], int]:
    """Minutes of each theatre and day that the plan before uses: nobody is moved to make room."""
    return occupancy(instance, before).theatre_minutes


def _robust(found: Lawful, task: PlanTask, until: float) -> Robust | None:
    """Room for what lasts longer, as much as is needed while there is time; a repair keeps what there was."""
    if not task.simulated_runs or not found.solved.feasible:
        return None
    instance, fixed = found.instance, found.fixed

    def again(harder: Instance) -> Solution | None:
        if task.room is not None or until - time.monotonic() < LEAST_SECONDS:
            return None
        solved = searched(harder, task, fixed, found.solved.solution, until)
        return solved.solution if solved.feasible else None

    minutes: Counter[tuple[str, int]] = Counter()
    durations = {p.id: p.surgery_duration for p in instance.patients}
    for patient, one in fixed.items():
        if one.theatre is not None and one.day is not None:
            minutes[one.theatre, one.day] += durations.get(patient, 0)
    wards = {r.id: task.wards.get(r.id, "") for r in instance.rooms}
    return robust(
        instance, found.solved.solution, again, limits=Limits(task.overflow_risk, task.cancelled_share),
        runs=task.simulated_runs, seed=task.budget.seed, wards=wards, booked=minutes,
    )  # fmt: skip


def _room(task: PlanTask, best: Robust | None) -> Room | None:
    if task.room is not None or best is None:
        return task.room
    return Room(stays=best.reserve.stays, lists=best.reserve.lists)


def _rows(instance: Instance, solution: Solution, best: Robust) -> tuple[RiskRow, ...]:
    before, after = best.planned.table(), best.robust.table()
    costs = [check_timetable(instance, one)["total_cost"] for one in (solution, best.solution)]
    rows = [RiskRow(name=name, planned=before[name], robust=after[name]) for name in before]
    return (*rows, RiskRow(name="cost of the plan", planned=costs[0], robust=costs[1]))


def _overflow(best: Robust) -> tuple[WardRisk, ...]:
    risks = sorted(best.robust.overflow.items())
    return tuple(WardRisk(ward=w, day=d, chance=round(p, 3)) for (w, d), p in risks if p >= TOLD_CHANCE)
