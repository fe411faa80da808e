"""A history of occupied beds: the daily CSV `date, location, occupied`, parsed, bounded and made regular.

A missing day between two known ones is filled with the value of the same weekday before it (else the
last value), since an outage of reporting is not an empty hospital; what was filled is told to the caller.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("date", "location", "occupied")
MOST_DAYS = 36_525
WEEK = 7


@dataclass(frozen=True, slots=True)
class History:
    """occupied [locations, days] (beds), day 0 is `first`; `filled` counts the days that were not in the file."""

    first: date
    locations: tuple[str, ...]
    occupied: "NDArray[np.float64]"
    filled: int = 0

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=self.occupied.shape[1] - 1)

    def until(self, origin: date) -> "History":
        """What was known on that day; raises ValueError when the origin is outside the history."""
        days = (origin - self.first).days + 1
        if not 1 <= days <= self.occupied.shape[1]:
            msg = f"origin {origin} is outside the history, {self.first} to {self.last}"
            raise ValueError(msg)
        return History(self.first, self.locations, self.occupied[:, :days], self.filled)

    def after(self, day: date) -> "History":
        """From that day on; raises ValueError when it is outside the history."""
        days = (day - self.first).days
        if not 0 <= days < self.occupied.shape[1]:
            msg = f"{day} is outside the history, {self.first} to {self.last}"
            raise ValueError(msg)
        return History(day, self.locations, self.occupied[:, days:], self.filled)


def read_history(path: Path) -> History:
    """Parse the CSV; raises OSError, or ValueError naming the line that cannot be used."""
    beds: dict[str, dict[date, float]] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        missing = [c for c in COLUMNS if c not in (rows.fieldnames or ())]
        if missing:
            msg = f"{path.name}: column {', '.join(missing)} is missing; expected {', '.join(COLUMNS)}"
            raise ValueError(msg)
        for row in rows:
            where = f"{path.name} line {rows.line_num}"
            day, occupied = _day(row["date"], where), _beds(row["occupied"], where)
            location = (row["location"] or "").strip()
            if not location:
                msg = f"{where}: location is empty"
                raise ValueError(msg)
            if day in beds.setdefault(location, {}):
                msg = f"{where}: {location} already has a value for {day}"
                raise ValueError(msg)
            beds[location][day] = occupied
    if not beds:
        msg = f"{path.name}: no rows"
        raise ValueError(msg)
    return _regular(beds, path.name)


def _regular(beds: dict[str, dict[date, float]], name: str) -> History:
    first = min(min(days) for days in beds.values())
    last = max(max(days) for days in beds.values())
    length = (last - first).days + 1
    if length > MOST_DAYS:
        msg = f"{name}: {first} to {last} is more than a century"
        raise ValueError(msg)
    occupied = np.full((len(beds), length), np.nan)
    for row, location in enumerate(sorted(beds)):
        for day, value in beds[location].items():
            occupied[row, (day - first).days] = value
    filled = int(np.isnan(occupied).sum())
    for series in occupied:
        _fill(series)
    return History(first, tuple(sorted(beds)), occupied, filled)


def _fill(row: "NDArray[np.float64]") -> None:
    known = np.flatnonzero(~np.isnan(row))
    row[: known[0]] = row[known[0]]
    for day in np.flatnonzero(np.isnan(row)):
        row[day] = row[day - WEEK] if day >= WEEK else row[day - 1]


def _day(text: str | None, where: str) -> date:
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError as e:
        msg = f"{where}: {text!r} is not a date like 2025-08-13"
        raise ValueError(msg) from e


def _beds(text: str | None, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError as e:
        msg = f"{where}: {text!r} is not a number of beds"
        raise ValueError(msg) from e
    if not isfinite(value) or value < 0:
        msg = f"{where}: {value} beds cannot be occupied"
        raise ValueError(msg)
    return value
