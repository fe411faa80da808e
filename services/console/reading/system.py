"""The system page: what went through each stage, how old the newest is, and which models answer for whom."""

import json
import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from services.console.projection.follower import Standing
from services.console.projection.store import instant
from services.console.reading.parts import Shown
from services.runtime.modes import EVERYWHERE, Modes
from services.runtime.settings import Settings

STAGES: Final = (
    ("gateway", "Facts about patients, from the hospital's systems", ("clinical", "places")),
    ("watch", "Scores and risk forecasts", ("risk",)),
    ("imaging", "Findings in films", ("findings",)),
    ("alerting", "Alerts and what became of them", ("alerts",)),
    ("operations", "Census, bed forecasts, proposals", ("plans",)),
    ("drift", "Drift of the models, for their owners", ("models",)),
    ("console", "Decisions people made here", ("decisions",)),
)
"""The stages of the flow, what each writes, and to which topics."""
PEER_S: Final = 0.5


class Stage(Shown):
    """One stage: its events in the log, the newest one's age, and how its process does."""

    name: str
    what: str
    events: int
    newest: datetime | None
    written_s_ago: float | None
    kinds: tuple[tuple[str, int], ...]
    unreadable: int
    health: str
    """'ready', 'not ready: why', 'does not answer', or 'not watched' where its address is unknown."""


class Model(Shown):
    """One registered model, on which wards it speaks, its bands and the certainty of its conformal sets."""

    name: str
    version: str
    task: str
    kind: str
    intended_use: str
    population: str
    modes: tuple[tuple[str, str], ...]
    bands: tuple[tuple[str, float], ...] = ()
    certainty: float | None = None


class SystemView(Shown):
    """How the system does. `behind` messages are in the log and not yet on the pages."""

    now: datetime
    clock: str
    state: str
    behind: int
    heard_s_ago: float | None
    stages: tuple[Stage, ...]
    models: tuple[Model, ...]


def system(
    db: sqlite3.Connection, settings: Settings, now: datetime, standing: Standing, models: Sequence[Model]
) -> SystemView:
    """The newest of everything."""
    real = time.time()
    return SystemView(
        now=now,
        clock=settings.clock,
        state=standing.state,
        behind=standing.behind,
        heard_s_ago=max(0.0, real - standing.heard_ms / 1000) if standing.heard_ms else None,
        stages=tuple(_stage(db, settings, name, what, topics, real) for name, what, topics in STAGES),
        models=tuple(models),
    )


def _stage(
    db: sqlite3.Connection, settings: Settings, name: str, what: str, topics: tuple[str, ...], real: float
) -> Stage:
    rows = [
        r
        for topic in topics
        for r in db.execute("SELECT * FROM counts WHERE topic = ? ORDER BY events DESC, type", (topic,)).fetchall()
    ]
    written = max((r["written_ms"] for r in rows), default=0)
    return Stage(
        name=name,
        what=what,
        events=sum(r["events"] for r in rows),
        newest=instant(max(r["known"] for r in rows)) if rows else None,
        written_s_ago=max(0.0, real - written / 1000) if written else None,
        kinds=tuple((r["type"], r["events"]) for r in rows if r["type"] != "unreadable"),
        unreadable=sum(r["events"] for r in rows if r["type"] == "unreadable"),
        health="ready" if name == "console" else health(settings.run_dir, name),
    )


def health(run_dir: Path | None, name: str) -> str:
    """What the processes of a stage on this machine say of themselves, by the address files they wrote."""
    files = (
        [] if run_dir is None else [f for f in run_dir.glob(f"{name}*.json") if f.stem.rstrip("-0123456789") == name]
    )
    said = [_asked(file) for file in sorted(files)]
    if not said:
        return "not watched"
    return next((words for words in said if words != "ready"), "ready")


def _asked(address: Path) -> str:
    try:
        port = json.loads(address.read_text())["port"]
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=PEER_S).json()
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        return "does not answer"
    problems = answer.get("problems") or {}
    return "ready" if answer.get("ready") else "not ready: " + "; ".join(f"{k} {v}" for k, v in problems.items())


def modes(settings: Settings, model: str) -> tuple[tuple[str, str], ...]:
    """Where a model is off, silent or live; a model that nobody named is silent everywhere (design rule 9)."""
    told = Modes.parse(settings.modes).by_model.get(model, {})
    return tuple(sorted({EVERYWHERE: "silent", **told}.items()))
