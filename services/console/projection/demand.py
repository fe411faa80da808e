"""How full wards are and will be, and the nurses that they need (topic `plans`).

Of every forecast the newest is kept, by ward, service and resolution; and for each hour what was said of it 6, 24, 72
hours and 7 days before, so that the forecasts of last week can be held to what came.
"""

from typing import Final

from schemas.events import BedDemandForecasted, DemandHour, StaffingForecasted, WardOccupancyChanged
from services.console.projection.store import micros
from services.console.projection.turn import HOUR_US, Turn, as_json
from services.console.quantiles import at_level

LEADS: Final[dict[str, tuple[tuple[int, float], ...]]] = {
    "hour": ((6, 0.5), (24, 0.5), (72, 0.5)),
    "day": ((168, 12.0),),
}
"""Hours ahead at which forecasts are held to account, and how far a step may lie from them, by resolution."""
LOW, HIGH = 0.1, 0.9


def counted(turn: Turn, event: WardOccupancyChanged) -> None:
    """A point of the census; the newest is now."""
    as_of, ward = micros(event.as_of), event.ward or ""
    if as_of >= turn.oldest:
        turn.db.execute(
            "INSERT OR REPLACE INTO census VALUES (?, ?, ?, ?, ?, ?, ?)",
            (event.site, ward, as_of, event.occupied, event.beds, event.closed, event.waiting),
        )
    hour = as_of // HOUR_US * HOUR_US
    if hour >= turn.month:
        turn.db.execute(
            "INSERT INTO census_hours VALUES (?, ?, ?, ?, ?) ON CONFLICT (site, ward, hour) DO UPDATE SET"
            " as_of = excluded.as_of, occupied = excluded.occupied WHERE excluded.as_of >= census_hours.as_of",
            (event.site, ward, hour, as_of, event.occupied),
        )


def forecast(turn: Turn, event: BedDemandForecasted) -> None:
    """The newest forecast of a ward, a service or the site, hourly and daily apart."""
    where, as_of = (event.site, event.ward or "", event.service or ""), micros(event.as_of)
    turn.db.execute(
        "INSERT INTO demand VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (site, ward, service, resolution) DO UPDATE SET as_of = excluded.as_of, known = excluded.known,"
        " model = excluded.model, version = excluded.version, levels = excluded.levels, hours = excluded.hours,"
        " drivers = excluded.drivers WHERE (excluded.as_of, excluded.known) >= (demand.as_of, demand.known)",
        (
            *where,
            event.resolution,
            as_of,
            micros(event.known),
            event.model,
            event.version,
            str(list(event.levels)),
            as_json(event.hours),
            as_json(event.drivers),
        ),
    )
    for lead, within in LEADS[event.resolution]:
        nearest = min(event.hours, key=lambda step: abs(step.hours - lead), default=None)
        if nearest is not None and abs(nearest.hours - lead) <= within:
            _remembered(turn, event, lead, nearest)


def _remembered(turn: Turn, event: BedDemandForecasted, lead: int, step: DemandHour) -> None:
    """What is said of an hour; several forecasts of one hour and lead: the latest."""
    as_of = micros(event.as_of)
    target = as_of + round(step.hours * HOUR_US)
    hour = (target + HOUR_US // 2) // HOUR_US * HOUR_US
    if hour < turn.month or not event.levels:
        return
    low, high = (at_level(event.levels, step.quantiles, level) for level in (LOW, HIGH))
    turn.db.execute(
        "INSERT INTO demand_past VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (site, ward, service, lead, hour) DO UPDATE SET target = excluded.target, as_of = excluded.as_of,"
        " known = excluded.known, mean = excluded.mean, low = excluded.low, high = excluded.high"
        " WHERE (excluded.as_of, excluded.known) >= (demand_past.as_of, demand_past.known)",
        (event.site, event.ward or "", event.service or "", lead, hour, target, as_of, micros(event.known), step.mean,
         low, high),
    )  # fmt: skip


def staffed(turn: Turn, event: StaffingForecasted) -> None:
    """The newest forecast of the nurses a ward needs."""
    turn.db.execute(
        "INSERT INTO staffing VALUES (?, ?, ?, ?, ?) ON CONFLICT (site, ward) DO UPDATE SET as_of = excluded.as_of,"
        " known = excluded.known, shifts = excluded.shifts"
        " WHERE (excluded.as_of, excluded.known) >= (staffing.as_of, staffing.known)",
        (event.site, event.ward or "", micros(event.as_of), micros(event.known), as_json(event.shifts)),
    )
