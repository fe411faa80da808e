"""A told clock in a process whose own topics may be quiet: it hears the time where facts are, in `clinical`."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from services.runtime import logs
from services.runtime.clock import ToldClock
from services.runtime.errors import DependencyError
from services.runtime.following import Following
from services.runtime.ports import Clock, LogReader, Record

WAIT_S: Final = 1.0
_log = logs.get(__name__)


def hear(clock: Clock, open_reader: Callable[[], LogReader], stop: threading.Event) -> None:
    """Tell the clock what `clinical` says from now on, until told to stop. Returns at once where time is not told."""
    if not isinstance(clock, ToldClock):
        return
    log = Following(open_reader, ("clinical",), news=True)
    while not stop.is_set():
        try:
            for record in log.batch(WAIT_S):
                clock.told(_known(record))
        except DependencyError as error:
            _log.warning("the time is not heard", reason=str(error))
            log.close()
            stop.wait(WAIT_S)
    log.close()


def _known(record: Record) -> datetime:
    """When the fact was known, by its header alone; long ago where it does not say."""
    with suppress(ValueError):
        return datetime.fromisoformat(dict(record.headers).get("ce_time", b"").decode())
    return datetime.min.replace(tzinfo=UTC)
