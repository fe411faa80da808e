"""A publisher that connects when it is first needed: the console shows what it has even while the log is down."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from services.runtime.errors import DependencyError, LogUnavailable
from services.runtime.ports import Outgoing, Publisher


class LazyPublisher:
    """Opens the real publisher at the first message; while that fails, messages fail, and the next one tries again."""

    def __init__(self, opened: Callable[[], Publisher]) -> None:
        self._opened = opened
        self._publisher: Publisher | None = None
        self._lock = threading.Lock()

    def publish(self, messages: Sequence[Outgoing]) -> "Future[None]":
        """Write in order; the future raises LogUnavailable."""
        try:
            with self._lock:
                publisher = self._publisher = self._publisher or self._opened()
            return publisher.publish(messages)
        except DependencyError as error:
            failed: Future[None] = Future()
            failed.set_exception(LogUnavailable(str(error)))
            return failed

    def close(self) -> None:
        """Flush and leave."""
        if self._publisher is not None:
            self._publisher.close()
