"""The rows a model is fitted on, built once and kept in the work folder: features, labels, folds and weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.courses import Course, courses, read_courses
from ray_jobs.risk.dataset import load
from ray_jobs.risk.feature_sets import FEATURE_SETS, course_static
from ray_jobs.risk.split import fold_of
from ray_jobs.risk.training.recipes import Recipe

Progress = Callable[[str, int, int], None]
DEATH: Final = "In-hospital_death"
YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to fit on: features float32 [n, f]; `rows` a line each.

    Columns: stay (name), fold, label 0/1, ever (whether the stay has the outcome), weight, final (whether choices and
    figures look at the row), and for "hourly" what each prediction is worth (loss, gain, best) and
    hospital; for "once" within_year 0/1.
    """

    features: NDArray[np.float32]
    rows: pd.DataFrame


def hourly_table(recipe: Recipe, data: Path, work: Path, progress: Progress) -> Table:
    """Every hour of the recipe's hospitals (2019 challenge); raises BadTableError, OSError."""
    held = load(data, work, recipe.data, progress)
    rows = held.hours.rename(columns={"patient": "stay", "septic": "ever", "iculos": "hour"})
    return Table(held.features, rows.assign(weight=1.0, final=True))


def course_table(recipe: Recipe, data: Path, work: Path, progress: Progress) -> Table:
    """A row for each landmark hour of each stay (2012 challenge); raises BadTableError, OSError."""
    stamp = json.dumps(["within_year", dict(recipe.landmarks), FEATURE_SETS[recipe.feature_set].sha, recipe.data])
    cache = work / f"courses-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    table_file, feature_file = cache.with_suffix(".parquet"), cache.with_suffix(".npy")
    if not table_file.exists():
        features, rows = _courses(recipe, data, progress)
        cache.parent.mkdir(parents=True, exist_ok=True)
        # The table is the mark that the stage is complete: it is written last, and appears at once.
        np.save(feature_file, features)
        rows.to_parquet(table_file.with_suffix(".part"))
        table_file.with_suffix(".part").replace(table_file)
    return Table(np.load(feature_file, mmap_mode="r"), pd.read_parquet(table_file))


def outcomes(path: Path) -> pd.DataFrame:
    """The outcomes of a set by RecordID, -1 being unknown."""
    return pd.read_csv(path).set_index("RecordID")


def within_year(told: pd.DataFrame) -> pd.Series:
    """1 for those who died in the stay or within a year of admission (Survival, days; -1: not known to have died)."""
    survival = told["Survival"] if "Survival" in told else pd.Series(-1, index=told.index)
    return ((told[DEATH] == 1) | survival.between(0, YEAR_DAYS)).astype(int)


def _courses(recipe: Recipe, data: Path, progress: Progress) -> tuple[NDArray[np.float32], pd.DataFrame]:
    hours = np.array(sorted(recipe.landmarks), dtype=np.int64)
    weights = np.array([recipe.landmarks[int(hour)] for hour in hours])
    features: list[NDArray[np.float32]] = []
    rows: list[pd.DataFrame] = []
    for part in recipe.data:
        told = outcomes(data / f"outcomes_{part}.csv")
        died = told[DEATH].astype(int).to_dict()
        year = within_year(told).to_dict()
        for done, course in enumerate(courses(read_courses(data / f"set_{part}.parquet")), start=1):
            features.append(course_features(course, hours))
            label = died[course.record]
            stay = str(course.record)
            rows.append(
                pd.DataFrame({"stay": stay, "fold": fold_of(stay), "label": label, "within_year": year[course.record],
                              "ever": bool(label), "hour": hours,
                              "weight": weights, "final": hours == hours[-1]})
            )  # fmt: skip
            if done % 500 == 0 or done == len(told):
                progress(f"features of set {part}", done, len(told))
    return np.concatenate(features), pd.concat(rows, ignore_index=True).astype({"fold": np.int8})


def course_features(course: Course, hours: NDArray[np.int64]) -> NDArray[np.float32]:
    """Features [len(hours), f] of a stay at the given hours, as training sees them."""
    from ray_jobs.risk.course_features import course_rows

    return course_rows(course.grid, course.extra, course_static(course.person), hours).astype(np.float32)
