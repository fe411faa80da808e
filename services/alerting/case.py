"""What the alert authority remembers of one patient and kind, and how that is written to and read from `alert-state`.

An `AlertStanding` holds all of it: whatever is not in it does not survive a restart. Phase `suppressed` is written as
`resolved` with the mark `suppressed` in `extra`, for nothing stands that a care team should see.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from schemas.events import AlertStanding, Place
from schemas.events.alerts import Kind, Role, Severity
from services.alerting.rules import ROLES
from services.alerting.table import Phase

Whereabouts = Literal["unknown", "here", "left"]
Seen = tuple[tuple[str, str], ...]
"""What combinations remember, by name and number of the condition (`services.alerting.combined`), sorted."""
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
    recent: str = ""
    """The newest signals while no alert stands, oldest first: 1 above the level that raises, 0 not; no leading 0."""
    under: int = 0
    limit: str = "full"
    sepsis_since: datetime | None = None
    """The onset of a sepsis that was diagnosed in this stay."""
    treated_since: datetime | None = None
    treated_last: datetime | None = None
    """First and newest dose of the antibiotics that are being given."""
    whereabouts: Whereabouts = "unknown"
    level: int = 0
    """Which of ROLES is addressed."""
    addressed: datetime | None = None
    """When that role was told, or is told: its wait counts from here."""
    told: datetime | None = None
    """When the call was made, held or not."""
    call: str = ""
    """The newest call: the id of the AlertRaised or AlertEscalated that asks the role."""
    awaiting: tuple[str, ...] = ()
    """The newest calls, oldest first, that no receiver has confirmed."""
    flagged: bool = False
    """Whether it was told that the call reached nobody."""
    by: str = ""
    why: str = ""
    """Who acknowledged or snoozed it, and why."""
    held: datetime | None = None
    """Until when nobody is called; None: they were."""
    silent_until: datetime | None = None
    """After an alert's end: until when no new one is raised."""
    seen: Seen = ()
    because: str = ""
    """The reasons of the model's last explanation, and of when; kept here, so that a restart forgets none."""
    explained: datetime | None = None

    @property
    def reached(self) -> bool:
        """Whether a receiver that counts has the newest call."""
        return bool(self.call) and self.call not in self.awaiting

    @property
    def role(self) -> Role:
        """Who is addressed."""
        return ROLES[self.level]


def standing(case: Case, *, id_: str, site: str, patient: str, known: datetime) -> AlertStanding:
    """The case as an event."""
    over = case.recent.count("1")
    extra = {"limit": case.limit, "whereabouts": case.whereabouts}
    marks = {
        "recent": case.recent if case.recent != "1" * over else "",
        "level": str(case.level) if case.level else "",
        "addressed": _text(case.addressed), "held": _text(case.held), "silent_until": _text(case.silent_until),
        "sepsis_since": _text(case.sepsis_since), "seen": json.dumps(case.seen) if case.seen else "",
        "suppressed": "yes" if case.phase == "suppressed" else "",
        "treated_since": _text(case.treated_since), "treated_last": _text(case.treated_last),
        "told": _text(case.told), "call": case.call, "awaiting": " ".join(case.awaiting),
        "flagged": "yes" if case.flagged else "", "by": case.by, "why": case.why,
    }  # fmt: skip
    extra |= {name: mark for name, mark in marks.items() if mark}
    if case.explained is not None:
        extra |= {"because": case.because, "explained": case.explained.isoformat()}
    return AlertStanding(
        id=id_, site=site, patient=patient, known=known, kind=case.kind,
        phase="resolved" if case.phase == "suppressed" else case.phase, alert=case.alert, severity=case.severity,
        raised=case.raised, changed=case.changed or known, until=case.until, last_heard=case.last_heard,
        place=case.place, summary=case.summary, over=over, under=case.under, extra=extra,
    )  # fmt: skip


def restored(event: AlertStanding) -> Case:
    """The case again; also from a standing that an earlier version wrote (without `level`: its first role)."""
    extra = event.extra
    whereabouts = extra.get("whereabouts")
    last = len(ROLES) - 1
    return Case(
        kind=event.kind, phase="suppressed" if "suppressed" in extra else event.phase, alert=event.alert,
        severity=event.severity or "amber", raised=event.raised, changed=event.changed, until=event.until,
        last_heard=event.last_heard, place=event.place, summary=event.summary,
        recent=extra.get("recent", "1" * event.over), under=event.under, limit=extra.get("limit", "full"),
        sepsis_since=_instant(extra, "sepsis_since"),
        whereabouts="here" if whereabouts == "here" else "left" if whereabouts == "left" else "unknown",
        level=last if "unanswered" in extra else min(int(extra.get("level", "0")), last),
        addressed=_instant(extra, "addressed"), held=_instant(extra, "held"),
        silent_until=_instant(extra, "silent_until"), because=extra.get("because", ""),
        seen=tuple((name, said) for name, said in json.loads(extra.get("seen", "[]"))),
        explained=_instant(extra, "explained"), treated_since=_instant(extra, "treated_since"),
        treated_last=_instant(extra, "treated_last"), told=_instant(extra, "told"), call=extra.get("call", ""),
        awaiting=tuple(extra.get("awaiting", "").split()), flagged="flagged" in extra, by=extra.get("by", ""),
        why=extra.get("why", ""),
    )  # fmt: skip


def quiet(case: Case, at: datetime) -> Case:
    """Nothing stands any more; where the patient is, what limits care and what was seen is kept."""
    return replace(
        Case(case.kind), place=case.place, limit=case.limit, sepsis_since=case.sepsis_since,
        treated_since=case.treated_since, treated_last=case.treated_last, whereabouts=case.whereabouts, changed=at,
        silent_until=case.silent_until, seen=case.seen,
    )  # fmt: skip


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _instant(extra: dict[str, str], name: str) -> datetime | None:
    told = extra.get(name)
    return datetime.fromisoformat(told) if told else None
