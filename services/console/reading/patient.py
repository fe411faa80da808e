"""The patient page: who and where, the score line by line, trends, reasons, alerts and films."""

import json
import math
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ray_jobs.risk import news2
from services.console import units, words
from services.console.advice.asked import Situation
from services.console.advice.guideline import Advice
from services.console.projection.store import instant, instant_or_none, micros
from services.console.reading import board, patients, risk
from services.console.reading.advised import advised
from services.console.reading.called import maintenance
from services.console.reading.parts import Point
from services.console.reading.patient_view import (
    Film,
    Lab,
    PatientView,
    Story,
    Stripe,
    Transition,
    Trend,
)
from services.console.reading.system import Model
from services.console.reading.viewer import Names, Viewer

TREND_US: Final = 48 * 3_600_000_000
CHARTED: Final = (
    "respiratory_rate",
    "spo2",
    "systolic_bp",
    "diastolic_bp",
    "heart_rate",
    "temperature",
    "consciousness",
    "supplemental_oxygen",
)
MOST_POINTS: Final = 600
SPANS: Final = {
    "respiratory_rate": (8, 26), "spo2": (88, 100), "systolic_bp": (60, 180), "heart_rate": (40, 140),
    "temperature": (35, 40),
}  # fmt: skip
"""The usual span of each chart, canonical units; values outside widen it."""

_CHARTS: Final[dict[str, news2.Chart]] = {
    "respiratory_rate": news2.RESPIRATORY_RATE,
    "systolic_bp": news2.SYSTOLIC_BP,
    "heart_rate": news2.PULSE,
    "temperature": news2.TEMPERATURE,
}


def patient(
    db: sqlite3.Connection, site: str, key: str, now: datetime, names: Names, viewer: Viewer,
    models: Sequence[Model] = (), advice: Advice | None = None,
) -> PatientView | None:  # fmt: skip
    """The page of a patient who has, or had, a stay here; None for an unknown key.

    `models` are the registered ones, for their bands and where they are live; without `advice` none is shown.
    """
    stays = db.execute(board.STAY + " AND e.site = ? AND e.patient = ?", (site, key)).fetchall()
    if not stays:
        return None
    stay = max(stays, key=lambda s: (s["ended"] is None, s["started"], s["encounter"]))
    since = micros(now) - TREND_US
    low, high = stay["oxygen_low"], stay["oxygen_high"]
    shown = board.row(db, stay, now, names, viewer)
    panels = risk.panels(db, key, shown.forecasts, models, stay, now)
    pregnant = shown.score is not None and "pregnan" in (shown.score.not_applicable or "")
    situation = Situation(shown.age, stay["care_limit"], pregnant)
    return PatientView(
        now=now,
        row=shown,
        encounter=stay["encounter"],
        open=stay["ended"] is None,
        ended=instant_or_none(stay["ended"]),
        outcome=stay["outcome"],
        oxygen_target=f"{low:.0f}–{high:.0f} %" if low is not None and high is not None else None,
        trends=tuple(_trend(db, key, code, since, stay["oxygen_scale"]) for code in CHARTED),
        scores=patients.score_trend(db, key, since, bin_us=5 * 60_000_000),
        risks=risk.trends(db, key, shown.forecasts, since),
        panels=panels,
        advice=()
        if advice is None or stay["ended"] is not None
        else advised(db, advice, key, shown.score, panels, situation, shown.started, now),
        stories=tuple(
            Story(alert=a, transitions=_transitions(db, a.id)) for a in patients.alerts(db, key, now, closed_too=True)
        ),
        maintenance=maintenance(db, site, now, stay["ward"]) if stay["ward"] else (),
        films=_films(db, key, silent_too=viewer.admin),
        labs=_labs(db, key),
    )


def merged_into(db: sqlite3.Connection, key: str) -> str | None:
    """The key under which this patient goes on after a merge."""
    found = db.execute("SELECT merged_into FROM patients WHERE patient = ?", (key,)).fetchone()
    into: str | None = found["merged_into"] if found else None
    return into


def _trend(db: sqlite3.Connection, key: str, code: str, since: int, oxygen_scale: int) -> Trend:
    rows = db.execute(
        "SELECT taken, value FROM readings WHERE patient = ? AND code = ? AND taken >= ? AND value IS NOT NULL"
        " ORDER BY taken, source",
        (key, code, since),
    ).fetchall()
    every = math.ceil(len(rows) / MOST_POINTS) or 1
    kept = rows[::-1][::every][::-1]  # the newest is always kept
    chart = _CHARTS.get(code, ())
    if code == "spo2":
        chart = news2.SPO2_SCALE_1 if oxygen_scale == 1 else news2.SPO2_SCALE_2_AIR
    m = words.measure(code)
    lows = (None, *(top for top, _ in chart))
    return Trend(
        code=code,
        label=m.label,
        unit=m.unit,
        decimals=m.decimals,
        span=tuple(units.shown(code, end) for end in SPANS.get(code, ())),
        stripes=tuple(
            Stripe(
                low=None if low is None else units.shown(code, low),
                high=None if math.isinf(top) else units.shown(code, top),
                points=points,
            )
            for low, (top, points) in zip(lows, chart, strict=False)
        ),
        points=tuple(Point(at=instant(r["taken"]), value=units.shown(code, r["value"])) for r in kept),
    )


def _transitions(db: sqlite3.Connection, alert: str) -> tuple[Transition, ...]:
    rows = db.execute("SELECT * FROM transitions WHERE alert = ? ORDER BY position DESC, id LIMIT 40", (alert,))
    return tuple(
        Transition(
            what=words.TRANSITIONS.get(r["what"], r["what"]),
            at=instant(r["at"]),
            who=r["who"],
            until=instant_or_none(r["until"]),
            reason=r["reason"] or None,
            severity=r["severity"],
        )
        for r in rows
    )


def _films(db: sqlite3.Connection, key: str, *, silent_too: bool) -> tuple[Film, ...]:
    rows = db.execute("SELECT * FROM findings WHERE patient = ? ORDER BY as_of DESC, known DESC, id LIMIT 12", (key,))
    found = []
    for r in rows:
        if r["mode"] != "live" and not silent_too:
            continue
        final = db.execute(
            "SELECT who, why FROM decisions WHERE subject = ? AND about = 'finding' ORDER BY at DESC LIMIT 1",
            (r["study"],),
        ).fetchone()
        text = words.OUTCOMES[r["outcome"]]
        if r["label"] and r["probability"] is not None and r["outcome"] != "cannot assess":
            text = f"{str(r['label']).capitalize()}: {words.percent(r['probability'])}"
        found.append(
            Film(
                id=r["id"],
                model=f"{words.model_label(r['model'])} {r['version']}",
                mode=r["mode"],
                as_of=instant(r["as_of"]),
                outcome=r["outcome"],
                outcome_text=words.OUTCOMES[r["outcome"]],
                text=text,
                reason=words.why_not(r["reason"]),
                classes=tuple((c["name"], c["probability"]) for c in json.loads(r["classes"])),
                picture=r["picture"] is not None,
                heatmap=r["heatmap"] is not None,
                read_by=None if final is None else final["who"],
                read_as=None if final is None else final["why"],
            )
        )
    return tuple(found)


def _labs(db: sqlite3.Connection, key: str) -> tuple[Lab, ...]:
    codes = db.execute(
        "SELECT DISTINCT code FROM readings WHERE patient = ? AND value IS NOT NULL ORDER BY code", (key,)
    ).fetchall()
    found = []
    for (code,) in codes:
        if code in CHARTED:
            continue
        rows = db.execute(
            "SELECT value, taken FROM readings WHERE patient = ? AND code = ? AND value IS NOT NULL"
            " ORDER BY taken DESC, source DESC LIMIT 2",
            (key, code),
        ).fetchall()
        m = words.measure(code)
        found.append(
            Lab(
                label=m.label,
                unit=m.unit,
                text=words.number(code, rows[0]["value"]),
                before=words.number(code, rows[1]["value"]) if len(rows) > 1 else None,
                taken=instant(rows[0]["taken"]),
            )
        )
    return tuple(found)
