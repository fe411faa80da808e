"""What a sweep over all patients costs: feature rows and forecasts of every live risk model, and a reason.

`python -m ray_jobs.risk.bench 10000` prints seconds; the grids are made up, two days long, measured as often as real
ones are.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from ray_jobs.registry import list_models
from ray_jobs.risk.feature_sets import FEATURE_SETS, Person
from ray_jobs.risk.grid import EXTRA_WIDTH, HIGH, LOW, WIDTH, Grid
from ray_jobs.risk.local import Scorer

HOURS = 48
# Shares of hours in which a vital sign and anything else is measured (PhysioNet 2019, both hospitals: 0.8 and 0.06).
VITAL_SHARE, OTHER_SHARE, VITALS = 0.8, 0.06, 7
DIFFERENT = 200
BATCH = 256


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


def main(patients: int, threads: int = 2) -> None:
    """Print what each model costs for so many patients: rows, forecasts on so many threads, one reason."""
    some, person = grids(DIFFERENT), Person(60, "female", "medical", -5)
    for card in list_models():
        if card.task != "risk" or not card.live:
            continue
        scorer, features = Scorer(card.name), FEATURE_SETS[card.feature_set]
        features.row(*some[0], person, HOURS - 1)  # compiles
        start = time.perf_counter()
        rows = np.stack([features.row(*some[i % DIFFERENT], person, HOURS - 1) for i in range(patients)])
        folded = time.perf_counter()
        for at in range(0, patients, BATCH):
            scorer.probability(rows[at : at + BATCH], threads=threads)
        forecast = time.perf_counter()
        scorer.explain(rows[0])
        explained = time.perf_counter()
        print(
            f"{card.name}: {patients} patients: rows {folded - start:.2f} s, forecasts {forecast - folded:.2f} s "
            f"({threads} threads, batches of {BATCH}), a reason {1000 * (explained - forecast):.1f} ms"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
