"""Health of one process: live means running, ready means assigned, caught up and answered by the models."""

import threading
import time
from collections.abc import Callable

from services.runtime import metrics


class Health:
    """Named conditions; ready when all hold. Written by the working thread, read by the web server's."""

    def __init__(self, service: str, conditions: tuple[str, ...] = (), *, stuck_after_s: float = 60.0) -> None:
        self._service, self._stuck_after_s = service, stuck_after_s
        self._state: dict[str, str] = dict.fromkeys(conditions, "not yet")
        self._beat = time.monotonic()
        self._lock = threading.Lock()
        self.checks: dict[str, Callable[[], bool]] = {}
        """Asked at each look: name to a quick check."""

    def set(self, condition: str, problem: str = "") -> None:
        """A condition holds (no problem), or does not and why."""
        with self._lock:
            self._state[condition] = problem
        metrics.READY.labels(self._service).set(0 if any(self._state.values()) else 1)

    def beat(self) -> None:
        """The working thread is alive."""
        self._beat = time.monotonic()

    def live(self) -> bool:
        """Whether the working thread showed life lately."""
        return time.monotonic() - self._beat < self._stuck_after_s

    def problems(self) -> dict[str, str]:
        """What is not ready, and why; empty means ready."""
        with self._lock:
            found = {k: v for k, v in self._state.items() if v}
        return found | {name: "does not answer" for name, check in self.checks.items() if not check()}
