"""The National Early Warning Score 2, by the charts of the Royal College of Physicians (NEWS2, December 2017, 1 and 2).

What was not measured is never scored 0: a total is given only when every parameter is known; otherwise the lowest and
the highest total that the missing parameters could still make, and the band only if both ends agree on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Literal

Band = Literal["low", "low-medium", "medium", "high"]
Status = Literal["scored", "missing", "stale", "needs oxygen"]
BANDS: Final[tuple[Band, ...]] = ("low", "low-medium", "medium", "high")
MIN_AGE_YEARS: Final = 16
# Table 2 of the report: from which total the risk is medium and high, and the single score that is "red".
MEDIUM_FROM: Final = 5
HIGH_FROM: Final = 7
RED: Final = 3
VITAL_SIGN_FRESHNESS: Final = timedelta(hours=1)

# One row of the chart: (highest value of the cell, score), in ascending order; the last cell is open above.
Chart = tuple[tuple[float, int], ...]
RESPIRATORY_RATE: Final[Chart] = ((8, 3), (11, 1), (20, 0), (24, 2), (math.inf, 3))
SPO2_SCALE_1: Final[Chart] = ((91, 3), (93, 2), (95, 1), (math.inf, 0))
SPO2_SCALE_2_AIR: Final[Chart] = ((83, 3), (85, 2), (87, 1), (math.inf, 0))
SPO2_SCALE_2_OXYGEN: Final[Chart] = ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (math.inf, 3))
AIR_OR_OXYGEN: Final[Chart] = ((0, 0), (math.inf, 2))
SYSTOLIC_BP: Final[Chart] = ((90, 3), (100, 2), (110, 1), (219, 0), (math.inf, 3))
PULSE: Final[Chart] = ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (math.inf, 3))
CONSCIOUSNESS: Final[Chart] = ((0, 0), (math.inf, 3))
TEMPERATURE: Final[Chart] = ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (math.inf, 2))

# The seven parameters by the names of schemas.codes, in the chart's order.
PARAMETERS: Final = (
    "respiratory_rate",
    "spo2",
    "supplemental_oxygen",
    "systolic_bp",
    "heart_rate",
    "consciousness",
    "temperature",
)
_CHARTS: Final[dict[str, Chart]] = {
    "respiratory_rate": RESPIRATORY_RATE,
    "supplemental_oxygen": AIR_OR_OXYGEN,
    "systolic_bp": SYSTOLIC_BP,
    "heart_rate": PULSE,
    "consciousness": CONSCIOUSNESS,
    "temperature": TEMPERATURE,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured value in its canonical unit (/min, %, 0 air or 1 oxygen, mmHg, 0 alert or 1 C/V/P/U, Cel)."""

    value: float
    taken: datetime


@dataclass(frozen=True, slots=True)
class ParameterScore:
    """One parameter: its score, or None with the lowest and highest score it could have, and the age of its reading."""

    name: str
    status: Status
    score: int | None
    lowest: int
    highest: int
    value: float | None = None
    taken: datetime | None = None
    age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class News2:
    """A warning score at one instant. `red` means that a known parameter scores 3, whatever is missing."""

    applicable: bool
    reason: str | None
    at: datetime
    oxygen_scale: Literal[1, 2]
    parameters: tuple[ParameterScore, ...] = ()
    total: int | None = None
    lowest: int | None = None
    highest: int | None = None
    red: bool = False
    red_possible: bool = False
    band: Band | None = None
    lowest_band: Band | None = None
    highest_band: Band | None = None


def points(chart: Chart, value: float, resolution: str = "1") -> int:
    """Score of a value, rounded half up to the chart's own resolution ("1", or "0.1" for temperature)."""
    rounded = float(Decimal(str(value)).quantize(Decimal(resolution), ROUND_HALF_UP))
    return next(score for top, score in chart if rounded <= top)


def band_of(total: int, *, red: bool) -> Band:
    """Clinical risk of an aggregate score (NEWS2 report, table 2: thresholds and triggers)."""
    if total >= HIGH_FROM:
        return "high"
    if total >= MEDIUM_FROM:
        return "medium"
    return "low-medium" if red else "low"


def news2(
    readings: Mapping[str, Reading],
    *,
    at: datetime,
    age_years: int | None,
    pregnant: bool = False,
    oxygen_scale: Literal[1, 2] = 1,
    freshness: timedelta = VITAL_SIGN_FRESHNESS,
) -> News2:
    """Score the latest readings of a patient, by name as in PARAMETERS; others are ignored.

    Readings older than `freshness` at `at` count as missing (status "stale"), as do values that are no finite number.
    `oxygen_scale` is 2 only for a prescribed target of 88-92 % (OxygenTargetPrescribed).
    An unknown age is taken as adult.
    """
    if age_years is not None and age_years < MIN_AGE_YEARS:
        return News2(
            applicable=False, reason=f"not applicable: under {MIN_AGE_YEARS} years", at=at, oxygen_scale=oxygen_scale
        )
    if pregnant:
        return News2(applicable=False, reason="not applicable: pregnancy", at=at, oxygen_scale=oxygen_scale)

    usable = {name: _usable(readings.get(name), at, freshness) for name in PARAMETERS}
    oxygen = usable["supplemental_oxygen"][1]
    parameters: list[ParameterScore] = []
    for name in PARAMETERS:
        status, value = usable[name]
        if name == "spo2":
            scores = _spo2_scores(value, oxygen, oxygen_scale)
            status = "needs oxygen" if value is not None and len(scores) > 1 else status
        else:
            scores = _scores(name, value)
        reading = readings.get(name)
        parameters.append(
            ParameterScore(
                name=name,
                status=status,
                score=min(scores) if len(scores) == 1 else None,
                lowest=min(scores),
                highest=max(scores),
                value=None if reading is None else reading.value,
                taken=None if reading is None else reading.taken,
                age=None if reading is None else at - reading.taken,
            )
        )
    return _summed(tuple(parameters), at, oxygen_scale)


def _usable(reading: Reading | None, at: datetime, freshness: timedelta) -> tuple[Status, float | None]:
    if reading is None or not math.isfinite(reading.value):
        return "missing", None
    return ("stale", None) if at - reading.taken > freshness else ("scored", reading.value)


# The same few values come again with every chart.
@lru_cache(maxsize=8192)
def _scores(name: str, value: float | None) -> frozenset[int]:
    chart = _CHARTS[name]
    if value is None:
        return frozenset(score for _, score in chart)
    return frozenset({points(chart, value, "0.1" if name == "temperature" else "1")})


@lru_cache(maxsize=1024)
def _spo2_scores(value: float | None, oxygen: float | None, scale: Literal[1, 2]) -> frozenset[int]:
    """On scale 2 the cells from 93 % up depend on whether the patient breathes air or oxygen."""
    if scale == 1:
        charts = [SPO2_SCALE_1]
    elif oxygen is None:
        charts = [SPO2_SCALE_2_AIR, SPO2_SCALE_2_OXYGEN]
    else:
        charts = [SPO2_SCALE_2_OXYGEN if oxygen > 0 else SPO2_SCALE_2_AIR]
    if value is None:
        return frozenset(score for chart in charts for _, score in chart)
    return frozenset(points(chart, value) for chart in charts)


def _summed(parameters: tuple[ParameterScore, ...], at: datetime, scale: Literal[1, 2]) -> News2:
    # Both ends are reached by one completion each: air goes with the lowest SpO2 score, oxygen with the highest.
    lowest = sum(p.lowest for p in parameters)
    highest = sum(p.highest for p in parameters)
    red = any(p.lowest == RED for p in parameters)
    red_possible = any(p.highest == RED for p in parameters)
    lowest_band, highest_band = band_of(lowest, red=red), band_of(highest, red=red_possible)
    return News2(
        applicable=True,
        reason=None,
        at=at,
        oxygen_scale=scale,
        parameters=parameters,
        total=lowest if lowest == highest else None,
        lowest=lowest,
        highest=highest,
        red=red,
        red_possible=red_possible,
        band=lowest_band if lowest_band == highest_band else None,
        lowest_band=lowest_band,
        highest_band=highest_band,
    )
