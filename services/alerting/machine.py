"""From a case and what happened to it to the next case and the event that says so: the table decides, this acts.

Laws, held by tests/services/alerting: an alert is raised once from raise to resolve; only measured recovery, a person
or departure resolves it; silence only ever makes it stale.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.events import AlertEvent
from schemas.events.alerts import Severity
from services.alerting import hours
from services.alerting.case import Case, quiet
from services.alerting.policy import Policy
from services.alerting.said import MAX_REASON, Happening, goes_on_as, said, transition_id
from services.alerting.signals import Signal
from services.alerting.table import STANDING, TABLE, Transition
from services.alerting.withheld import forbidden

HEARD_STEP: Final = timedelta(minutes=10)
"""`last_heard` moves in steps, so that an alert's standing is not written for every reading that changes nothing."""
CALLS_KEPT: Final = 8
"""So many calls of an alert may wait for a receiver's word; that an older one arrived is told by its delivery alone."""
_CALLS: Final[frozenset[Transition | None]] = frozenset({"AlertRaised", "AlertEscalated"})


def heard(case: Case, signal: Signal, policy: Policy, cause: str) -> tuple[Case, Happening | None]:
    """A measurement: count it, and say what it amounts to."""
    rule, level = policy.rule(signal.kind), signal.level
    severity: Severity | None = "red" if level == "red" else "amber" if level == "amber" else None
    what = Happening(
        "over", signal.at, cause, severity=severity, source=signal.source, summary=signal.summary,
        evidence=signal.evidence, reason=signal.summary, told=max(signal.known, signal.at),
    )  # fmt: skip
    if case.phase == "resolved":
        return _above(case, signal, what, policy)
    if case.phase in STANDING:
        case = replace(case, last_heard=max(case.last_heard or signal.at, _step(signal.at)))
    if level == "unknown":
        return case, None
    case = replace(case, under=min(case.under + 1, rule.resolve_after) if level == "under" else 0)
    if level == "under":
        well = replace(what, given="well", reason=f"measured recovery: {signal.summary}"[:MAX_REASON])
        return case, well if case.under >= rule.resolve_after else None
    if case.phase == "suppressed":
        # Amber was withheld; what withholds amber only does not withhold red.
        free = severity == "red" and rule.enabled and not forbidden(case, policy, "red", signal.at)
        return case, what if free else None
    worse = severity == "red" and case.severity == "amber"
    reason = signal.summary if worse else f"heard again, not recovered: {signal.summary}"
    return case, replace(what, given="worse" if worse else "still", reason=reason[:MAX_REASON])


def _above(case: Case, signal: Signal, what: Happening, policy: Policy) -> tuple[Case, Happening | None]:
    """No alert stands: is this the one that raises it?"""
    if case.whereabouts == "left":
        return replace(case, recent=""), None
    rule, recent = policy.rule(case.kind), case.recent
    if signal.over is not None:
        recent = (recent + "01"[signal.over])[-rule.window :]
        kept = recent[1 - rule.window :].lstrip("0") if rule.window > 1 else ""
        case = case if kept == case.recent else replace(case, recent=kept)
    enough = signal.at_once or (signal.over and recent.count("1") >= rule.raise_after)
    if what.severity is None or not enough or not rule.enabled:
        return case, None
    held = what.severity != "red" or rule.silence_holds_red
    if held and case.silent_until is not None and what.at < case.silent_until:
        return case, None
    if reason := forbidden(case, policy, what.severity, what.at):
        return case, replace(what, given="withheld", reason=reason)
    return case, what


def _step(at: datetime) -> datetime:
    seconds = HEARD_STEP.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def apply(case: Case, what: Happening, site: str, patient: str, policy: Policy) -> tuple[Case, AlertEvent | None]:
    """The table's answer: the next case, and the event of the transition if it is one that people see."""
    row = TABLE.get((case.phase, what.given))
    if row is None:
        return case, None
    phase, transition = row
    after = _after(replace(case, phase=phase, changed=what.at), case, what, transition, policy, f"{site}/{patient}")
    if transition in _CALLS:
        call = transition_id(after.alert, what)
        after = replace(after, call=call, awaiting=(*after.awaiting, call)[-CALLS_KEPT:], flagged=False)
    event = None if transition is None else said(transition, case, after, what, site, patient, policy)
    if phase != "resolved":
        return after, event
    silence = policy.rule(case.kind).silence_after if what.given in {"well", "dismiss"} else timedelta(0)
    until = what.at + silence if silence and case.phase in STANDING else case.silent_until
    return quiet(replace(after, silent_until=until), what.at), event


def _after(
    after: Case, case: Case, what: Happening, transition: Transition | None, policy: Policy, key: str
) -> Case:  # fmt: skip
    """What the case remembers of it."""
    if case.phase == "resolved" or transition == "AlertRaised":
        return _begun(after, what, policy, key)
    if transition == "AlertEscalated":
        after = replace(
            after, severity="red" if "red" in {what.severity, case.severity} else "amber",
            summary=what.summary or case.summary, until=None, by="", why="",
        )  # fmt: skip
        return _address(after, _level(case, what), what, policy)
    if what.given == "delivered" and what.confirmed is not None:
        left = tuple(call for call in case.awaiting if call != what.confirmed.call)
        return replace(after, awaiting=left, flagged=case.flagged and what.confirmed.call != case.call)
    if what.given in {"snooze", "acknowledge"}:
        return _taken(after, case, what)
    return replace(after, flagged=True) if what.given == "unreached" else after


def _taken(after: Case, case: Case, what: Happening) -> Case:
    """A person's word."""
    after = replace(after, held=None, by=what.by, why=what.reason, severity=what.severity or case.severity)
    if what.given == "snooze":
        return replace(after, until=what.until)
    # A person answers for it now: silence is counted from here.
    return replace(after, until=None, last_heard=max(case.last_heard or what.at, what.at))


def _begun(after: Case, what: Happening, policy: Policy, key: str) -> Case:
    """A new alert, or one that is withheld; or what goes on from a merged record, as old as it was there."""
    site, _, patient = key.partition("/")
    carried = what.carried
    after = replace(
        after, alert=goes_on_as(site, patient, after.kind, what.source), severity=what.severity or "amber",
        raised=carried.raised if carried else what.at, last_heard=carried.last_heard if carried else what.at,
        summary=what.summary, recent="", under=0, silent_until=None,
    )  # fmt: skip
    return _address(after, 0, what, policy)


def _level(case: Case, what: Happening) -> int:
    """Which role is addressed now: the next one where the last did not answer, else the first again."""
    if what.given == "unanswered":
        return case.level + 1
    goes_on = what.given == "notify" or (what.given == "worse" and case.phase == "raised")
    return case.level if goes_on else 0


def _address(case: Case, level: int, what: Happening, policy: Policy) -> Case:
    told, carried = what.told or what.at, what.carried
    held = hours.held_until(policy, case.severity, told)
    if carried is None or carried.addressed is None:
        return replace(case, level=level, held=held, addressed=held or told, told=told)
    # It goes on from the record that was merged into this one: who was asked, and since when, goes on too.
    level = max(level, carried.level)
    return replace(case, level=level, held=held, addressed=held or carried.addressed, told=told)
