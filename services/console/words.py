"""The console's words: what readings, models, alerts and states are called on a screen, and how numbers are written."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.codes import MEASUREMENTS
from services.console import units


@dataclass(frozen=True, slots=True)
class Measure:
    """How one reading is shown: in full, in short, its unit and decimals."""

    label: str
    short: str
    unit: str
    decimals: int = 0


_ON_A_CHART: Final = {
    "respiratory_rate": ("Respiratory rate", "Resp"),
    "spo2": ("Oxygen saturation", "SpO₂"),
    "supplemental_oxygen": ("Air or oxygen", "Oxygen"),
    "systolic_bp": ("Systolic blood pressure", "BP"),
    "diastolic_bp": ("Diastolic blood pressure", "Dia"),
    "heart_rate": ("Heart rate", "Pulse"),
    "consciousness": ("Consciousness", "ACVPU"),
    "temperature": ("Temperature", "Temp"),
}
"""Label and short label of what the paper chart names in its own words."""
MEASURES: Final[dict[str, Measure]] = {
    # "15.9 10³/µL" would be read as a hundred and fifty-nine.
    name: Measure(*_ON_A_CHART.get(name, (m.display, m.short)), re.sub("^10", "×10", m.shown_unit), m.decimals)
    for name, m in MEASUREMENTS.items()
}

VITALS: Final = (
    "respiratory_rate",
    "spo2",
    "supplemental_oxygen",
    "systolic_bp",
    "heart_rate",
    "consciousness",
    "temperature",
)
"""The parameters of NEWS2, in the chart's order."""

BANDS: Final = {"low": "Low", "low-medium": "Low–medium", "medium": "Medium", "high": "High"}
RISK_BANDS: Final = {"low": "Low", "raised": "Raised", "high": "High", "very high": "Very high"}
"""Bands of the risk models, lowest first (ray_jobs/registry.py)."""
LEVELS: Final = {"zero": "0", "low": "1–4", "low-medium": "3 in one parameter", "medium": "5–6", "high": "7 and over"}
"""Levels of NEWS2 as chart 4 of the report names them."""
WHO: Final = {"nurse": "Nurse", "doctor": "Doctor", "team": "Team"}
WHY_NOW: Final = {"band": "a band was crossed", "alert": "it may alert", "asked": "someone looked"}
UNITS: Final = {"a": "years", "h": "h", "1": "", "{score}": ""}
"""UCUM units of what is no measurement, as words."""
LIMITS: Final = {
    "full": "",
    "no_escalation": "No escalation",
    "palliative": "Palliative care",
    "comfort": "Comfort care",
}
SEX: Final = {"female": "F", "male": "M", "other": "X", "unknown": "?"}
SEX_IN_FULL: Final = {"female": "Female", "male": "Male", "other": "Other", "unknown": "Sex unknown"}
KINDS: Final = {"sepsis": "Sepsis", "deterioration": "Deterioration", "news2": "NEWS2", "imaging": "Film"}
ROLES: Final = {
    "bedside_nurse": "bedside nurse",
    "charge_nurse": "charge nurse",
    "rapid_response": "rapid response team",
}
"""Who is asked about an alert, one after the other."""
CHANNELS: Final = {
    "grafana": "Grafana",
    "webhook": "paging system",
    "mail": "mail",
    "plugin": "other system",
    "fhir": "patient record",
    "screen": "opened in the console",
}
"""How a call went out."""
TRANSITIONS: Final = {
    "Raised": "Raised",
    "Notified": "Delivered",
    "Unreached": "Reached nobody",
    "Escalated": "Escalated",
    "Acknowledged": "Acknowledged",
    "Snoozed": "Snoozed",
    "WentStale": "Went stale",
    "Suppressed": "Suppressed",
    "Merged": "Merged",
    "Resolved": "Resolved",
}
OUTCOMES: Final = {
    "finding": "Finding",
    "no finding": "No finding",
    "refer": "Please refer: the model is unsure",
    "cannot assess": "Cannot assess",
}
BED_STATUS: Final = {"free": "Free", "occupied": "Occupied", "cleaning": "Cleaning", "closed": "Closed"}
PRIORITIES: Final = {1: "Immediate", 2: "Urgent", 3: "Soon", 4: "Elective"}


_MODELS: Final = {"news2": "NEWS2", "qsofa": "qSOFA", "sirs": "SIRS"}
"""Published scores write themselves in their own way."""


def measure(code: str) -> Measure:
    """How a reading is shown; one that has no words here is shown by its own name."""
    plain = code.replace("_", " ").capitalize()
    found, other = MEASURES.get(code) or Measure(plain, plain, "", 1), units.unit(code)
    return found if other is None else Measure(found.label, found.short, other.text, other.decimals)


def number(code: str, value: float) -> str:
    """A value (in its canonical unit) as it is written on a chart of this hospital, without its unit."""
    if code == "supplemental_oxygen":
        return "O₂" if value > 0 else "Air"
    if code == "consciousness":
        return "CVPU" if value > 0 else "Alert"
    return f"{units.shown(code, value):.{measure(code).decimals}f}"


def bed(name: str) -> str:
    """A bed's name without the word 'Bed', which every bed has."""
    return name.removeprefix("Bed ") or name


def plainly(code: str | None) -> str:
    """A code such as 'intensive-care' as words."""
    return (code or "").replace("-", " ").replace("_", " ")


def model_label(model: str) -> str:
    """A model's name on a screen."""
    return _MODELS.get(model, model.replace("-", " ").replace("_", " ").capitalize())


def horizon(model: str, hours: float | None) -> str:
    """What a model's probability is of, and until when; None is to the end of the hospital stay."""
    if model == "deterioration":
        return "death in this hospital stay" if hours is None else f"death within {hours:g} hours"
    return "in this hospital stay" if hours is None else f"within {hours:g} hours"


def certainty(conformal: tuple[str, ...] | None, level: float | None) -> str:
    """What a conformal set says, in words; nothing where the model has none."""
    if conformal is None:
        return ""
    said = {
        frozenset({"yes"}): "cannot be excluded",
        frozenset({"no"}): "not expected",
        frozenset({"no", "yes"}): "undecided, neither can be excluded",
    }.get(frozenset(conformal), "unlike what the model saw")
    return f"At {level * 100:g} % certainty: {said}" if level else said.capitalize()


def why_not(reason: str | None) -> str | None:
    """A reason without the words 'cannot assess' or 'not applicable', which stand beside it already."""
    if not reason:
        return None
    return reason.removeprefix("cannot assess").removeprefix("not applicable").lstrip(": ") or reason


def amount(value: float) -> str:
    """A feature's value in three figures, never in powers of ten."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three figures


def when(then: datetime, now: datetime) -> str:
    """Hours and minutes, with the day when it is not today."""
    return then.strftime("%H:%M" if then.date() == now.date() else "%-d %b %H:%M")


def percent(probability: float) -> str:
    """A probability for people: whole percents, and never a false 0 or 100."""
    if probability < 0.01:  # noqa: PLR2004 - 1 %
        return "<1 %"
    if probability > 0.99:  # noqa: PLR2004 - 99 %
        return ">99 %"
    return f"{probability * 100:.0f} %"


def years(born: date | None, today: date) -> int | None:
    """Whole years lived."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def ago(then: datetime | None, now: datetime) -> str:
    """An age in as few words as a glance takes; static/time.js says the same."""
    if then is None:
        return "never"
    minutes = int((now - then) / timedelta(minutes=1))
    if minutes < 1:
        return "now"
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:  # noqa: PLR2004 - hours in a day
        return f"{hours} h {rest:02d}"
    return f"{hours // 24} d {hours % 24} h"
