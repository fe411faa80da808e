"""Appointment → a booked service (FHIR R4 Appointment)."""

from collections.abc import Mapping
from typing import (
    Final,
    Literal,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import AppointmentBooked
from schemas.fhir.elements import CLOSED, Code, CodeableConcept, Identifier, IdText, Instant, Reference, moment
from schemas.fhir.facts import Context, Events, Fact, ignore, refuse, required_name, word
from schemas.fhir.library import read
from schemas.ids import digest

STATUSES: Final[dict[str, Literal["booked", "arrived", "fulfilled", "cancelled", "noshow"]]] = {
    "booked": "booked", "arrived": "arrived", "checked-in": "arrived", "fulfilled": "fulfilled",
    "cancelled": "cancelled", "entered-in-error": "cancelled", "noshow": "noshow",
}  # fmt: skip


@with_config(CLOSED)
class _Participant(TypedDict, total=False):
    actor: Reference


@with_config(CLOSED)
class _Appointment(TypedDict, total=False):
    id: IdText
    identifier: list[Identifier]
    status: Required[Code]
    serviceType: list[CodeableConcept]
    start: Instant
    end: Instant
    participant: Required[list[_Participant]]


_SHAPE = TypeAdapter(_Appointment)


def appointment(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """A booking; raises Stop. The patient is the participant that refers to one."""
    found = read(_SHAPE, content)
    if found["status"] not in STATUSES:
        ignore("Appointment that is not booked")
    actors = [p["actor"] for p in found["participant"] if "actor" in p]
    subject = next((a for a in actors if a.get("type") == "Patient" or "Patient/" in a.get("reference", "")), None)
    patient = context.patient(subject, "Appointment.participant")
    start, end = moment(found.get("start")), moment(found.get("end"))
    if start is None or end is None or end < start:
        refuse("start and end must be instants in this order", "Appointment.start")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "Appointment")
    known_as = digest(context.site, "Appointment", name)
    service = next((w for c in found.get("serviceType") or () if (w := word(c))), "unspecified")
    event = AppointmentBooked(
        id=digest(known_as, start, end, service, found["status"]),
        site=context.site,
        known=context.known,
        patient=patient,
        appointment=known_as,
        start=start,
        end=end,
        service=service,
        status=STATUSES[found["status"]],
    )
    return Events((event,))
