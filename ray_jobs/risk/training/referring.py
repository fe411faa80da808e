"""The drift reference of a recipe: readings of all training hours, forecasts of the inner folds' held-out patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk import reference
from ray_jobs.risk.courses import courses, read_courses
from ray_jobs.risk.dataset import HOSPITALS
from ray_jobs.risk.grid import COLUMNS, EXTRA_NAMES, NAMES, cells
from ray_jobs.risk.stays import read_table
from ray_jobs.risk.training.recipes import Recipe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def reference_of(
    recipe: Recipe, data: Path, rows: pd.DataFrame, probability: Floats, alerts_at: float
) -> reference.Reference:
    """The reference; `rows` and `probability` [n] as `train` returns them (NaN: not held out)."""
    columns, patient, hour = _hours(recipe, data) if recipe.kind == "hourly" else _courses(recipe, data)
    known = ~np.isnan(probability)
    stay, _ = pd.factorize(rows["stay"])
    return reference.build(
        columns,
        patient,
        hour,
        probability=probability[known],
        label=rows["label"].to_numpy()[known] == 1,
        held_out_patient=stay[known].astype(np.int64),
        held_out_hour=rows["hour"].to_numpy(np.int64)[known],
        threshold=alerts_at,
    )


def _hours(recipe: Recipe, data: Path) -> tuple[dict[str, Floats], Ints, Ints]:
    table = pd.concat([read_table(data / HOSPITALS[hospital]) for hospital in recipe.data], ignore_index=True)
    grid = cells(table[[column.challenge for column in COLUMNS]].to_numpy(np.float32))
    patient, _ = pd.factorize(table["patient"])
    columns = {name: grid[:, i] for i, name in enumerate(NAMES)}
    return columns, patient.astype(np.int64), table["ICULOS"].to_numpy(np.int64) - 1


def _courses(recipe: Recipe, data: Path) -> tuple[dict[str, Floats], Ints, Ints]:
    both: list[Floats] = []
    for part in recipe.data:
        both.extend(np.hstack([c.grid, c.extra]) for c in courses(read_courses(data / f"set_{part}.parquet")))
    hours = len(both[0])
    grid = np.concatenate(both)
    columns = {name: grid[:, i] for i, name in enumerate((*NAMES, *EXTRA_NAMES))}
    return columns, np.repeat(np.arange(len(both)), hours), np.tile(np.arange(hours), len(both))
