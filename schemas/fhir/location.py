"""Location → wards, rooms, theatres, beds and a bed's status (FHIR R4 Location; operationalStatus: HL7 v2 table 0116).

HL7's location-physical-type has no operating theatre: it is a room (`ro`), and `type` says what it is for.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic reads typing.TypedDict from Python 3.12 on only

from schemas.events import BedStatusChanged, Event, LocationDefined
from schemas.fhir.elements import CLOSED, Code, CodeableConcept, Coding, Identifier, IdText, Meta, Reference, String
from schemas.fhir.facts import Context, Events, Fact, codes, ignore, required_name, version_of
from schemas.fhir.library import read
from schemas.ids import digest

KINDS: Final[dict[str, Literal["site", "ward", "room", "bed"]]] = {
    "si": "site", "bu": "site", "wa": "ward", "ro": "room", "bd": "bed",
}  # fmt: skip
STATUSES: Final[dict[str, Literal["free", "occupied", "cleaning", "closed"]]] = {
    "C": "closed", "H": "cleaning", "K": "cleaning", "O": "occupied", "U": "free",
}  # fmt: skip
ISOLATION: Final = frozenset({"ISOL", "I"})
"""Our code in Location.type (system urn:wardwatch:location), and table 0116's 'isolated'."""
THEATRE: Final = frozenset({"225738002", "1096-7"})
"""Operating room: SNOMED CT; NHSN's healthcare service location codes (operating room/suite)."""
PATIENT_LOCATION_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0260"
"""HL7 v2 table 0260, whose O is an operating room."""


@with_config(CLOSED)
class _Location(TypedDict, total=False):
    id: IdText
    meta: Meta
    identifier: list[Identifier]
    status: Code
    operationalStatus: Coding
    name: String
    type: list[CodeableConcept]
    physicalType: CodeableConcept
    partOf: Reference


_SHAPE = TypeAdapter(_Location)


def location(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """What a Location says; raises Stop. The event's `location` is the resource's id."""
    found = read(_SHAPE, content)
    types = found.get("type") or ()
    kind: str | None = next((KINDS[c] for c in codes(found.get("physicalType")) if c in KINDS), None)
    if kind in {None, "room"} and is_theatre(types):
        kind = "theatre"
    if kind is None:
        ignore("Location that is no site, ward, room, bed or theatre (physicalType, type)")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "Location")[:128]
    status = found.get("operationalStatus", {}).get("code")
    kinds = [c for concept in types for c in codes(concept)]
    no_specialty = ISOLATION | THEATRE | ({"O"} if kind == "theatre" else set())
    parent = found.get("partOf")
    within = context.references.name(parent) if parent else None
    base = {"site": context.site, "known": context.known, "location": name}
    content_of = {
        "kind": kind,
        "name": (found.get("name") or name)[:128],
        "within": within[:128] if within else None,
        "specialty": next((c[:128] for c in kinds if c not in no_specialty), None),
        "isolation": status in ISOLATION or not ISOLATION.isdisjoint(kinds),
        "active": found.get("status") in {None, "active"},
    }
    identity = digest(context.site, "Location", name, *content_of.values())
    events: list[Event] = [LocationDefined.model_validate(base | content_of | {"id": identity})]
    bed = "closed" if found.get("status") == "suspended" else STATUSES.get(status or "")
    if kind == "bed" and bed is not None:
        # The moment is part of the id: a bed goes through the same few states all day.
        moment = version_of(found.get("meta")) or context.known.isoformat()
        changed = base | {"id": digest(context.site, "BedStatus", name, bed, moment), "status": bed}
        events.append(BedStatusChanged.model_validate(changed))
    return Events(tuple(events))


def is_theatre(types: Iterable[CodeableConcept]) -> bool:
    """Whether Location.type says operating theatre, in any of the code systems that have a word for it."""
    return any(
        not THEATRE.isdisjoint(codes(concept)) or "O" in codes(concept, PATIENT_LOCATION_TYPE) for concept in types
    )
