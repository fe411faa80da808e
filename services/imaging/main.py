"""The imaging process: the slow lane over topic `imaging`, and beside it the stage that reports whole studies."""

import threading
from datetime import timedelta
from functools import partial

from ray_jobs.imaging.selection import SUITED
from ray_jobs.registry import load_card
from services.imaging.job import ImagingJob
from services.imaging.stage import StudyStage
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.hearing import hear
from services.runtime.inference import HttpInference
from services.runtime.kafka_log import KafkaReader, KafkaWorker
from services.runtime.modes import Modes
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.ports import Clock
from services.runtime.redis_store import RedisStateStore
from services.runtime.service import clock_of, serve_metrics, stop_on_signals
from services.runtime.settings import Settings
from services.runtime.slow_lane import SlowLane
from services.runtime.stream import StreamLoop
from services.runtime.turn import Parts

SERVICE = "imaging"
IN_FLIGHT = 2
STOP_S = 15.0


def main(settings: Settings) -> None:
    """Run until SIGTERM. Raises RegistryError when a model's card is not there, ValueError for wrong modes."""
    for name in SUITED:
        load_card(name)
    modes = Modes.parse(settings.modes)
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop = stop_on_signals()
    clock, health = clock_of(settings), Health(SERVICE, ("assigned",))
    inference, objects = HttpInference(settings.serve_url), ObjectStoreByUrl(settings.objects_url)
    health.checks["models"] = inference.ready
    lane = SlowLane(
        SERVICE, "imaging", ImagingJob(inference, objects, modes),
        lambda: KafkaWorker(settings.kafka, SERVICE, ["imaging"], slot=settings.slot),
        clock=clock, health=health, site=settings.site, partitions=settings.partitions, in_flight=IN_FLIGHT,
    )  # fmt: skip
    studies = threading.Thread(target=_studies, args=(settings, clock, stop), name=StudyStage.service, daemon=True)
    # Films are rare: in a simulated hospital a study's quiet minute would never pass.
    reader = partial(KafkaReader, settings.kafka)
    threading.Thread(target=hear, args=(clock, reader, stop), name="hearing", daemon=True).start()
    stop_web = serve_metrics(settings, SERVICE, health)
    studies.start()
    try:
        lane.run(stop)
        studies.join(STOP_S)
    finally:
        stop_web()


def _studies(settings: Settings, clock: Clock, stop: threading.Event) -> None:
    """Report studies until `stop` is set; an end unasked ends the process, so that its keeper starts it again."""
    stage = StudyStage(timedelta(seconds=settings.study_quiet_s))
    parts = Parts(
        worker=lambda: KafkaWorker(settings.kafka, stage.service, stage.inputs, slot=settings.slot),
        reader=lambda: KafkaReader(settings.kafka), store=RedisStateStore(settings.redis_url),
        objects=ObjectStoreByUrl(settings.objects_url),
        inference=HttpInference(settings.serve_url), clock=clock,
        health=Health(stage.service, ("assigned", "caught up")), partitions=settings.partitions, site=settings.site,
        deadline_s=settings.inference_deadline_s,
    )  # fmt: skip
    try:
        StreamLoop(stage, parts).run(stop)
    finally:
        stop.set()
