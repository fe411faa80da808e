"""Clinical time: the system's clock, or one that is told (docs/decisions/0001-clock.md)."""

import threading
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)

    def told(self, instant: datetime) -> None:
        """Nobody tells the system clock anything."""


class ToldClock:
    """The highest instant heard so far: simulators and replays run their own time (rule 5)."""

    def __init__(self, start: datetime = datetime(1970, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The highest instant told."""
        return self._now

    def told(self, instant: datetime) -> None:
        """Move forward; an earlier instant changes nothing."""
        with self._lock:
            self._now = max(self._now, instant.astimezone(UTC))
