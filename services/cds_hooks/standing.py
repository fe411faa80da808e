"""What is known of each patient, folded from `risk` and `alerts`: the newest score, forecasts with reasons, alerts.

Whatever order the topics are read in, the same events give the same standing: the newest by clinical time stands.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

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
    Event,
    Evidence,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    PatientContextChanged,
    PatientEvent,
    RiskForecasted,
    WarningScoreComputed,
)

Forecast = RiskForecasted | ForecastMissed | ForecastDeclined
NEWS2: Final = "NEWS2"
OPEN: Final = {
    AlertRaised: "raised", AlertEscalated: "raised", AlertAcknowledged: "acknowledged", AlertSnoozed: "snoozed",
    AlertWentStale: "stale",
}  # fmt: skip
OVER: Final = (AlertResolved, AlertMerged, AlertSuppressed)
KEPT: Final = timedelta(days=7)
"""After the stay ended, and of an alert after it ended: feedback on its card may still come."""
MOST_MERGES: Final = 10


@dataclass(slots=True)
class Alert:
    """Where an alert stands: its last transition, the evidence it was raised with, `over` once it has ended."""

    last: AlertEvent
    phase: str
    evidence: tuple[Evidence, ...] = ()
    over: bool = False


@dataclass(slots=True)
class Standing:
    """One patient."""

    site: str
    patient: str
    changed: datetime
    context: PatientContextChanged | None = None
    score: WarningScoreComputed | None = None
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    reasons: dict[str, ForecastExplained] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)

    def open_alerts(self) -> list[Alert]:
        """Red before amber, then the oldest first."""
        found = [alert for alert in self.alerts.values() if not alert.over]
        return sorted(found, key=lambda a: (a.last.severity != "red", a.last.at, a.last.alert))

    def live(self) -> list[RiskForecasted]:
        """The newest answers of models that may speak to a care team here (design rule 9)."""
        return [f for f in self.forecasts.values() if isinstance(f, RiskForecasted) and f.mode == "live"]


class Patients:
    """All patients. Written by one thread, read by others: a standing's parts are replaced, never changed."""

    def __init__(self) -> None:
        self._held: dict[str, Standing] = {}

    def __len__(self) -> int:
        return len(self._held)

    def clear(self) -> None:
        """Forget everybody."""
        self._held.clear()

    def all(self) -> list[Standing]:
        """Those known now."""
        return list(self._held.values())

    def of(self, patient: str) -> Standing | None:
        """The patient's standing, that of the survivor after a merge."""
        found = self._held.get(patient)
        for _ in range(MOST_MERGES):
            into = found.context.merged_into if found is not None and found.context is not None else None
            if into is None:
                return found
            found = self._held.get(into)
        return found

    def fold(self, event: Event) -> None:
        """One event of either topic."""
        if not isinstance(event, PatientEvent):
            return
        standing = self._held.get(event.patient)
        if standing is None:
            standing = self._held[event.patient] = Standing(event.site, event.patient, event.known)
        standing.changed = max(standing.changed, event.known)
        match event:
            case AlertEvent():
                _moved(standing, event)
            case PatientContextChanged() if _newer(event, standing.context):
                standing.context = event
            case WarningScoreComputed(score=score) if score == NEWS2 and _newer(event, standing.score):
                standing.score = event
            case RiskForecasted() | ForecastMissed() | ForecastDeclined() if _newer(
                event, standing.forecasts.get(event.model)
            ):
                standing.forecasts = standing.forecasts | {event.model: event}
            case ForecastExplained() if _newer(event, standing.reasons.get(event.model)):
                standing.reasons = standing.reasons | {event.model: event}

    def forget(self, now: datetime) -> None:
        """Leave out whose stay ended long ago, and alerts that did."""
        gone = [
            s.patient for s in self._held.values()
            if now - s.changed > KEPT and not s.open_alerts()
            and s.context is not None and not s.context.open and s.context.merged_into is None
        ]  # fmt: skip
        for patient in gone:
            del self._held[patient]
        for standing in self._held.values():
            old = [name for name, alert in standing.alerts.items() if alert.over and now - alert.last.known > KEPT]
            if old:
                standing.alerts = {name: a for name, a in standing.alerts.items() if name not in old}


def _newer(
    event: PatientContextChanged | WarningScoreComputed | Forecast | ForecastExplained,
    standing: PatientContextChanged | WarningScoreComputed | Forecast | ForecastExplained | None,
) -> bool:
    return standing is None or (event.as_of, event.known) >= (standing.as_of, standing.known)


def _moved(standing: Standing, event: AlertEvent) -> None:
    """A transition: those of one alert come in their order (one partition). A receiver's word moves nothing."""
    if isinstance(event, AlertNotified | AlertUnreached):
        return
    before = standing.alerts.get(event.alert)
    evidence = event.evidence if isinstance(event, AlertRaised) else before.evidence if before is not None else ()
    phase = OPEN.get(type(event)) or (before.phase if before is not None else "raised")
    now = Alert(event, phase, evidence, over=isinstance(event, OVER))
    standing.alerts = standing.alerts | {event.alert: now}
