"""Why, in words a nurse would use: 'NEWS2 7: breathing 26/min (3), oxygen saturation 91 % (3), …'."""

from collections.abc import Iterable
from typing import Final

from schemas.events import Factor, ImagingFindingReported, RiskForecasted, ScoredParameter, WarningScoreComputed

LONGEST: Final = 300
STRONGEST: Final = 3
_FORMS: Final = {
    "respiratory_rate": "breathing {:.0f}/min",
    "spo2": "oxygen saturation {:.0f} %",
    "systolic_bp": "systolic {:.0f} mmHg",
    "heart_rate": "heart rate {:.0f}/min",
    "temperature": "temperature {:.1f} °C",
}
_FLAGS: Final = {"supplemental_oxygen": "on oxygen", "consciousness": "not alert"}
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
    """What raised the risk most."""
    raising = [f for f in strongest if f.contribution > 0][:STRONGEST]
    return ", ".join(f.label if f.value is None else f"{f.label} {f.value:.3g}" for f in raising)


def risk(event: RiskForecasted, because: str) -> str:
    """The probability, its horizon, and the reasons."""
    percent = 100 * event.probability
    text = f"{event.model.capitalize()} risk {percent:.0f} % within {event.horizon_hours:g} h"
    return cut(f"{text}: {because}" if because else text)


def finding(event: ImagingFindingReported) -> str:
    """What the model saw, and that nobody has read it yet."""
    sure = "" if event.probability is None else f" {100 * event.probability:.0f} %"
    return cut(f"Film: {event.label or 'finding'}{sure}, preliminary, not yet read")


def cut(text: str) -> str:
    """No longer than an event may carry."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
