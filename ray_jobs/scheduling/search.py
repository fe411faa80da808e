"""The search as the live planner uses it: a budget that several searches share, pins, and a ladder of giving up.

A plan that breaks a rule is the last resort: first patients whom nothing can help are no longer insisted on, then those
of a minimal conflict, then approved bookings may move, then whoever was left out may be.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ray_jobs.scheduling.conflicts import Conflict, conflicts, hopeless
from ray_jobs.scheduling.ihtp import Instance, Solution
from ray_jobs.scheduling.solver.keep import Keep, Pin
from ray_jobs.scheduling.solver.solve import Solved, solve
from ray_jobs.scheduling.words import Words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ray_jobs.scheduling.tasks import Fixed, PlanTask

CONFLICT_SECONDS = 2.0
LEAST_SECONDS = 0.5
NOTHING = Solution(patients=(), nurses=())


@dataclass(frozen=True, slots=True)
class Lawful:
    """`instance` insists on those only who can be planned; `fixed` is what was kept fixed."""

    instance: Instance
    solved: Solved
    fixed: Mapping[str, Fixed]
    conflicts: list[Conflict] = field(default_factory=list)
    given_up: frozenset[str] = frozenset()
    yielded: bool = False


def lawful(task: PlanTask, until: float) -> Lawful:
    """A plan that breaks no rule, if any is found; raises `ValueError` where the task contradicts itself."""
    words, fixed = Words(task.names, task.begins), dict(task.fixed)
    found = hopeless(task.instance, words)
    given_up = {p for c in found for p in c.patients}
    instance = wished(task.instance, given_up - fixed.keys())
    solved = searched(instance, task, fixed, task.before, until)
    if not solved.feasible:  # together they ask for too much
        seconds = min(CONFLICT_SECONDS, max(1.0, until - time.monotonic()) / 3)
        more = conflicts(instance, seconds=seconds, words=words)
        found += [c for c in more if c not in found]
        given_up |= {p for c in more for p in c.patients}
        if more:
            instance = wished(instance, given_up - fixed.keys())
            solved = searched(instance, task, fixed, solved.solution, until)
    yielded = not solved.feasible and bool(task.yielding & fixed.keys())
    if yielded:  # with what was approved for the next days
        fixed = {p: f for p, f in fixed.items() if p not in task.yielding}
        solved = searched(instance, task, fixed, solved.solution, until)
    if not solved.feasible:  # nothing proves why: whoever is left out is no longer insisted on
        given_up |= {p.id for p in instance.patients if p.mandatory} - admitted(solved.solution)
        instance = wished(instance, given_up - fixed.keys())
        solved = searched(instance, task, fixed, solved.solution, until)
    return Lawful(instance, solved, fixed, found, frozenset(given_up), yielded)


def searched(
    instance: Instance, task: PlanTask, fixed: Mapping[str, Fixed], start: Solution | None, until: float
) -> Solved:
    """One search, for as long as is left."""
    pinned = {p: Pin(day=f.day, room=f.room, theatre=f.theatre, admitted=f.admitted) for p, f in fixed.items()}
    keep = None
    if task.before is not None or pinned:
        weight = task.change_weight if task.before is not None else 0
        keep = Keep(
            baseline=task.before or NOTHING, day=weight, room=weight // 2, theatre=weight // 2,
            newly_admitted=0, dropped=2 * weight, nurse=int(task.before is not None), pinned=pinned,
        )  # fmt: skip
    budget = task.budget
    return solve(
        instance, seconds=max(LEAST_SECONDS, until - time.monotonic()), threads=budget.threads, seed=budget.seed,
        iterations=budget.iterations, start=start, keep=keep,
    )  # fmt: skip


def admitted(solution: Solution) -> set[str]:
    """Those who are."""
    return {d.id for d in solution.patients if d.admission_day != "none"}


def wished(instance: Instance, given_up: Collection[str]) -> Instance:
    """The instance with these patients no longer insisted on; their last day is the plan's."""
    patients = tuple(
        p.model_copy(update={"mandatory": False, "surgery_due_day": None}) if p.id in given_up else p
        for p in instance.patients
    )
    return instance.model_copy(update={"patients": patients})
