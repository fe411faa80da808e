"""What was proposed and decided before this process began: read again from the log, which is its only memory."""

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from services.outlets.fhir.plans import Plans
from services.runtime.ports import LogReader, Partition, Record

KINDS = frozenset(f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}".encode() for name in ("ScheduleProposed", "ScheduleDecided"))


def remembered(reader: LogReader, partition: Partition, before: int) -> Plans:
    """The fold of everything in the partition before an offset, as far back as the log is kept."""
    plans = Plans()
    first, _ = reader.bounds(partition)
    for record in reader.read(partition, first, max(first, before)):
        if _concerns(record):
            try:
                plans.fold(decode(record.value, record.headers).event)
            except EnvelopeError:
                continue  # it went to the quarantine when it was first read
    return plans


def _concerns(record: Record) -> bool:
    """By header: most of the topic are forecasts, which need not be read to be passed over."""
    return any(name == "ce_type" and value in KINDS for name, value in record.headers)
