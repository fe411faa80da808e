"""Event → message: envelope, key and partition, in the one place where they are decided."""

from schemas.envelope import Envelope, encode
from schemas.events import Event, PatientEvent
from schemas.topics import TOPICS, partition_of
from services.runtime.ports import Outgoing


def outgoing(
    event: Event, *, source: str, partitions: int, cause: str = "", accepted_ms: int = 0, partition: int | None = None
) -> Outgoing:
    """The message that carries the event. `partitions` is the count of the patient topics.

    Patient events go to the partition of site and patient whatever else their key says; `partition`
    overrides that for events about a partition (`turns`).
    """
    value, headers = encode(Envelope(event, source, cause, accepted_ms=accepted_ms))
    if partition is None:
        count = TOPICS[event.topic].partitions(partitions)
        key = f"{event.site}/{event.patient}" if isinstance(event, PatientEvent) else event.key
        partition = partition_of(key, count)
    return Outgoing(event.topic, event.key, value, headers, partition)
