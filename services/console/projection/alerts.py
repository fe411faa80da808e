"""Alerts and what happened to them (topic `alerts`), what people decided (`decisions`), what was seen (`findings`).

An alert's transitions lie in one partition, so the log's order is their order; a repeated one changes nothing.
"""

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
    DecisionMade,
    ImagingFindingReported,
)
from schemas.events.alerts import AddressingEvent
from services.console.projection.called import called
from services.console.projection.store import micros, micros_or_none
from services.console.projection.turn import Turn, as_json

PHASES: Final[dict[type[AlertEvent], str]] = {
    AlertRaised: "raised",
    AlertEscalated: "raised",
    AlertAcknowledged: "acknowledged",
    AlertSnoozed: "snoozed",
    AlertWentStale: "stale",
    AlertSuppressed: "suppressed",
    AlertMerged: "merged",
    AlertResolved: "resolved",
}
"""Where each transition leaves the alert; AlertNotified and AlertUnreached leave it where it is."""


def moved(turn: Turn, event: AlertEvent) -> None:
    """One transition: remembered once, and the alert stands where it led."""
    turn.patient(event.patient, event.site)
    at = micros(event.at)
    who, until, reason = _told(event)
    new = turn.db.execute(
        "INSERT OR IGNORE INTO transitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id,
            event.alert,
            event.patient,
            type(event).__name__.removeprefix("Alert"),
            at,
            turn.position,
            event.severity,
            event.summary,
            who,
            until,
            reason,
            micros(event.known),
            event.place.ward,
        ),
    ).rowcount
    if isinstance(event, AddressingEvent):
        called(turn, event)
    phase = PHASES.get(type(event))
    if not new or phase is None:
        return
    evidence = as_json(event.evidence) if isinstance(event, AlertRaised) else None
    turn.db.execute(
        "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, '[]'), ?, ?, ?)"
        " ON CONFLICT (alert) DO UPDATE SET severity = excluded.severity, phase = excluded.phase,"
        " changed = excluded.changed, summary = excluded.summary, who = excluded.who, until = excluded.until,"
        " reason = excluded.reason, evidence = coalesce(?, evidence)",
        (
            event.alert,
            event.patient,
            event.site,
            event.kind,
            event.severity,
            phase,
            at,
            at,
            event.summary,
            evidence,
            who,
            until,
            reason,
            evidence,
        ),
    )


def _told(event: AlertEvent) -> tuple[str | None, int | None, str | None]:
    """Who, until when and why, as far as this transition says."""
    match event:
        case AlertAcknowledged():
            return event.by, None, event.why
        case AlertSnoozed():
            return event.by, micros(event.until), event.why
        case AlertResolved():
            return event.by, None, event.reason
        case AlertEscalated() | AlertWentStale() | AlertSuppressed() | AlertUnreached():
            return None, None, event.reason
        case AlertNotified():
            return event.receiver, None, None
        case _:
            return None, None, None


def decided(turn: Turn, event: DecisionMade) -> None:
    """A person's word: shown at once, before the alert authority has answered it."""
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT OR IGNORE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id,
            event.patient,
            event.subject,
            event.about,
            event.decision,
            event.by,
            event.why,
            micros(event.at),
            micros_or_none(event.until),
        ),
    )


def reported(turn: Turn, event: ImagingFindingReported) -> None:
    """What a model saw in a picture."""
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id,
            event.patient,
            event.study,
            event.instance,
            event.model,
            event.version,
            event.mode,
            micros(event.as_of),
            micros(event.known),
            event.outcome,
            event.label,
            event.probability,
            event.threshold,
            as_json(event.classes),
            event.reason,
            event.picture,
            event.heatmap,
        ),
    )
