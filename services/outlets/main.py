"""The outlets' process: Grafana, webhooks, mails and plug-ins, each in a thread and a consumer group of its own.

One that is down or hangs holds up no other. Nothing configured: idle and ready.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from services.outlets.configured import Lane, lanes
from services.outlets.confirming import channel_of
from services.outlets.grafana_live import LivePush, LiveStreams
from services.outlets.process import idle, run
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaReader, KafkaWorker
from services.runtime.service import clock_of, serve_metrics, stop_on_signals
from services.runtime.settings import Settings
from services.runtime.tls import listening
from services.runtime.yaml_document import DocumentError

SERVICE = "outlets"
WRONG_SETTING = 2
STUCK_S = 60.0
WORKLIST = "worklist"
NOTHING = (
    "no destination configured: set WARDWATCH_GRAFANA_URL, WARDWATCH_WEBHOOKS, WARDWATCH_MAIL or WARDWATCH_DESTINATIONS"
)

_log = logs.get(__name__)


class _Turning(Health):
    """What one lane's thread tells; the process is alive while every lane is."""

    def __init__(self, shared: Health) -> None:
        super().__init__(SERVICE, stuck_after_s=STUCK_S)
        self._shared = shared

    def set(self, condition: str, problem: str = "") -> None:
        """To the process's own health."""
        self._shared.set(condition, problem)


def main(settings: Settings) -> None:
    """Deliver until SIGTERM. A wrong file ends the process with what is wrong in it."""
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    try:
        found = lanes(settings, os.environ)
    except DocumentError as error:
        sys.stderr.write(f"outlets: {error}\n")
        raise SystemExit(WRONG_SETTING) from error
    # Slot 0 alone has the port.
    callers = [title.strip() for title in settings.worklist_callers.split(",") if title.strip() and not settings.slot]
    stop = stop_on_signals()
    lists = (WORKLIST,) if callers else ()
    health = Health(SERVICE, (*(tuple(map(condition, found)) or ("assigned",)), *lists))
    stop_web, stop_worklist = serve_metrics(settings, SERVICE, health), None
    try:
        stream_live(settings, stop)
        if callers:
            stop_worklist = serve_worklist(settings, callers, health, stop)
        if found:
            deliver(found, settings, health, stop)
        else:
            idle(health, stop, NOTHING)
    finally:
        if stop_worklist is not None:
            stop_worklist()
        stop_web()


def stream_live(settings: Settings, stop: threading.Event) -> None:
    """A thread for Grafana Live, if there is one. Slot 0 alone sees all wards, so that no stream is pushed twice."""
    if not (settings.grafana_url and settings.grafana_live and settings.slot == 0):
        return
    live = LivePush(settings.grafana_url, settings.grafana_token.get_secret_value())
    streams = LiveStreams(partial(KafkaReader, settings.kafka), live, clock_of(settings))
    threading.Thread(target=streams.run, args=(stop,), name="grafana-live", daemon=True).start()


def serve_worklist(settings: Settings, callers: list[str], health: Health, stop: threading.Event) -> Callable[[], None]:
    """A thread that follows the reports and a server that lists those that wait; returns what stops the server.

    Raises OSError when the port is another's.
    """
    from services.outlets.worklist import ReadingTasks, WorklistServer, follow  # noqa: PLC0415 - loads pydicom

    tasks = ReadingTasks(settings.site)
    server = WorklistServer(
        tasks, SqliteIdentity(settings.identity_url).person, callers,
        ae_title=settings.ae_title, host=settings.host, port=settings.worklist_port,
        tls=listening(settings),
    )  # fmt: skip
    server.start()
    reader, told = partial(KafkaReader, settings.kafka), partial(health.set, WORKLIST)
    threading.Thread(target=follow, args=(tasks, reader, stop, told), name=WORKLIST, daemon=True).start()
    return server.stop


def condition(lane: Lane) -> str:
    """What health calls a lane."""
    return f"assigned: {lane.name}"


def deliver(found: tuple[Lane, ...], settings: Settings, health: Health, stop: threading.Event) -> None:
    """A thread for each lane. One that ends unasked ends the process, so that whoever started it starts it again."""
    threads: dict[threading.Thread, _Turning] = {}
    for lane in found:
        mine = _Turning(health)
        group = f"{SERVICE}-{lane.name}"
        join = partial(KafkaWorker, settings.kafka, group, lane.destination.topics, slot=settings.slot)
        more = {
            "first": lane.first, "condition": condition(lane), "channel": channel_of(lane.kind),
            "clock": clock_of(settings),
        }  # fmt: skip
        thread = threading.Thread(
            target=run, args=(lane.destination, join, mine, stop), kwargs=more, name=lane.name, daemon=True
        )
        threads[thread] = mine
        thread.start()
    while not stop.wait(1.0):
        ended = [thread.name for thread in threads if not thread.is_alive()]
        if ended:
            stop.set()
            raise RuntimeError(f"the outlet {ended[0]} ended unasked")
        if all(mine.live() for mine in threads.values()):
            health.beat()
    end = time.monotonic() + STUCK_S / 4
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
