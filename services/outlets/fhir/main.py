"""The FHIR outlet's process: a consumer group of its own; idle and ready where no FHIR server is configured."""

from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.fhir.outlet import HospitalServer
from services.outlets.fhir.plans import Plans
from services.outlets.fhir.remember import remembered
from services.outlets.process import idle, run
from services.runtime import logs
from services.runtime.health import Health
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaReader, KafkaWorker
from services.runtime.ports import Partition
from services.runtime.service import serve_metrics, stop_on_signals
from services.runtime.settings import Settings

SERVICE = "outlets-fhir"


def main(settings: Settings) -> None:
    """Deliver until SIGTERM."""
    logs.configure(SERVICE, settings.log_level, settings.log_format)
    stop = stop_on_signals()
    health = Health(SERVICE, ("assigned",))
    stop_web = serve_metrics(settings, SERVICE, health)
    try:
        if not settings.fhir_server_url:
            idle(health, stop, "no FHIR server configured: set WARDWATCH_FHIR_SERVER_URL")
            return
        server = HttpFhirServer(settings.fhir_server_url, settings.fhir_server_token.get_secret_value())
        hospital = HospitalServer(server, SqliteIdentity(settings.identity_url), lambda p, n: _remember(settings, p, n))
        run(hospital, lambda: KafkaWorker(settings.kafka, SERVICE, hospital.topics, slot=settings.slot), health, stop)
    finally:
        stop_web()


def _remember(settings: Settings, partition: Partition, offset: int) -> Plans:
    reader = KafkaReader(settings.kafka)
    try:
        return remembered(reader, partition, offset)
    finally:
        reader.close()
