"""Patient → who it is (for the identity store) and what the models may know (FHIR R4 Patient).

Names and numbers go to the identity store only. Registered as identifiers: the logical id, and every identifier of
type MR or PI (HL7 v2 table 0203) or without a type. Social security, passport and licence numbers are left out:
placeholders among them (999-99-9999) would join strangers.
"""

from collections.abc import Mapping
from datetime import date
from typing import (
    Final,
    Literal,
    NamedTuple,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import PatientRegistered
from schemas.fhir.elements import CLOSED, Code, DateTime, Identifier, IdText, Meta, Reference, String, moment
from schemas.fhir.facts import Context, codes, refuse, tail
from schemas.fhir.library import read
from schemas.ids import digest

FHIR_AUTHORITY: Final = "fhir"
"""Assigning authority of the site's logical Patient ids."""
MRN_AUTHORITY: Final = "mrn"
"""Assigning authority of a medical record number that names no system: the site's own. DICOM's PatientID is one."""
NUMBERS: Final = frozenset({"MR", "PI"})

Sex = Literal["female", "male", "other", "unknown"]


@with_config(CLOSED)
class _Name(TypedDict, total=False):
    use: Code
    family: String
    given: list[String | None]
    text: String


@with_config(CLOSED)
class _Link(TypedDict, total=False):
    other: Required[Reference]
    type: Required[Code]


@with_config(CLOSED)
class PatientResource(TypedDict, total=False):
    """What we read of a Patient."""

    id: IdText
    meta: Meta
    identifier: list[Identifier]
    active: bool
    name: list[_Name]
    gender: Code
    birthDate: str
    deceasedDateTime: DateTime
    link: list[_Link]


_SHAPE = TypeAdapter(PatientResource)


class Who(NamedTuple):
    """A person as the identity store wants it; `identifiers` are (authority, value)."""

    identifiers: tuple[tuple[str, str], ...]
    family: str
    given: str
    born: date | None
    sex: Sex
    mrn: str
    replaced_by: Reference | None


def read_patient(content: Mapping[str, object]) -> PatientResource:
    """The Patient; raises Stop."""
    return read(_SHAPE, content)


def who(resource: PatientResource, full_url: str | None) -> Who:
    """Who this is; Stop without any identifier to know the person by."""
    found: list[tuple[str, str]] = []
    if "id" in resource:
        found.append((FHIR_AUTHORITY, resource["id"]))
    elif full_url:
        found.append((FHIR_AUTHORITY, tail(full_url)))
    mrn = ""
    for identifier in resource.get("identifier") or ():
        kinds = codes(identifier.get("type"))
        if "value" not in identifier or (kinds and NUMBERS.isdisjoint(kinds)):
            continue
        found.append((identifier.get("system") or MRN_AUTHORITY, identifier["value"]))
        if "MR" in kinds or (not mrn and not kinds):
            mrn = identifier["value"]
    if not found:
        refuse("a Patient needs an id or a medical record number", "Patient.identifier")
    name = next(iter(sorted(resource.get("name") or (), key=lambda n: n.get("use") != "official")), None)
    born = resource.get("birthDate") or ""
    replaced = next((link["other"] for link in resource.get("link") or () if link["type"] == "replaced-by"), None)
    return Who(
        tuple(dict.fromkeys(found)),
        (name.get("family") or name.get("text") or "") if name else "",
        " ".join(g for g in (name.get("given") or ()) if g) if name else "",
        date.fromisoformat(born) if len(born) == len("1950-01-01") else None,
        _sex(resource.get("gender")),
        mrn,
        replaced,
    )


def registered(resource: PatientResource, person: Who, key: str, context: Context) -> PatientRegistered:
    """The event: birth date and sex only. A birth date without day is not guessed at."""
    died = moment(resource.get("deceasedDateTime"))
    return PatientRegistered(
        id=digest(context.site, "PatientRegistered", key, person.born, person.sex, died),
        site=context.site,
        known=context.known,
        patient=key,
        born=person.born,
        sex=person.sex,
        died=died,
    )


def _sex(gender: str | None) -> Sex:
    match gender:
        case "female" | "male" | "other":
            return gender
        case _:
            return "unknown"
