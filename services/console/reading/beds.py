"""The beds page: who lies where, how full each ward is and will be, who waits and which bed is proposed."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.console import words
from services.console.plans.standing import Word
from services.console.projection.store import instant, micros
from services.console.reading import board, future, nurses, patients, said
from services.console.reading.beds_view import (
    Bed,
    BedsView,
    Occupant,
    Proposal,
    Room,
    ServiceBeds,
    Waiting,
    WardBeds,
)
from services.console.reading.parts import Point
from services.console.reading.viewer import Names, Viewer, full_name

HISTORY = timedelta(hours=36)
FOR_A_DAY = "surgery AND priority > 1"
"""Requests that wait for a day of surgery, not for a bed now: they are on the schedule page."""


def beds(db: sqlite3.Connection, site: str, now: datetime, names: Names, viewer: Viewer) -> BedsView:
    """The whole site; a care team sees the beds of its wards, and who is to come there."""
    proposals = db.execute(
        "SELECT * FROM proposals WHERE site = ? AND kind = 'beds' ORDER BY as_of DESC, proposal LIMIT 6",
        (site,),
    ).fetchall()
    places = {
        r["location"]: r["name"] for r in db.execute("SELECT location, name FROM locations WHERE site = ?", (site,))
    }
    lying = _lying(db, site, now, names, viewer)
    whole = _ward(db, site, board.Ward(id="", name="Whole site", specialty=None, patients=0), lying, now)
    wards = [
        _ward(db, site, ward, lying, now) for ward in board.wards(db, site) if viewer.everywhere or viewer.on(ward.id)
    ]
    waiting = _waiting(db, site, proposals, places, names, viewer)
    return BedsView(
        now=now,
        wards=(*([whole] if whole.beds or whole.future.demand else []), *wards),
        services=_services(db, site, now),
        waiting=tuple(w for w, ward in waiting if viewer.everywhere or viewer.on(ward)),
        for_surgery=_for_surgery(db, site),
        proposals=tuple(
            _proposal(r, said.stands(db, r["proposal"]), places, tuple(w for w, _ in waiting)) for r in proposals
        ),
    )


def _lying(
    db: sqlite3.Connection, site: str, now: datetime, names: Names, viewer: Viewer
) -> dict[str | None, list[Occupant]]:
    found: dict[str | None, list[Occupant]] = defaultdict(list)
    for stay in board.open_stays(db, site):
        score = patients.score(db, stay["patient"])
        found[stay["bed"]].append(
            Occupant(
                key=stay["patient"],
                opens="patients" in viewer.rights and viewer.on(stay["ward"]),
                name=full_name(names.of(stay["patient"], viewer)),
                age=board.age(stay, now),
                sex=stay["sex"],
                score=score.text if score and score.not_applicable is None else None,
                band=score.band if score else None,
            )
        )
    return found


def _ward(
    db: sqlite3.Connection, site: str, ward: board.Ward, lying: dict[str | None, list[Occupant]], now: datetime
) -> WardBeds:
    rooms = _rooms(db, site, ward.id, lying)
    history = db.execute(
        "SELECT * FROM census WHERE site = ? AND ward = ? AND as_of >= ? ORDER BY as_of",
        (site, ward.id, micros(now - HISTORY)),
    ).fetchall()
    newest = db.execute(
        "SELECT * FROM census WHERE site = ? AND ward = ? ORDER BY as_of DESC LIMIT 1", (site, ward.id)
    ).fetchone()
    mapped = [bed for room in rooms for bed in room.beds]
    open_beds = newest["beds"] if newest else sum(b.status != "closed" for b in mapped)
    return WardBeds(
        id=ward.id,
        name=ward.name,
        specialty=ward.specialty,
        rooms=rooms,
        occupied=newest["occupied"] if newest else sum(b.occupant is not None for b in mapped),
        beds=open_beds,
        closed=newest["closed"] if newest else sum(b.status == "closed" for b in mapped),
        waiting=newest["waiting"] if newest else 0,
        as_of=instant(newest["as_of"]) if newest else None,
        history=tuple(Point(at=instant(r["as_of"]), value=r["occupied"]) for r in history),
        days=future.days(db, site, ward.id, now),
        future=future.future(db, site, ward.id, "", open_beds, now),
        nurses=nurses.nurses(db, site, ward.id, now),
    )


def _services(db: sqlite3.Connection, site: str, now: datetime) -> tuple[ServiceBeds, ...]:
    """Services with a forecast of their own: they have patients, no beds."""
    rows = db.execute("SELECT DISTINCT service FROM demand WHERE site = ? AND service != '' ORDER BY service", (site,))
    names = [r["service"] for r in rows.fetchall()]
    here: Counter[str] = Counter(stay["specialty"] for stay in board.open_stays(db, site) if stay["specialty"])
    return tuple(
        ServiceBeds(
            id=name,
            name=words.plainly(name).capitalize(),
            occupied=here[name],
            future=future.future(db, site, "", name, None, now),
        )
        for name in names
    )


def _rooms(db: sqlite3.Connection, site: str, ward: str, lying: dict[str | None, list[Occupant]]) -> tuple[Room, ...]:
    rows = db.execute(
        "SELECT b.location, b.name, b.isolation, s.status, CASE WHEN b.within = :ward THEN '' ELSE r.name END AS room"
        " FROM locations b LEFT JOIN locations r ON r.site = b.site AND r.location = b.within"
        " LEFT JOIN bed_status s ON s.site = b.site AND s.location = b.location"
        " WHERE b.site = :site AND b.kind = 'bed' AND b.active AND :ward IN (b.within, r.within)"
        " ORDER BY room, b.name, b.location",
        {"site": site, "ward": ward},
    )
    rooms: dict[str, list[Bed]] = defaultdict(list)
    for r in rows.fetchall():
        occupant = next(iter(lying.get(r["location"], ())), None)
        status = "occupied" if occupant else (r["status"] or "free")
        rooms[r["room"]].append(
            Bed(
                id=r["location"],
                name=words.bed(r["name"]),
                status=status,
                status_text=words.BED_STATUS[status],
                isolation=bool(r["isolation"]),
                occupant=occupant,
            )
        )
    return tuple(Room(name=name, beds=tuple(found)) for name, found in rooms.items())


def _waiting(
    db: sqlite3.Connection,
    site: str,
    proposals: list[sqlite3.Row],
    places: dict[str, str],
    names: Names,
    viewer: Viewer,
) -> tuple[tuple[Waiting, str | None], ...]:
    """Who waits, each with the ward that is proposed."""
    # Only the newest proposal speaks: one that was not decided before a newer one came is out of date.
    proposed = {a["request"]: a for a in json.loads(proposals[0]["assignments"])} if proposals else {}
    rows = db.execute(
        f"SELECT * FROM requests WHERE site = ? AND status = 'active' AND NOT ({FOR_A_DAY})"  # noqa: S608 - our own words
        " ORDER BY priority, requested, request",
        (site,),
    )
    found = []
    for r in rows.fetchall():
        assignment = proposed.get(r["request"], {})
        bed, ward = assignment.get("bed"), assignment.get("ward")
        told = Waiting(
            request=r["request"],
            key=r["patient"],
            name=full_name(names.of(r["patient"], viewer)),
            sex=r["sex"],
            specialty=r["specialty"],
            priority=r["priority"],
            priority_text=words.PRIORITIES[r["priority"]],
            isolation=bool(r["isolation"]),
            since=instant(r["requested"]),
            expected_stay_hours=r["expected_stay_hours"],
            bed=bed,
            bed_name=words.bed(places.get(bed, bed)) if bed else None,
            ward_name=places.get(ward, ward) if ward else None,
            reason=assignment.get("reason"),
        )
        found.append((told, ward))
    return tuple(found)


def _for_surgery(db: sqlite3.Connection, site: str) -> int:
    row = db.execute(
        f"SELECT count(*) AS n FROM requests WHERE site = ? AND status = 'active' AND {FOR_A_DAY}",  # noqa: S608 - our own
        (site,),
    ).fetchone()
    return int(row["n"])


def _proposal(r: sqlite3.Row, word: Word | None, places: dict[str, str], waits: Sequence[Waiting]) -> Proposal:
    waiting = {w.request for w in waits}
    # Who waits no longer is no part of what is still to be decided.
    assignments = [a for a in json.loads(r["assignments"]) if a["request"] in waiting or word]
    return Proposal(
        id=r["proposal"],
        ward=places.get(r["ward"], r["ward"]) or "Whole site",
        as_of=instant(r["as_of"]),
        placed=sum(a["bed"] is not None for a in assignments),
        total=len(assignments),
        decision=word.decision if word else None,
        who=word.who if word else None,
        why=(word.why or None) if word else None,
    )
