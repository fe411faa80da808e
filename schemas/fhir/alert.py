"""What an alert's resources say alike: kind, severity and place in FHIR's terms, and which transitions end it."""

from typing import Final

from schemas.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertMerged,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertUnreached,
    AlertWentStale,
)
from schemas.events.alerts import AddressingEvent, Role
from schemas.fhir.ours import Ref, Resource, coded, logical

ALERT: Final = "urn:wardwatch:alert"
TRANSITION: Final = "urn:wardwatch:alert-transition"
AUTHORITY: Final = logical("Device", "urn:wardwatch", "alerting", "Wardwatch")
PRIORITY: Final = {"red": "stat", "amber": "asap"}
"""FHIR's request priority of a severity."""
OVER: Final = (AlertResolved, AlertMerged, AlertSuppressed)
"""After these nothing of this alert stands any more."""
SAID: Final[dict[type[AlertEvent], str]] = {
    AlertRaised: "raised",
    AlertNotified: "notified",
    AlertUnreached: "unreached",
    AlertEscalated: "escalated",
    AlertAcknowledged: "acknowledged",
    AlertSnoozed: "snoozed",
    AlertWentStale: "stale",
    AlertSuppressed: "suppressed",
    AlertMerged: "merged",
    AlertResolved: "resolved",
}
"""The code of a transition."""
ROLE: Final = "urn:wardwatch:role"
ROLES: Final[dict[Role, str]] = {
    "bedside_nurse": "bedside nurse", "charge_nurse": "charge nurse", "rapid_response": "rapid response team",
}  # fmt: skip
MODELS: Final = frozenset({"sepsis", "deterioration"})
"""Kinds of alert that a model's forecast raises."""


def code(event: AlertEvent) -> Resource:
    """Kind and severity as a code, with the alert's own words."""
    text = f"{event.severity} {event.kind}: {event.summary}"
    return coded(ALERT, f"{event.kind}-{event.severity}", text, display=f"{event.kind} alert, {event.severity}")


def role(event: AlertEvent) -> Resource | None:
    """The role that is addressed now, as a code; None where the transition addresses nobody."""
    if not isinstance(event, AddressingEvent) or event.role is None:
        return None
    return coded(ROLE, event.role, ROLES[event.role])


def addressed(event: AlertEvent) -> Ref | None:
    """That role on the patient's ward, and how the roster says it is reached."""
    if not isinstance(event, AddressingEvent) or event.role is None:
        return None
    ward = event.place.ward
    words = f"{ROLES[event.role]}{f' of ward {ward}' if ward else ''}{f': {event.contact}' if event.contact else ''}"
    return logical("PractitionerRole", ROLE, f"{ward or ''}|{event.role}", words)


def place(event: AlertEvent) -> Ref | None:
    """Where the patient lies, by the hospital's own name of bed, room or ward; None where nobody knows."""
    where = event.place
    named = next((name for name in (where.bed, where.room, where.ward) if name), None)
    if named is None:
        return None
    parts = (("ward", where.ward), ("room", where.room), ("bed", where.bed))
    display = ", ".join(f"{level} {name}" for level, name in parts if name)
    return {"type": "Location", "identifier": {"value": named}, "display": display}


def reason(event: AlertEvent) -> str:
    """Why, in the words of a rule or a person; the receiver is the hospital itself."""
    match event:
        case AlertEscalated() | AlertWentStale() | AlertSuppressed() | AlertUnreached() | AlertResolved():
            return event.reason
        case AlertAcknowledged() | AlertSnoozed():
            return event.why
        case AlertMerged():
            return "goes on under the record that this patient's was merged into"
        case _:
            return ""
