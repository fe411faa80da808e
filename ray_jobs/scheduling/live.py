"""Plans and prices for a running hospital: solve; name conflicts where no plan is; keep wards from overflowing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ray_jobs.scheduling.check import VIOLATIONS, check_timetable
from ray_jobs.scheduling.conflicts import Conflict, conflicts
from ray_jobs.scheduling.ihtp import Instance, Solution, Weights
from ray_jobs.scheduling.robust import Robust, robust
from ray_jobs.scheduling.solver.keep import Keep, Pin
from ray_jobs.scheduling.solver.solve import Solved, solve
from ray_jobs.scheduling.tasks import (
    Budget,
    Fixed,
    PlanAnswer,
    PlanTask,
    PriceAnswer,
    PriceTask,
    RiskRow,
    Told,
    WardRisk,
)
from ray_jobs.scheduling.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFLICT_SECONDS = 3.0
LEAST_SECONDS = 0.5
TOLD_CHANCE = 0.005
NOTHING = Solution(patients=(), nurses=())


def plan(task: PlanTask) -> PlanAnswer:
    """The plan that is wanted; raises `ValueError` where the task contradicts itself (an unknown name, a wild pin)."""
    began = time.monotonic()
    until = began + task.budget.seconds
    solved = _solve(task.instance, task, task.before, until)
    yielded = not solved.feasible and bool(task.yielding & task.fixed.keys())
    if yielded:
        task = task.model_copy(update={"fixed": {p: f for p, f in task.fixed.items() if p not in task.yielding}})
        solved = _solve(task.instance, task, solved.solution, until)
    found: tuple[Conflict, ...] = ()
    given_up: list[str] = []
    instance = task.instance
    if not solved.feasible:
        found = conflicts(instance, seconds=CONFLICT_SECONDS, words=Words(task.names, task.begins))
        left_out = {p.id for p in instance.patients if p.mandatory} - _admitted(solved.solution)
        given_up = sorted({p for c in found for p in c.patients} | left_out)
        instance = _wished(instance, frozenset(given_up) - frozenset(task.fixed))
        solved = _solve(instance, task, solved.solution, until)
    best = _robust(instance, task, solved, until)
    solution = best.solution if best is not None else solved.solution
    return PlanAnswer(
        solution=solution, report=check_timetable(task.instance, solution),
        conflicts=tuple(Told(text=c.text, patients=c.patients, resource=c.resource, short=c.short) for c in found),
        given_up=tuple(given_up), yielded=yielded, rows=() if best is None else _rows(instance, solved.solution, best),
        overflow=() if best is None else _overflow(best), iterations=solved.iterations,
        seconds=round(time.monotonic() - began, 3),
    )  # fmt: skip


def price(task: PriceTask) -> PriceAnswer:
    """What it costs to fix one patient so and let the rest of the plan give way; raises `ValueError` as `plan` does."""
    before = check_timetable(task.instance, task.solution)
    instance = task.instance
    if not task.fixed.admitted:  # who is taken out on purpose is not missed
        instance = _wished(instance, frozenset([task.patient]))
    asked = PlanTask(
        instance=instance, budget=task.budget, before=task.solution, fixed={task.patient: task.fixed},
        change_weight=task.change_weight,
    )  # fmt: skip
    solved = _solve(instance, asked, task.solution, time.monotonic() + task.budget.seconds)
    broken = sum(before[name] for name in VIOLATIONS)
    if sum(solved.violations.values()) > broken:
        return PriceAnswer(price=None)
    after = check_timetable(task.instance, solved.solution)
    return PriceAnswer(price=after["total_cost"] - before["total_cost"], solution=solved.solution)


def warm() -> None:
    """Compile the search, or read it from its cache, on the smallest of problems."""
    weights = Weights(
        room_mixed_age=1, room_nurse_skill=1, continuity_of_care=1, nurse_eccessive_workload=1,
        open_operating_theater=1, surgeon_transfer=1, patient_delay=1, unscheduled_optional=1,
    )  # fmt: skip
    nobody = Instance(
        days=1, skill_levels=1, shift_types=("early", "late", "night"), age_groups=("any",), weights=weights,
        occupants=(), patients=(), surgeons=(), operating_theaters=(), rooms=(), nurses=(),
    )  # fmt: skip
    plan(PlanTask(instance=nobody, budget=Budget(seconds=LEAST_SECONDS, iterations=1)))


def _solve(instance: Instance, task: PlanTask, start: Solution | None, until: float) -> Solved:
    pinned = {p: _pin(fixed) for p, fixed in task.fixed.items()}
    keep = None
    if task.before is not None or pinned:
        weight = task.change_weight if task.before is not None else 0
        empty = task.before is None
        keep = Keep(
            baseline=NOTHING if task.before is None else task.before, day=weight, room=weight // 2,
            theatre=weight // 2, newly_admitted=0, dropped=2 * weight, nurse=0 if empty else 1, pinned=pinned,
        )  # fmt: skip
    budget: Budget = task.budget
    seconds = max(LEAST_SECONDS, until - time.monotonic())
    return solve(
        instance, seconds=seconds, threads=budget.threads, seed=budget.seed, iterations=budget.iterations,
        start=start, keep=keep,
    )  # fmt: skip


def _pin(fixed: Fixed) -> Pin:
    return Pin(day=fixed.day, room=fixed.room, theatre=fixed.theatre, admitted=fixed.admitted)


def _robust(instance: Instance, task: PlanTask, solved: Solved, until: float) -> Robust | None:
    """More room for stays, while there is time; None where nothing is to be simulated."""
    if not task.simulated_runs or not solved.feasible:
        return None

    def again(longer: Instance) -> Solution | None:
        if until - time.monotonic() < LEAST_SECONDS:
            return None
        found = _solve(longer, task, solved.solution, until)
        return found.solution if found.feasible else None

    wards: Mapping[str, str] = {r.id: task.wards.get(r.id, "") for r in instance.rooms}
    return robust(
        instance, solved.solution, again, risk=task.overflow_risk, runs=task.simulated_runs, seed=task.budget.seed,
        wards=wards,
    )  # fmt: skip


def _rows(instance: Instance, solution: Solution, best: Robust) -> tuple[RiskRow, ...]:
    before, after = best.planned.table(), best.robust.table()
    costs = [check_timetable(instance, one)["total_cost"] for one in (solution, best.solution)]
    rows = [RiskRow(name=name, planned=before[name], robust=after[name]) for name in before]
    return (*rows, RiskRow(name="cost of the plan", planned=costs[0], robust=costs[1]))


def _overflow(best: Robust) -> tuple[WardRisk, ...]:
    risks = sorted(best.robust.overflow.items())
    return tuple(WardRisk(ward=w, day=d, chance=round(p, 3)) for (w, d), p in risks if p >= TOLD_CHANCE)


def _admitted(solution: Solution) -> set[str]:
    return {d.id for d in solution.patients if d.admission_day != "none"}


def _wished(instance: Instance, given_up: frozenset[str]) -> Instance:
    """The instance with these patients no longer insisted on; their last day is the plan's."""
    patients = tuple(
        p.model_copy(update={"mandatory": False, "surgery_due_day": None}) if p.id in given_up else p
        for p in instance.patients
    )
    return instance.model_copy(update={"patients": patients})
