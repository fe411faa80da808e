"""An alert → Flag (FHIR R4 Flag): one for the life of an alert, the id is the alert's, PUT again on each change."""

from typing import Final

from fhir.resources.R4B.flag import Flag

from schemas.events import AlertEvent, AlertMerged, AlertRaised, AlertResolved, AlertSuppressed
from schemas.fhir.risk_assessment import SYSTEM

OVER: Final = (AlertResolved, AlertMerged, AlertSuppressed)
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/flag-category"


def flag(event: AlertEvent, *, subject: str, raised: AlertRaised | None = None) -> Flag:
    """`subject` is the hospital's own reference; `raised`, where at hand, gives the start of the period."""
    over = isinstance(event, OVER)
    begun = raised or (event if isinstance(event, AlertRaised) else None)
    period = ({"start": begun.at.isoformat()} if begun else {}) | ({"end": event.at.isoformat()} if over else {})
    content = {
        "id": event.alert,
        "identifier": [{"system": SYSTEM, "value": event.alert}],
        "status": "inactive" if over else "active",
        "category": [{"coding": [{"system": _CATEGORY, "code": "clinical"}]}],
        "code": {"text": f"{event.severity} {event.kind}: {event.summary}"},
        "subject": {"reference": subject},
    }
    return Flag.model_validate(content | ({"period": period} if period else {}))
