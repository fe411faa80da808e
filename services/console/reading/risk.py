"""The risk panels of a patient page, and the one line of the board: each model's newest word, its course, and why."""

import math
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from services.console import words
from services.console.projection.store import instant, micros
from services.console.projection.turn import HOUR_US
from services.console.reading import explained
from services.console.reading.parts import Forecast, Point, TopRisk
from services.console.reading.risk_view import Panel, RiskTrend
from services.console.reading.system import Model
from services.runtime.modes import EVERYWHERE

MOST_POINTS: Final = 600
BEFORE: Final = timedelta(hours=4)
"""A forecast is compared with the one four hours earlier, as NEWS2 is."""
STEADY: Final = 1.25
"""Odds that moved by less than a quarter are called steady."""
TASK: Final = "risk"


def top(db: sqlite3.Connection, patient: str, forecasts: Iterable[Forecast]) -> TopRisk | None:
    """The live model with the highest band, and why; one that cannot answer comes after all that do."""
    live = [f for f in forecasts if f.mode == "live"]
    if not live:
        return None
    highest = max(live, key=lambda f: (f.probability is not None, f.rank, (f.probability or 0) / (f.threshold or 1)))
    row = explained.newest(db, patient, highest.model) if highest.rank else None
    line = explained.line(row, highest.as_of) if row is not None else ""
    if highest.probability is None:
        line = highest.reason or ""
    unanswered = tuple(f"{f.label} {f.text.lower()}" for f in live if f.probability is None and f is not highest)
    return TopRisk(forecast=highest, line=line, unanswered=unanswered)


def panels(
    db: sqlite3.Connection,
    patient: str,
    forecasts: Iterable[Forecast],
    models: Sequence[Model],
    stay: sqlite3.Row,
    now: datetime,
) -> tuple[Panel, ...]:
    """A panel for each model that has spoken, and for each that is live on the ward of the stay and has not."""
    cards = {model.name: model for model in models}
    said = {forecast.model: forecast for forecast in forecasts}
    owed = [m.name for m in models if m.task == TASK and m.name not in said and _mode(m, stay["ward"]) == "live"]
    found = [_panel(db, patient, name, forecast, cards.get(name), stay, now) for name, forecast in said.items()]
    if stay["ended"] is None:
        found += [_panel(db, patient, name, None, cards[name], stay, now) for name in owed]
    return tuple(sorted(found, key=lambda panel: panel.label))


def _mode(model: Model, ward: str | None) -> str:
    told = dict(model.modes)
    return told.get(ward or "", told.get(EVERYWHERE, "silent"))


def _panel(
    db: sqlite3.Connection, patient: str, name: str, forecast: Forecast | None, card: Model | None, stay: sqlite3.Row,
    now: datetime,
) -> Panel:  # fmt: skip
    row = explained.newest(db, patient, name)
    before = None if forecast is None or forecast.probability is None else _before(db, patient, forecast)
    direction: Literal["up", "down", "steady"] | None = None
    text = ""
    if before is not None and forecast is not None and forecast.probability is not None:
        ratio = _odds(forecast.probability) / _odds(before.value)
        direction = "up" if ratio > STEADY else "down" if ratio < 1 / STEADY else "steady"
        text = f"from {words.percent(before.value)} at {words.when(before.at, now)}"
    return Panel(
        model=name,
        label=words.model_label(name),
        horizon=words.horizon(name, forecast.horizon_hours) if forecast and forecast.probability is not None else "",
        mode=forecast.mode if forecast else "live",
        forecast=forecast,
        bands=card.bands if card else (),
        certainty=words.certainty(forecast.conformal, card.certainty if card else None) if forecast else "",
        direction=direction,
        trend_text=text,
        course=_course(db, patient, name, stay["started"]),
        why=None if row is None else explained.why(row, forecast.id if forecast else None, now),
    )


def _odds(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return p / (1 - p)


def _before(db: sqlite3.Connection, patient: str, forecast: Forecast) -> Point | None:
    row = db.execute(
        "SELECT as_of, probability FROM forecasts WHERE patient = ? AND model = ? AND as_of <= ?"
        " AND probability IS NOT NULL ORDER BY as_of DESC LIMIT 1",
        (patient, forecast.model, micros(forecast.as_of - BEFORE)),
    ).fetchone()
    return None if row is None else Point(at=instant(row["as_of"]), value=row["probability"])


def _course(db: sqlite3.Connection, patient: str, model: str, since: int) -> tuple[Point, ...]:
    rows = db.execute(
        "SELECT hour, probability FROM risk_hours WHERE patient = ? AND model = ? AND hour >= ? ORDER BY hour",
        (patient, model, since // HOUR_US * HOUR_US),
    )
    return tuple(Point(at=instant(r["hour"]), value=r["probability"]) for r in rows)


def trends(db: sqlite3.Connection, patient: str, forecasts: Iterable[Forecast], since: int) -> tuple[RiskTrend, ...]:
    """Every forecast since an instant (µs) for the charts, thinned; the instants without an answer as gaps."""
    found = []
    for newest in forecasts:
        rows = db.execute(
            "SELECT as_of, probability, threshold, reason FROM forecasts WHERE patient = ? AND model = ?"
            " AND as_of >= ? ORDER BY as_of, known, id",
            (patient, newest.model, since),
        ).fetchall()
        answered = [r for r in rows if r["probability"] is not None]
        every = math.ceil(len(answered) / MOST_POINTS) or 1
        found.append(
            RiskTrend(
                model=newest.model,
                label=newest.label,
                mode=newest.mode,
                threshold=answered[-1]["threshold"] if answered else None,
                points=tuple(
                    Point(at=instant(r["as_of"]), value=r["probability"]) for r in answered[::-1][::every][::-1]
                ),
                gaps=tuple((instant(r["as_of"]), str(r["reason"])) for r in rows if r["probability"] is None),
            )
        )
    return tuple(found)
