"""What a foreign resource turns out to be: readings, a retraction, events, nothing of interest, or unusable.

Mapping functions are pure: what they need to know of the world (site, time, who a reference means) is in `Context`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn, Protocol

from schemas.events import Event, Reading
from schemas.fhir.elements import CodeableConcept, Identifier, Meta, Period, Reference, moment
from schemas.ids import digest

FUTURE_TOLERANCE = timedelta(minutes=5)
"""Design rule 5: a fact taken later than this after it became known has a wrong clock."""


UNKNOWN_PATIENT = "this patient was never registered here: send the Patient resource first"


class Readings(NamedTuple):
    """Measured values of one patient; several such become one event."""

    patient: str
    encounter: str | None
    readings: tuple[Reading, ...]


class Retraction(NamedTuple):
    """These readings were never right."""

    patient: str
    sources: tuple[str, ...]
    reason: str


class Events(NamedTuple):
    """Facts that are events as they stand."""

    events: tuple[Event, ...]


class Opening(NamedTuple):
    """One stretch of time of a theatre, surgeon or nurse; all of a resource's day in one document become one event.

    `free` False: the time is taken or was never right, so it counts as none. `version` is the resource's, or ''.
    """

    role: Literal["theatre", "surgeon", "nurse"]
    location: str
    day: date
    shift: Literal["early", "late", "night"] | None
    start: datetime
    end: datetime
    free: bool
    version: str
    skill: int | None = None
    most_workload: int | None = None
    ward: str | None = None
    specialty: str | None = None


class Openings(NamedTuple):
    """What one Slot says: a nurse's may cover two shifts."""

    openings: tuple[Opening, ...]


class Ignored(NamedTuple):
    """Valid, understood, and of no use here; counted by type."""

    reason: str


class Refused(NamedTuple):
    """Cannot be used; goes to quarantine. Holds nothing that could name a person."""

    reason: str
    path: str = ""


Fact = Readings | Retraction | Openings | Events | Ignored | Refused


class Stop(Exception):  # noqa: N818 - a way out of a mapping, not a fault; `resources.fact` turns it back into a value
    """The mapping ends here with this answer."""

    def __init__(self, fact: Ignored | Refused) -> None:
        super().__init__(fact.reason)
        self.fact = fact


def refuse(reason: str, path: str = "") -> NoReturn:
    """End the mapping: unusable."""
    raise Stop(Refused(reason, path))


def ignore(reason: str) -> NoReturn:
    """End the mapping: of no use here."""
    raise Stop(Ignored(reason))


class References(Protocol):
    """What references mean: inside their bundle first, then to the identity store."""

    def patient(self, reference: Reference) -> str | None:
        """The patient key, or None when this person was never registered."""
        ...

    def name(self, reference: Reference) -> str | None:
        """The name of the resource it points to, as `name_of` gives it; None when it points nowhere."""
        ...

    def resource(self, reference: Reference) -> Mapping[str, object] | None:
        """The resource itself, if it is in the same document; not read yet, so it may be anything."""
        ...

    def sex(self, patient: str) -> Literal["female", "male", "other", "unknown"]:
        """What the identity store knows of the person behind a key."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Where and when a document was accepted, and what its references mean."""

    site: str
    known: datetime
    references: References

    def too_late(self, taken: datetime) -> bool:
        """Whether a clinical time lies in the future."""
        return taken > self.known + FUTURE_TOLERANCE

    def patient(self, reference: Reference | None, path: str) -> str:
        """The patient key; Stop when there is no subject, or the person was never registered."""
        if reference is None:
            refuse("no subject: about whom is this?", path)
        key = self.references.patient(reference)
        if key is None:
            refuse(UNKNOWN_PATIENT, path)
        return key

    def encounter(self, reference: Reference | None) -> str | None:
        """The id of a stay; its number may name a person, so it is hashed."""
        name = None if reference is None else self.references.name(reference)
        return None if name is None else encounter_id(self.site, name)


@lru_cache(maxsize=65536)
def encounter_id(site: str, name: str) -> str:
    """The id of a stay on the bus."""
    return digest(site, "Encounter", name)


def name_of(id_: str | None, identifiers: list[Identifier] | None, full_url: str | None) -> str | None:
    """What its source calls a resource: logical id, else first business identifier, else the entry's URL."""
    if id_:
        return id_
    for identifier in identifiers or ():
        if value := identifier.get("value"):
            return f"{identifier.get('system', '')}|{value}"
    return tail(full_url) if full_url else None


def tail(url: str) -> str:
    """The last part of a resource's URL: `urn:uuid:X` and `https://server/Patient/X` both say X."""
    return url.rpartition("/")[2].removeprefix("urn:uuid:")


def namespace(meta: Meta | None) -> str:
    """The source system whose ids these are (Meta.source without its request fragment); '' is the site's own."""
    return meta.get("source", "").partition("#")[0] if meta is not None else ""


def required_name(id_: str | None, identifiers: list[Identifier] | None, full_url: str | None, kind: str) -> str:
    """`name_of`, or Stop: what has no name cannot be told again."""
    name = name_of(id_, identifiers, full_url)
    if name is None:
        refuse(f"this {kind} needs an id or an identifier", f"{kind}.id")
    return name


def codes(concept: CodeableConcept | None, system: str | None = None) -> tuple[str, ...]:
    """The codes of a concept, of one system or of all."""
    if concept is None:
        return ()
    return tuple(
        c["code"] for c in concept.get("coding", ()) if "code" in c and (system is None or c.get("system") == system)
    )


def coded(concept: CodeableConcept | None) -> tuple[str, str] | None:
    """The first coding with both system and code, cut to what the bus carries."""
    for coding in concept.get("coding", ()) if concept is not None else ():
        if "system" in coding and "code" in coding:
            return coding["system"][:256], coding["code"][:64]
    return None


def version_of(meta: Meta | None) -> str:
    """Meta.versionId, else Meta.lastUpdated, else ''."""
    return (meta.get("versionId") or meta.get("lastUpdated") or "") if meta is not None else ""


def updated(meta: Meta | None) -> datetime | None:
    """Meta.lastUpdated."""
    return moment(meta.get("lastUpdated")) if meta is not None else None


def word(concept: CodeableConcept | None) -> str | None:
    """One short name for a concept: its first code, else its text."""
    found = codes(concept)
    text = found[0] if found else concept.get("text") if concept is not None else None
    return text[:128] if text else None


def start_of(period: Period | None) -> datetime | None:
    """The instant a period starts, if it has a time of day."""
    return moment(period.get("start")) if period is not None else None


def end_of(period: Period | None) -> datetime | None:
    """The instant a period ends, if it has a time of day."""
    return moment(period.get("end")) if period is not None else None
