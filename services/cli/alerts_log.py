"""What `wardwatch alerts` reads of the log: a ward's facts by patient, and what became of the patients.

Outcomes are told as drift has them (`services.drift.watchable`): sepsis by a coded diagnosis with its onset, death by
the end of the stay.
"""

from collections import defaultdict
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import typer

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from schemas.events import (
    ConditionRecorded,
    EncounterEnded,
    Event,
    ImagingFindingReported,
    PatientContextChanged,
    PatientEvent,
    RiskForecasted,
    WarningScoreComputed,
)
from services.drift.watchable import OUTCOMES, is_sepsis
from services.runtime.errors import LogUnavailable
from services.runtime.ports import LogReader

NO_DEPENDENCY: Final = 3
TOPICS: Final = ("clinical", "findings", "risk")
LOOK_BACK: Final = 100
"""Offsets before the end of a partition: the very last ones may be marks of transactions."""
CODED: Final = timedelta(hours=24)
"""Diagnoses are coded late: so long after a stay its outcome is taken as told; and so long before it, as of it."""


@dataclass(slots=True)
class Read:
    """Facts by site and patient, each list in the order in which they were known; `refused` could not be read."""

    patients: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    until: datetime | None = None
    refused: int = 0


def events(
    reader: LogReader, topic: str, kinds: tuple[type[Event], ...], keys: Container[str] | None = None
) -> Iterator[Event | None]:
    """Every event of these kinds (and keys) that a topic holds, by partition; None for one that cannot be read."""
    types = {f"{TYPE_PREFIX}{kind.__name__}{TYPE_SUFFIX}".encode() for kind in kinds}
    for partition in reader.partitions(topic):
        for record in reader.read(partition, *reader.bounds(partition)):
            if record.value is None or (keys is not None and record.key not in keys):
                continue
            if dict(record.headers).get("ce_type") not in types:
                continue
            try:
                yield decode(record.value, record.headers).event
            except EnvelopeError:
                yield None


def newest(reader: LogReader) -> datetime | None:
    """When the newest forecast or score was known: a replay's log is older than today."""
    times: list[datetime] = []
    for partition in reader.partitions(RiskForecasted.topic):
        first, stop = reader.bounds(partition)
        for record in reader.read(partition, max(first, stop - LOOK_BACK), stop):
            told = dict(record.headers).get("ce_time")
            times += [] if told is None else [datetime.fromisoformat(told.decode())]
    return max(times, default=None)


def clinical_now(reader: LogReader) -> datetime:
    """The system's clock; where the clock is told, the newest of the log."""
    from services.runtime.settings import Settings

    told = newest(reader) if Settings().clock == "told" else None
    return told or datetime.now(UTC)


def read(reader: LogReader, model: str, *, site: str, ward: str, days: int, scores: bool) -> Read:
    """The facts that matter for a model's alerts about those who were on a ward, of the newest days.

    `scores`: also NEWS2, findings and other models' forecasts. Where patients were is read first, so that nothing else
    is kept of a whole hospital.
    """
    found = Read(until=newest(reader))
    if found.until is None:
        return found
    since = found.until - timedelta(days=days)
    contexts = events(reader, PatientContextChanged.topic, (PatientContextChanged,))
    here = {e.key for e in contexts if isinstance(e, PatientContextChanged) and e.site == site and e.place.ward == ward}
    kinds: tuple[type[Event], ...] = (ConditionRecorded, EncounterEnded, PatientContextChanged, RiskForecasted)
    if scores:
        kinds = (*kinds, ImagingFindingReported, WarningScoreComputed)
    by_patient = defaultdict[tuple[str, str], list[Event]](list)
    for topic in TOPICS:
        for event in events(reader, topic, tuple(k for k in kinds if k.topic == topic), here):
            if event is None:
                found.refused += 1
            elif isinstance(event, PatientEvent) and _wanted(event, model, since, scores=scores):
                by_patient[event.site, event.patient].append(event)
    for key, told in sorted(by_patient.items()):
        found.patients[key] = sorted(told, key=lambda event: event.known)
    return found


def _wanted(event: Event, model: str, since: datetime, *, scores: bool) -> bool:
    if isinstance(event, PatientContextChanged | ConditionRecorded):
        return True  # where the patient was, and of what, before the period too
    return event.known >= since and (scores or not isinstance(event, RiskForecasted) or event.model == model)


@dataclass(slots=True)
class Stay:
    """A stay with forecasts of a model, and what became of the patient as far as the log tells it."""

    patient: str
    encounter: str
    first: datetime
    last: datetime
    ended: datetime | None = None
    onset: datetime | None = None
    died: bool | None = None

    def outcome(self, model: str, until: datetime) -> bool | None:
        """Whether the stay had the model's outcome; None: nobody has told yet."""
        if OUTCOMES.get(model) == "death":
            return self.died
        if self.onset is not None:
            return True
        return False if self.ended is not None and self.ended + CODED <= until else None

    def right(self, model: str, at: datetime, horizon_hours: float | None, until: datetime) -> bool | None:
        """Whether an alert at this moment was right: the outcome had begun, or began within the model's horizon."""
        if OUTCOMES.get(model) == "death" or self.onset is None:
            return self.outcome(model, until)
        return self.onset <= at + timedelta(hours=horizon_hours or 0.0)


def stays(told: list[Event], model: str) -> dict[str, Stay]:
    """A patient's stays with forecasts of the model, by encounter."""
    found: dict[str, Stay] = {}
    for event in told:
        if isinstance(event, RiskForecasted) and event.model == model:
            name = event.encounter or ""
            stay = found.setdefault(name, Stay(event.patient, name, event.as_of, event.as_of))
            stay.first, stay.last = min(stay.first, event.as_of), max(stay.last, event.as_of)
    for event in told:
        if isinstance(event, EncounterEnded) and event.encounter in found:
            stay = found[event.encounter]
            stay.ended = event.ended
            stay.died = None if event.outcome == "unknown" else event.outcome == "died"
    onsets = [e.onset or e.known for e in told if isinstance(e, ConditionRecorded) and is_sepsis(e)]
    for stay in found.values():
        last = stay.ended or stay.last
        stay.onset = min((o for o in onsets if stay.first - CODED <= o <= last + CODED), default=None)
    return found


def configured() -> LogReader:
    """A reader of the log that the settings name; raises LogUnavailable."""
    from services.runtime.kafka_log import KafkaReader
    from services.runtime.settings import Settings

    return KafkaReader(Settings().kafka)


@contextmanager
def opened() -> Iterator[LogReader]:
    """The configured log; ends the command with exit code 3 and what to do where it does not answer."""
    try:
        reader = configured()
        try:
            yield reader
        finally:
            reader.close()
    except LogUnavailable as error:
        typer.echo(f"{error}; set WARDWATCH_KAFKA to a broker of Wardwatch", err=True)
        raise typer.Exit(NO_DEPENDENCY) from error
