"""What a silent model would have raised on a ward under its policy, and whether that was right.

The alert authority's own stage is given the log again, the model's forecasts as if they were live: the same levels,
persistence, combinations, care limits and known sepsis as at the bedside. Only people are missing: no alert is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.events import (
    AlertEvent,
    AlertRaised,
    AlertResolved,
    AlertSuppressed,
    Event,
    PatientContextChanged,
    RiskForecasted,
)
from services.alerting.policies import Policies
from services.alerting.stage import AlertingStage
from services.cli.alerts_log import Read, Stay, stays
from services.cli.alerts_measures import Share
from services.runtime.ports import Partition
from services.runtime.stage import Emit, Received

DAY_S = 86_400.0


@dataclass(slots=True)
class WouldBe:
    """An alert that would have been raised. `lead_hours`: from it to the onset (below 0: after it)."""

    patient: str
    encounter: str
    at: datetime
    severity: str
    summary: str
    right: bool | None
    lead_hours: float | None
    news2_stood: bool
    ended: datetime | None = None


@dataclass(slots=True)
class Report:
    """A ward's silent period."""

    model: str
    ward: str
    site: str
    versions: set[str] = field(default_factory=set)
    modes: set[str] = field(default_factory=set)
    since: datetime | None = None
    until: datetime | None = None
    patients: int = 0
    forecasts: int = 0
    patient_days: float = 0.0
    suppressed: int = 0
    alerts: list[WouldBe] = field(default_factory=list)
    outcomes: int = 0
    found: int = 0
    untold: int = 0
    """Stays whose outcome nobody has told yet."""

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        right, wrong = (sum(a.right is said for a in self.alerts) for said in (True, False))
        leads = sorted(a.lead_hours for a in self.alerts if a.right and a.lead_hours is not None)
        return {
            "model": self.model, "versions": sorted(self.versions), "site": self.site, "ward": self.ward,
            "modes": sorted(self.modes), "since": _text(self.since), "until": _text(self.until),
            "patients": self.patients, "patient_days": round(self.patient_days, 2), "forecasts": self.forecasts,
            "alerts": len(self.alerts), "red": sum(a.severity == "red" for a in self.alerts),
            "alerts_per_patient_day": round(len(self.alerts) / self.patient_days, 4) if self.patient_days else None,
            "suppressed": self.suppressed, "right": right, "wrong": wrong,
            "not_yet_told": len(self.alerts) - right - wrong,
            "ppv": Share(right, right + wrong).as_json(),
            "stays_with_outcome": self.outcomes, "stays_found": self.found,
            "found": Share(self.found, self.outcomes).as_json(), "stays_not_yet_told": self.untold,
            "median_lead_hours": round(leads[len(leads) // 2], 2) if leads else None,
            "while_news2_stood": sum(a.news2_stood for a in self.alerts),
            "each": [
                {
                    "patient": a.patient, "encounter": a.encounter, "at": _text(a.at), "severity": a.severity,
                    "summary": a.summary, "right": a.right, "lead_hours": a.lead_hours, "news2_stood": a.news2_stood,
                    "ended": _text(a.ended),
                }
                for a in self.alerts
            ],
        }  # fmt: skip


def report(read: Read, policies: Policies, *, model: str, site: str, ward: str) -> Report:
    """The silent period of a model on a ward."""
    found, until = Report(model, ward, site), read.until
    if until is None:
        return found
    for (_, patient), told in read.patients.items():
        _patient(found, told, patient, policies, until)
    found.alerts.sort(key=lambda alert: (alert.at, alert.patient))
    return found


def _patient(found: Report, told: list[Event], patient: str, policies: Policies, until: datetime) -> None:
    here = on_ward(told, found.ward, until)
    spoken = [
        e for e in told if isinstance(e, RiskForecasted) and e.model == found.model and within(here, e.as_of)
    ]  # fmt: skip
    if not spoken:
        return
    found.patients += 1
    found.forecasts += len(spoken)
    found.versions |= {e.version for e in spoken}
    found.modes |= {e.mode for e in spoken}
    first, last = min(e.as_of for e in spoken), max(e.as_of for e in spoken)
    found.since, found.until = min(found.since or first, first), max(found.until or last, last)
    # A ward's days count from when the model spoke there.
    found.patient_days += sum(max(0.0, (end - max(begin, first)).total_seconds()) for begin, end in here) / DAY_S
    by_stay = stays(told, found.model)
    alerts = list(_raised(found, told, patient, policies, by_stay, until))
    found.alerts += alerts
    for encounter in sorted({e.encounter or "" for e in spoken}):
        outcome = by_stay[encounter].outcome(found.model, until)
        found.untold += outcome is None
        found.outcomes += outcome is True
        found.found += outcome is True and any(a.encounter == encounter and a.right for a in alerts)


def _raised(
    found: Report, told: list[Event], patient: str, policies: Policies, by_stay: dict[str, Stay], until: datetime
) -> Iterator[WouldBe]:  # fmt: skip
    stage = AlertingStage(policies)
    state = stage.start(f"{found.site}/{patient}")
    standing: dict[str, WouldBe] = {}
    spoken: RiskForecasted | None = None
    for offset, event in enumerate(told):
        given = event
        if isinstance(event, RiskForecasted):
            given = event.model_copy(update={"mode": "live"}) if event.model == found.model else event
            spoken = event if event.model == found.model else spoken
        state, effects = stage.step(state, Received(given, Partition(event.topic, 0), offset))
        for said in (effect.event for effect in effects if isinstance(effect, Emit)):
            if isinstance(said, AlertSuppressed) and _ours(said, found):
                found.suppressed += 1
            elif isinstance(said, AlertResolved) and said.alert in standing:
                standing[said.alert].ended = said.at
            elif isinstance(said, AlertRaised) and _ours(said, found) and spoken is not None:
                stay = by_stay[spoken.encounter or ""]
                lead = None if stay.onset is None else (stay.onset - said.at).total_seconds() / 3600
                standing[said.alert] = alert = WouldBe(
                    patient, stay.encounter, said.at, said.severity, said.summary,
                    stay.right(found.model, said.at, spoken.horizon_hours, until),
                    None if lead is None else round(lead, 2), state.cases["news2"].alert is not None,
                )  # fmt: skip
                yield alert


def _ours(said: AlertEvent, found: Report) -> bool:
    return said.kind == found.model and said.place.ward == found.ward


def on_ward(told: list[Event], ward: str, until: datetime) -> list[tuple[datetime, datetime]]:
    """When the patient lay on the ward."""
    found: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for event in told:
        if not isinstance(event, PatientContextChanged):
            continue
        here = event.open and event.place.ward == ward
        if here and since is None:
            since = event.as_of
        elif not here and since is not None:
            found.append((since, event.as_of))
            since = None
    return found if since is None else [*found, (since, max(until, since))]


def within(spans: list[tuple[datetime, datetime]], at: datetime) -> bool:
    """Whether an instant lies in one of the spans."""
    return any(begin <= at <= end for begin, end in spans)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
