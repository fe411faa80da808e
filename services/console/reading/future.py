"""Beds to come: the newest forecasts by the hour and by the day, what they are made of, and how good they have been."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any, Final

from services.console.projection.store import instant, micros
from services.console.quantiles import at_level, chance_above
from services.console.reading.beds_view import Cause, Demand, Future, Hour, Outlook, Skill
from services.console.reading.parts import Point

WEEK: Final = timedelta(days=7)
DAYS_BACK: Final = 14
MIDDAY: Final = 12
LOOKED_AT: Final = (24, 72)
LEADS: Final = {6: "6 hours", 24: "24 hours", 72: "3 days", 168: "7 days"}


def future(db: sqlite3.Connection, site: str, ward: str, service: str, beds: int | None, now: datetime) -> Future:
    """What is expected of a ward (or the site: `ward` empty) or of a service; `beds` are those that can be used."""
    hourly = _demand(db, (site, ward, service), "hour", beds)
    daily = _demand(db, (site, ward, service), "day", beds)
    steps = [h for d in (hourly, daily) if d for h in d.hours]
    return Future(
        demand=hourly,
        daily=daily,
        outlook=_outlook(hourly),
        peak=max(steps, key=lambda h: h.over, default=None) if beds is not None else None,
        skill=skill(db, (site, ward, service), now),
    )


def _demand(db: sqlite3.Connection, where: tuple[str, str, str], resolution: str, beds: int | None) -> Demand | None:
    r = db.execute(
        "SELECT * FROM demand WHERE site = ? AND ward = ? AND service = ? AND resolution = ?", (*where, resolution)
    ).fetchone()
    if r is None:
        return None
    as_of, levels = instant(r["as_of"]), tuple(json.loads(r["levels"]))
    return Demand(
        as_of=as_of,
        model=r["model"],
        version=r["version"],
        levels=levels,
        hours=tuple(_hour(h, as_of, levels, beds) for h in json.loads(r["hours"])),
        drivers=_drivers(json.loads(r["drivers"])),
    )


def _hour(h: dict[str, Any], as_of: datetime, levels: tuple[float, ...], beds: int | None) -> Hour:
    quantiles = tuple(h["quantiles"])
    over = 0.0 if beds is None or not levels else chance_above(levels, quantiles, beds)
    return Hour(at=as_of + timedelta(hours=h["hours"]), mean=h["mean"], quantiles=quantiles, over=over)


def _drivers(told: list[dict[str, Any]]) -> tuple[Cause, ...]:
    """Those that add beds with their share of all that do; those that take beds away after them, without a share."""
    added = sum(d["beds"] for d in told if d["beds"] > 0)
    return tuple(
        Cause(label=d["label"], beds=d["beds"], percent=100 * max(d["beds"], 0) / added if added else 0.0)
        for d in sorted(told, key=lambda d: -d["beds"])
    )


def _outlook(demand: Demand | None) -> tuple[Outlook, ...]:
    found = []
    for hours in LOOKED_AT if demand is not None and demand.levels else ():
        assert demand is not None  # noqa: S101 - narrows the type
        at = demand.as_of + timedelta(hours=hours)
        near = [h for h in demand.hours if abs(h.at - at) <= timedelta(minutes=30)]
        found += [
            Outlook(
                hours=hours,
                mean=h.mean,
                low=at_level(demand.levels, h.quantiles, 0.1),
                high=at_level(demand.levels, h.quantiles, 0.9),
            )
            for h in near[:1]
        ]
    return tuple(found)


def days(db: sqlite3.Connection, site: str, ward: str, now: datetime) -> tuple[Point, ...]:
    """The census at midday of the last days, as far as it is known: what a daily forecast goes on from."""
    found = []
    for back in range(DAYS_BACK, -1, -1):
        noon = (now - timedelta(days=back)).replace(hour=MIDDAY, minute=0, second=0, microsecond=0)
        if noon <= now and (count := _count_at(db, site, ward, micros(noon))) is not None:
            found.append(Point(at=noon, value=count))
    return tuple(found)


def _count_at(db: sqlite3.Connection, site: str, ward: str, at: int) -> int | None:
    """The last count told by an instant (by whole hours: of each hour the last one is kept)."""
    row = db.execute(
        "SELECT occupied FROM census_hours WHERE site = ? AND ward = ? AND as_of <= ? ORDER BY hour DESC LIMIT 1",
        (site, ward, at),
    ).fetchone()
    return None if row is None else int(row["occupied"])


def skill(db: sqlite3.Connection, where: tuple[str, str, str], now: datetime) -> tuple[Skill, ...]:
    """Forecasts that came due in the last seven days against the counts that came, by lead."""
    site, ward, service = where
    if service:
        return ()  # a service is not counted on the log
    rows = db.execute(
        "SELECT * FROM demand_past WHERE site = ? AND ward = ? AND service = ? AND target > ? AND target <= ?"
        " ORDER BY lead, hour",
        (*where, micros(now - WEEK), micros(now)),
    ).fetchall()
    counts = db.execute(
        "SELECT as_of, occupied FROM census_hours WHERE site = ? AND ward = ? AND as_of <= ? ORDER BY as_of",
        (site, ward, micros(now)),
    ).fetchall()
    by_lead: dict[int, list[tuple[sqlite3.Row, int]]] = {}
    i, standing = 0, None
    for r in sorted(rows, key=lambda r: r["target"]):
        while i < len(counts) and counts[i]["as_of"] <= r["target"]:
            standing, i = int(counts[i]["occupied"]), i + 1
        if standing is not None:
            by_lead.setdefault(r["lead"], []).append((r, standing))
    return tuple(_scored(lead, pairs) for lead, pairs in sorted(by_lead.items()))


def _scored(lead: int, pairs: list[tuple[sqlite3.Row, int]]) -> Skill:
    errors = [r["mean"] - count for r, count in pairs]
    inside = [r["low"] <= count <= r["high"] for r, count in pairs]
    return Skill(
        lead=LEADS.get(lead, f"{lead} hours"),
        count=len(pairs),
        mae=sum(map(abs, errors)) / len(errors),
        bias=sum(errors) / len(errors),
        covered=sum(inside) / len(inside),
    )
