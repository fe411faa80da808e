"""What maintenance people have decided, read from the log, and a new decision as what every partition hears."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.events import MaintenanceDecided, MaintenanceWindow
from schemas.ids import digest
from services.alerting.durations import duration
from services.alerting.maintenance import decided
from services.cli.alerts_log import events
from services.runtime.lanes import lanes
from services.runtime.outgoing import outgoing
from services.runtime.ports import LogReader, Outgoing

LONGEST: Final = timedelta(days=7)
"""A window that is longer is a ward's policy, or a mistake."""


@dataclass(frozen=True, slots=True)
class Word:
    """A person's decision: `until` None ends what there is."""

    site: str
    ward: str
    at: datetime
    until: datetime | None
    by: str
    why: str


def windows(reader: LogReader, site: str) -> tuple[MaintenanceWindow, ...]:
    """Every window of a site that people decided on in the last days, those that are over included."""
    told: dict[str, MaintenanceDecided] = {}
    for event in events(reader, MaintenanceDecided.topic, (MaintenanceDecided,)):
        if isinstance(event, MaintenanceDecided) and event.site == site:
            told.setdefault(event.decision, event)
    found: tuple[MaintenanceWindow, ...] = ()
    for event in sorted(told.values(), key=lambda e: (e.at, e.decision)):
        found = decided(found, event)
    return tuple(w for w in found if w.end > w.begin)


def holding(found: Sequence[MaintenanceWindow], at: datetime, ward: str | None = None) -> list[MaintenanceWindow]:
    """Those that hold at an instant."""
    return [w for w in found if w.begin <= at < w.end and ward in {None, w.ward}]


def messages(word: Word, partitions: int) -> list[Outgoing]:
    """The decision, once for each partition of patients."""
    ended = word.until is None
    decision = digest("MaintenanceDecided", word.site, word.ward, word.by, word.at.isoformat(), ended)
    return [
        outgoing(
            MaintenanceDecided(
                id=digest(decision, lane), decision=decision, site=word.site, known=word.at, lane=lane, ward=word.ward,
                at=word.at, until=word.until or word.at, ended=ended, by=word.by, why=word.why,
            ),
            source="cli", partitions=partitions,
        )
        for lane in lanes(word.site, partitions)
    ]  # fmt: skip


def until(text: str, now: datetime) -> datetime:
    """From an instant (ISO 8601; UTC where it names no zone) or a length of time; ValueError says how to write it."""
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        try:
            end = now + duration(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is neither an instant (2026-03-01T22:00+01:00) nor a time (2 h)") from error
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    if end <= now:
        raise ValueError(f"{end.isoformat()} is over already; now is {now.isoformat(timespec='seconds')}")
    if end > now + LONGEST:
        raise ValueError(f"{end.isoformat()} is more than {LONGEST.days} days away: use the policy file")
    return end


def as_json(window: MaintenanceWindow, at: datetime) -> dict[str, Any]:
    """For --json."""
    return {**window.model_dump(mode="json"), "holds": window.begin <= at < window.end}
