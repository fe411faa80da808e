"""Where can this patient go now: the beds as the log tells them, and the planner's rules for one patient at a time."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from ray_jobs.scheduling import where as rules
from ray_jobs.scheduling.acuity import level_of
from ray_jobs.scheduling.beds import Bed, InBed, Waiting
from ray_jobs.scheduling.words import Words
from services.console import words
from services.console.reading import board, nurses, patients
from services.console.reading.parts import Shown
from services.console.reading.viewer import Names, Viewer, full_name

Sex = Literal["female", "male", "other", "unknown"]
SEXES: Mapping[str, Sex] = {"female": "female", "male": "male", "other": "other"}


class Wanted(Shown):
    """Whom a bed is wanted for. `request` names one who waits; else sex, specialty and isolation say it."""

    request: str | None = None
    sex: Sex = "unknown"
    specialty: str = ""
    isolation: bool = False


class Choice(Shown):
    """A bed, why it fits, and whether someone must move first."""

    bed: str
    ward: str
    reasons: tuple[str, ...]
    moves: bool


class Choices(Shown):
    """Beds, best first; `blocked` says what keeps the patient out of the other free ones."""

    who: str
    choices: tuple[Choice, ...]
    blocked: tuple[str, ...]


def places(
    db: sqlite3.Connection, site: str, now: datetime, wanted: Wanted, names: Names, viewer: Viewer
) -> Choices | None:
    """The answer; None when the request is not among those who wait."""
    asked = _waiting(db, site, wanted, names, viewer)
    if asked is None:
        return None
    patient, who = asked
    score = patients.score(db, patient.patient) if wanted.request else None
    told = {r["location"]: r["name"] for r in db.execute("SELECT * FROM locations WHERE site = ?", (site,)).fetchall()}
    beds = _beds(db, site)
    found = rules.places_for(
        patient,
        beds,
        _in_bed(db, site, {b.id for b in beds}),
        acuity=level_of(score.band if score else None),
        loads=_loads(db, site, now, {b.ward for b in beds}),
        words=Words(told),
    )
    return Choices(
        who=who,
        choices=tuple(
            Choice(
                bed=words.bed(told.get(o.bed, o.bed)),
                ward=told.get(o.ward, o.ward),
                reasons=o.reasons,
                moves=bool(o.moves),
            )
            for o in found.options
        ),
        blocked=found.blocked,
    )


def _waiting(
    db: sqlite3.Connection, site: str, wanted: Wanted, names: Names, viewer: Viewer
) -> tuple[Waiting, str] | None:
    if wanted.request is None:
        kind = {"female": "a woman", "male": "a man"}.get(wanted.sex, "a patient")
        who = f"{kind}, {words.plainly(wanted.specialty)}{', isolation' if wanted.isolation else ''}"
        return Waiting("asked", "asked", wanted.sex, wanted.specialty, isolation=wanted.isolation), who
    r = db.execute(
        "SELECT * FROM requests WHERE site = ? AND request = ? AND status = 'active'", (site, wanted.request)
    ).fetchone()
    if r is None:
        return None
    who = full_name(names.of(r["patient"], viewer)) or f"Patient {r['patient'][:6]}"
    sex = SEXES.get(r["sex"], "unknown")
    return Waiting(r["request"], r["patient"], sex, r["specialty"], r["priority"], isolation=bool(r["isolation"])), who


def _beds(db: sqlite3.Connection, site: str) -> list[Bed]:
    rows = db.execute(
        "SELECT b.location, b.isolation, s.status, r.location AS room, w.location AS ward, w.specialty AS specialty"
        " FROM locations b LEFT JOIN locations r ON r.site = b.site AND r.location = b.within AND r.kind = 'room'"
        " JOIN locations w ON w.site = b.site AND w.location = coalesce(r.within, b.within) AND w.kind = 'ward'"
        " LEFT JOIN bed_status s ON s.site = b.site AND s.location = b.location"
        " WHERE b.site = ? AND b.kind = 'bed' AND b.active AND w.active AND coalesce(s.status, 'free') != 'closed'",
        (site,),
    )
    return [
        Bed(
            id=r["location"],
            ward=r["ward"],
            room=r["room"],
            specialty=r["specialty"],
            isolation=bool(r["isolation"]),
            usable=r["status"] in (None, "free", "occupied"),
        )
        for r in rows.fetchall()
    ]


def _in_bed(db: sqlite3.Connection, site: str, known: set[str]) -> list[InBed]:
    """Who lies in these beds, one to a bed."""
    isolated = {
        r["patient"]
        for r in db.execute(
            "SELECT patient FROM requests WHERE site = ? AND isolation AND status != 'withdrawn'", (site,)
        ).fetchall()
    }
    lying: dict[str, InBed] = {}
    for stay in board.open_stays(db, site):
        if stay["bed"] in known and stay["bed"] not in lying:
            lying[stay["bed"]] = InBed(
                stay["bed"],
                stay["patient"],
                SEXES.get(stay["sex"], "unknown"),
                isolation=stay["patient"] in isolated,
            )
    return list(lying.values())


def _loads(db: sqlite3.Connection, site: str, now: datetime, wards: set[str]) -> dict[str, float]:
    """What the next shift needs over what it has, by ward, where a roster is known."""
    found = {}
    for ward in wards:
        shifts = [s for s in nurses.nurses(db, site, ward, now) if s.rostered]
        if shifts:
            found[ward] = shifts[0].needed / shifts[0].rostered
    return found
