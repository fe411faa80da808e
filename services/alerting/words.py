"""Why, in words a nurse would use: 'NEWS2 7: breathing 26/min (3), oxygen saturation 91 % (3), …'."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from schemas.codes import MEASUREMENTS
from schemas.events import Factor, ImagingFindingReported, RiskForecasted, ScoredParameter, WarningScoreComputed

LONGEST: Final = 300
STRONGEST: Final = 3
REASONS_HOLD: Final = timedelta(hours=1)
"""Readings older than this raise no alert (design rule 5), and reasons made of them explain none."""
_FORMS: Final = {
    "respiratory_rate": "breathing {:.0f}/min",
    "spo2": "oxygen saturation {:.0f} %",
    "systolic_bp": "systolic {:.0f} mmHg",
    "heart_rate": "heart rate {:.0f}/min",
    "temperature": "temperature {:.1f} °C",
}
_FLAGS: Final = {"supplemental_oxygen": "on oxygen", "consciousness": "not alert"}
_COUNTED: Final = {"age": "years", "time": ""}
"""What is known of a person and has a number, and its unit in words (`services.watch.labels`)."""
_PROPER: Final = frozenset({"glasgow_coma_score"})
_OUTCOMES: Final = {"deterioration": "death in this hospital stay"}
"""What a model without a horizon forecasts, as a care team would say it."""
_NAMES: Final = {
    "respiratory_rate": "breathing", "spo2": "oxygen saturation", "supplemental_oxygen": "air or oxygen",
    "systolic_bp": "blood pressure", "heart_rate": "heart rate", "consciousness": "consciousness",
    "temperature": "temperature",
}  # fmt: skip


def parameter(p: ScoredParameter) -> str:
    """One parameter with its points."""
    said = _FLAGS[p.name] if p.name in _FLAGS else _FORMS.get(p.name, p.name + " {:g}").format(p.value)
    return f"{said} ({p.points})"


def news2(event: WarningScoreComputed) -> str:
    """The score and what makes it, most points first; what is missing is named."""
    counted = sorted((p for p in event.parameters if p.points), key=lambda p: -(p.points or 0))
    missing = [_NAMES.get(p.name, p.name) for p in event.parameters if p.points is None]
    total = f"{event.score} {event.total}" if event.total is not None else f"{event.score} at least {event.lowest}"
    text = f"{total}: {', '.join(parameter(p) for p in counted)}" if counted else total
    return cut(text + (f"; not known: {', '.join(missing)}" if missing else ""))


def factors(strongest: Iterable[Factor]) -> str:
    """What raised the risk most: 'respiratory rate 28 /min, rising 2 an hour; lactate 4.2 mmol/L'."""
    raising = sorted((f for f in strongest if f.contribution > 0), key=lambda f: -f.contribution)
    return "; ".join(factor(f) for f in raising[:STRONGEST])


def factor(f: Factor) -> str:
    """One reading with its value, unit and trend; what is coded 0 and 1 by its name only."""
    proper = f.label[1:2].isupper() or f.feature in _PROPER
    label = f.label if proper else f.label[:1].lower() + f.label[1:]
    known = MEASUREMENTS.get(f.feature)
    if f.value is None or (known is None and f.feature not in _COUNTED) or f.feature in _FLAGS:
        return _FLAGS.get(f.feature, label)
    decimals, unit = (
        (known.decimals, re.sub("^10", "×10", known.shown_unit)) if known is not None else (0, _COUNTED[f.feature])
    )
    text = f"{label} {f.value:.{decimals}f}{' ' * bool(unit)}{unit}"
    # Less than the last digit shown is no trend.
    trend = 0.0 if f.trend_per_hour is None else round(f.trend_per_hour, decimals)
    if not trend:
        return text
    return f"{text}, {'rising' if trend > 0 else 'falling'} {abs(trend):.{decimals}f} an hour"


def risk(event: RiskForecasted, because: str) -> str:
    """The probability, what it is of and until when, and the reasons."""
    percent = 100 * event.probability
    if event.horizon_hours is not None:
        until = f"within {event.horizon_hours:g} h"
    else:
        until = f"({_OUTCOMES.get(event.model, 'to the end of this hospital stay')})"
    text = f"{event.model.capitalize()} risk {percent:.0f} % {until}"
    return cut(f"{text}: {because}" if because else text)


def finding(event: ImagingFindingReported) -> str:
    """What the model saw, and that nobody has read it yet."""
    sure = "" if event.probability is None else f" {100 * event.probability:.0f} %"
    return cut(f"Film: {event.label or 'finding'}{sure}, preliminary, not yet read")


def cut(text: str) -> str:
    """No longer than an event may carry."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
