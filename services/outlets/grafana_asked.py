"""How long Grafana or its proxy asks to be left alone: Retry-After, believed up to a bound (RFC 9110, 10.2.3)."""

from http import HTTPStatus
from typing import Final

from services.outlets.webhook import retry_after_s

SAYS_WHEN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
MOST_S: Final = 300.0
"""A screen that wants to be left alone for a day says so in error: it is asked again after five minutes."""


def asked_s(status: int, retry_after: str, now: float) -> float:
    """Seconds to wait at least; 0 where nothing is asked. `now` is the epoch second of the answer, for dates."""
    return min(retry_after_s(retry_after, now), MOST_S) if status in SAYS_WHEN else 0.0
