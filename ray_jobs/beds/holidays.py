"""Holidays that empty hospitals, as features: Christmas to New Year and those that hang on Easter.

Easter by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8). What a day means
for beds is learnt from the history, so a holiday that a country does not keep gets no weight.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FROM_EASTER_DAYS = {"Good Friday": -2, "Easter Monday": 1, "Ascension": 39, "Whit Monday": 50}
FIXED = {"New Year": (1, 1), "Labour Day": (5, 1)}
CHRISTMAS_FROM, CHRISTMAS_TO = (12, 23), (1, 1)
SATURDAY = 5


def easter(year: int) -> date:
    """Easter Sunday."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    leap = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * leap) // 433
    month = (h + leap - 7 * m + 90) // 25
    return date(year, month, (h + leap - 7 * m + 33 * month + 19) % 32)


def holiday_features(start: date, days: int) -> "NDArray[np.float64]":
    """[days, 3]: a holiday on a weekday, the day after one, and Christmas to New Year."""
    dates = [start + timedelta(days=n) for n in range(-1, days)]
    kept: set[date] = set()
    for year in range(dates[0].year, dates[-1].year + 1):
        kept |= {easter(year) + timedelta(days=n) for n in FROM_EASTER_DAYS.values()}
        kept |= {date(year, month, day) for month, day in FIXED.values()}
    off = np.array([d in kept and d.weekday() < SATURDAY for d in dates], dtype=np.float64)
    christmas = [(d.month, d.day) >= CHRISTMAS_FROM or (d.month, d.day) <= CHRISTMAS_TO for d in dates[1:]]
    return np.stack([off[1:], off[:-1], np.array(christmas, dtype=np.float64)], axis=1)
