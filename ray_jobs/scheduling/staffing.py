"""Nurses that a ward needs in each shift of the coming days, from its forecast census and how ill its patients are.

Workload is the census times the mean workload of a patient (`acuity`); a nurse carries what the roster says. The chance
to be short is that of a census above what those on the roster carry, read from the forecast's quantiles.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from ray_jobs.scheduling.acuity import USUAL_CAPACITY, WORKLOAD, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

ShiftName = Literal["early", "late", "night"]
SHIFT_BEGINS: tuple[tuple[ShiftName, int], ...] = (("early", 6), ("late", 14), ("night", 22))
SHIFT_HOURS = 8
HIGH = 0.9
USUAL_MIX: Mapping[Level, float] = {0: 7.0, 1: 2.0, 2: 1.0}
"""Believed of a ward before its patients are known, in pseudo-patients."""


@dataclass(frozen=True, slots=True)
class Need:
    """Nurses needed on the mean and at the 0.9 quantile of workload; `short`: chance that the roster is too small."""

    day: date
    shift: ShiftName
    needed: float
    needed_high: float
    rostered: int
    short: float


def work_per_patient(levels: Iterable[Level]) -> dict[ShiftName, float]:
    """Mean workload of a patient in each shift, from the levels of who is there and a few pseudo-patients."""
    mix: Counter[Level] = Counter(levels)
    weights = {level: mix.get(level, 0) + USUAL_MIX.get(level, 0.0) for level in WORKLOAD}
    total = sum(weights.values())
    return {
        name: sum(weight * WORKLOAD[level][i] for level, weight in weights.items()) / total
        for i, (name, _) in enumerate(SHIFT_BEGINS)
    }


def needs(
    as_of: datetime,
    mean: Sequence[float],
    quantiles: NDArray[np.float64],
    levels: Sequence[float],
    work: Mapping[ShiftName, float],
    roster: Mapping[tuple[date, ShiftName], Sequence[int]],
) -> list[Need]:
    """Each whole shift that the forecast covers.

    `mean` [H] and `quantiles` [H, L] are of the census 1 to H hours after `as_of`, an instant in the ward's own time
    zone; `roster` has the most workload of each nurse on a shift.
    """
    found = []
    for day, shift, hours in _shifts(as_of, len(mean)):
        nurses = roster.get((day, shift), ())
        carries = float(np.mean(nurses)) if nurses and sum(nurses) else USUAL_CAPACITY
        there = float(np.mean([mean[h] for h in hours]))
        census = np.maximum.accumulate(np.mean(quantiles[hours], axis=0))
        high = float(np.interp(HIGH, levels, census))
        enough = sum(nurses) / work[shift]
        found.append(
            Need(
                day, shift, round(there * work[shift] / carries, 2), round(high * work[shift] / carries, 2),
                len(nurses), round(_above(enough, census, levels), 3),
            )
        )  # fmt: skip
    return found


def shift_of(at: datetime) -> tuple[date, ShiftName, int]:
    """The day, name and number of the shift at an instant in the ward's own time; a night belongs to its evening."""
    for number, (name, hour) in reversed(list(enumerate(SHIFT_BEGINS))):
        if at.hour >= hour:
            return at.date(), name, number
    return at.date() - timedelta(days=1), "night", len(SHIFT_BEGINS) - 1


def _shifts(as_of: datetime, horizon: int) -> Iterator[tuple[date, ShiftName, list[int]]]:
    """Day and name of each shift that begins after `as_of` and ends within the horizon, and its hours' indices."""
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range(horizon // 24 + 2):
        for name, hour in SHIFT_BEGINS:
            begins = midnight + timedelta(days=days, hours=hour)
            first = int((begins - as_of).total_seconds() // 3600)
            if begins >= as_of and first + SHIFT_HOURS <= horizon:
                yield begins.date(), name, list(range(first, first + SHIFT_HOURS))


def _above(limit: float, census: NDArray[np.float64], levels: Sequence[float]) -> float:
    """P(census > limit) by the quantiles, straight between them; certain beyond them."""
    if limit < census[0]:
        return 1.0
    if limit >= census[-1]:
        return 0.0
    return float(1.0 - np.interp(limit, census, levels))
