"""An alert → Task (FHIR R4 Task): who should look at the patient, how soon, and whether somebody has taken it.

requested → accepted (acknowledged) → completed (measured recovery, the stay is over) or cancelled (a person said that
it is over, merged, suppressed); on-hold while snoozed. `businessStatus` is the alert's own last transition. What the
hospital's own workflow makes of it (in-progress, rejected, completed …) is kept until the alert escalates or ends.
"""

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
)
from schemas.events.alerts import AddressingEvent
from schemas.fhir.alert import (
    AUTHORITY,
    MODELS,
    OVER,
    PRIORITY,
    SAID,
    TRANSITION,
    addressed,
    place,
    reason,
    role,
)
from schemas.fhir.ours import (
    SYSTEM,
    Ref,
    Resource,
    coded,
    exact,
    identifier,
    logical,
    newer,
    person,
    stamped,
    without,
)

AT_WORK: Final = frozenset({"received", "ready", "in-progress"})
"""Statuses with which the hospital's own workflow goes beyond ours: somebody has it in hand."""
DONE: Final = frozenset({"completed", "cancelled", "rejected", "failed"})


def alert_task(
    found: Resource | None,
    event: AlertEvent,
    *,
    id_: str,
    patient: Ref,
    flag: Ref | None,
    assessment: str | None,
    stay: Ref | None = None,
) -> Resource | None:
    """What should stand after this transition. `assessment`: our name of the RiskAssessment behind the alert."""
    if isinstance(event, AlertNotified | AlertUnreached) or (found is None and isinstance(event, AlertSuppressed)):
        return found
    if found is not None and found.get("status") == "entered-in-error":
        return found
    if found is not None and newer(found, event.at):
        return found | ({"authoredOn": exact(event.at)} if isinstance(event, AlertRaised) else {})
    ours: Resource = {
        "resourceType": "Task", "id": id_, "identifier": identifier(event.alert), "extension": stamped(found, event.at),
        "status": _status(found, event), "businessStatus": coded(TRANSITION, SAID[type(event)]), "intent": "order",
        "priority": PRIORITY[event.severity], "code": {"text": f"Look at the patient: {event.kind} alert"},
        "description": event.summary, "for": patient, "lastModified": exact(event.at), "requester": AUTHORITY,
    }  # fmt: skip
    if "authoredOn" not in (found or {}) or isinstance(event, AlertRaised):
        ours["authoredOn"] = exact(event.at)
    ours |= {"focus": flag} if flag else {}
    ours |= {"encounter": stay} if stay else {}
    ours |= {"location": where} if (where := place(event)) else {}
    if assessment is not None and event.kind in MODELS:
        ours["reasonReference"] = logical("RiskAssessment", SYSTEM, assessment)
    ours |= {"statusReason": {"text": why[:500]}} if (why := reason(event)) else {}
    return without(found, "statusReason", "owner", "performerType", "restriction") | ours | _who(found, event)


def _status(found: Resource | None, event: AlertEvent) -> str:
    stands = str((found or {}).get("status", ""))
    if isinstance(event, OVER):
        return stands if stands in DONE | AT_WORK else _ended(event)
    if isinstance(event, AlertEscalated):
        return stands if stands in AT_WORK else "requested"
    if stands in DONE | AT_WORK:
        return stands
    if isinstance(event, AlertAcknowledged):
        return "accepted"
    if isinstance(event, AlertSnoozed):
        return "on-hold"
    return stands or "requested"


def _ended(event: AlertEvent) -> str:
    if isinstance(event, AlertResolved):
        return "cancelled" if event.by else "completed"
    if isinstance(event, AlertMerged | AlertSuppressed):
        return "cancelled"
    msg = f"{type(event).__name__} ends no alert"
    raise AssertionError(msg)


def _who(found: Resource | None, event: AlertEvent) -> Resource:
    """Who should act, and who does: an escalation asks anew, whoever takes it owns it."""
    stood = found or {}
    who: Resource = {}
    if (asked := role(event)) is not None:
        who["performerType"] = [asked]
    elif "performerType" in stood:
        who["performerType"] = stood["performerType"]
    if (recipient := addressed(event)) is not None:
        who["restriction"] = {"recipient": [recipient]} | _not_before(event)
    elif "restriction" in stood:
        who["restriction"] = stood["restriction"]
    if isinstance(event, AlertAcknowledged | AlertSnoozed):
        who["owner"] = person(event.by)
    elif "owner" in stood and not isinstance(event, AlertEscalated):
        who["owner"] = stood["owner"]
    return who


def _not_before(event: AlertEvent) -> Resource:
    """Quiet hours: nobody is called before their end."""
    until = event.quiet_until if isinstance(event, AddressingEvent) else None
    return {"period": {"start": exact(until)}} if until is not None else {}
