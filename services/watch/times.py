"""Instants as whole microseconds since 1970: what a state keeps and compares millions of."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MINUTE_US: Final = 60_000_000
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US


def micros(at: datetime) -> int:
    """Microseconds since 1970 of a timezone-aware instant, exact."""
    return (at - EPOCH) // MICROSECOND


def instant(microseconds: int) -> datetime:
    """The instant again, in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)
