"""An alert → Flag (FHIR R4 Flag): one for the life of an alert, active while it stands, inactive when it is over."""

from datetime import datetime
from typing import Final

from schemas.events import AlertEvent, AlertNotified, AlertRaised, AlertSuppressed, AlertUnreached
from schemas.fhir.alert import AUTHORITY, OVER, code
from schemas.fhir.ours import Ref, Resource, coded, exact, identifier, newer, stamped, without

CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/flag-category"


def flag(
    found: Resource | None, event: AlertEvent, *, id_: str, patient: Ref, stay: Ref | None = None
) -> Resource | None:
    """What should stand after this transition; None for None: what was never shown needs no flag.

    `stay`: the Encounter, where it is known; what stands is kept otherwise. A Flag that the hospital marked as an error
    is left alone.
    """
    if isinstance(event, AlertNotified | AlertUnreached) or (found is None and isinstance(event, AlertSuppressed)):
        return found
    if found is not None and found.get("status") == "entered-in-error":
        return found
    period = _since(dict((found or {}).get("period", {})), event)
    if found is not None and newer(found, event.at):
        return found | ({"period": period} if period else {})
    over = isinstance(event, OVER)
    period = without(period, "end") | ({"end": exact(event.at)} if over else {})
    ours: Resource = {
        "resourceType": "Flag", "id": id_, "identifier": identifier(event.alert), "extension": stamped(found, event.at),
        "status": "inactive" if over else "active", "category": [coded(CATEGORY, "clinical")], "code": code(event),
        "subject": patient, "author": AUTHORITY,
    }  # fmt: skip
    ours |= {"encounter": stay} if stay else {}
    return without(found, "period") | ours | ({"period": period} if period else {})


def _since(period: Resource, event: AlertEvent) -> Resource:
    """The period, which begins when the alert was raised, however late that is heard."""
    if not isinstance(event, AlertRaised):
        return period
    start = period.get("start")
    earlier = start is None or event.at < datetime.fromisoformat(start)
    return period | ({"start": exact(event.at)} if earlier else {})
