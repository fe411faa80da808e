"""Wards, rooms, beds and theatres, and who and what can be planned when (topic `places`)."""

from schemas.events import AvailabilityPublished, BedStatusChanged, LocationDefined
from services.console.projection.store import micros
from services.console.projection.turn import Turn


def defined(turn: Turn, event: LocationDefined) -> None:
    """A ward, room or bed exists, or no longer."""
    turn.db.execute(
        "INSERT OR REPLACE INTO locations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.site,
            event.location,
            event.kind,
            event.name,
            event.within,
            event.specialty,
            event.isolation,
            event.active,
        ),
    )


def bed_changed(turn: Turn, event: BedStatusChanged) -> None:
    """A bed's status."""
    turn.db.execute(
        "INSERT OR REPLACE INTO bed_status VALUES (?, ?, ?, ?)",
        (event.site, event.location, event.status, micros(event.known)),
    )


def available(turn: Turn, event: AvailabilityPublished) -> None:
    """How long a theatre or surgeon can be planned on a day, or that a nurse works a shift; the newest word counts."""
    turn.db.execute(
        "INSERT OR REPLACE INTO availability VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.site,
            event.location,
            event.day.isoformat(),
            event.shift or "",
            event.role,
            event.minutes,
            event.skill,
            event.most_workload,
            event.ward,
            event.specialty,
        ),
    )
