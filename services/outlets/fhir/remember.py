"""What was said before this process began: read again from the log, which is its only memory."""

from collections.abc import Iterator
from typing import Final

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from schemas.events import AlertStanding, Event
from services.outlets.fhir.plans import Plans
from services.outlets.fhir.thinning import Thinning
from services.runtime.ports import LogReader, Partition, Record


def _types(*names: str) -> frozenset[bytes]:
    return frozenset(f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}".encode() for name in names)


DECISIONS: Final = _types("ScheduleProposed", "ScheduleDecided")
REASONS: Final = _types("ForecastExplained")
STANDINGS: Final = _types("AlertStanding")
LOOK_BACK: Final = 200
"""Records before an offset in which the reasons of the forecasts after it are looked for."""


def remembered(reader: LogReader, partition: Partition, before: int) -> Plans:
    """The fold of all proposals and decisions in the partition before an offset, as far back as the log is kept."""
    plans = Plans()
    first, _ = reader.bounds(partition)
    for event in _events(reader, partition, first, max(first, before), DECISIONS):
        plans.fold(event)
    return plans


def limits(reader: LogReader, heard: Thinning, partition: Partition, before: int) -> None:
    """What `heard` must know of a partition of `risk` before an offset.

    The reasons of a forecast lie just before it. Who is not to be assessed was perhaps said weeks ago: it stands in
    `alert-state`, compacted and partitioned alike, as the alert authority heard it.
    """
    first, _ = reader.bounds(partition)
    for event in _events(reader, partition, max(first, before - LOOK_BACK), max(first, before), REASONS):
        heard.fold(event)
    standings = Partition("alert-state", partition.number)
    for event in _events(reader, standings, *reader.bounds(standings), STANDINGS):
        if isinstance(event, AlertStanding):
            heard.limit(event.site, event.patient, event.extra.get("limit", "full"))


def _events(reader: LogReader, partition: Partition, start: int, stop: int, kinds: frozenset[bytes]) -> Iterator[Event]:
    """The events of these types; what cannot be read went to the quarantine when it was first read."""
    for record in reader.read(partition, start, stop):
        if record.value is not None and _concerns(record, kinds):
            try:
                yield decode(record.value, record.headers).event
            except EnvelopeError:
                continue


def _concerns(record: Record, kinds: frozenset[bytes]) -> bool:
    """By header: most records are of other types, which need not be read to be passed over."""
    return any(name == "ce_type" and value in kinds for name, value in record.headers)
