"""Wards, rooms and beds (topic `places`), and how full they are and will be (`plans`)."""

from schemas.events import (
    BedDemandForecasted,
    BedStatusChanged,
    LocationDefined,
    ScheduleDecided,
    ScheduleProposed,
    WardOccupancyChanged,
)
from services.console.projection.store import micros
from services.console.projection.turn import Turn, as_json


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


def counted(turn: Turn, event: WardOccupancyChanged) -> None:
    """A point of the census; the newest is now."""
    as_of = micros(event.as_of)
    if as_of >= turn.oldest:
        turn.db.execute(
            "INSERT OR REPLACE INTO census VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event.site, event.ward or "", as_of, event.occupied, event.beds, event.closed, event.waiting),
        )


def demanded(turn: Turn, event: BedDemandForecasted) -> None:
    """The newest forecast of a ward's beds."""
    turn.db.execute(
        "INSERT INTO demand VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, ward) DO UPDATE SET"
        " as_of = excluded.as_of, known = excluded.known, model = excluded.model, version = excluded.version,"
        " levels = excluded.levels, hours = excluded.hours"
        " WHERE (excluded.as_of, excluded.known) >= (demand.as_of, demand.known)",
        (
            event.site,
            event.ward or "",
            micros(event.as_of),
            micros(event.known),
            event.model,
            event.version,
            str(list(event.levels)),
            as_json(event.hours),
        ),
    )


def proposed(turn: Turn, event: ScheduleProposed) -> None:
    """A proposal, told once."""
    turn.db.execute(
        "INSERT INTO proposals (proposal, site, ward, kind, as_of, assignments) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (proposal) DO UPDATE SET kind = excluded.kind, as_of = excluded.as_of,"
        " assignments = excluded.assignments",
        (
            event.proposal,
            event.site,
            event.ward or "",
            event.kind,
            micros(event.as_of),
            as_json(event.assignments),
        ),
    )


def schedule_decided(turn: Turn, event: ScheduleDecided) -> None:
    """What became of a proposal: the first word counts."""
    turn.db.execute(
        "INSERT INTO proposals (proposal, site, ward, kind, as_of, assignments) VALUES (?, ?, ?, 'beds', ?, '[]')"
        " ON CONFLICT (proposal) DO NOTHING",
        (event.proposal, event.site, event.ward or "", micros(event.as_of)),
    )
    turn.db.execute(
        "UPDATE proposals SET decision = ?, who = ?, why = ?, decided = ? WHERE proposal = ? AND decision IS NULL",
        (event.decision, event.by, event.why, micros(event.known), event.proposal),
    )
