"""Facts of one document → its events: all readings of a patient together, in an order a reader can fold.

All slots of a theatre, surgeon or nurse on a day are one event too: what a document says of a day replaces it.

Event ids are hashes of what the events hold, so the same document always gives the same ids (design rule 1).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeVar

from schemas.events import (
    AvailabilityPublished,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    LocationDefined,
    ObservationsRecorded,
    PatientMerged,
    PatientRegistered,
    Reading,
    ReadingsRetracted,
)
from schemas.events.clinical import MAX_READINGS
from schemas.fhir.facts import Events, Fact, Opening, Openings, Readings, Retraction
from schemas.ids import digest
from services.gateway.availability import available

T = TypeVar("T")

FIRST: Final[dict[type[Event], int]] = {
    LocationDefined: 0,
    AvailabilityPublished: 1,
    PatientRegistered: 1,
    EncounterStarted: 2,
    EncounterTransferred: 3,
}
MIDDLE: Final = 4
LAST: Final[dict[type[Event], int]] = {EncounterCancelled: 6, EncounterEnded: 7, PatientMerged: 8}
READINGS: Final = 5


def assemble(facts: Iterable[Fact], site: str, known: datetime) -> tuple[Event, ...]:
    """Events in order: places and people, stays, other facts, readings, and what ends a stay."""
    ranked: list[tuple[int, Event]] = []
    readings: dict[tuple[str, str | None], dict[str, Reading]] = {}
    retracted: dict[tuple[str, str], list[str]] = {}
    openings: list[Opening] = []
    for fact in facts:
        if isinstance(fact, Readings):
            mine = readings.setdefault((fact.patient, fact.encounter), {})
            mine.update((reading.id, reading) for reading in fact.readings)
        elif isinstance(fact, Retraction):
            retracted.setdefault((fact.patient, fact.reason), []).extend(fact.sources)
        elif isinstance(fact, Openings):
            openings.extend(fact.openings)
        elif isinstance(fact, Events):
            ranked.extend((FIRST.get(type(e), LAST.get(type(e), MIDDLE)), e) for e in fact.events)
    ranked.extend((READINGS, e) for e in _recorded(readings, site, known))
    ranked.extend((FIRST[AvailabilityPublished], e) for e in available(openings, site, known))
    ranked.extend((READINGS, e) for e in _retracted(retracted, site, known))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(event for _, event in ranked)


def _recorded(
    readings: dict[tuple[str, str | None], dict[str, Reading]], site: str, known: datetime
) -> Iterator[ObservationsRecorded]:
    for (patient, encounter), mine in readings.items():
        for part in _parts(tuple(mine.values())):
            yield ObservationsRecorded(
                id=digest("ObservationsRecorded", site, patient, encounter or "", *(r.id for r in part)),
                site=site,
                known=known,
                patient=patient,
                encounter=encounter,
                readings=part,
            )


def _retracted(retracted: dict[tuple[str, str], list[str]], site: str, known: datetime) -> Iterator[ReadingsRetracted]:
    for (patient, reason), sources in retracted.items():
        for part in _parts(tuple(dict.fromkeys(sources))):
            yield ReadingsRetracted(
                id=digest("ReadingsRetracted", site, patient, reason, *part),
                site=site,
                known=known,
                patient=patient,
                sources=part,
                reason=reason,
            )


def _parts(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    return (items[n : n + MAX_READINGS] for n in range(0, len(items), MAX_READINGS))
