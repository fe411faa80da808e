"""What the passing of time amounts to: the deadlines of a case, and what happens at the first of them.

A deadline happens at its own instant, whenever the tick that finds it comes (design rule 3): so the transitions depend
on the facts and the clock alone, and not on where a poll ended or how often a tick was told.
"""

from datetime import datetime
from typing import Final

from services.alerting import hours
from services.alerting.case import Case
from services.alerting.durations import words
from services.alerting.policy import Policy
from services.alerting.rules import ROLES
from services.alerting.said import MAX_REASON, Happening
from services.alerting.table import STANDING, Input
from services.alerting.withheld import forbidden_until

_ORDER: Final[tuple[Input, ...]] = ("wake", "notify", "unreached", "unanswered", "silent", "released")
"""Which comes first where several are due at one instant."""


def deadlines(case: Case, policy: Policy) -> dict[Input, datetime]:
    """When the passing of time will next matter, by what it will then be."""
    rule = policy.rule(case.kind)
    found: dict[Input, datetime] = {}
    if case.phase == "snoozed" and case.until is not None:
        found["wake"] = case.until
    if case.phase in {"raised", "stale"} and case.held is not None:
        # Asked anew: a maintenance may have been ended, or begun, since the call was held.
        found["notify"] = case.held if case.told is None else _free(case, policy, case.told)
    since = case.addressed or case.changed
    if case.phase == "raised" and case.held is None and since is not None:
        found |= _called(case, policy, since)
    if case.phase == "suppressed" and (until := forbidden_until(case, policy)) is not None:
        found["released"] = until
    if case.phase in STANDING - {"stale"} and rule.stale_after is not None and case.last_heard is not None:
        found["silent"] = case.last_heard + rule.stale_after
    return found


def _free(case: Case, policy: Policy, told: datetime) -> datetime:
    """When a call that was held may be made."""
    return hours.held_until(policy, case.severity, told) or told


def _called(case: Case, policy: Policy, since: datetime) -> dict[Input, datetime]:
    """What becomes of a call that was made: it reaches nobody, or nobody takes it in time."""
    found: dict[Input, datetime] = {}
    wait = policy.rule(case.kind).waits(case.severity).of(case.role)
    if wait is not None:
        found["unanswered"] = since + wait
    if case.call and not case.reached and policy.unreached_after is not None:
        late = max(since, case.told or since) + policy.unreached_after
        if not case.flagged:
            found["unreached"] = late
        elif policy.unreached_asks_next and wait is not None:
            found["unanswered"] = min(since + wait, late)
    return found


def first(case: Case, policy: Policy) -> tuple[datetime, Input] | None:
    """The next deadline."""
    due = [(at, _ORDER.index(given)) for given, at in deadlines(case, policy).items()]
    if not due:
        return None
    at, place = min(due)
    return at, _ORDER[place]


def happened(case: Case, due: datetime, given: Input, policy: Policy) -> Happening:
    """What it is that a deadline has passed. It cannot have been before what was decided last."""
    at, since = max(due, case.changed or due), "" if case.changed is None else case.changed.isoformat()
    return Happening(
        given, at, f"due/{due.isoformat()}/{case.level}/{since}", reason=_reason(case, given, policy)[:MAX_REASON],
        severity="red" if given == "unanswered" and policy.unanswered_is_red else None,
    )  # fmt: skip


def _reason(case: Case, given: Input, policy: Policy) -> str:
    rule = policy.rule(case.kind)
    if given == "wake":
        return f"snooze is over: {case.summary}"
    if given == "notify":
        return f"quiet hours or maintenance are over: {case.summary}"
    if given == "unreached":
        late = "" if policy.unreached_after is None else words(policy.unreached_after)
        return f"no receiver has confirmed in {late} that it has this call to {_spoken(case.role)}"
    if given == "unanswered" and case.flagged and policy.unreached_asks_next:
        return f"{_spoken(case.role)} was not reached, {_spoken(ROLES[case.level + 1])} is asked now"
    if given == "unanswered":
        wait, after = rule.waits(case.severity).of(case.role), ROLES[case.level + 1]
        waited = words(wait) if wait is not None else ""
        return f"nobody has taken it: {_spoken(case.role)} was asked {waited} ago, {_spoken(after)} is asked now"
    silence = words(rule.stale_after) if rule.stale_after is not None else ""
    return f"nothing new for {silence}: neither better nor worse, unknown"


def _spoken(role: str) -> str:
    return role.replace("_", " ")
