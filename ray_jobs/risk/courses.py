"""Read stays in the form of PhysioNet/CinC Challenge 2012 (Silva et al., Comput Cardiol 2012;39:245-248) into grids.

Long format: RecordID, Minute since admission to the unit (0 to 2880), Parameter, Value; -1 stands for unknown where a
negative is impossible. Invasive and cuff pressures are one reading here, as they are live; at the same minute the
invasive one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.feature_sets import Person, Unit
from ray_jobs.risk.grid import COLUMNS, EXTRA_COLUMNS, EXTRA_WIDTH, HIGH, LOW, WIDTH, Grid
from ray_jobs.risk.stays import BadTableError

HOURS: Final = 48
MINUTES: Final = HOURS * 60
NEEDED: Final = ("RecordID", "Minute", "Parameter", "Value")
STATIC: Final = ("Age", "Gender", "Height", "ICUType")
UNITS: Final[dict[int, Unit]] = {1: "coronary", 2: "cardiac_surgical", 3: "medical", 4: "surgical"}
# The 2012 challenge's name to the 2019 challenge's, where they differ; the extra grid has 2012's own names.
SAME: Final = {
    "SysABP": "SBP", "NISysABP": "SBP", "DiasABP": "DBP", "NIDiasABP": "DBP", "NIMAP": "MAP", "RespRate": "Resp",
    "ALP": "Alkalinephos", "Mg": "Magnesium", "K": "Potassium", "Bilirubin": "Bilirubin_total", "HCT": "Hct",
}  # fmt: skip
_BOTH: Final = {column.challenge: i for i, column in enumerate((*COLUMNS, *EXTRA_COLUMNS))}
COLUMN_OF: Final[dict[str, int]] = {
    **{name: i for name, i in _BOTH.items() if name not in {"SBP", "DBP", "Resp"}},
    **{name: _BOTH[other] for name, other in SAME.items()},
}
"""Parameter to column: of the grid, or WIDTH + that of the extra grid."""
_LOW: Final = np.concatenate([LOW, [column.low for column in EXTRA_COLUMNS]])
_HIGH: Final = np.concatenate([HIGH, [column.high for column in EXTRA_COLUMNS]])


@dataclass(frozen=True, slots=True)
class Course:
    """A stay's first 48 hours: grid [48, 34], extra grid [48, 11], and the person."""

    record: int
    grid: Grid
    extra: Grid
    person: Person


def read_courses(path: Path) -> pd.DataFrame:
    """A checked table; raises BadTableError, FileNotFoundError."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise BadTableError(f"{path.name}: not a Parquet file: {error}") from error
    check_courses(table, path.name)
    return table


def check_courses(table: pd.DataFrame, name: str) -> None:
    """Raise BadTableError unless columns, types, minutes and parameters are the challenge's."""
    missing = [column for column in NEEDED if column not in table.columns]
    unknown = sorted(set(map(str, table.columns)) - set(NEEDED))
    if missing:
        raise BadTableError(f"{name}: columns missing: {', '.join(missing)}")
    if unknown:
        raise BadTableError(f"{name}: unknown columns: {', '.join(unknown)}; rename or drop them")
    if not len(table):
        raise BadTableError(f"{name}: no rows: nobody to score")
    for column in ("RecordID", "Minute", "Value"):
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise BadTableError(f"{name}: column {column} is not numeric ({table[column].dtype})")
    record, minute = table["RecordID"].to_numpy(np.float64), table["Minute"].to_numpy(np.float64)
    bad = ~(np.isfinite(record) & (record % 1 == 0))
    if bad.any():
        raise BadTableError(f"{name}: row {int(bad.argmax())}: RecordID must be a whole number")
    bad = ~((minute >= 0) & (minute <= MINUTES))
    if bad.any():
        at = int(bad.argmax())
        raise BadTableError(f"{name}: row {at}: Minute is {minute[at]:g}, wanted 0 to {MINUTES} ({HOURS} hours)")
    strange = sorted(set(table["Parameter"].astype(str).unique()) - set(COLUMN_OF) - set(STATIC))
    if strange:
        known = ", ".join(sorted({*COLUMN_OF, *STATIC}))
        raise BadTableError(f"{name}: unknown parameters: {', '.join(strange[:5])}; known are: {known}")


def courses(table: pd.DataFrame) -> Iterator[Course]:
    """The stays of a checked table by RecordID; impossible values count as not measured, as in `grid.cells`.

    An hour holds its last value. A minute of 2880 is the end of the last hour.
    """
    parameter = table["Parameter"].astype(str).to_numpy()
    records, number = np.unique(table["RecordID"].to_numpy(np.int64), return_inverse=True)
    minute, value = table["Minute"].to_numpy(np.float64), table["Value"].to_numpy(np.float32).astype(np.float64)
    people = _people(number, len(records), parameter, minute, value)
    column = np.array([COLUMN_OF.get(name, -1) for name in parameter])
    # Height is told once, at admission, among the static values: it is the extra grid's first hour.
    possible = (column >= 0) & (value >= _LOW[column].astype(np.float32)) & (value <= _HIGH[column].astype(np.float32))
    cuff = np.char.startswith(parameter.astype(np.str_), "NI")
    at = np.flatnonzero(possible)
    at = at[np.lexsort((~cuff[at], minute[at], number[at]))]
    both = np.full((len(records), HOURS, WIDTH + EXTRA_WIDTH), np.nan)
    hour = np.minimum(minute[at] // 60, HOURS - 1).astype(np.int64)
    both[number[at], hour, column[at]] = value[at]
    for i, record in enumerate(records):
        yield Course(
            int(record), np.ascontiguousarray(both[i, :, :WIDTH]), np.ascontiguousarray(both[i, :, WIDTH:]), people[i]
        )


def _people(
    number: NDArray[np.int64],
    count: int,
    parameter: NDArray[np.object_],
    minute: NDArray[np.float64],
    value: NDArray[np.float64],
) -> list[Person]:
    told: dict[str, NDArray[np.float64]] = {}
    for name in ("Age", "Gender", "ICUType"):
        told[name] = np.full(count, np.nan)
        rows = np.flatnonzero((parameter == name) & (value >= 0))
        rows = rows[np.argsort(minute[rows], kind="stable")]
        told[name][number[rows]] = value[rows]
    people = []
    for age, sex, unit in zip(told["Age"], told["Gender"], told["ICUType"], strict=True):
        people.append(
            Person(
                age_years=None if np.isnan(age) else float(age),
                sex=None if np.isnan(sex) else ("male" if sex == 1 else "female"),
                unit=None if np.isnan(unit) else UNITS.get(int(unit)),
            )
        )
    return people
