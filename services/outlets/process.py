"""How an outlet lives as a process: it joins its group and delivers until it is told to stop, or idles."""

import threading
from collections.abc import Callable

from schemas.events.alerts import Channel
from services.outlets.destination import Destination
from services.outlets.loop import First, Outlet
from services.runtime import logs
from services.runtime.errors import DependencyError, Fenced
from services.runtime.health import Health
from services.runtime.ports import Clock, Worker

REJOIN_S = 1.0

_log = logs.get(__name__)


def run(
    destination: Destination,
    join: Callable[[], Worker],
    health: Health,
    stop: threading.Event,
    *,
    first: First = "earliest",
    condition: str = "assigned",
    channel: Channel | None = None,
    clock: Clock | None = None,
) -> None:
    """Join the group, deliver, and join again after a failure of the log, until `stop` is set.

    A destination that is down does not make the process unready: waiting for it is this process's work. `condition`
    is what `health` calls it: one for each destination of a process. With a `channel` deliveries are told to the log.
    """
    while not stop.is_set():
        worker: Worker | None = None
        try:
            worker = join()
            outlet = Outlet(worker, destination, first=first, channel=channel, clock=clock)
            while not stop.is_set():
                outlet.turn()
                health.beat()
                health.set(condition, "" if outlet.assigned else "no partition yet")
        except (DependencyError, Fenced) as error:
            _log.warning("joining again", name=destination.name, reason=type(error).__name__, error=str(error))
            health.set(condition, f"joining again after {type(error).__name__}")
            health.beat()  # a log that is away is waited for: a restart would not bring it back
            stop.wait(REJOIN_S)
        finally:
            if worker is not None:
                worker.close()


def idle(health: Health, stop: threading.Event, why: str) -> None:
    """Nothing to do is no fault: ready, and nothing of the log is read."""
    _log.info(why)
    health.set("assigned")
    while not stop.wait(1.0):
        health.beat()
