"""Whether an alert was right by what became of the patient: one rule for each kind, told from the log, never guessed.

deterioration  the stay in which it was raised ended in death (what its model forecasts)
sepsis         a diagnosis of sepsis was coded with an onset no later than 24 h after it; wrong where the onset is
               later, or none was coded a day after the stay. Blood cultures are told nowhere on the bus, so Sepsis-3's
               rule of culture and antibiotic cannot be used; antibiotics that were begun are counted apart (`treated`)
news2          death, or a move to intensive care, within 24 h; a call of a rapid response team is told nowhere
imaging        a physician made the study's report final as the model has it; wrong where in other words
None: nobody has told yet, or nothing on this site could tell.
"""

import json
import sqlite3
from typing import Final

from services.console.projection.turn import HOUR_US

SOON: Final = 24 * HOUR_US
CODED: Final = 24 * HOUR_US
"""Diagnoses are coded late: so long after a stay its outcome is taken as told; and so long before it, as of it."""
_INTENSIVE: Final = "lower(specialty) LIKE '%intensive%' OR lower(specialty) LIKE '%critical%'"
RULES: Final = {
    "deterioration": "death in the hospital stay",
    "sepsis": "a coded sepsis whose onset is no later than 24 hours after the alert",
    "news2": "death or a move to intensive care within 24 hours",
    "imaging": "a physician's final report that says what the model said",
}


def right(db: sqlite3.Connection, kind: str, alert: str, patient: str, at: int, now: int) -> bool | None:
    """By the rule of its kind; instants in µs."""
    if kind == "imaging":
        return _film(db, alert)
    stay = db.execute(
        "SELECT * FROM encounters WHERE patient = ? AND NOT cancelled AND started <= ?"
        " AND (ended IS NULL OR ended >= ?) ORDER BY started DESC LIMIT 1",
        (patient, at, at),
    ).fetchone()
    if stay is None:
        return None
    if kind == "deterioration":
        return None if _untold(stay) else bool(stay["outcome"] == "died")
    return _sepsis(db, stay, at, now) if kind == "sepsis" else _soon(db, stay, at, now)


def _untold(stay: sqlite3.Row) -> bool:
    return stay["ended"] is None or stay["outcome"] in {None, "unknown"}


def _sepsis(db: sqlite3.Connection, stay: sqlite3.Row, at: int, now: int) -> bool | None:
    last = now if stay["ended"] is None else stay["ended"] + CODED
    onset = db.execute(
        "SELECT min(onset) AS onset FROM diagnoses WHERE patient = ? AND active AND onset BETWEEN ? AND ?",
        (stay["patient"], stay["started"] - CODED, last),
    ).fetchone()["onset"]
    if onset is not None:
        return bool(onset <= at + SOON)
    return False if stay["ended"] is not None and stay["ended"] + CODED <= now else None


def _soon(db: sqlite3.Connection, stay: sqlite3.Row, at: int, now: int) -> bool | None:
    """Death or intensive care within a day. Who was there already can only die."""
    ended = stay["ended"] is not None and stay["ended"] <= at + SOON
    if ended and stay["outcome"] == "died":
        return True
    where = _wards(db, stay, at)
    there = {w for w, _ in where} & _intensive(db, stay["site"])
    begun = [w for w, moved in where if moved <= at][-1:]
    if any(w in there for w, moved in where if moved > at) and not set(begun) & there:
        return True
    if ended:  # home within the day: nothing happened here; where to, or how, nobody knows
        return False if stay["outcome"] in {"home", "other"} else None
    return False if at + SOON <= now and _intensive(db, stay["site"]) else None


def _wards(db: sqlite3.Connection, stay: sqlite3.Row, at: int) -> list[tuple[str, int]]:
    """The wards of a stay up to a day after an instant, with when the patient came there, in order."""
    rows = db.execute(
        "SELECT ward, at FROM moves WHERE patient = ? AND encounter = ? AND at <= ? AND ward IS NOT NULL"
        " ORDER BY at, in_passing DESC, known",
        (stay["patient"], stay["encounter"], at + SOON),
    )
    return [(r["ward"], r["at"]) for r in rows]


def _intensive(db: sqlite3.Connection, site: str) -> set[str]:
    """The wards of intensive care, by the specialty that the hospital gives them."""
    rows = db.execute(
        f"SELECT location FROM locations WHERE site = ? AND kind = 'ward' AND ({_INTENSIVE})",  # noqa: S608 - our words
        (site,),
    )
    return {r["location"] for r in rows}


def _film(db: sqlite3.Connection, alert: str) -> bool | None:
    row = db.execute("SELECT evidence FROM alerts WHERE alert = ?", (alert,)).fetchone()
    sources = [e.get("source") for e in json.loads(row["evidence"])] if row else []
    for source in (s for s in sources if s):
        said = db.execute(
            "SELECT r.decision FROM findings f JOIN readings_final r ON r.study = f.study AND r.patient = f.patient"
            " WHERE f.id = ? ORDER BY r.at DESC, r.id LIMIT 1",
            (source,),
        ).fetchone()
        if said is not None:
            return bool(said["decision"] == "finalise")
    return None


def treated(db: sqlite3.Connection, patient: str, at: int, now: int) -> bool | None:
    """Whether an antibiotic was begun within a day of an alert: given then, and not in the day before it.

    None while the day is not over.
    """
    doses = [
        r["given"]
        for r in db.execute(
            "SELECT given FROM doses WHERE patient = ? AND given BETWEEN ? AND ?", (patient, at - SOON, at + SOON)
        )
    ]
    if any(given <= at for given in doses):
        return False if at + SOON <= now else None
    return True if doses else False if at + SOON <= now else None
