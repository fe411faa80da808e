"""One hospital as operations sees it: census, places, requests for beds, and what was proposed and decided.

Every fact is kept in its newest telling (`known`, then id), so the state is the fold of the facts
known so far in whatever order the partitions brought them; `events` tells it again in full.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from ray_jobs.beds.census import Census
from schemas.events import (
    AdmissionRequested,
    BedStatusChanged,
    Event,
    LocationDefined,
    PatientMerged,
    PatientRegistered,
    ScheduleDecided,
    ScheduleProposed,
    WardOccupancyChanged,
)
from schemas.events.clinical import EncounterEvent

READS: tuple[type[Event], ...] = (
    EncounterEvent,
    PatientMerged,
    PatientRegistered,
    AdmissionRequested,
    LocationDefined,
    BedStatusChanged,
    ScheduleProposed,
    ScheduleDecided,
    WardOccupancyChanged,
)
"""What changes the state; all else on the topics is passed over."""
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
    proposed: ScheduleProposed | None = None
    proposals: dict[str, ScheduleProposed] = field(default_factory=dict)
    decisions: dict[str, ScheduleDecided] = field(default_factory=dict)
    told: dict[str | None, WardOccupancyChanged] = field(default_factory=dict)

    def fold(self, event: Event) -> bool:
        """Take one fact; whether it may have changed a plan (occupancy, beds, requests, decisions)."""
        self.since = event.known if self.since is None else min(self.since, event.known)
        self.now = event.known if self.now is None else max(self.now, event.known)
        match event:
            case WardOccupancyChanged():
                _keep(self.told, event.ward, event)
                return False
            case ScheduleProposed():
                self.proposals[event.proposal] = event
                if self.proposed is None or _stamp(event) >= _stamp(self.proposed):
                    self.proposed = event
                return False
            case LocationDefined():
                _keep(self.locations, event.location, event)
            case BedStatusChanged():
                _keep(self.statuses, event.location, event)
            case AdmissionRequested():
                _keep(self.requests, event.request, event)
            case PatientRegistered():
                _keep(self.patients, event.patient, event)
                return False
            case ScheduleDecided():
                first = self.decisions.get(event.proposal)
                if first is None or _stamp(event) < _stamp(first):  # the first word counts
                    self.decisions[event.proposal] = event
            case _:
                return bool(self.census.apply(event))
        return True

    def forget(self, before: datetime) -> None:
        """Drop stays, requests and proposals that were over before an instant."""
        self.census.forget(before)
        done = [r for r, e in self.requests.items() if e.status != "active" and e.known < before]
        old = [p for p, e in self.proposals.items() if e.known < before and e != self.proposed]
        for request in done:
            del self.requests[request]
        for proposal in old:
            del self.proposals[proposal]
            self.decisions.pop(proposal, None)

    def events(self) -> Iterator[Event]:
        """Facts that give this state again when they are folded, in any order."""
        yield from self.census.facts()
        yield from self.locations.values()
        yield from self.statuses.values()
        yield from self.requests.values()
        yield from self.patients.values()
        yield from self.proposals.values()
        yield from self.decisions.values()
        yield from self.told.values()


def _keep(held: dict[_K, _E], key: _K, event: _E) -> None:
    if key not in held or _stamp(event) >= _stamp(held[key]):
        held[key] = event


def _stamp(event: Event) -> tuple[datetime, str]:
    return event.known, event.id
