"""Dead letters of a destination, and the events they were made from, for as long as the log holds them."""

from schemas.envelope import EnvelopeError, decode
from schemas.events import Event, Quarantined
from services.runtime.ports import LogReader, Partition


def dead_letters(reader: LogReader, origin: str) -> list[Quarantined]:
    """What this outlet buried, oldest first; a letter buried twice stands once."""
    found: dict[str, Quarantined] = {}
    for partition in reader.partitions(Quarantined.topic):
        first, last = reader.bounds(partition)
        for record in reader.read(partition, first, last):
            event = decode(record.value, record.headers).event
            if isinstance(event, Quarantined) and event.origin == origin:
                found[event.id] = event
    return sorted(found.values(), key=lambda entry: entry.known)


def event_of(reader: LogReader, entry: Quarantined) -> Event | None:
    """The event at the place that the letter names; None where the log has forgotten it, or it was never one."""
    partition, at = place_of(entry)
    first, last = reader.bounds(partition)
    if not first <= at < last:
        return None
    for record in reader.read(partition, at, at + 1):
        try:
            return decode(record.value, record.headers).event
        except EnvelopeError:
            return None
    return None


def place_of(entry: Quarantined) -> tuple[Partition, int]:
    """Partition and offset that a letter names."""
    topic, number, offset = entry.source.rsplit("/", 2)
    return Partition(topic, int(number)), int(offset)
