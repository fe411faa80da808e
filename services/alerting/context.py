"""What a patient's new context means for one kind of alert: it ends or moves, then what limits it."""

from collections.abc import Iterator

from schemas.events import PatientContextChanged
from services.alerting.case import Case
from services.alerting.policy import Policy
from services.alerting.said import Happening
from services.alerting.withheld import forbidden


def meant(
    case: Case, policy: Policy, event: PatientContextChanged, cause: str, *, before: str | None
) -> Iterator[Happening]:
    """In order; `before` is the ward on which the patient lay."""
    ward = case.place.ward
    if event.merged_into is not None:
        yield Happening("merged", event.as_of, cause, into=event.merged_into)
    elif case.whereabouts == "left":
        yield Happening("left", event.as_of, cause, reason="the stay has ended")
    elif policy.tell_on_transfer and before is not None and ward is not None and before != ward:
        reason = f"moved from {before} to {ward}: {case.summary}"
        yield Happening("moved", event.as_of, cause, reason=reason, told=event.known)
    if event.care_limit in policy.suppressing_limits:
        yield Happening("limited", event.as_of, cause, reason=f"care limit: {event.care_limit}")
    elif not forbidden(case, policy, "amber", event.as_of):
        yield Happening("released", event.as_of, cause)
