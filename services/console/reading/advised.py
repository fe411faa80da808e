"""What the guideline asks next for a patient, and what people decided about it: the last word is theirs.

A decision about advice is a `DecisionMade` about the patient whose subject is `advice:ITEM`: "approve" says done,
"override" not appropriate (and why), "reject" takes either back.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from ray_jobs.risk.news2 import band_of
from services.console import words
from services.console.advice.asked import Asked, Situation, asked
from services.console.advice.guideline import NEWS2, Advice, Item, Level
from services.console.projection.store import instant, micros
from services.console.reading.parts import Score, Shown
from services.console.reading.risk_view import Panel

SUBJECT: Final = "advice:"
DECISIONS: Final[dict[str, Literal["approve", "override", "reject"]]] = {
    "done": "approve",
    "not appropriate": "override",
    "taken back": "reject",
}
_SAID: Final = {"approve": "Done", "override": "Not appropriate"}


class Decided(Shown):
    """What a person said about an item; `again` once it is asked again."""

    what: Literal["Done", "Not appropriate"]
    who: str
    at: datetime
    why: str
    again: bool


class AdviceItem(Shown):
    """One thing that is asked, and where that stands."""

    id: str
    text: str
    who: str
    within: str
    source: str
    link: str
    decided: Decided | None


class AdviceView(Shown):
    """One score's or model's advice: the step of its level, or `instead` why there is none."""

    subject: str
    label: str
    level: str
    rank: int
    heading: str
    monitoring: str
    note: str
    instead: str
    items: tuple[AdviceItem, ...]


def advised(
    db: sqlite3.Connection, advice: Advice, patient: str, score: Score | None, panels: Sequence[Panel],
    situation: Situation, since: datetime, now: datetime,
) -> tuple[AdviceView, ...]:  # fmt: skip
    """The advice of the score and of every live model, the most urgent first."""
    decisions = _decisions(db, patient, since)
    found = [_of_score(advice, score, situation, decisions, now)] if score is not None else []
    found += [_of_model(advice, p, situation, decisions, now) for p in panels if p.mode == "live"]
    views = sorted((view for view in found if view is not None), key=lambda view: -view.rank)
    return tuple(_said_once(views))


def _said_once(views: Sequence[AdviceView]) -> list[AdviceView]:
    """What is said instead of several subjects' advice stands there once, under all their names."""
    shown: dict[str, AdviceView] = {}
    for view in views:
        same = shown.get(view.instead) if view.instead else None
        name = view.instead or view.subject
        shown[name] = view if same is None else same.model_copy(update={"label": f"{same.label}, {view.label}"})
    return list(shown.values())


def _of_score(
    advice: Advice, score: Score, situation: Situation, decisions: dict[str, sqlite3.Row], now: datetime
) -> AdviceView | None:
    level: Level = band_of(score.lowest, red=score.red)
    if level == "low" and score.total == 0:
        level = "zero"
    told = asked(advice, NEWS2, level, situation)
    if told is not None and not told.instead and score.not_applicable is not None:
        told = Asked(told.label, None, None, f"NEWS2 does not apply: {score.not_applicable}.")
    # Beside the bands of the models: "medium" asks as urgently as "high" does.
    rank = {"zero": 0, "low": 0, "low-medium": 1, "medium": 2, "high": 3}[level]
    at_least = "at least " if score.total is None else ""
    return _view(NEWS2, told, f"{at_least}{words.LEVELS[level]}", rank, advice, decisions, now)


def _of_model(
    advice: Advice, panel: Panel, situation: Situation, decisions: dict[str, sqlite3.Row], now: datetime
) -> AdviceView | None:
    forecast = panel.forecast
    # What is asked of nobody says why first: a child is a child, whether or not the model could speak.
    told = asked(advice, panel.model, "low", situation)
    if forecast is None or told is None:
        return None
    if not told.instead:
        if forecast.state != "forecast" or forecast.stale:
            why = {"missed": "the model did not answer", "cannot assess": f"cannot assess: {forecast.reason}"}.get(
                forecast.state, "the last forecast is too old"
            )
            told = Asked(told.label, None, None, f"No advice from {panel.label}: {why}. NEWS2 goes on.")
        elif forecast.band is None:
            return None
        else:
            told = asked(advice, panel.model, _level(forecast.band), situation)
    return _view(panel.model, told, forecast.band_text, forecast.rank, advice, decisions, now)


def _level(band: str) -> Level:
    return {"raised": "raised", "high": "high", "very high": "very high"}.get(band, "low")  # type: ignore[return-value]


def _view(
    subject: str, told: Asked | None, level: str, rank: int, advice: Advice, decisions: dict[str, sqlite3.Row],
    now: datetime,
) -> AdviceView | None:  # fmt: skip
    if told is None:
        return None
    step = told.step
    return AdviceView(
        subject=subject,
        label=told.label,
        level="" if step is None else level,
        rank=-1 if step is None else rank,
        heading="" if step is None else step.heading,
        monitoring="" if step is None else step.monitoring,
        note=told.note,
        instead=told.instead,
        items=() if step is None else tuple(_item(advice, item, decisions.get(item.id), now) for item in step.items),
    )


def _item(advice: Advice, item: Item, row: sqlite3.Row | None, now: datetime) -> AdviceItem:
    source = advice.sources[item.source]
    return AdviceItem(
        id=item.id,
        text=item.text,
        who=words.WHO[item.who],
        within=item.within,
        source=f"{source.title}, {source.year}: {item.section}",
        link=source.link,
        decided=_decided(item, row, now),
    )


def _decided(item: Item, row: sqlite3.Row | None, now: datetime) -> Decided | None:
    if row is None or row["decision"] not in _SAID:
        return None
    at, hours = instant(row["at"]), item.again_after_hours
    again = row["decision"] == "approve" and hours is not None and now - at >= timedelta(hours=hours)
    return Decided.model_validate(
        {"what": _SAID[row["decision"]], "who": row["who"], "at": at, "why": row["why"], "again": again}
    )


def _decisions(db: sqlite3.Connection, patient: str, since: datetime) -> dict[str, sqlite3.Row]:
    """The newest decision on each item in this stay."""
    rows = db.execute(
        "SELECT * FROM decisions WHERE patient = ? AND about = 'patient' AND subject LIKE ? AND at >= ?"
        " ORDER BY at, id",
        (patient, f"{SUBJECT}%", micros(since)),
    )
    return {str(row["subject"]).removeprefix(SUBJECT): row for row in rows}
