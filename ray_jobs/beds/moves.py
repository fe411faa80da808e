"""What the daily forecast looks at: how the last days of each location stand to the weeks before, there and everywhere.

Beds are freed of the effects of holidays and weekdays first. All that describes a day uses that day and
earlier ones only, so the same arrays serve to learn, to look back honestly, and to forecast.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WEEK, RECENT = 7, 28
LOOKS_BACK = 56
WEEKDAY_HALF_LIFE_DAYS = 90.0
WEEKDAY_SHRINKAGE = 4.0
YEAR = 365.25
FEATURES = (
    *(f"{n} {where}" for where in ("here", "everywhere") for n in ("day", "3 days", "14 days", "28 days", "56 days")),
    *("sine of year", "cosine of year", "sine of half year", "cosine of half year"),
    "holiday then", "holiday in last week", "constant",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """Of each location and day: `level` (beds, mean of 28 days, at least 1), `base` (mean of the week, in levels),

    `weekday` profile [locations, days, 7] (in levels), and `state` [locations, days, 10], the first ten of `FEATURES`.
    All are of beds without the holidays' effects.
    """

    level: "Floats"
    base: "Floats"
    weekday: "Floats"
    state: "Floats"


def describe(calm: "Floats", first_weekday: int) -> Described:
    """Describe every day of beds [locations, days] without holidays, the first being this weekday (Monday 0)."""
    days = calm.shape[1]
    level = np.maximum(mean_of_last(calm, RECENT), 1.0)
    of_week = (first_weekday + np.arange(days)) % WEEK
    profile = _weekday_profiles(calm, level, of_week)
    base = mean_of_last(calm, WEEK)
    plain = calm - np.take_along_axis(profile, of_week[None, :, None], axis=2)[:, :, 0] * level
    own = [plain, mean_of_last(plain, 3), *(mean_of_last(calm, n) for n in (14, RECENT, LOOKS_BACK))]
    here = np.stack([mean - base for mean in own], axis=-1) / level[:, :, None]
    share = level / level.sum(axis=0)
    everywhere = np.broadcast_to(np.einsum("ld,ldf->df", share, here), here.shape)
    return Described(level, base / level, profile, np.concatenate([here, everywhere], axis=-1))


def calendar(first: date, from_days: "NDArray[np.int64]", ahead: int, holiday: "Floats") -> "Floats":
    """The other seven of `FEATURES` [origins, 7] for targets `ahead` days after each origin.

    `holiday` [days] holds the log effect of each day from `first` on, the targets' included.
    """
    start = first.timetuple().tm_yday
    turn = 2.0 * np.pi / YEAR * (start + np.stack([from_days, from_days + ahead]))
    waves = [wave(k * turn[1]) - wave(k * turn[0]) for k in (1, 2) for wave in (np.sin, np.cos)]
    week = mean_of_last(holiday[None], WEEK)[0, from_days]
    return np.stack([*waves, holiday[from_days + ahead], week, np.ones(len(from_days))], axis=1)


def mean_of_last(values: "Floats", n: int) -> "Floats":
    """Mean [locations, days] of the n days up to each, of fewer at the start."""
    days = np.arange(1, values.shape[1] + 1)
    sums, begin = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1), np.maximum(days - n, 0)
    mean: Floats = (sums[:, days] - sums[:, begin]) / (days - begin)
    return mean


def _weekday_profiles(calm: "Floats", level: "Floats", of_week: "NDArray[np.int64]") -> "Floats":
    """Deviation [locations, days, 7] from the centred weekly mean as known on each day, newer weeks weighing more."""
    locations, days = calm.shape
    half = WEEK // 2
    sums = np.cumsum(np.pad(calm, ((0, 0), (1, 0))), axis=1)
    deviation = np.zeros_like(calm)
    if days >= WEEK:
        deviation[:, half : days - half] = calm[:, half : days - half] - (sums[:, WEEK:] - sums[:, :-WEEK]) / WEEK
    deviation /= level
    total, weight = np.zeros((locations, WEEK)), np.zeros(WEEK)
    profile = np.zeros((locations, days, WEEK))
    fade = 0.5 ** (1.0 / WEEKDAY_HALF_LIFE_DAYS)
    for day in range(WEEK - 1, days):
        total *= fade
        weight *= fade
        total[:, of_week[day - half]] += deviation[:, day - half]
        weight[of_week[day - half]] += 1.0
        pooled = total.mean(axis=0) / np.maximum(weight, 1e-9)
        now = (total + WEEKDAY_SHRINKAGE * pooled) / (weight + WEEKDAY_SHRINKAGE)
        profile[:, day] = now - now.mean(axis=1, keepdims=True)
    return profile
