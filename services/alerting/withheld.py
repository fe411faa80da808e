"""What keeps an alert from being raised: a care limit, a sepsis that is known, a sepsis that is treated.

Treated is told by antibiotics alone, which many patients have for other reasons (before an operation, for a wound): so
it withholds amber only, never red, and never another kind of alert. A red NEWS2 parameter is NEWS2's own alert.
"""

from datetime import datetime

from schemas.events.alerts import Severity
from services.alerting.case import Case
from services.alerting.durations import words
from services.alerting.policy import Policy


def forbidden(case: Case, policy: Policy, severity: Severity, at: datetime) -> str:
    """Why no alert of this kind and severity is raised now; empty: it is."""
    if case.limit in policy.suppressing_limits:
        return f"care limit: {case.limit}"
    if case.kind != "sepsis":
        return ""
    since = case.sepsis_since
    if since is not None and at < since + policy.known_sepsis_for:
        return f"sepsis is known already, since {_text(since)}"
    last = case.treated_last
    if severity == "amber" and last is not None and at < last + policy.treated_sepsis_for:
        return (
            f"treated already: antibiotics since {_text(case.treated_since or last)}, last dose {_text(last)}; for "
            f"{words(policy.treated_sepsis_for)} after a dose only a red risk is told"
        )
    return ""


def forbidden_until(case: Case, policy: Policy) -> datetime | None:
    """When what withholds the alert will be over by itself; None: it has no end of its own."""
    if case.limit in policy.suppressing_limits or case.kind != "sepsis":
        return None
    ends = [] if case.sepsis_since is None else [case.sepsis_since + policy.known_sepsis_for]
    ends += [] if case.treated_last is None else [case.treated_last + policy.treated_sepsis_for]
    return max(ends, default=None)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
