"""The board: every patient of a site, the most worrying first."""

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from services.console import words
from services.console.projection.store import instant, micros
from services.console.reading import patients, risk
from services.console.reading.called import maintenance
from services.console.reading.parts import Alert, Closed, Forecast, Point, Score, Shown, TopRisk, Vital
from services.console.reading.viewer import Names, Viewer, full_name

STAY: Final = """
SELECT p.patient, p.site, p.born, p.sex, p.died, p.care_limit, p.oxygen_scale, p.oxygen_low, p.oxygen_high,
    p.merged_into, c.age_years, e.encounter, e.started, e.admitted, e.kind, e.specialty, e.ward, e.room, e.bed,
    e.ended, e.outcome,
    coalesce(w.name, e.ward) AS ward_name, coalesce(b.name, e.bed) AS bed_name
FROM encounters e JOIN patients p ON p.patient = e.patient
LEFT JOIN contexts c ON c.patient = p.patient
LEFT JOIN locations w ON w.site = e.site AND w.location = e.ward
LEFT JOIN locations b ON b.site = e.site AND b.location = e.bed
WHERE e.started IS NOT NULL AND NOT e.cancelled
"""
OPEN: Final = " AND e.ended IS NULL AND p.merged_into IS NULL AND e.site = ?"


class BoardRow(Shown):
    """One patient in one bed. `worry` sorts: the larger, the sooner someone should look."""

    key: str
    name: str | None
    number: str | None
    age: int | None
    sex: str
    ward: str | None
    ward_name: str | None
    bed: str | None
    bed_name: str
    specialty: str | None
    care_limit: str
    started: datetime
    heard: datetime | None
    score: Score | None
    trend: tuple[Point, ...]
    vitals: tuple[Vital, ...]
    forecasts: tuple[Forecast, ...]
    risk: TopRisk | None
    alerts: tuple[Alert, ...]
    worry: float
    urgency: str


class Ward(Shown):
    """A ward of the site."""

    id: str
    name: str
    specialty: str | None
    patients: int


class Board(Shown):
    """All rows as of `now` (clinical time)."""

    site: str
    now: datetime
    wards: tuple[Ward, ...]
    rows: tuple[BoardRow, ...]
    maintenance: tuple[Closed, ...] = ()


def board(db: sqlite3.Connection, site: str, now: datetime, names: Names, viewer: Viewer) -> Board:
    """Every patient with an open stay, on the wards that are the viewer's."""
    rows = [row(db, stay, now, names, viewer) for stay in open_stays(db, site) if viewer.on(stay["ward"])]
    shown = tuple(ward for ward in wards(db, site) if viewer.on(ward.id))
    closed = tuple(c for c in maintenance(db, site, now) if viewer.on(c.ward))
    return Board(site=site, now=now, wards=shown, rows=tuple(sorted(rows, key=order)), maintenance=closed)


def one(
    db: sqlite3.Connection, site: str, patient: str, now: datetime, names: Names, viewer: Viewer
) -> BoardRow | None:
    """One patient's row, or None when the patient has no open stay here."""
    stays = db.execute(STAY + OPEN + " AND e.patient = ?", (site, patient)).fetchall()
    return next((row(db, stay, now, names, viewer) for stay in _one_each(stays)), None)


def open_stays(db: sqlite3.Connection, site: str) -> list[sqlite3.Row]:
    """One row of STAY for each patient who is here."""
    return _one_each(db.execute(STAY + OPEN, (site,)).fetchall())


def _one_each(stays: Iterable[sqlite3.Row]) -> list[sqlite3.Row]:
    """A patient with two open stays lies where the later one began."""
    newest: dict[str, sqlite3.Row] = {}
    for stay in sorted(stays, key=lambda s: (s["started"], s["encounter"])):
        newest[stay["patient"]] = stay
    return list(newest.values())


def row(db: sqlite3.Connection, stay: sqlite3.Row, now: datetime, names: Names, viewer: Viewer) -> BoardRow:
    """One patient's row from their stay (a row of STAY)."""
    key = stay["patient"]
    person = names.of(key, viewer)
    score = patients.score(db, key)
    alerts = patients.alerts(db, key, now)
    trend = patients.score_trend(db, key, micros(now) - patients.SPARK_US)
    forecasts = patients.forecasts(db, key, now, silent_too=viewer.admin)
    vitals = patients.vitals(db, key, score)
    return BoardRow(
        key=key,
        name=full_name(person),
        number=person.mrn or None if person else None,
        age=age(stay, now),
        sex=stay["sex"],
        ward=stay["ward"],
        ward_name=stay["ward_name"],
        bed=stay["bed"],
        bed_name=words.bed(stay["bed_name"]) if stay["bed_name"] else "No bed",
        specialty=stay["specialty"],
        care_limit=stay["care_limit"],
        started=instant(stay["started"]),
        heard=max((v.taken for v in vitals if v.taken), default=None),
        score=score,
        trend=trend,
        vitals=vitals,
        forecasts=forecasts,
        risk=risk.top(db, key, forecasts),
        alerts=alerts,
        worry=worry(score, alerts, forecasts),
        urgency=urgency(score, alerts),
    )


def age(stay: sqlite3.Row, now: datetime) -> int | None:
    """Whole years by birth date, else what the models were told."""
    if stay["born"]:
        return words.years(date.fromisoformat(stay["born"]), now.date())
    told: int | None = stay["age_years"]
    return told


def worry(score: Score | None, alerts: Iterable[Alert], forecasts: Iterable[Forecast]) -> float:
    """Lexicographic: unanswered alerts (red, amber), NEWS2, its rise, the share of the risk threshold."""
    unanswered = max((2 if a.severity == "red" else 1 for a in alerts if a.unanswered), default=0)
    total = rise = 0
    if score is not None and score.not_applicable is None:
        # A single red parameter asks for an urgent ward-based response, as 5 does (RCP 2017, table 2).
        total = max(score.lowest, 5 if score.red else 0)
        rise = min(max(score.change or 0, 0), 9)
    share = max((min(f.probability / f.threshold, 1) for f in forecasts if f.probability and f.threshold), default=0.0)
    return unanswered * 10_000 + total * 100 + rise * 10 + round(share * 9, 3)


def urgency(score: Score | None, alerts: Iterable[Alert]) -> str:
    """'now', 'soon' or 'steady': the three words of the board (NEWS2 report, table 2, and open alerts)."""
    unanswered = {a.severity for a in alerts if a.unanswered}
    band = score.band if score and score.not_applicable is None else None
    if "red" in unanswered or band == "high":
        return "now"
    if unanswered or band in {"medium", "low-medium"} or (score is not None and score.red):
        return "soon"
    return "steady"


def order(shown: BoardRow) -> tuple[float, str, str]:
    """Most worrying first, then by bed."""
    return -shown.worry, shown.bed_name, shown.key


def wards(db: sqlite3.Connection, site: str) -> tuple[Ward, ...]:
    """Wards by their definition, and any other that has patients."""
    rows = db.execute(
        "SELECT id, coalesce(l.name, id) AS name, l.specialty AS specialty, (SELECT count(DISTINCT e.patient)"
        "   FROM encounters e JOIN patients p ON p.patient = e.patient WHERE e.site = :site AND e.ward = id"
        "   AND e.ended IS NULL AND NOT e.cancelled AND e.started IS NOT NULL AND p.merged_into IS NULL) AS patients"
        " FROM (SELECT location AS id FROM locations WHERE site = :site AND kind = 'ward' AND active"
        "   UNION SELECT ward FROM encounters WHERE site = :site AND ended IS NULL AND NOT cancelled"
        "   AND started IS NOT NULL AND ward IS NOT NULL)"
        " LEFT JOIN locations l ON l.site = :site AND l.location = id ORDER BY name",
        {"site": site},
    )
    return tuple(
        Ward(id=r["id"], name=r["name"], specialty=r["specialty"], patients=r["patients"]) for r in rows.fetchall()
    )
