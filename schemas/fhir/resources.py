"""Which resource is read by which mapping, and one function that reads any of them."""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.fhir.appointment import appointment
from schemas.fhir.condition import condition
from schemas.fhir.encounter import encounter
from schemas.fhir.facts import Context, Fact, Ignored, Refused, Stop, refuse
from schemas.fhir.goal import goal
from schemas.fhir.library import Invalid
from schemas.fhir.location import location
from schemas.fhir.medication_administration import medication_administration
from schemas.fhir.observation import observation
from schemas.fhir.observation_profile import Observation, read_observation
from schemas.fhir.schedule import practitioner_role, schedule
from schemas.fhir.service_request import service_request
from schemas.fhir.slot import slot
from schemas.fhir.types import RESOURCE_TYPES

Mapper = Callable[[Mapping[str, object], Context, str | None], Fact]

MAPPERS: Final[dict[str, Mapper]] = {
    "Appointment": appointment,
    "Condition": condition,
    "Encounter": encounter,
    "Goal": goal,
    "Location": location,
    "MedicationAdministration": medication_administration,
    "PractitionerRole": practitioner_role,
    "Schedule": schedule,
    "ServiceRequest": service_request,
    "Slot": slot,
}
"""Resources that become events as they stand; Patient and Observation have their own way in."""

USED: Final = frozenset({*MAPPERS, "Observation", "Patient"})
"""Everything that is read; every other FHIR resource is ignored, and counted."""


def fact_of_observation(resource: Observation, context: Context, full_url: str | None) -> Fact:
    """An Observation that was already read."""
    try:
        return observation(resource, context, full_url)
    except Stop as stop:
        return stop.fact


def fact(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """What any resource but Patient says; never raises for what a sender wrote."""
    kind = content.get("resourceType")
    if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
        return Refused("resourceType does not name a FHIR R4 resource", "resourceType")
    if kind not in USED:
        return Ignored(f"{kind} is not used here")
    if content.get("modifierExtension"):
        return Refused("a modifierExtension that is not understood may change the meaning", f"{kind}.modifierExtension")
    try:
        if kind == "Observation":
            found = read_observation(content)
            if isinstance(found, Invalid):
                refuse(found.reason, found.path)
            return observation(found, context, full_url)
        return MAPPERS[kind](content, context, full_url)
    except Stop as stop:
        return stop.fact
