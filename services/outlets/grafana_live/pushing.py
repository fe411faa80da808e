"""One push to Grafana Live (`POST /api/live/push/:stream`): what its answer means; nothing is kept for later."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import httpx

from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.grafana_asked import asked_s

STREAM: Final = "wardwatch"
"""Panels find the streams as `stream/wardwatch/MEASUREMENT`."""
MISCONFIGURED: Final = frozenset({401, 403, 404, 405, 407})


class LivePush:
    """Grafana Live behind its URL, with a service account's token of any role (a Viewer may push in 11.0.0)."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 2.0, now: Callable[[], float] = time.time) -> None:
        self._url = f"{url.rstrip('/')}/api/live/push/{STREAM}"
        known = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(timeout=timeout_s, headers={"User-Agent": "Wardwatch", **known})
        self._now = now

    def push(self, lines: str) -> Attempt:
        """Send lines once."""
        try:
            answer = self._http.post(self._url, content=lines.encode())
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return Attempt(Outcome.UNAVAILABLE, f"Grafana Live did not answer: {type(error).__name__}")
        return judged(answer.status_code, answer.headers.get("Retry-After", ""), self._now())

    def close(self) -> None:
        """Drop the connection."""
        self._http.close()


def judged(status: int, asked: str, now: float) -> Attempt:
    """What a status means; Live says 200 without a body, and 500 without a word for a line it cannot read."""
    words = f"Grafana Live answered {status}"
    if status == HTTPStatus.OK:
        return Attempt(Outcome.DELIVERED)
    if status in MISCONFIGURED or status in range(300, 400):
        return Attempt(Outcome.MISCONFIGURED, words)
    return Attempt(Outcome.UNAVAILABLE, words, asked_s(status, asked, now))
