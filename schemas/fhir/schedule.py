"""Schedule and PractitionerRole → whose time it is: a theatre's, a surgeon's or a nurse's (FHIR R4 Schedule).

A Schedule says nothing alone: its Slots do, and they look it up here, in their own document. Roles by
HL7's practitioner-role and SNOMED CT; surgical specialties as in the value set c80-practice-codes, which
R4 binds to Schedule.specialty.
"""

from collections.abc import Iterable, Mapping
from typing import (
    Final,
    Literal,
    NamedTuple,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.fhir.elements import CLOSED, CodeableConcept, Identifier, IdText, Integer, Reference, Uri
from schemas.fhir.facts import Context, Fact, codes, ignore, refuse, tail, word
from schemas.fhir.library import read
from schemas.fhir.location import is_theatre

SKILL: Final = "urn:wardwatch:nurse-skill"
"""Extension (valueInteger): skill level, 0 the lowest."""
MOST_WORKLOAD: Final = "urn:wardwatch:nurse-most-workload"
"""Extension (valueInteger): most workload of the shift."""
NURSES: Final = frozenset({"nurse", "106292003", "224535009"})
"""HL7 practitioner-role; SNOMED CT: professional nurse, registered nurse."""
SURGEONS: Final = frozenset({"surgeon", "304292004"})
"""Our word; SNOMED CT: surgeon."""
SURGERY: Final = frozenset(
    {
        "394609007", "394732004", "394801008", "394610002", "394603008", "408466002", "408463005", "408464004",
        "408469009", "394611003", "394612005", "394604002", "394594003", "394585009",
    }
)  # fmt: skip
"""SNOMED CT: general surgery, surgical specialty, trauma and orthopaedics, neurosurgery, cardiothoracic, cardiac,
vascular, colorectal, breast, plastic; urology, ear nose throat, ophthalmology, obstetrics and gynaecology."""
PEOPLE: Final = frozenset({"Practitioner", "PractitionerRole"})

Role = Literal["theatre", "surgeon", "nurse"]


@with_config(CLOSED)
class Extra(TypedDict, total=False):
    """One of our extensions."""

    url: Required[Uri]
    valueInteger: Integer


@with_config(CLOSED)
class _Schedule(TypedDict, total=False):
    id: IdText
    identifier: list[Identifier]
    extension: list[Extra]
    active: bool
    serviceCategory: list[CodeableConcept]
    serviceType: list[CodeableConcept]
    specialty: list[CodeableConcept]
    actor: Required[list[Reference]]


@with_config(CLOSED)
class _PractitionerRole(TypedDict, total=False):
    id: IdText
    identifier: list[Identifier]
    extension: list[Extra]
    practitioner: Reference
    code: list[CodeableConcept]
    specialty: list[CodeableConcept]
    location: list[Reference]


@with_config(CLOSED)
class _Place(TypedDict, total=False):
    id: IdText
    type: list[CodeableConcept]
    physicalType: CodeableConcept


_SCHEDULE = TypeAdapter(_Schedule)
_ROLE = TypeAdapter(_PractitionerRole)
_PLACE = TypeAdapter(_Place)


class Owner(NamedTuple):
    """Whose time a Schedule holds; `extras` are those of PractitionerRole and Schedule."""

    role: Role
    location: str
    active: bool
    ward: str | None
    specialty: str | None
    extras: tuple[Extra, ...]


def schedule(content: Mapping[str, object], _: Context, __: str | None = None) -> Fact:
    """Valid or not; used by the Slots that point to it. Raises Stop."""
    read(_SCHEDULE, content)
    ignore("Schedule by itself; its Slots are read with it")


def practitioner_role(content: Mapping[str, object], _: Context, __: str | None = None) -> Fact:
    """Valid or not; used by the Schedules that point to it. Raises Stop."""
    read(_ROLE, content)
    ignore("PractitionerRole by itself; the Slots of a Schedule are read with it")


def owner(content: Mapping[str, object], context: Context) -> Owner:
    """Whose Schedule this is; Stop when it is of nobody that theatres and wards are planned with."""
    found = read(_SCHEDULE, content)
    people = [a for a in found["actor"] if _kind(a, context) in PEOPLE]
    places = [a for a in found["actor"] if _kind(a, context) == "Location"]
    if not any(_kind(a, context) for a in found["actor"]):
        refuse(
            "whose time is it? Schedule.actor refers to a Location, Practitioner or PractitionerRole", "Schedule.actor"
        )
    if not people and not places:
        ignore("Schedule of something that is neither a place nor a practitioner")
    concepts = [*found.get("serviceCategory", ()), *found.get("serviceType", ()), *found.get("specialty", ())]
    active = found.get("active", True)
    own = tuple(found.get("extension", ()))
    if not people:
        return _theatre(places[0], found, active=active, context=context)
    role = _role_of(people[0], context)
    if role is not None:
        concepts = [*role.get("code", ()), *role.get("specialty", ()), *concepts]
        places = [*places, *role.get("location", ())]
        own += tuple(role.get("extension", ()))
    said = {code for concept in concepts for code in codes(concept)}
    if not said.isdisjoint(NURSES):
        kind: Role = "nurse"
    elif not said.isdisjoint(SURGEONS | SURGERY):
        kind = "surgeon"
    else:
        ignore("Schedule of a practitioner who is neither a surgeon nor a nurse (PractitionerRole.code, specialty)")
    ward = context.references.name(places[0]) if places else None
    specialties = [*(role or {}).get("specialty", ()), *found.get("specialty", ())]
    return Owner(kind, practitioner(people[0], context), active, ward[:128] if ward else None, _first(specialties), own)


def practitioner(reference: Reference, context: Context) -> str:
    """The name of a person on the bus: their identifier, never what they are called. Stop where there is none.

    A PractitionerRole that lies in the same document stands for its practitioner.
    """
    role = _role_of(reference, context)
    person = role["practitioner"] if role is not None and "practitioner" in role else reference
    name = context.references.name(person)
    if name is None:
        refuse("a practitioner is named by reference or identifier", "actor")
    return name[:128]


def _theatre(place: Reference, found: _Schedule, *, active: bool, context: Context) -> Owner:
    name = context.references.name(place)
    if name is None:
        refuse("the place is named by reference or identifier", "Schedule.actor")
    defined = context.references.resource(place)
    if defined is not None and not is_theatre(read(_PLACE, defined).get("type", ())):
        ignore("Schedule of a place that is no operating theatre")
    specialties = found.get("specialty", ())
    return Owner("theatre", name[:128], active, None, _first(specialties), tuple(found.get("extension", ())))


def _role_of(reference: Reference, context: Context) -> _PractitionerRole | None:
    content = context.references.resource(reference) if _kind(reference, context) == "PractitionerRole" else None
    return None if content is None else read(_ROLE, content)


def _kind(reference: Reference, context: Context) -> str:
    """The type a reference names; that of a `urn:uuid:` is known from `type`, or from the document."""
    text = reference.get("reference", "").partition("/_history/")[0]
    if named := tail(text.rpartition("/")[0]) or reference.get("type", ""):
        return named
    return str((context.references.resource(reference) or {}).get("resourceType", ""))


def _first(concepts: Iterable[CodeableConcept]) -> str | None:
    return next((w for c in concepts if (w := word(c))), None)
