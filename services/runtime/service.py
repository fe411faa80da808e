"""From settings to a running stream service: adapters, metrics server, signals (design rule 11)."""

import signal
import threading
import types
from collections.abc import Callable, Sequence

from services.runtime import logs, web
from services.runtime.clock import SystemClock, ToldClock
from services.runtime.health import Health
from services.runtime.heap import settle
from services.runtime.inference import HttpInference
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, KafkaWorker
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.ports import Clock, Inference, ObjectStore, Publisher
from services.runtime.redis_store import RedisStateStore
from services.runtime.settings import Settings
from services.runtime.slow_lane import Job, SlowLane
from services.runtime.stage import S, Stage
from services.runtime.stream import StreamLoop
from services.runtime.turn import Parts


def clock_of(settings: Settings) -> Clock:
    """The clock that the settings ask for."""
    return ToldClock() if settings.clock == "told" else SystemClock()


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Call from the main thread."""
    stop = threading.Event()

    def told(_: int, __: types.FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    return stop


def serve_metrics(settings: Settings, service: str, health: Health) -> Callable[[], None]:
    """/metrics and /health for a process without a web server of its own; returns what stops it."""
    listener = web.bind(settings.host, settings.metrics_port)
    web.announce(settings, f"{service}-{settings.slot}", port=listener.getsockname()[1], service=service)
    settle()
    return web.serve_in_thread(web.create_app(service, settings, health), listener)


def run_stage(make: Callable[[Clock], Stage[S]], settings: Settings, *, service: str) -> None:
    """Run a stage until SIGTERM: `make` gets the clock and gives the stage."""
    logs.configure(service, settings.log_level, settings.log_format)
    stop = stop_on_signals()
    clock = clock_of(settings)
    stage = make(clock)
    health = Health(service, ("assigned", "caught up"))
    inference = HttpInference(settings.serve_url)
    store = RedisStateStore(settings.redis_url)
    if stage.memory is None:
        store.check()
        health.checks["models"] = inference.ready
    parts = Parts(
        worker=lambda: KafkaWorker(settings.kafka, service, stage.inputs, slot=settings.slot),
        reader=lambda: KafkaReader(settings.kafka), store=store, objects=ObjectStoreByUrl(settings.objects_url),
        inference=inference, clock=clock, health=health, partitions=settings.partitions, site=settings.site,
        deadline_s=settings.inference_deadline_s,
    )  # fmt: skip
    stop_web = serve_metrics(settings, service, health)
    try:
        StreamLoop(stage, parts).run(stop)
    finally:
        stop_web()


def run_slow_lane(
    service: str,
    topic: str,
    make: Callable[[Inference, ObjectStore, Clock], Job],
    settings: Settings,
    *,
    in_flight: int = 2,
) -> None:
    """Run a job over a topic until SIGTERM: `make` gets the adapters and gives the job."""
    logs.configure(service, settings.log_level, settings.log_format)
    stop = stop_on_signals()
    clock, health = clock_of(settings), Health(service, ("assigned",))
    inference = HttpInference(settings.serve_url)
    health.checks["models"] = inference.ready
    lane = SlowLane(
        service, topic, make(inference, ObjectStoreByUrl(settings.objects_url), clock),
        lambda: KafkaWorker(settings.kafka, service, [topic], slot=settings.slot),
        clock=clock, health=health, site=settings.site, partitions=settings.partitions, in_flight=in_flight,
    )  # fmt: skip
    stop_web = serve_metrics(settings, service, health)
    try:
        lane.run(stop)
    finally:
        stop_web()


def publisher_of(settings: Settings) -> Publisher:
    """The publisher that the settings ask for."""
    return KafkaPublisher(settings.kafka)


__all__: Sequence[str] = (
    "clock_of", "publisher_of", "run_slow_lane", "run_stage", "serve_metrics", "stop_on_signals",
)  # fmt: skip
