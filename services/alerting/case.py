"""What the alert authority remembers of one patient and kind, and how that is written to and read from `alert-state`.

An `AlertStanding` holds all of it: whatever is not in it does not survive a restart. Phase `suppressed` is written as
`resolved` with the mark `suppressed` in `extra`, for nothing stands that a care team should see.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from schemas.events import AlertStanding, Place
from schemas.events.alerts import Kind, Severity
from services.alerting.table import Phase

Whereabouts = Literal["unknown", "here", "left"]
NOWHERE: Final = Place()


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of alert of one patient; a new value for every change."""

    kind: Kind
    phase: Phase = "resolved"
    alert: str | None = None
    severity: Severity = "amber"
    raised: datetime | None = None
    changed: datetime | None = None
    """When the phase or severity was last decided."""
    until: datetime | None = None
    last_heard: datetime | None = None
    place: Place = NOWHERE
    summary: str = ""
    over: int = 0
    under: int = 0
    limit: str = "full"
    whereabouts: Whereabouts = "unknown"
    unanswered: bool = False
    """Nobody took a red alert in time, and that was said."""
    because: str = ""
    """The reasons of the model's last explanation, and of when; kept here, so that a restart forgets none."""
    explained: datetime | None = None


def standing(case: Case, *, id_: str, site: str, patient: str, known: datetime) -> AlertStanding:
    """The case as an event."""
    extra = {"limit": case.limit, "whereabouts": case.whereabouts}
    if case.unanswered:
        extra["unanswered"] = "yes"
    if case.phase == "suppressed":
        extra["suppressed"] = "yes"
    if case.explained is not None:
        extra |= {"because": case.because, "explained": case.explained.isoformat()}
    return AlertStanding(
        id=id_, site=site, patient=patient, known=known, kind=case.kind,
        phase="resolved" if case.phase == "suppressed" else case.phase, alert=case.alert, severity=case.severity,
        raised=case.raised, changed=case.changed or known, until=case.until, last_heard=case.last_heard,
        place=case.place, summary=case.summary, over=case.over, under=case.under, extra=extra,
    )  # fmt: skip


def restored(event: AlertStanding) -> Case:
    """The case again."""
    whereabouts = event.extra.get("whereabouts")
    return Case(
        kind=event.kind, phase="suppressed" if "suppressed" in event.extra else event.phase, alert=event.alert,
        severity=event.severity or "amber", raised=event.raised, changed=event.changed, until=event.until,
        last_heard=event.last_heard, place=event.place, summary=event.summary, over=event.over, under=event.under,
        limit=event.extra.get("limit", "full"),
        whereabouts="here" if whereabouts == "here" else "left" if whereabouts == "left" else "unknown",
        unanswered="unanswered" in event.extra, because=event.extra.get("because", ""),
        explained=datetime.fromisoformat(told) if (told := event.extra.get("explained")) else None,
    )  # fmt: skip


def quiet(case: Case, at: datetime) -> Case:
    """Nothing stands any more; where the patient is and what limits care is kept."""
    return replace(
        Case(case.kind), place=case.place, limit=case.limit, whereabouts=case.whereabouts, changed=at,
    )  # fmt: skip
