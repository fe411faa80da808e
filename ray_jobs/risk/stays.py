"""Stays from a table in the form of the PhysioNet/CinC Challenge 2019: its rows are the grid, row ICULOS - 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.grid import COLUMNS, Grid, cells, static_vector

CHALLENGE: Final = [column.challenge for column in COLUMNS]
STATIC: Final = ["Age", "Gender", "Unit1", "Unit2", "HospAdmTime"]
LABEL: Final = "SepsisLabel"
# A year: longer "stays" are a unit error in ICULOS.
MAX_HOURS: Final = 24 * 366


class BadTableError(ValueError):
    """The table cannot be scored as it is; the message names column, patient and what to do."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One patient's stay: grid [hours, 34], static [5], and which grid row each table row is (in ICULOS order).

    `source` [n] are positions in the table, `rows` [n] grid rows, `labels` [n] 0/1 or None.
    """

    patient: str
    grid: Grid
    static: NDArray[np.float64]
    source: NDArray[np.int64]
    rows: NDArray[np.int64]
    labels: NDArray[np.int8] | None


def read_table(path: Path) -> pd.DataFrame:
    """Read a parquet table and check it; raises BadTableError."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        message = f"{path.name}: not a parquet table that can be read: {error}"
        raise BadTableError(message) from error
    check_table(table, path.name)
    return table


def check_table(table: pd.DataFrame, name: str) -> None:
    """Raise BadTableError unless every column is there, numeric, and hours are 1, 2, 3 … once a patient."""
    needed = [*CHALLENGE, *STATIC, "ICULOS", "patient"]
    missing = [column for column in needed if column not in table.columns]
    if missing:
        message = f"{name}: columns missing: {', '.join(missing)}"
        raise BadTableError(message)
    unknown = sorted(set(table.columns) - {*needed, LABEL})
    if unknown:
        message = f"{name}: unknown columns: {', '.join(map(str, unknown))}; rename or drop them"
        raise BadTableError(message)
    for column in [*CHALLENGE, *STATIC, "ICULOS"]:
        if not pd.api.types.is_numeric_dtype(table[column]):
            message = f"{name}: column {column} is not numeric ({table[column].dtype})"
            raise BadTableError(message)
    hours = table["ICULOS"].to_numpy(np.float64)
    wrong = ~((hours >= 1) & (hours <= MAX_HOURS) & (hours % 1 == 0))
    if wrong.any() or table["patient"].isna().any():
        at = int(np.argmax(wrong)) if wrong.any() else int(table["patient"].isna().to_numpy().argmax())
        message = f"{name}: row {at}: ICULOS must be a whole hour from 1 to {MAX_HOURS}, and patient must be given"
        raise BadTableError(message)
    twice = table.duplicated(["patient", "ICULOS"])
    if twice.any():
        at = int(twice.to_numpy().argmax())
        message = f"{name}: row {at}: patient {table['patient'].iloc[at]} has hour {int(hours[at])} twice"
        raise BadTableError(message)


def stays(table: pd.DataFrame) -> Iterator[Stay]:
    """The stays of a checked table, in order of each patient's first row; hours without a row are empty grid rows.

    Static values are those of the patient's first hour given, for later ones would be facts of the future.
    """
    codes, patients = pd.factorize(table["patient"])
    hours = table["ICULOS"].to_numpy(np.int64)
    order = np.lexsort((hours, codes))
    bounds = np.searchsorted(codes[order], np.arange(len(patients) + 1))
    values = cells(table[CHALLENGE].to_numpy(np.float32))
    static = table[STATIC].to_numpy(np.float64)
    labels = table[LABEL].to_numpy(np.int8) if LABEL in table.columns else None
    for i, patient in enumerate(patients):
        source = order[bounds[i] : bounds[i + 1]]
        rows = hours[source] - 1
        grid = np.full((int(rows[-1]) + 1, len(COLUMNS)), np.nan)
        grid[rows] = values[source]
        yield Stay(
            patient=str(patient),
            grid=grid,
            static=_static(static[source[0]]),
            source=source,
            rows=rows,
            labels=None if labels is None else labels[source],
        )


def _static(row: NDArray[np.float64]) -> NDArray[np.float64]:
    age, sex, unit1, unit2, admitted = (None if np.isnan(x) else float(x) for x in row)
    medical = unit1 == 1 or (unit1 is None and unit2 == 0)
    return static_vector(
        age,
        None if sex is None else ("male" if sex == 1 else "female"),
        None if unit1 is None and unit2 is None else ("medical" if medical else "surgical"),
        admitted,
    )
