"""What of an alert may leave the hospital: the patient's key, no name, nothing that a person typed (design rule 10)."""

from schemas.events import AlertAcknowledged, AlertEvent, AlertResolved, AlertSnoozed
from schemas.events.alerts import AddressingEvent


def body(event: AlertEvent, *, hospital: bool) -> bytes:
    """The event as JSON. To others than the hospital without who acted or is called, and what they typed.

    Free words may name anybody; the words of rules (a policy's reason, a score's summary) stay.
    """
    hidden = set() if hospital else personal(event)
    return event.model_dump_json(exclude=hidden).encode()


def personal(event: AlertEvent) -> set[str]:
    """The fields that name staff or that a person filled."""
    if isinstance(event, AlertAcknowledged | AlertSnoozed):
        return {"by", "why"}
    if isinstance(event, AlertResolved) and event.by is not None:
        return {"by", "reason"}
    return {"contact"} if isinstance(event, AddressingEvent) else set()
