"""Days on which hospitals empty: Christmas, Easter and the public holidays, each day around them an effect of its own.

Easter by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8). What each day means for
beds is learnt (`ray_jobs.beds.train`), and how far a given history follows it is learnt from that history, so a
holiday that nobody keeps there gets no weight.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

AROUND_EASTER = {
    "Easter": (0, range(-5, 9)),
    "Ascension": (39, range(-1, 5)),
    "Whit Sunday": (49, range(-2, 6)),
    "Corpus Christi": (60, range(-1, 5)),
}
"""Days from Easter Sunday, and the days around that which have effects."""
FIXED = {"Labour Day": (5, 1), "German Unity": (10, 3), "Reformation": (10, 31), "All Saints": (11, 1)}
"""Month and day; on a Saturday or Sunday they change nothing."""
AROUND_FIXED = range(-1, 3)
CHRISTMAS = (12, 24)
AROUND_CHRISTMAS = range(-7, 22)
SATURDAY = 5

EFFECTS: tuple[str, ...] = (
    *(f"Christmas Eve {n:+}" for n in AROUND_CHRISTMAS),
    *(f"{name} {n:+}" for name, (_, around) in AROUND_EASTER.items() for n in around),
    *(f"{name} {n:+}" for name in FIXED for n in AROUND_FIXED),
)
"""The name of every effect: the holiday and the days from it."""


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


def holiday_days(start: date, days: int) -> "NDArray[np.float64]":
    """[days, effects]: 1 where the day is the one that the effect of `EFFECTS` names, else 0."""
    found = np.zeros((days, len(EFFECTS)))
    column = {name: n for n, name in enumerate(EFFECTS)}

    def mark(day: date, name: str) -> None:
        if 0 <= (row := (day - start).days) < days:
            found[row, column[name]] = 1.0

    for year in range(start.year - 1, (start + timedelta(days=days)).year + 1):
        for n in AROUND_CHRISTMAS:
            mark(date(year, *CHRISTMAS) + timedelta(days=n), f"Christmas Eve {n:+}")
        for name, (from_easter, around) in AROUND_EASTER.items():
            for n in around:
                mark(easter(year) + timedelta(days=from_easter + n), f"{name} {n:+}")
        for name, (month, day) in FIXED.items():
            if (kept := date(year, month, day)).weekday() < SATURDAY:
                for n in AROUND_FIXED:
                    mark(kept + timedelta(days=n), f"{name} {n:+}")
    return found
