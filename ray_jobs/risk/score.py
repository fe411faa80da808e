"""Offline scoring of stays: the same grids, features and weights as live."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ray_jobs.risk.courses import HOURS, Course, check_courses, courses
from ray_jobs.risk.features import features_all
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.stays import Stay, check_table, stays

# Rows gathered before the model is asked: large enough to be quick, small enough for memory.
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


def score_courses(
    scorer: Scorer,
    table: pd.DataFrame,
    *,
    hour: int = HOURS - 1,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Probability and alarm of each stay of a table like `mortality2012`, from all that is known by the end of `hour`.

    Returns columns RecordID, probability, alarm by RecordID. Raises BadTableError.
    """
    check_courses(table, "the table")
    total = int(table["RecordID"].nunique())
    records: list[int] = []
    answers: list[np.ndarray] = []
    waiting: list[np.ndarray] = []

    def flush() -> None:
        if waiting:
            answers.append(scorer.probability(np.stack(waiting), threads=threads))
            waiting.clear()

    for course in courses(table):
        records.append(course.record)
        waiting.append(course_row_of(scorer, course, hour))
        if len(waiting) >= BATCH_ROWS:
            flush()
        if progress and (len(records) % 500 == 0 or len(records) == total):
            progress(len(records), total)
    flush()
    probability = np.concatenate(answers)
    return pd.DataFrame(
        {"RecordID": records, "probability": probability, "alarm": probability >= scorer.card.threshold}
    )


def course_row_of(scorer: Scorer, course: Course, hour: int) -> np.ndarray:
    """The feature row float64 [f] of a stay at an hour, by the feature set of the model."""
    return scorer.features.row(course.grid, course.extra, course.person, hour)
