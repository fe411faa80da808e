"""The hourly grid of a stay, the one form in which readings reach a risk model, live and offline.

A grid is float64 [hours, 34], columns in the order of the PhysioNet/CinC Challenge 2019 (Reyna et al., Crit Care Med
2020;48:210-217, table 1); row h holds what was taken in [h, h+1) hours after admission, NaN where nothing was measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
HOUR: Final = timedelta(hours=1)


class Column(NamedTuple):
    """A column: our short name, the challenge's, and the closed range outside which a value is no measurement."""

    name: str
    challenge: str
    low: float
    high: float


COLUMNS: Final[tuple[Column, ...]] = (
    Column("heart_rate", "HR", 10, 300),
    Column("spo2", "O2Sat", 10, 100),
    Column("temperature", "Temp", 20, 45),
    Column("systolic_bp", "SBP", 20, 300),
    Column("mean_bp", "MAP", 10, 300),
    Column("diastolic_bp", "DBP", 10, 300),
    Column("respiratory_rate", "Resp", 1, 100),
    Column("etco2", "EtCO2", 1, 150),
    Column("base_excess", "BaseExcess", -50, 50),
    Column("bicarbonate", "HCO3", 1, 100),
    Column("fio2", "FiO2", 0.2, 1.0),
    Column("ph", "pH", 6.5, 8.0),
    Column("paco2", "PaCO2", 5, 200),
    Column("sao2", "SaO2", 10, 100),
    Column("ast", "AST", 1, 20000),
    Column("bun", "BUN", 1, 300),
    Column("alkaline_phosphatase", "Alkalinephos", 1, 5000),
    Column("calcium", "Calcium", 1, 30),
    Column("chloride", "Chloride", 30, 200),
    Column("creatinine", "Creatinine", 0.05, 50),
    Column("bilirubin_direct", "Bilirubin_direct", 0.01, 60),
    Column("glucose", "Glucose", 5, 2000),
    Column("lactate", "Lactate", 0.1, 40),
    Column("magnesium", "Magnesium", 0.1, 15),
    Column("phosphate", "Phosphate", 0.1, 30),
    Column("potassium", "Potassium", 0.5, 30),
    Column("bilirubin_total", "Bilirubin_total", 0.05, 80),
    Column("troponin_i", "TroponinI", 0.001, 1000),
    Column("hematocrit", "Hct", 3, 80),
    Column("hemoglobin", "Hgb", 1, 30),
    Column("ptt", "PTT", 5, 300),
    Column("wbc", "WBC", 0.05, 600),
    Column("fibrinogen", "Fibrinogen", 10, 2000),
    Column("platelets", "Platelets", 1, 3000),
)
NAMES: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS)
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(NAMES)}
WIDTH: Final = len(COLUMNS)
LOW: Final[Grid] = np.array([column.low for column in COLUMNS])
HIGH: Final[Grid] = np.array([column.high for column in COLUMNS])

# What the 2019 challenge has not and the 2012 one has: a second grid [hours, EXTRA_WIDTH] beside the first, so that the
# first keeps its form. `challenge` is the parameter's name in PhysioNet/CinC Challenge 2012.
EXTRA_COLUMNS: Final[tuple[Column, ...]] = (
    Column("pao2", "PaO2", 10, 700),
    Column("sodium", "Na", 80, 200),
    Column("albumin", "Albumin", 0.5, 8),
    Column("alt", "ALT", 1, 20000),
    Column("glasgow_coma_score", "GCS", 3, 15),
    Column("urine_output", "Urine", 0, 5000),
    Column("mechanical_ventilation", "MechVent", 0, 1),
    Column("weight", "Weight", 20, 400),
    Column("height", "Height", 100, 250),
    Column("cholesterol", "Cholesterol", 10, 1000),
    Column("troponin_t", "TroponinT", 0.001, 100),
)
EXTRA_NAMES: Final[tuple[str, ...]] = tuple(column.name for column in EXTRA_COLUMNS)
EXTRA_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(EXTRA_NAMES)}
EXTRA_WIDTH: Final = len(EXTRA_COLUMNS)
_BY_NAME: Final[dict[str, Column]] = {column.name: column for column in (*COLUMNS, *EXTRA_COLUMNS)}


class GridReading(NamedTuple):
    """A reading as the grid sees it: short name, value in the canonical unit, time taken, and its id for ties."""

    name: str
    value: float
    taken: datetime
    reading_id: str


def row_of(taken: datetime, admission: datetime) -> int:
    """Row of an instant: whole hours since admission, rounded down; negative before it."""
    return (taken - admission) // HOUR


def cell(name: str, value: float) -> float:
    """What the grid holds for a value: NaN outside the column's range, else the nearest single-precision number.

    `name` is a column of either grid.
    Single precision because the training files have it: 36.1 sent as a decimal and read from a file give the same bits.
    """
    rounded = float(np.float32(value))
    column = _BY_NAME[name]
    # The bounds pass the same rounding, so that a value on a bound is inside however it was stored.
    return rounded if float(np.float32(column.low)) <= rounded <= float(np.float32(column.high)) else math.nan


def cells(values: NDArray[np.floating]) -> Grid:
    """`cell` for a whole table [rows, 34]."""
    rounded = values.astype(np.float32)
    inside = (rounded >= LOW.astype(np.float32)) & (rounded <= HIGH.astype(np.float32))
    return np.where(inside, rounded, np.nan).astype(np.float64)


def build_grid(readings: Iterable[GridReading], admission: datetime, hours: int) -> Grid:
    """Grid [hours, 34] of readings in any order: within an hour the last by (taken, reading id) wins.

    Names without a column, readings before admission or after the last row and impossible values are left out.
    """
    winners: dict[tuple[int, str], GridReading] = {}
    for reading in readings:
        row = row_of(reading.taken, admission)
        if reading.name not in INDEX or not 0 <= row < hours or math.isnan(cell(reading.name, reading.value)):
            continue
        held = winners.get((row, reading.name))
        if held is None or (held.taken, held.reading_id) < (reading.taken, reading.reading_id):
            winners[row, reading.name] = reading
    grid = np.full((hours, WIDTH), np.nan)
    for (row, name), reading in winners.items():
        grid[row, INDEX[name]] = cell(name, reading.value)
    return grid


STATIC_NAMES: Final = ("age", "sex", "unit1", "unit2", "hosp_adm_time")


def static_vector(
    age_years: float | None,
    sex: Literal["female", "male"] | None,
    unit: Literal["medical", "surgical"] | None,
    hospital_admission_hours: float | None,
) -> NDArray[np.float64]:
    """What does not change in a stay, float64 [5] in the order of STATIC_NAMES, NaN where unknown.

    Age is in whole years and the hospital's admission in whole hours relative to the unit's (negative before it), both
    rounded down, because one training hospital's fractions would give the hospital away. sex: 0 female, 1 male.
    """
    nan = math.nan
    return np.array(
        [
            nan if age_years is None else math.floor(age_years),
            nan if sex is None else float(sex == "male"),
            nan if unit is None else float(unit == "medical"),
            nan if unit is None else float(unit == "surgical"),
            nan if hospital_admission_hours is None else math.floor(hospital_admission_hours),
        ],
        dtype=np.float64,
    )


def age_years(birth: date, at: date) -> int:
    """Whole years lived on a day."""
    return at.year - birth.year - ((at.month, at.day) < (birth.month, birth.day))
