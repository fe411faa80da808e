"""What the end-to-end tests share: stays to publish, and reading back what the running system wrote."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from schemas.envelope import Envelope, decode
from schemas.events import Event, PatientEvent
from services.embedded.system import System
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaReader
from services.runtime.ports import Identifier, Partition
from services.simulator.physiology import LABS, VITALS, Body
from services.simulator.publishing import Publisher
from services.simulator.recorded import Recorded, told

READER = "READINGROOM"
"""Application entity title that may ask the shared system's worklist."""


class Epochs:
    """Instants for tests that share one told clock: each a year after the last, because it never goes back."""

    def __init__(self) -> None:
        self._year = 2030

    def next(self) -> datetime:
        """A new beginning."""
        self._year += 1
        return datetime(self._year, 1, 1, tzinfo=UTC)


def synthetic_stays(prefix: str, count: int, hours: int, seed: int = 1) -> list[Recorded]:
    """Made-up stays, every second patient becoming septic; the same for the same seed, whatever the prefix."""
    found = []
    for n in range(count):
        body = Body(np.random.default_rng([seed, n]), illness="sepsis" if n % 2 else "none", onset=hours / 2)
        told_hours = {}
        for hour in range(1, hours + 1):
            values = body.measure(float(hour), VITALS)
            if hour % 6 == 1:
                values |= body.measure(float(hour), LABS)
            told_hours[hour] = values
        found.append(Recorded(f"{prefix}-{n}", told_hours, 40.0 + n, float(n % 2), 1.0, 0.0, -3.0))
    return found


def publisher(system: System) -> Publisher:
    """A sender with the simulator's token."""
    port = int(system.address("gateway")["dicom_port"])
    return Publisher(system.url("gateway"), system.tokens["simulator"], ("127.0.0.1", port), told=True)


def publish(
    system: System, stays: list[Recorded], start: datetime, between: Callable[[int], None] = lambda _: None
) -> Publisher:
    """Tell the stays; `between` is called before each sending with its number."""
    sender = publisher(system)
    for number, (at, _, resources) in enumerate(told(stays, start)):
        between(number)
        assert sender.send(resources, at)
    return sender


@dataclass(frozen=True)
class Written:
    """An event as it lies in the log, with its envelope and the real time of its record."""

    envelope: Envelope
    timestamp_ms: int

    @property
    def event(self) -> Event:
        """The event itself."""
        return self.envelope.event


_HELD: dict[tuple[str, Partition], tuple[int, list[Written]]] = {}
"""What was read of a broker's partitions, and up to where: what is committed does not change, so it is read once."""


def written(system: System, topic: str) -> Iterator[Written]:
    """Everything in a topic, partition by partition, in order."""
    reader = KafkaReader(system.stack.kafka.address)
    try:
        for partition in reader.partitions(topic):
            first, stop = reader.bounds(partition)
            start, found = _HELD.setdefault((system.stack.kafka.address, partition), (first, []))
            for record in reader.read(partition, start, stop):
                if record.value is not None:
                    found.append(Written(decode(record.value, record.headers), record.timestamp_ms))
            _HELD[system.stack.kafka.address, partition] = (stop, found)
    finally:
        reader.close()
    for (address, partition), (_, found) in sorted(_HELD.items(), key=lambda item: item[0]):
        if (address, partition.topic) == (system.stack.kafka.address, topic):
            yield from found


def by_patient(system: System, topic: str, keys: set[str]) -> dict[str, list[Written]]:
    """The events of some patients, in order."""
    found: dict[str, list[Written]] = defaultdict(list)
    for item in written(system, topic):
        if isinstance(item.event, PatientEvent) and item.event.patient in keys:
            found[item.event.patient].append(item)
    return found


def key_of(system: System, number: str) -> str:
    """The random key of the person with this medical record number."""
    identity = SqliteIdentity(system.settings.identity_url)
    key = identity.resolve(system.settings.site, Identifier("mrn", number))
    assert key is not None, f"{number} was never registered"
    return key


def eventually(check: Callable[[], bool], seconds: float = 30.0, every: float = 0.5) -> bool:
    """Whether the check comes true within the time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(every)
    return check()


HOUR = timedelta(hours=1)
