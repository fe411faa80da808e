"""The console's words: what readings, models, alerts and states are called on a screen, and how numbers are written."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Measure:
    """How one reading is shown: in full, in short, its unit and decimals."""

    label: str
    short: str
    unit: str
    decimals: int = 0


MEASURES: Final[dict[str, Measure]] = {
    "respiratory_rate": Measure("Respiratory rate", "Resp", "/min"),
    "spo2": Measure("Oxygen saturation", "SpO₂", "%"),
    "supplemental_oxygen": Measure("Air or oxygen", "Oxygen", ""),
    "systolic_bp": Measure("Systolic blood pressure", "BP", "mmHg"),
    "diastolic_bp": Measure("Diastolic blood pressure", "Dia", "mmHg"),
    "mean_bp": Measure("Mean arterial pressure", "MAP", "mmHg"),
    "heart_rate": Measure("Heart rate", "Pulse", "/min"),
    "consciousness": Measure("Consciousness", "ACVPU", ""),
    "temperature": Measure("Temperature", "Temp", "°C", 1),
    "etco2": Measure("End-tidal CO₂", "EtCO₂", "mmHg"),
    "fio2": Measure("Inspired oxygen", "FiO₂", "", 2),
    "base_excess": Measure("Base excess", "BE", "mmol/L", 1),
    "bicarbonate": Measure("Bicarbonate", "HCO₃", "mmol/L", 1),
    "ph": Measure("Arterial pH", "pH", "", 2),
    "paco2": Measure("Arterial CO₂", "PaCO₂", "mmHg"),
    "sao2": Measure("Arterial oxygen saturation", "SaO₂", "%"),
    "ast": Measure("AST", "AST", "U/L"),
    "bun": Measure("Blood urea nitrogen", "BUN", "mg/dL"),
    "alkaline_phosphatase": Measure("Alkaline phosphatase", "ALP", "U/L"),
    "calcium": Measure("Calcium", "Ca", "mg/dL", 1),
    "chloride": Measure("Chloride", "Cl", "mmol/L"),
    "creatinine": Measure("Creatinine", "Crea", "mg/dL", 2),
    "bilirubin_direct": Measure("Direct bilirubin", "Bili dir", "mg/dL", 1),
    "bilirubin_total": Measure("Total bilirubin", "Bili", "mg/dL", 1),
    "glucose": Measure("Glucose", "Gluc", "mg/dL"),
    "lactate": Measure("Lactate", "Lact", "mmol/L", 1),
    "magnesium": Measure("Magnesium", "Mg", "mmol/dL", 1),
    "phosphate": Measure("Phosphate", "PO₄", "mg/dL", 1),
    "potassium": Measure("Potassium", "K", "mmol/L", 1),
    "troponin_i": Measure("Troponin I", "TnI", "ng/mL", 2),
    "hematocrit": Measure("Haematocrit", "Hct", "%"),
    "hemoglobin": Measure("Haemoglobin", "Hb", "g/dL", 1),
    "ptt": Measure("Partial thromboplastin time", "PTT", "s"),
    "wbc": Measure("White cells", "WBC", "×10³/µL", 1),
    "fibrinogen": Measure("Fibrinogen", "Fib", "mg/dL"),
    "platelets": Measure("Platelets", "Plt", "×10³/µL"),
    "urine_output": Measure("Urine output", "Urine", "mL"),
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
LIMITS: Final = {
    "full": "",
    "no_escalation": "No escalation",
    "palliative": "Palliative care",
    "comfort": "Comfort care",
}
SEX: Final = {"female": "F", "male": "M", "other": "X", "unknown": "?"}
SEX_IN_FULL: Final = {"female": "Female", "male": "Male", "other": "Other", "unknown": "Sex unknown"}
KINDS: Final = {"sepsis": "Sepsis", "deterioration": "Deterioration", "news2": "NEWS2", "imaging": "Film"}
TRANSITIONS: Final = {
    "Raised": "Raised",
    "Notified": "Delivered",
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


def measure(code: str) -> Measure:
    """How a reading is shown; one that has no words here is shown by its own name."""
    plain = code.replace("_", " ").capitalize()
    return MEASURES.get(code) or Measure(plain, plain, "", 1)


def number(code: str, value: float) -> str:
    """A value as it is written on a chart, without its unit."""
    if code == "supplemental_oxygen":
        return "O₂" if value > 0 else "Air"
    if code == "consciousness":
        return "CVPU" if value > 0 else "Alert"
    return f"{value:.{measure(code).decimals}f}"


def bed(name: str) -> str:
    """A bed's name without the word 'Bed', which every bed has."""
    return name.removeprefix("Bed ") or name


def plainly(code: str | None) -> str:
    """A code such as 'intensive-care' as words."""
    return (code or "").replace("-", " ").replace("_", " ")


def model_label(model: str) -> str:
    """A model's name on a screen."""
    return {"sepsis": "Sepsis"}.get(model, model.replace("-", " ").replace("_", " ").capitalize())


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
