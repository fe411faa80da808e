"""Lengths of time and times of day as a person writes them in YAML: `90 min`, `1 h 30 min`, `22:00`."""

import re
from datetime import time, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

_UNITS: Final = {"d": 86400, "h": 3600, "min": 60, "s": 1}
_PART: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(d|h|min|s)\b")
_DAY_MINUTES: Final = 24 * 60


def duration(given: object) -> timedelta:
    """From a timedelta or words; ValueError says how to write it."""
    if isinstance(given, timedelta):
        found = given
    else:
        text = str(given)
        parts = _PART.findall(text)
        if isinstance(given, bool) or not parts or _PART.sub("", text).strip():
            raise ValueError(f"{given!r} is no length of time: write a number and its unit, like 90 min, 2 h or 3 d")
        found = timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    if found < timedelta(0):
        raise ValueError(f"{found} is negative")
    return found


def words(length: timedelta) -> str:
    """As `duration` reads it."""
    left, parts = int(length.total_seconds()), []
    for unit, seconds in _UNITS.items():
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 min"


def time_of_day(given: object) -> time:
    """From a time, `HH:MM`, or the number that YAML 1.1 makes of an unquoted 22:00 (base 60: its minutes)."""
    if isinstance(given, time):
        return given
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < _DAY_MINUTES:
        return time(*divmod(given, 60))
    if isinstance(given, str) and (found := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", given.strip())):
        return time(int(found[1]), int(found[2]))
    raise ValueError(f'{given!r} is no time of day: write it as "22:00"')


Duration = Annotated[timedelta, BeforeValidator(duration), PlainSerializer(words, when_used="json")]
TimeOfDay = Annotated[time, BeforeValidator(time_of_day), PlainSerializer(lambda t: f"{t:%H:%M}", when_used="json")]
