"""What a sweep over all patients costs: feature rows and forecasts of every live risk model, and a reason.

`OMP_NUM_THREADS=1 python -m ray_jobs.risk.bench 10000` prints seconds. Ray sets that variable for a replica: our
threads and the matrix library's would wait for each other. The grids are made up, two days long, measured as often as
real ones are.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ray_jobs.registry import list_models
from ray_jobs.risk.feature_sets import Person
from ray_jobs.risk.grid import EXTRA_WIDTH, HIGH, LOW, WIDTH, Grid
from ray_jobs.risk.local import Scorer

HOURS = 48
# Shares of hours in which a vital sign and anything else is measured (PhysioNet 2019, both hospitals: 0.8 and 0.06).
VITAL_SHARE, OTHER_SHARE, VITALS = 0.8, 0.06, 7
DIFFERENT = 200
PERSON = Person(60, "female", "medical", -5)
BATCH = 64


def grids(count: int) -> list[tuple[Grid, Grid]]:
    """Plausible grids, from the middle of each column's range."""
    rng = np.random.default_rng(0)
    share = np.where(np.arange(WIDTH) < VITALS, VITAL_SHARE, OTHER_SHARE)
    made = []
    for _ in range(count):
        grid = rng.uniform(LOW + 0.4 * (HIGH - LOW), LOW + 0.6 * (HIGH - LOW), (HOURS, WIDTH))
        grid[rng.random(grid.shape) >= share] = np.nan
        extra = np.where(
            rng.random((HOURS, EXTRA_WIDTH)) < OTHER_SHARE, rng.uniform(10, 15, (HOURS, EXTRA_WIDTH)), np.nan
        )
        made.append((grid, extra))
    return made


@dataclass(frozen=True)
class Sweep:
    """A model asked about many patients at one hour, batch by batch."""

    scorer: Scorer
    patients: int
    some: list[tuple[Grid, Grid]]

    def rows(self, first: int) -> NDArray[np.float64]:
        """Feature rows [n, f] of the patients from `first` on, a batch at most."""
        asked = range(first, min(first + BATCH, self.patients))
        return np.stack([self.scorer.features.row(*self.some[i % DIFFERENT], PERSON, HOURS - 1) for i in asked])

    def seconds(self, threads: int) -> float:
        """What rows and forecasts of all of them take on so many threads."""
        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda first: self.scorer.probability(self.rows(first)), range(0, self.patients, BATCH)))
        return time.perf_counter() - start


def main(patients: int, threads: int = 2) -> None:
    """Print what a sweep of each live model costs, and one reason."""
    some = grids(DIFFERENT)
    for card in list_models():
        if card.task != "risk" or not card.live:
            continue
        sweep = Sweep(Scorer(card.name), patients, some)
        row = sweep.rows(0)[0]  # compiles
        swept = sweep.seconds(threads)
        start = time.perf_counter()
        sweep.scorer.explain(row)
        reason_ms = 1000 * (time.perf_counter() - start)
        print(
            f"{card.name}: {patients} patients: rows and forecasts {swept:.2f} s "
            f"({threads} threads, batches of {BATCH}), a reason {reason_ms:.1f} ms"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
