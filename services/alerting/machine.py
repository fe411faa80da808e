"""From a case and what happened to it to the next case and the event that says so: the table decides, this acts.

Laws, held by tests/services/alerting: an alert is raised once from raise to resolve; only measured recovery, a person
or departure resolves it; silence only ever makes it stale.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

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
from schemas.events.alerts import Severity
from schemas.ids import digest
from services.alerting.case import Case, quiet
from services.alerting.policy import Policy
from services.alerting.signals import Signal
from services.alerting.table import STANDING, TABLE, Input

HEARD_STEP: Final = timedelta(minutes=10)
"""`last_heard` moves in steps, so that an alert's standing is not written for every reading that changes nothing."""
MAX_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened: the input of the table and what its event has to say."""

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


def heard(case: Case, signal: Signal, policy: Policy, cause: str) -> tuple[Case, Happening | None]:
    """A measurement: count it, and say what it amounts to."""
    rule, level = policy.rule(signal.kind), signal.level
    severity: Severity | None = "red" if level == "red" else "amber" if level == "amber" else None
    what = Happening(
        "over", signal.at, cause, severity=severity, source=signal.source, summary=signal.summary,
        evidence=signal.evidence, reason=signal.summary,
    )  # fmt: skip
    if case.phase == "resolved":
        return _above(case, what, policy)
    if case.phase in STANDING:
        case = replace(case, last_heard=max(case.last_heard or signal.at, _step(signal.at)))
    if level == "unknown":
        return case, None
    case = replace(case, under=min(case.under + 1, rule.resolve_after) if level == "under" else 0)
    if level == "under":
        well = replace(what, given="well", reason=f"measured recovery: {signal.summary}"[:MAX_REASON])
        return case, well if case.under >= rule.resolve_after else None
    worse = severity == "red" and case.severity == "amber"
    reason = signal.summary if worse else f"heard again, not recovered: {signal.summary}"
    return case, replace(what, given="worse" if worse else "still", reason=reason[:MAX_REASON])


def _above(case: Case, what: Happening, policy: Policy) -> tuple[Case, Happening | None]:
    """No alert stands: is this the one that raises it?"""
    if what.severity is None or case.whereabouts == "left":
        return replace(case, over=0), None
    case = replace(case, over=case.over + 1)
    if case.over < policy.rule(case.kind).raise_after:
        return case, None
    if case.limit in policy.suppressing_limits:
        return case, replace(what, given="withheld", reason=f"care limit: {case.limit}")
    return case, what


def _step(at: datetime) -> datetime:
    seconds = HEARD_STEP.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def passed(case: Case, at: datetime, policy: Policy, cause: str) -> Happening | None:
    """What the passing of time amounts to, the most urgent first."""
    wait = deadlines(case, policy)
    over = {given: due for given, due in wait.items() if due <= at}
    if "wake" in over:
        return Happening("wake", at, cause, reason=f"snooze is over: {case.summary}"[:MAX_REASON])
    if "unanswered" in over:
        return Happening("unanswered", at, cause, severity="red", reason="nobody has taken it")
    if "silent" in over and case.last_heard is not None:
        hours = (at - case.last_heard).total_seconds() / 3600
        return Happening(
            "silent", at, cause, reason=f"nothing new for {hours:.0f} h: neither better nor worse, unknown"
        )
    return None


def deadlines(case: Case, policy: Policy) -> dict[Input, datetime]:
    """When the passing of time will next matter, by what it will then be."""
    rule = policy.rule(case.kind)
    found: dict[Input, datetime] = {}
    if case.phase == "snoozed" and case.until is not None:
        found["wake"] = case.until
    if case.phase == "raised" and not case.unanswered and case.changed is not None:
        found["unanswered"] = case.changed + (
            rule.escalate_red_after if case.severity == "red" else rule.escalate_amber_after
        )
    if case.phase in STANDING - {"stale"} and rule.stale_after is not None and case.last_heard is not None:
        found["silent"] = case.last_heard + rule.stale_after
    return found


def apply(case: Case, what: Happening, site: str, patient: str) -> tuple[Case, AlertEvent | None]:
    """The table's answer: the next case, and the event of the transition if it is one that people see."""
    row = TABLE.get((case.phase, what.given))
    if row is None:
        return case, None
    phase, transition = row
    after = replace(case, phase=phase, changed=what.at)
    if case.phase == "resolved":
        after = replace(
            after, alert=digest(site, patient, case.kind, what.source), severity=what.severity or "amber",
            raised=what.at, last_heard=what.at, summary=what.summary, over=0, under=0, unanswered=False,
        )  # fmt: skip
    elif transition == "AlertEscalated":
        asked = case.severity == "red" and what.given == "unanswered"
        after = replace(
            after, severity="red" if "red" in {what.severity, case.severity} else "amber", unanswered=asked,
            summary=what.summary or case.summary, until=None,
        )  # fmt: skip
    elif phase == "snoozed":
        after = replace(after, until=what.until)
    elif phase == "acknowledged":
        # A person answers for it now: silence is counted from here.
        after = replace(after, until=None, last_heard=max(case.last_heard or what.at, what.at))
    event = None if transition is None else _EVENTS[transition](_said(after, what, site, patient), after, what)
    return (quiet(after, what.at) if phase == "resolved" else after), event


def _said(case: Case, what: Happening, site: str, patient: str) -> dict[str, object]:
    return {
        "id": digest("transition", case.alert, what.given, what.cause), "site": site, "patient": patient,
        "known": what.at, "alert": case.alert, "kind": case.kind, "severity": case.severity, "at": what.at,
        "place": case.place, "summary": case.summary,
    }  # fmt: skip


_Maker = Callable[[dict[str, object], Case, Happening], AlertEvent]
_EVENTS: Final[dict[str, _Maker]] = {
    "AlertRaised": lambda said, _, w: AlertRaised.model_validate({**said, "evidence": w.evidence, "source": w.source}),
    "AlertEscalated": lambda said, _, w: AlertEscalated.model_validate({**said, "reason": w.reason}),
    "AlertAcknowledged": lambda said, _, w: AlertAcknowledged.model_validate({**said, "by": w.by, "why": w.reason}),
    "AlertSnoozed": lambda said, c, w: AlertSnoozed.model_validate(
        {**said, "by": w.by, "until": c.until, "why": w.reason}
    ),
    "AlertWentStale": lambda said, _, w: AlertWentStale.model_validate({**said, "reason": w.reason}),
    "AlertSuppressed": lambda said, _, w: AlertSuppressed.model_validate({**said, "reason": w.reason}),
    "AlertMerged": lambda said, c, w: AlertMerged.model_validate({**said, "into": c.alert, "into_patient": w.into}),
    "AlertResolved": lambda said, _, w: AlertResolved.model_validate({**said, "reason": w.reason, "by": w.by or None}),
}
