"""Condition → a diagnosis or problem (FHIR R4 Condition)."""

from collections.abc import Mapping
from typing import (
    Final,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import ConditionRecorded
from schemas.fhir.elements import CLOSED, CodeableConcept, DateTime, Identifier, IdText, Period, Reference, moment
from schemas.fhir.facts import Context, Events, Fact, coded, codes, ignore, required_name, start_of
from schemas.fhir.library import read
from schemas.ids import digest

ACTIVE: Final = frozenset({"active", "recurrence", "relapse"})
WRONG: Final = frozenset({"refuted", "entered-in-error"})


@with_config(CLOSED)
class _Condition(TypedDict, total=False):
    id: IdText
    identifier: list[Identifier]
    clinicalStatus: CodeableConcept
    verificationStatus: CodeableConcept
    code: CodeableConcept
    subject: Required[Reference]
    onsetDateTime: DateTime
    onsetPeriod: Period
    recordedDate: DateTime


_SHAPE = TypeAdapter(_Condition)


def condition(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """A diagnosis; raises Stop."""
    found = read(_SHAPE, content)
    coding = coded(found.get("code"))
    if coding is None:
        ignore("Condition without a code")
    patient = context.patient(found["subject"], "Condition.subject")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "Condition")
    onset = moment(found.get("onsetDateTime")) or start_of(found.get("onsetPeriod"))
    right = WRONG.isdisjoint(codes(found.get("verificationStatus")))
    active = right and not ACTIVE.isdisjoint(codes(found.get("clinicalStatus")))
    known_as = digest(context.site, "Condition", name)
    event = ConditionRecorded(
        id=digest(known_as, *coding, onset or "", active),
        site=context.site,
        known=context.known,
        patient=patient,
        condition=known_as,
        system=coding[0],
        code=coding[1],
        onset=onset or moment(found.get("recordedDate")),
        active=active,
    )
    return Events((event,))
