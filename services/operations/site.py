"""One hospital as operations sees it: census, places, requests, availability, acuity, and the ledger of its plans.

Every fact is kept in its newest telling (`known`, then id), so the state is the fold of the facts
known so far in whatever order the partitions brought them; `events` tells it again in full.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from ray_jobs.beds.census import Census
from schemas.events import (
    AdmissionRequested,
    AvailabilityPublished,
    BedDemandForecasted,
    BedStatusChanged,
    Event,
    LocationDefined,
    PatientMerged,
    PatientRegistered,
    PlanQuestionAnswered,
    PlanQuestionAsked,
    RiskForecasted,
    ScheduleDecided,
    ScheduleProposed,
    WardOccupancyChanged,
    WarningScoreComputed,
)
from schemas.events.clinical import EncounterEvent
from services.operations.acuity import Acuity
from services.operations.ledger import LEDGER, Ledger, stamp
from services.operations.record import RECORD, Record

READS: tuple[type[Event], ...] = (
    EncounterEvent,
    PatientMerged,
    PatientRegistered,
    AdmissionRequested,
    LocationDefined,
    BedStatusChanged,
    AvailabilityPublished,
    *LEDGER,
    *RECORD,
    WardOccupancyChanged,
    WarningScoreComputed,
)
"""What changes the state; all else on the topics is passed over."""
UNDECIDED_KEPT = timedelta(days=2)
"""Proposals that nobody decided about are many: they are dropped long before the others."""
_E = TypeVar("_E", bound=Event)
_K = TypeVar("_K")


@dataclass(slots=True)
class Site:
    """The state. `since` is when the log begins for this site, `now` the highest `known` so far."""

    name: str
    since: datetime | None = None
    now: datetime | None = None
    census: Census = field(default_factory=Census)
    locations: dict[str, LocationDefined] = field(default_factory=dict)
    statuses: dict[str, BedStatusChanged] = field(default_factory=dict)
    requests: dict[str, AdmissionRequested] = field(default_factory=dict)
    patients: dict[str, PatientRegistered] = field(default_factory=dict)
    availability: dict[tuple[str, date, str | None], AvailabilityPublished] = field(default_factory=dict)
    acuity: Acuity = field(default_factory=Acuity)
    ledger: Ledger = field(default_factory=Ledger)
    told: dict[str | None, WardOccupancyChanged] = field(default_factory=dict)
    record: Record = field(default_factory=Record)

    def fold(self, event: Event) -> bool:  # noqa: PLR0911 - a line a kind
        """Take one fact; whether it may have changed a plan (occupancy, beds, requests, decisions)."""
        self.since = event.known if self.since is None else min(self.since, event.known)
        self.now = event.known if self.now is None else max(self.now, event.known)
        match event:
            case BedDemandForecasted() | RiskForecasted():
                return self.record.fold(event)
            case WardOccupancyChanged():
                self.record.fold(event)
                return _keep(self.told, event.ward, event, matters=False)
            case PatientRegistered():
                return _keep(self.patients, event.patient, event, matters=False)
            case WarningScoreComputed():
                return self.acuity.fold(event)
            case ScheduleProposed() | ScheduleDecided() | PlanQuestionAsked() | PlanQuestionAnswered():
                return self.ledger.fold(event)
            case LocationDefined():
                return _keep(self.locations, event.location, event)
            case BedStatusChanged():
                return _keep(self.statuses, event.location, event)
            case AvailabilityPublished():
                return _keep(self.availability, (event.location, event.day, event.shift), event)
            case AdmissionRequested():
                return _keep(self.requests, event.request, event)
        return bool(self.census.apply(event))

    def forget(self, before: datetime) -> list[ScheduleProposed]:
        """Drop what was over before an instant; gives the theatre plans that were dropped, for their documents."""
        self.census.forget(before)
        self.acuity.forget(before)
        self.record.forget(before)
        for request in [r for r, e in self.requests.items() if e.status != "active" and e.known < before]:
            del self.requests[request]
        for slot in [s for s in self.availability if s[1] < before.date()]:
            del self.availability[slot]
        latest = before if self.now is None else max(before, self.now - UNDECIDED_KEPT)
        return self.ledger.forget(before, latest)

    def events(self) -> Iterator[Event]:
        """Facts that give this state again when they are folded, in any order."""
        yield from self.census.facts()
        yield from self.locations.values()
        yield from self.statuses.values()
        yield from self.requests.values()
        yield from self.patients.values()
        yield from self.availability.values()
        yield from self.acuity.events()
        yield from self.ledger.events()
        yield from self.told.values()
        yield from self.record.events()


def _keep(held: dict[_K, _E], key: _K, event: _E, *, matters: bool = True) -> bool:
    if key not in held or stamp(event) >= stamp(held[key]):
        held[key] = event
    return matters
