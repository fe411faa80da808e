"""Drift as a process: the models that have a reference, then the loop until SIGTERM."""

import threading

from services.drift.loop import INPUTS, SERVICE, DriftLoop, Parts
from services.drift.watchable import watchables
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.kafka_log import KafkaReader, KafkaWorker
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.service import clock_of, serve_metrics, stop_on_signals
from services.runtime.settings import Settings

_log = logs.get(__name__)


def main(settings: Settings) -> None:
    """Run until told to stop. One process for all sites; another one of the same slot takes over from it."""
    if settings.slot != 0:  # two members would share the partitions, and each see half a hospital
        raise SystemExit("drift runs once: WARDWATCH_SLOT must be 0")
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop, health, models = stop_on_signals(), Health(SERVICE, ("assigned", "caught up")), watchables()
    stop_web = serve_metrics(settings, SERVICE, health)
    try:
        if not models:
            _idle(health, stop)
            return
        parts = Parts(
            worker=lambda: KafkaWorker(settings.kafka, SERVICE, INPUTS, slot=settings.slot),
            reader=lambda: KafkaReader(settings.kafka), objects=ObjectStoreByUrl(settings.objects_url),
            clock=clock_of(settings), health=health, partitions=settings.partitions, site=settings.site, models=models,
        )  # fmt: skip
        DriftLoop(parts).run(stop)
    finally:
        stop_web()


def _idle(health: Health, stop: threading.Event) -> None:
    """Nothing to measure is no fault: ready, and nothing of the log is read."""
    _log.info("no model has a reference (reference.json): nothing to measure")
    health.set("assigned")
    health.set("caught up")
    while not stop.wait(1.0):
        health.beat()
