"""A breaker for each source (design rule 2): a sender that mostly talks nonsense waits a minute, the others go on.

Sans-I/O: time is an argument (seconds of a monotonic clock). Closed → open when a window saw at least 200 inputs and
more than 5 % of them were bad; open → closed after a minute, with an empty window.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LEAST: Final = 200
BAD_SHARE: Final = 0.05
WINDOW_S: Final = 300.0
PAUSE_S: Final = 60.0
MOST_SOURCES: Final = 10_000


@dataclass(slots=True)
class _Window:
    began: float
    total: int = 0
    bad: int = 0
    open_until: float = 0.0


class Breaker:
    """Counts good and bad inputs by source. `on_open` is told the name of a source that is turned away from now on."""

    def __init__(self, on_open: Callable[[str], None] = lambda _: None) -> None:
        self._windows: dict[str, _Window] = {}
        self._on_open = on_open

    def wait_s(self, source: str, now: float) -> float:
        """How long this source has to wait; 0 when it may speak."""
        window = self._windows.get(source)
        return max(0.0, window.open_until - now) if window is not None else 0.0

    def record(self, source: str, *, total: int, bad: int, now: float) -> None:
        """What came of one message with `total` inputs."""
        window = self._windows.get(source)
        if window is None or now - window.began > WINDOW_S or 0 < window.open_until <= now:
            if len(self._windows) >= MOST_SOURCES:
                self._windows.clear()
            window = self._windows[source] = _Window(now)
        window.total += total
        window.bad += bad
        if window.open_until == 0 and window.total >= LEAST and window.bad > BAD_SHARE * window.total:
            window.open_until = now + PAUSE_S
            self._on_open(source)
