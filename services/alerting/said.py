"""What happened to a case, and the event that says so to everybody else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

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
    Evidence,
)
from schemas.events.alerts import AddressingEvent, Channel, Role, Severity
from schemas.ids import digest
from services.alerting import hours
from services.alerting.case import Case
from services.alerting.policy import Policy
from services.alerting.rules import ROLES
from services.alerting.table import Input, Transition

MAX_REASON: Final = 1000
_CLASSES: Final[dict[Transition, type[AlertEvent]]] = {
    "AlertRaised": AlertRaised, "AlertEscalated": AlertEscalated, "AlertAcknowledged": AlertAcknowledged,
    "AlertSnoozed": AlertSnoozed, "AlertWentStale": AlertWentStale, "AlertSuppressed": AlertSuppressed,
    "AlertMerged": AlertMerged, "AlertResolved": AlertResolved, "AlertNotified": AlertNotified,
    "AlertUnreached": AlertUnreached,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A delivery that a receiver confirmed: of which call, to whom, when."""

    call: str
    receiver: str
    channel: Channel
    role: Role | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened: the input of the table and what its event has to say.

    `at` is the clinical moment, `told` when it was known here: waits for people count from that. `carried` is the case
    of a merged patient that goes on here.
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
    confirmed: Confirmed | None = None
    carried: Case | None = None


def transition_id(alert: str | None, what: Happening) -> str:
    """The id of the event of a transition: the same input gives the same event."""
    return digest("transition", alert, what.given, what.cause)


def goes_on_as(site: str, patient: str, kind: str, source: str | None) -> str:
    """The id of an alert that `source` raised."""
    return digest(site, patient, kind, source)


def said(
    transition: Transition, before: Case, case: Case, what: Happening, site: str, patient: str, policy: Policy
) -> AlertEvent:
    """The event of a transition from one case to the next."""
    kind = _CLASSES[transition]
    # What ends, or is taken, before anyone was called is no reason to call anyone either.
    held = case.held if issubclass(kind, AddressingEvent) else before.held
    held = held if held is not None and what.at < held else None
    if what.carried is not None and what.carried.phase in {"acknowledged", "snoozed"} and kind is AlertRaised:
        held = what.at  # somebody answers for it already: nobody is called
    told: dict[str, Any] = {
        "id": transition_id(case.alert, what), "site": site, "patient": patient,
        "known": what.at, "alert": case.alert, "kind": case.kind, "severity": case.severity, "at": what.at,
        "place": case.place, "summary": case.summary, "quiet_until": held,
        **_own(kind, case, what, site),
    }  # fmt: skip
    if issubclass(kind, AddressingEvent) and case.addressed is not None:
        told |= _asked(case, what, policy)
    return kind.model_validate(told)


def _asked(case: Case, what: Happening, policy: Policy) -> dict[str, Any]:
    """Who is asked, how they are reached, and who comes after them when."""
    role, at = case.role, case.addressed
    if what.confirmed is not None and what.confirmed.call != case.call:
        return {"role": what.confirmed.role}  # an earlier call: whom it asked then
    found = hours.contact(policy, role, at) if at is not None else None
    told: dict[str, Any] = {"role": role, "contact": found and found.contact}
    wait = policy.rule(case.kind).waits(case.severity).of(role)
    if case.phase == "raised" and wait is not None and at is not None:
        told |= {"next_role": ROLES[case.level + 1], "next_at": at + wait}
    return told


def _own(kind: type[AlertEvent], case: Case, what: Happening, site: str) -> dict[str, Any]:
    """What only this event has."""
    confirmed = what.confirmed
    own: dict[type[AlertEvent], dict[str, Any]] = {
        AlertRaised: {"evidence": what.evidence, "source": what.source},
        AlertAcknowledged: {"by": what.by, "why": what.reason},
        AlertSnoozed: {"by": what.by, "until": case.until, "why": what.reason},
        AlertMerged: {"into": goes_on_as(site, what.into, case.kind, case.alert), "into_patient": what.into},
        AlertNotified: {} if confirmed is None else {
            "receiver": confirmed.receiver, "channel": confirmed.channel, "call": confirmed.call,
            "delivered": confirmed.at,
        },
        AlertUnreached: {"call": case.call, "reason": what.reason},
        AlertResolved: {"reason": what.reason, "by": what.by or None},
    }  # fmt: skip
    return own.get(kind, {"reason": what.reason})
