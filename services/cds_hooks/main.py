"""Runs the CDS service: one thread follows the log into memory, the web server answers from it."""

import sys
import threading

from services.cds_hooks.app import SERVICE, cds_app
from services.cds_hooks.clients import load
from services.cds_hooks.follower import Follower
from services.cds_hooks.parts import Parts
from services.cds_hooks.standing import Patients
from services.cds_hooks.trust import Trust
from services.runtime import logs, web
from services.runtime.health import Health
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaPublisher, KafkaReader
from services.runtime.publishing import LazyPublisher
from services.runtime.service import clock_of, serve_metrics, stop_on_signals
from services.runtime.settings import Settings
from services.runtime.yaml_document import DocumentError

HEALTH_S = 1.0
WRONG_SETTING = 2

log = logs.get(__name__)


def main(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; idle and ready where nobody could be let in."""
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    if settings.cds_clients is None and not settings.open:
        _idle(settings)
        return
    try:
        clients = load(settings.cds_clients) if settings.cds_clients is not None else ()
    except DocumentError as error:
        sys.stderr.write(f"WARDWATCH_CDS_CLIENTS: {error}\n")
        raise SystemExit(WRONG_SETTING) from error
    listener = web.bind(settings.host, settings.cds_port)
    port = listener.getsockname()[1]
    patients, clock, stopping = Patients(), clock_of(settings), threading.Event()
    follower = Follower(lambda: KafkaReader(settings.kafka), patients, clock)
    parts = Parts(
        settings=settings,
        patients=patients,
        identity=SqliteIdentity(settings.identity_url),
        publisher=LazyPublisher(lambda: KafkaPublisher(settings.kafka)),
        clock=clock,
        trust=Trust(clients),
        current=lambda: follower.current,
        base=settings.cds_url.rstrip("/") or f"http://{settings.host}:{port}",
    )
    if parts.trust.open:
        log.error("EVERYONE IS LET IN: no CDS client is configured and WARDWATCH_OPEN is set; only for development")
    health = Health(SERVICE, ("caught up",))
    threads = [
        threading.Thread(target=follower.run, args=(stopping,), name="follower", daemon=True),
        threading.Thread(target=_watch, args=(follower, health, stopping), name="health", daemon=True),
    ]
    for thread in threads:
        thread.start()
    web.announce(settings, SERVICE, port=port, service=SERVICE)
    try:
        web.serve(cds_app(parts, health), listener)
    finally:
        stopping.set()
        for thread in threads:
            thread.join(timeout=5)
        parts.publisher.close()


def _watch(follower: Follower, health: Health, stopping: threading.Event) -> None:
    """Ready while what is known is current; alive as long as this process can tell."""
    while not stopping.wait(HEALTH_S):
        health.set("caught up", "" if follower.current else "the event log is not read to its end")
        health.beat()


def _idle(settings: Settings) -> None:
    stop, health = stop_on_signals(), Health(SERVICE, ("idle",))
    stop_web = serve_metrics(settings, SERVICE, health)
    log.info("no CDS client configured: set WARDWATCH_CDS_CLIENTS")
    health.set("idle")
    try:
        while not stop.wait(HEALTH_S):
            health.beat()
    finally:
        stop_web()
