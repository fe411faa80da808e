"""Time as an input (design rule 3): which instant a partition may be told, once a second.

A tick must not overtake facts that are still on their way: it lags the clock by a second of real
time, and a partition with unread records is told no more than its own newest fact. What was told
is written down (`TurnTaken`) where it changed something.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from services.runtime.ports import Clock

GRACE_S = 1.0
PERIOD_S = 1.0


class TickSource:
    """Samples the clock; `due()` is the instant that may be told now, or None when there is none yet."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._samples: deque[tuple[float, datetime]] = deque()
        self._settled: datetime | None = None
        self._last = monotonic() - PERIOD_S

    def due(self) -> datetime | None:
        """The clock as it stood a grace ago, at most once a period.

        A told clock may stand still; it ticks all the same, for the models may have come back meanwhile.
        """
        now = self._monotonic()
        self._samples.append((now, self._clock.now()))
        while self._samples and self._samples[0][0] <= now - GRACE_S:
            self._settled = self._samples.popleft()[1]
        if self._settled is None or now - self._last < PERIOD_S:
            return None
        self._last = now
        return self._settled
