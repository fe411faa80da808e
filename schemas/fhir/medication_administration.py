"""MedicationAdministration → a dose was given (FHIR R4 MedicationAdministration)."""

from collections.abc import Mapping
from typing import (
    Final,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import MedicationAdministered
from schemas.fhir.elements import (
    CLOSED,
    Code,
    CodeableConcept,
    DateTime,
    Identifier,
    IdText,
    Period,
    Reference,
    moment,
)
from schemas.fhir.facts import Context, Events, Fact, coded, ignore, refuse, required_name, start_of
from schemas.fhir.library import read
from schemas.ids import digest

GIVEN: Final = frozenset({"completed", "in-progress"})


@with_config(CLOSED)
class _MedicationAdministration(TypedDict, total=False):
    id: IdText
    identifier: list[Identifier]
    status: Required[Code]
    medicationCodeableConcept: CodeableConcept
    subject: Required[Reference]
    effectiveDateTime: DateTime
    effectivePeriod: Period


_SHAPE = TypeAdapter(_MedicationAdministration)


def medication_administration(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """A dose; raises Stop."""
    found = read(_SHAPE, content)
    if found["status"] not in GIVEN:
        ignore("MedicationAdministration that did not take place")
    coding = coded(found.get("medicationCodeableConcept"))
    if coding is None:
        ignore("MedicationAdministration without a code")
    patient = context.patient(found["subject"], "MedicationAdministration.subject")
    given = moment(found.get("effectiveDateTime")) or start_of(found.get("effectivePeriod"))
    if given is None or context.too_late(given):
        refuse("effective must be an instant that is not in the future", "MedicationAdministration.effective")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "MedicationAdministration")
    known_as = digest(context.site, "MedicationAdministration", name)
    event = MedicationAdministered(
        id=digest(known_as, *coding, given),
        site=context.site,
        known=context.known,
        patient=patient,
        administration=known_as,
        system=coding[0],
        code=coding[1],
        given=given,
    )
    return Events((event,))
