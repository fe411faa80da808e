"""Alerts for the outlets' tests: one alert's life as events, and hypothesis strategies for arbitrary lives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schemas.events.alerts import (
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
from schemas.events.clinical import Place
from schemas.ids import digest

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PATIENT = "patientkeyofnobody"
STAFF = "Sister Example"
TYPED = "words that a person typed"


def event(
    kind: type[AlertEvent], minute: int, *, alert: str = "a1", severity: str = "amber", **more: object
) -> AlertEvent:
    """A transition `minute` minutes after the start; what the kind needs besides has a default."""
    at = START + timedelta(minutes=minute)
    needs: dict[type[AlertEvent], dict[str, object]] = {
        AlertRaised: {"source": "s1", "evidence": (Evidence(text="lactate 4.1 mmol/L > 2", value=4.1),)},
        AlertNotified: {"receiver": "grafana"},
        AlertUnreached: {"call": "c1", "reason": "nobody confirmed"},
        AlertEscalated: {"reason": "nobody answered"},
        AlertAcknowledged: {"by": STAFF, "why": TYPED},
        AlertSnoozed: {"by": STAFF, "why": TYPED, "until": at + timedelta(minutes=30)},
        AlertWentStale: {"reason": "no vital signs for 60 min"},
        AlertSuppressed: {"reason": "comfort care"},
        AlertMerged: {"into": "a9", "into_patient": PATIENT},
        AlertResolved: {"reason": "below the threshold"},
    }
    common: dict[str, object] = {
        "id": digest(kind.__name__, alert, minute),
        "site": "main",
        "known": at,
        "patient": PATIENT,
        "alert": alert,
        "kind": "sepsis",
        "severity": severity,
        "at": at,
        "place": Place(ward="5B", bed="5B-3"),
        "summary": "Sepsis risk 0.71",
    }
    return kind.model_validate({**common, **needs[kind], **more})


def life(alert: str = "a1", start: int = 0) -> list[AlertEvent]:
    """An alert that is raised, escalated, acknowledged and resolved."""
    return [
        event(AlertRaised, start, alert=alert),
        event(AlertEscalated, start + 5, alert=alert, severity="red"),
        event(AlertAcknowledged, start + 7, alert=alert, severity="red"),
        event(AlertResolved, start + 60, alert=alert, severity="red"),
    ]


_LATER: list[type[AlertEvent]] = [
    AlertNotified,
    AlertUnreached,
    AlertEscalated,
    AlertAcknowledged,
    AlertSnoozed,
    AlertWentStale,
    AlertSuppressed,
    AlertMerged,
    AlertResolved,
]


@st.composite
def lives(draw: Callable[[st.SearchStrategy[object]], object], alert: str = "a1") -> list[AlertEvent]:
    """A raised alert and up to twelve transitions at rising times, as the alert authority writes them."""
    kinds = draw(st.lists(st.sampled_from(_LATER), max_size=12))
    severity = st.sampled_from(["amber", "red"])
    found = [event(AlertRaised, 0, alert=alert)]
    assert isinstance(kinds, list)
    for minute, kind in enumerate(kinds, start=1):
        found.append(event(kind, minute, alert=alert, severity=str(draw(severity))))
    return found
