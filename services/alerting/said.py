"""What happened to a case, and the event that says so to everybody else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertMerged,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertWentStale,
    Evidence,
)
from schemas.events.alerts import AddressingEvent, Severity
from schemas.ids import digest
from services.alerting import hours
from services.alerting.case import Case
from services.alerting.policy import Policy
from services.alerting.table import Input, Transition

MAX_REASON: Final = 1000
_CLASSES: Final[dict[Transition, type[AlertEvent]]] = {
    "AlertRaised": AlertRaised, "AlertEscalated": AlertEscalated, "AlertAcknowledged": AlertAcknowledged,
    "AlertSnoozed": AlertSnoozed, "AlertWentStale": AlertWentStale, "AlertSuppressed": AlertSuppressed,
    "AlertMerged": AlertMerged, "AlertResolved": AlertResolved,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened: the input of the table and what its event has to say.

    `at` is the clinical moment, `told` when it was known here: waits for people count from that.
    """

    given: Input
    at: datetime
    cause: str
    reason: str = ""
    severity: Severity | None = None
    source: str = ""
    summary: str = ""
    evidence: tuple[Evidence, ...] = ()
    by: str = ""
    until: datetime | None = None
    into: str = ""
    told: datetime | None = None


def said(
    transition: Transition, before: Case, case: Case, what: Happening, site: str, patient: str, policy: Policy
) -> AlertEvent:
    """The event of a transition from one case to the next."""
    kind = _CLASSES[transition]
    # What ends, or is taken, before anyone was called is no reason to call anyone either.
    held = case.held if issubclass(kind, AddressingEvent) else before.held
    held = held if held is not None and what.at < held else None
    told: dict[str, Any] = {
        "id": digest("transition", case.alert, what.given, what.cause), "site": site, "patient": patient,
        "known": what.at, "alert": case.alert, "kind": case.kind, "severity": case.severity, "at": what.at,
        "place": case.place, "summary": case.summary, "quiet_until": held, **_own(kind, case, what),
    }  # fmt: skip
    if issubclass(kind, AddressingEvent) and case.addressed is not None:
        found = hours.contact(policy, case.role, case.addressed)
        told |= {"role": case.role, "contact": found and found.contact}
    return kind.model_validate(told)


def _own(kind: type[AlertEvent], case: Case, what: Happening) -> dict[str, Any]:
    """What only this event has."""
    if kind is AlertRaised:
        return {"evidence": what.evidence, "source": what.source}
    if kind is AlertAcknowledged:
        return {"by": what.by, "why": what.reason}
    if kind is AlertSnoozed:
        return {"by": what.by, "until": case.until, "why": what.reason}
    if kind is AlertMerged:
        return {"into": case.alert, "into_patient": what.into}
    return {"reason": what.reason, **({"by": what.by or None} if kind is AlertResolved else {})}
