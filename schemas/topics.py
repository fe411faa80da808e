"""The topics as data: key, events, partitions, retention, clean-up (design, "The flow")."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from schemas.events import EVENTS, Event

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. Patient topics share one partition count and partitioner, so keys meet on equal numbers."""

    name: str
    key: str
    patient: bool
    cleanup: Literal["delete", "compact"]
    retention_ms: int
    readers: tuple[str, ...]

    @property
    def events(self) -> tuple[type[Event], ...]:
        """The events that travel on it."""
        return tuple(cls for cls in EVENTS.values() if cls.topic == self.name)

    def partitions(self, patient_partitions: int) -> int:
        """How many partitions it has where patient topics have `patient_partitions`."""
        return patient_partitions if self.patient else 1


def _topic(
    name: str,
    key: str,
    readers: str,
    *,
    patient: bool = True,
    compact: bool = False,
    days: int = 30,
) -> Topic:
    return Topic(
        name, key, patient, "compact" if compact else "delete", -1 if compact else days * DAY_MS, tuple(readers.split())
    )


TOPICS: dict[str, Topic] = {
    t.name: t
    for t in (
        _topic("clinical", "site, patient", "watch operations drift console"),
        _topic("imaging", "site, patient", "imaging"),
        _topic("risk", "site, patient", "alerting operations drift outlets cds_hooks console"),
        _topic("findings", "site, patient", "alerting outlets console"),
        _topic("alerts", "site, patient", "outlets cds_hooks console"),
        _topic("alert-state", "site, patient, kind; partitioned by patient", "alerting outlets", compact=True),
        _topic("deliveries", "site, patient", "alerting console"),
        _topic("decisions", "site, patient", "watch alerting console learning"),
        _topic("places", "site, location", "operations console", patient=False, compact=True),
        _topic("plans", "ward or site", "operations outlets console", patient=False),
        _topic("models", "site, model", "drift outlets", patient=False, days=90),
        _topic("turns", "service; partition of its input", "watch alerting", days=30),
        _topic("quarantine", "original key", "people", patient=False, days=90),
        _topic("audit", "actor", "auditors", patient=False, days=365),
    )
}
"""Every topic by name."""


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: the same function for every patient topic.

    Kafka's default (murmur2) without the client library: alert-state is partitioned by patient
    although its key also names the kind, so the choice must be ours. Patients come again: 20 us each time otherwise.
    """
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """32-bit MurmurHash2 with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2)."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    tail = data[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)
