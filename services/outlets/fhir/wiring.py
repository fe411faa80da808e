"""From settings to destinations at the FHIR server: what is written, each by a consumer group of its own.

A theatre plan of a hundred resources holds up no alert, and an alert no forecast: each has its own connection, its own
place in the log, and waits for itself.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from services.outlets.configured import Lane
from services.outlets.destination import Destination
from services.outlets.fhir.alerts import AlertRecords
from services.outlets.fhir.batch import Audit
from services.outlets.fhir.findings import FindingRecords
from services.outlets.fhir.forecasts import ForecastRecords
from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.fhir.outlet import HospitalServer
from services.outlets.fhir.plans import Plans
from services.outlets.fhir.remember import limits, remembered
from services.outlets.fhir.server import FhirServer
from services.outlets.fhir.thinning import Thinning
from services.outlets.loop import First
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaReader
from services.runtime.ports import Identity, LogReader, Partition
from services.runtime.settings import Settings


def configured(settings: Settings) -> tuple[Lane, ...]:
    """Those that the settings ask for; none without a server."""
    url, token = settings.fhir_server_url, settings.fhir_server_token.get_secret_value()
    if not url:
        return ()
    identity = SqliteIdentity(settings.identity_url)
    where = urlsplit(url)._replace(query="", fragment="").geturl().rpartition("@")[2]
    return fhir_lanes(
        settings.fhir_server_writes, where, lambda: HttpFhirServer(url, token), identity,
        lambda: KafkaReader(settings.kafka),
    )  # fmt: skip


def fhir_lanes(
    writes: str, where: str, server: Callable[[], FhirServer], identity: Identity, reader: Callable[[], LogReader]
) -> tuple[Lane, ...]:
    """One for each word of `writes`: plans, alerts, forecasts, findings; `audit`: and they tell the audit trail.

    Each has a server of its own (`server()`), for a server is used from one thread; `reader()` is closed after use. A
    new group begins with all plans and alerts that the log holds, for they stand until they are over, and with the
    forecasts and findings of now: those of last week are no news.
    """
    words = frozenset(writes.split())
    audit = Audit(lambda: datetime.now(UTC), wanted="audit" in words)

    def plans(partition: Partition, offset: int) -> Plans:
        opened = reader()
        try:
            return remembered(opened, partition, offset)
        finally:
            opened.close()

    def heard(thinning: Thinning, partition: Partition, offset: int) -> None:
        opened = reader()
        try:
            limits(opened, thinning, partition, offset)
        finally:
            opened.close()

    made: dict[str, tuple[Callable[[], Destination], First]] = {
        "plans": (lambda: HospitalServer(server(), identity, plans, audit=audit), "earliest"),
        "alerts": (lambda: AlertRecords(server(), identity, audit), "earliest"),
        "forecasts": (lambda: ForecastRecords(server(), identity, audit, heard), "latest"),
        "findings": (lambda: FindingRecords(server(), identity, audit), "latest"),
    }
    chosen = [(make(), first) for word, (make, first) in made.items() if word in words]
    return tuple(Lane("fhir", found, found, where, first=first) for found, first in chosen)
