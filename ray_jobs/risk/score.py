"""Offline scoring of stays: the same grid, features and trees as live, a row of output for each row of input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ray_jobs.risk.features import features_all
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.stays import Stay, check_table, stays

# Rows gathered before the trees are asked: large enough to be quick, small enough for memory.
BATCH_ROWS = 8192


def score(
    scorer: Scorer,
    table: pd.DataFrame,
    *,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Probability and alarm of each hour of a table like `sepsis2019` (SepsisLabel is not looked at).

    Returns columns patient, ICULOS, probability, alarm in the table's row order; row t uses rows <= t of its patient.
    Raises BadTableError.
    """
    check_table(table, "the table")
    probability = np.full(len(table), np.nan)
    waiting: list[tuple[Stay, np.ndarray]] = []
    rows, done = 0, 0

    def flush() -> None:
        if waiting:
            answers = scorer.probability(np.concatenate([features for _, features in waiting]), threads=threads)
            probability[np.concatenate([stay.source for stay, _ in waiting])] = answers

    for stay in stays(table):
        features = features_all(stay.grid, stay.static)[stay.rows]
        waiting.append((stay, features))
        rows += len(features)
        if rows >= BATCH_ROWS:
            flush()
            done += rows
            waiting, rows = [], 0
            if progress:
                progress(done, len(table))
    flush()
    if progress:
        progress(len(table), len(table))
    return pd.DataFrame(
        {
            "patient": table["patient"].to_numpy(),
            "ICULOS": table["ICULOS"].to_numpy(),
            "probability": probability,
            "alarm": probability >= scorer.card.threshold,
        }
    )
