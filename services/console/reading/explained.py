"""Why a forecast is what it is: the newest explanation of a model, its readings put into words for a table."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.console import units, words
from services.console.projection.store import instant
from services.console.reading.risk_view import Factor, Why

MOST_FACTORS: Final = 8
MOST_CHANGES: Final = 3
NOTABLE: Final = 0.1
"""Log-odds: a reading whose share of the forecast moved by less has not changed what is said."""
IN_A_LINE: Final = 3
RECENT: Final = timedelta(minutes=15)
"""Values beside a patient's newest vital signs must be as new as those."""
CODED: Final[dict[str, tuple[str, str]]] = {
    "mechanical_ventilation": ("no", "yes"),
    "supplemental_oxygen": ("air", "oxygen"),
    "consciousness": ("alert", "not alert"),
}
"""Readings whose 0 and 1 are words."""


def newest(db: sqlite3.Connection, patient: str, model: str) -> sqlite3.Row | None:
    """The explanation of the newest forecast that has one."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM explanations WHERE patient = ? AND model = ? ORDER BY as_of DESC, known DESC, id DESC LIMIT 1",
        (patient, model),
    ).fetchone()
    return row


def why(row: sqlite3.Row, present: str | None, now: datetime) -> Why:
    """An explanation as the page shows it; `present` is the id of the forecast that is shown."""
    factors = json.loads(row["factors"])
    strongest = max((abs(f["contribution"]) for f in factors), default=0.0) or 1.0
    before, at = row["previous_probability"], row["previous_as_of"]
    moved = sorted((f for f in factors if abs(f["change"] or 0) >= NOTABLE), key=lambda f: -abs(f["change"]))
    return Why(
        forecast=row["forecast"],
        as_of=instant(row["as_of"]),
        text="" if row["probability"] is None else words.percent(row["probability"]),
        because=words.WHY_NOW.get(row["why_now"], row["why_now"]),
        current=row["forecast"] == present,
        before=""
        if before is None or at == row["as_of"]
        else f"{words.percent(before)} at {words.when(instant(at), now)}",
        changes=tuple(f"{'▲' if f['change'] > 0 else '▼'} {_label(f)}" for f in moved[:MOST_CHANGES]),
        factors=tuple(_factor(f, strongest) for f in factors[:MOST_FACTORS]),
    )


def line(row: sqlite3.Row, as_of: datetime) -> str:
    """What raises it most, in one line: 'Resp 28 ▲, Lac 4.2, Age 71'; without values where those are older ones."""
    raising = sorted((f for f in json.loads(row["factors"]) if f["contribution"] > 0), key=lambda f: -f["contribution"])
    recent = as_of - instant(row["as_of"]) <= RECENT
    return ", ".join(_short(f, recent=recent) for f in raising[:IN_A_LINE])


def _short(f: dict[str, Any], *, recent: bool) -> str:
    name = words.MEASURES[f["feature"]].short if f["feature"] in words.MEASURES else str(f["label"])
    if f["value"] is None or not recent:
        return name
    trend = _rounded(f["feature"], f["trend_per_hour"])
    arrow = "" if not trend else " ▲" if trend > 0 else " ▼"
    return f"{name} {_number(f['feature'], f['value'])}{arrow}"


def _factor(f: dict[str, Any], strongest: float) -> Factor:
    name, value, low, high = f["feature"], f["value"], f["low"], f["high"]
    outside: Literal["above", "below"] | None = None
    if value is not None:
        outside = "below" if low is not None and value < low else "above" if high is not None and value > high else None
    return Factor(
        name=name,
        label=_label(f),
        text=_text(f),
        taken=f["taken"],
        range_text=_range(name, low, high),
        outside=outside,
        trend_text=_trend(name, f["trend_per_hour"]),
        share=f["contribution"] / strongest,
        without_text="" if f["without"] is None else words.percent(f["without"]),
    )


def _label(f: dict[str, Any]) -> str:
    """As the rest of the page calls it; a person's age, sex and unit as the event does."""
    known = words.MEASURES.get(f["feature"])
    return known.label if known is not None else str(f["label"])


def _text(f: dict[str, Any]) -> str:
    if f["value"] is None:
        # A category stands in the label: 'Sex: female'.
        return "not measured" if f["feature"] in words.MEASURES else ""
    return f"{_number(f['feature'], f['value'])} {_unit(f)}".strip()


def _number(name: str, value: float) -> str:
    if name in CODED:
        return CODED[name][value > 0]
    return words.number(name, value) if name in words.MEASURES else words.amount(value)


def _unit(f: dict[str, Any]) -> str:
    if f["feature"] in CODED:
        return ""
    known = f["feature"] in words.MEASURES
    return words.measure(f["feature"]).unit if known else words.UNITS.get(f["unit"], f["unit"] or "")


def _range(name: str, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{_number(name, low)}–{_number(name, high)}"
    if high is not None:
        return f"up to {_number(name, high)}"
    return f"from {_number(name, low)}" if low is not None else ""


def _rounded(name: str, per_hour: float | None) -> float:
    """To the decimals of the reading itself: less than that in an hour is steady."""
    return (
        0.0 if per_hour is None or name in CODED else round(units.slope(name, per_hour), words.measure(name).decimals)
    )


def _trend(name: str, per_hour: float | None) -> str:
    if per_hour is None:
        return ""
    rounded = _rounded(name, per_hour)
    if not rounded:
        return "steady"
    return f"{'▲' if rounded > 0 else '▼'} {abs(rounded):.{words.measure(name).decimals}f} an hour"
