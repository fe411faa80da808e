"""Operations as a process: adapters from the settings, then the loop until SIGTERM."""

from services.operations.loop import INPUTS, SERVICE, OperationsLoop, Parts
from services.operations.planning.planner import PlannerProcess
from services.operations.planning.propose import Tools
from services.operations.planning.settings import read_settings
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.kafka_log import KafkaReader, KafkaWorker
from services.runtime.objects import ObjectStoreByUrl
from services.runtime.service import clock_of, serve_metrics, stop_on_signals
from services.runtime.settings import Settings


def main(settings: Settings) -> None:
    """Run until told to stop. One process for all sites; another one of the same slot takes over from it."""
    if settings.slot != 0:  # two members would share the partitions, and each see half a hospital
        raise SystemExit("operations runs once: WARDWATCH_SLOT must be 0")
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop, health = stop_on_signals(), Health(SERVICE, ("assigned", "caught up"))
    planner, objects = PlannerProcess(), ObjectStoreByUrl(settings.objects_url)
    parts = Parts(
        worker=lambda: KafkaWorker(settings.kafka, SERVICE, INPUTS, slot=settings.slot),
        reader=lambda: KafkaReader(settings.kafka), objects=objects,
        clock=clock_of(settings), health=health, partitions=settings.partitions, site=settings.site,
        tools=Tools(planner, objects, read_settings(settings.planning)),
    )  # fmt: skip
    stop_web = serve_metrics(settings, SERVICE, health)
    try:
        OperationsLoop(parts).run(stop)
    finally:
        planner.close()
        stop_web()
