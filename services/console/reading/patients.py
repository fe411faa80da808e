"""Queries about one patient that board and patient page share. All take an open view of the store."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Final

from services.console import units, words
from services.console.projection.store import instant, instant_or_none
from services.console.reading.called import called
from services.console.reading.parts import Alert, Called, Forecast, Parameter, Point, Score, Vital

SPARK_US: Final = 24 * 3_600_000_000
BIN_US: Final = 30 * 60_000_000
CHANGE_US: Final = 4 * 3_600_000_000
"""NEWS2 now is compared with what it was four hours ago."""
RED: Final = 3
"""Points of a red parameter (NEWS2 chart 1)."""
STALE: Final = timedelta(hours=2)
"""A forecast is made at each full hour; after two it stands for nothing."""


def vitals(db: sqlite3.Connection, patient: str, score: Score | None) -> tuple[Vital, ...]:
    """The newest of each NEWS2 parameter; blood pressure as systolic/diastolic."""
    points = {p.code: p.points for p in score.parameters} if score else {}
    found = []
    for code in words.VITALS:
        row = latest(db, patient, code)
        m = words.measure(code)
        if row is None:
            found.append(Vital(code=code, label=m.label, short=m.short, unit=m.unit))
            continue
        text = words.number(code, row["value"])
        if code == "systolic_bp" and (low := latest(db, patient, "diastolic_bp")) and low["taken"] == row["taken"]:
            text += f"/{words.number('diastolic_bp', low['value'])}"
        found.append(
            Vital(
                code=code,
                label=m.label,
                short=m.short,
                unit=m.unit,
                value=units.shown(code, row["value"]),
                text=text,
                taken=instant(row["taken"]),
                points=points.get(code),
            )
        )
    return tuple(found)


def latest(db: sqlite3.Connection, patient: str, code: str) -> sqlite3.Row | None:
    """The newest reading of a code."""
    row: sqlite3.Row | None = db.execute(
        "SELECT value, taken FROM readings WHERE patient = ? AND code = ? AND value IS NOT NULL"
        " ORDER BY taken DESC, source DESC LIMIT 1",
        (patient, code),
    ).fetchone()
    return row


def score(db: sqlite3.Connection, patient: str) -> Score | None:
    """The newest NEWS2, and how it changed over four hours."""
    row = db.execute(
        "SELECT * FROM scores WHERE patient = ? ORDER BY as_of DESC, known DESC, id DESC LIMIT 1", (patient,)
    ).fetchone()
    if row is None:
        return None
    before = db.execute(
        "SELECT total FROM scores WHERE patient = ? AND as_of <= ? AND total IS NOT NULL ORDER BY as_of DESC LIMIT 1",
        (patient, row["as_of"] - CHANGE_US),
    ).fetchone()
    parameters = tuple(_parameter(p) for p in json.loads(row["parameters"]))
    total, lowest, highest = row["total"], row["lowest"], row["highest"]
    return Score(
        total=total,
        lowest=lowest,
        highest=highest,
        text=str(total) if total is not None else f"{lowest}–{highest}",
        band=row["band"],
        band_text=words.BANDS.get(row["band"], "Not complete"),
        red=bool(row["red"]),
        red_text=", ".join(_red(p) for p in parameters if p.points == RED),
        missing=tuple(p.label for p in parameters if p.points is None),
        as_of=instant(row["as_of"]),
        change=total - before["total"] if total is not None and before else None,
        not_applicable=words.why_not(row["not_applicable"]),
        parameters=parameters,
    )


def _red(p: Parameter) -> str:
    return "Not alert" if p.code == "consciousness" else f"{words.measure(p.code).short} {p.text}"


def _parameter(p: dict[str, object]) -> Parameter:
    code, value = str(p["name"]), p["value"]
    m = words.measure(code)
    return Parameter.model_validate(
        {
            "code": code,
            "label": m.label,
            "unit": m.unit,
            "text": words.number(code, float(str(value))) if value is not None else "not measured",
            "points": p["points"],
            "taken": p["taken"],
        }
    )


def score_trend(db: sqlite3.Connection, patient: str, since: int, bin_us: int = BIN_US) -> tuple[Point, ...]:
    """The highest NEWS2 of each half hour since an instant (µs); an incomplete score counts with its lowest total."""
    rows = db.execute(
        "SELECT max(as_of) AS at, max(coalesce(total, lowest)) AS value FROM scores"
        " WHERE patient = ? AND as_of >= ? AND not_applicable IS NULL GROUP BY as_of / ? ORDER BY at",
        (patient, since, bin_us),
    )
    return tuple(Point(at=instant(r["at"]), value=r["value"]) for r in rows)


def forecasts(db: sqlite3.Connection, patient: str, now: datetime, *, silent_too: bool) -> tuple[Forecast, ...]:
    """The newest word of each model; silent models are for administrators."""
    models = db.execute("SELECT DISTINCT model FROM forecasts WHERE patient = ? ORDER BY model", (patient,)).fetchall()
    rows = [
        db.execute(
            "SELECT * FROM forecasts WHERE patient = ? AND model = ? ORDER BY as_of DESC, known DESC, id DESC LIMIT 1",
            (patient, m["model"]),
        ).fetchone()
        for m in models
    ]
    return tuple(_forecast(row, now) for row in rows if silent_too or row["mode"] == "live")


def _forecast(row: sqlite3.Row, now: datetime) -> Forecast:
    p, band = row["probability"], row["band"]
    over = p is not None and p >= row["threshold"]
    return Forecast(
        id=row["id"],
        model=row["model"],
        label=words.model_label(row["model"]),
        version=row["version"],
        mode=row["mode"],
        state=row["state"],
        text=words.percent(p) if p is not None else str(row["state"]).capitalize(),
        probability=p,
        threshold=row["threshold"],
        horizon_hours=row["horizon_hours"],
        over=over,
        band=band,
        band_text=words.RISK_BANDS.get(band, "Over the limit" if over else ""),
        # A model without bands has its limit only.
        rank=list(words.RISK_BANDS).index(band) if band in words.RISK_BANDS else 2 * over,
        conformal=json.loads(row["conformal"]) if row["conformal"] else None,
        late=bool(row["late"]),
        fresh=bool(row["fresh"]),
        stale=now - instant(row["as_of"]) > STALE,
        reason=words.why_not(row["reason"]),
        as_of=instant(row["as_of"]),
    )


def alerts(db: sqlite3.Connection, patient: str, now: datetime, *, closed_too: bool = False) -> tuple[Alert, ...]:
    """Alerts of a patient: most urgent first, then the newest."""
    rows = db.execute(
        "SELECT a.*, (SELECT d.decision || ' by ' || d.who FROM decisions d WHERE d.subject = a.alert"
        "   AND d.at >= a.changed AND a.phase NOT IN ('resolved', 'merged', 'suppressed')"
        "   AND NOT (d.decision = 'acknowledge' AND a.phase IN ('acknowledged', 'snoozed'))"
        "   AND NOT (d.decision = 'snooze' AND a.phase = 'snoozed')"
        "   ORDER BY d.at DESC LIMIT 1) AS pending"
        " FROM alerts a WHERE a.patient = ? AND (? OR a.phase NOT IN ('resolved', 'merged', 'suppressed'))"
        " ORDER BY a.phase IN ('resolved', 'merged', 'suppressed'), a.phase IN ('acknowledged', 'snoozed'),"
        " a.severity = 'amber', a.raised DESC, a.alert LIMIT 50",
        (patient, closed_too),
    )
    return tuple(_alert(row, called(db, row["alert"], now)) for row in rows.fetchall())


def _alert(row: sqlite3.Row, call: Called | None) -> Alert:
    return Alert(
        id=row["alert"],
        patient=row["patient"],
        kind=row["kind"],
        kind_text=words.KINDS.get(row["kind"], row["kind"]),
        severity=row["severity"],
        phase=row["phase"],
        summary=row["summary"],
        raised=instant(row["raised"]),
        changed=instant(row["changed"]),
        who=row["who"],
        until=instant_or_none(row["until"]),
        reason=row["reason"] or None,
        evidence=tuple(e["text"] for e in json.loads(row["evidence"]) if e["text"] not in row["summary"]),
        pending=row["pending"],
        called=call,
    )


def newest_known(db: sqlite3.Connection) -> int:
    """The newest `known` of any fact (µs)."""
    row = db.execute("SELECT value FROM meta WHERE name = 'newest_known'").fetchone()
    return int(row["value"]) if row else 0
