"""Solve: threads that anneal, exchange plans at fixed counts of steps, and report every better plan they find."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ray_jobs.scheduling.check import COSTS, VIOLATIONS, check_timetable
from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.anneal import recall, run
from ray_jobs.scheduling.solver.cooling import OPENING, Cooling, at, cooling_for
from ray_jobs.scheduling.solver.form import solution_of
from ray_jobs.scheduling.solver.keep import Change, Keep, changes_of
from ray_jobs.scheduling.solver.memory import views
from ray_jobs.scheduling.solver.start import begin

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Solution
    from ray_jobs.scheduling.solver.layout import Memory

CHUNK = 40_000
"""Steps between two looks at the clock: some 30 ms."""
SAMPLES = 4
"""Places priced for a patient who was pushed out of one."""
EXCHANGES, EXCHANGE_FROM = 20, 0.8
"""How often the threads go on from the best of all, and from which share of the time."""


@dataclass(frozen=True, slots=True)
class Better:
    """A plan better than all before: official cost (changes not counted), hard violations, seconds since the start."""

    seconds: float
    cost: int
    violations: int
    solution: Solution


@dataclass(frozen=True, slots=True)
class Solved:
    """The best plan found: `check_timetable`'s `costs` and `violations`; `trajectory`: (seconds, violations, cost)."""

    solution: Solution
    costs: dict[str, int]
    violations: dict[str, int]
    seconds: float
    iterations: int
    trajectory: tuple[tuple[float, int, int], ...]
    changes: tuple[Change, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether no hard constraint is broken."""
        return not any(self.violations.values())

    @property
    def cost(self) -> int:
        """The official total, without what changes against a plan before cost."""
        return sum(self.costs.values())


class _Search:
    """The memories of all threads, the best plan of all, and who is told."""

    def __init__(
        self, instance: Instance, memories: list[Memory], on_better: Callable[[Better], object] | None, began: float
    ) -> None:
        self.instance, self.memories, self.on_better, self.began = instance, memories, on_better, began
        m = memories[0]
        self.plan = slice(int(m[y.BEST_AT]), int(m[y.CAPACITY_AT]))
        self.best, self.key, self.told = m.copy(), (1 << 60, 1 << 60), (1 << 60, 1 << 60)
        self.trajectory: list[tuple[float, int, int]] = []

    def look(self, *, last: bool = False) -> None:
        """Take over the best of all threads; tell now and then when it is better than what was told before."""
        for m in self.memories:
            if not m[y.NURSING]:
                continue
            key = (int(m[y.BEST_BROKEN]), int(m[y.BEST_COST]))
            if key < self.key:
                self.key = key
                self.best[self.plan] = m[self.plan]
        seconds = time.monotonic() - self.began
        first_feasible = self.told[0] > 0 and self.key[0] == 0
        due = not self.trajectory or seconds > self.trajectory[-1][0] + max(0.5, 0.01 * seconds)
        if self.key < self.told and (last or due or first_feasible):
            self.told = self.key
            solution = self.solution()
            report = check_timetable(self.instance, solution)
            self.trajectory.append((seconds, report["total_violations"], report["total_cost"]))
            if self.on_better is not None:
                self.on_better(Better(seconds, report["total_cost"], report["total_violations"], solution))

    def solution(self) -> Solution:
        """The best plan in the competition's form."""
        see = views(self.best)
        return solution_of(self.instance, see.best_at, see.best_cover)

    def exchange(self) -> None:
        """Every thread goes on from the best plan that any has."""
        for m in self.memories:
            m[self.plan] = self.best[self.plan]
            recall(m, 1)


class _Chain:
    """One thread's memory and where it is in its cooling."""

    def __init__(self, m: Memory, cooling: Cooling) -> None:
        self.m, self.cooling, self.stage = m, cooling, 0
        self.mixes = [_cumulated(stage.mix) for stage in cooling]

    def go_on(self, share: float, steps: int) -> None:
        """Do some steps as warm as it is at this share of the time; a new stage begins from the best so far."""
        stage, warm = at(self.cooling, share)
        if stage != self.stage:
            recall(self.m, self.cooling[stage].nursing)
            self.stage = stage
        # The first plan that keeps every rule is worth more than a cheap one that does not.
        mix = OPENING_MIXES[self.cooling[stage].nursing] if self.m[y.BEST_BROKEN] > 0 else self.mixes[stage]
        run(self.m, mix, steps, warm, SAMPLES)


def _cumulated(mix: tuple[int, ...]) -> NDArray[np.int64]:
    """The shares of a mix, cumulated to 1024."""
    return (np.cumsum(mix) * 1024 // sum(mix)).astype(np.int64)


OPENING_MIXES = tuple(_cumulated(mix) for mix in OPENING)


def solve(
    instance: Instance,
    *,
    seconds: float,
    threads: int = 2,
    seed: int = 0,
    iterations: int | None = None,
    start: Solution | None = None,
    keep: Keep | None = None,
    on_better: Callable[[Better], object] | None = None,
    stop: Callable[[], bool] | None = None,
    cooling: Cooling | None = None,
) -> Solved:
    """Search until `seconds` have passed, each thread has done `iterations` steps, or `stop()` says so.

    The same seed, threads and iterations give the same plan when the time does not run out first. Nobody to admit,
    nobody to nurse and contradictions give the least violating plan, with `violations` saying which.
    """
    began = time.monotonic()
    memories = [begin(instance, seed * 64 + k, start, keep) for k in range(max(1, threads))]
    search = _Search(instance, memories, on_better, began)
    search.look()
    price, exchanges, done = instance.weights.unscheduled_optional, 0, 0
    chains = [_Chain(m, cooling or cooling_for(price, k, warm_start=start is not None)) for k, m in enumerate(memories)]
    with ThreadPoolExecutor(len(chains)) as pool:
        while True:
            passed = time.monotonic() - began
            share = passed / seconds if iterations is None else done / iterations
            if share >= 1 or passed >= seconds or (stop is not None and stop()):
                break
            if share > EXCHANGE_FROM and int(share * EXCHANGES) > exchanges:
                search.exchange()
                exchanges = int(share * EXCHANGES)
            steps = CHUNK if iterations is None else min(CHUNK, iterations - done)
            list(pool.map(lambda chain: chain.go_on(share, steps), chains))  # noqa: B023
            done += steps
            search.look()
    search.look(last=True)
    solution = search.solution()
    report = check_timetable(instance, solution)
    return Solved(
        solution=solution,
        costs={name: report[name] for name in COSTS},
        violations={name: report[name] for name in VIOLATIONS},
        seconds=time.monotonic() - began,
        iterations=done,
        trajectory=tuple(search.trajectory),
        changes=() if keep is None else changes_of(instance, keep, solution),
    )
