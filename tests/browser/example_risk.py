"""What the two models say of the example's patients: forecasts with bands and conformal sets, and reasons that add up.

The probability without a reading follows from its share in log-odds, as it does in the models' own explanations.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from schemas.codes import MEASUREMENTS
from schemas.codes.reference import reference
from schemas.events import (
    EarlierForecast,
    Event,
    Factor,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    RiskForecasted,
)
from schemas.ids import digest
from tests.browser.example_event import NOW, event, key_of, stay_hours

BANDS = {
    "sepsis": (("low", 0.0), ("raised", 0.04), ("high", 0.09), ("very high", 0.3)),
    "deterioration": (("low", 0.0), ("raised", 0.14), ("high", 0.35), ("very high", 0.55)),
}
CERTAINTY = {"sepsis": 0.9, "deterioration": 0.9}
ALERTS_FROM = {"sepsis": 0.12, "deterioration": 0.35}
UNDECIDED = {"sepsis": (0.04, 0.12), "deterioration": (0.08, 0.3)}
"""Between these both outcomes stay in the conformal set."""
OUTCOME = {"sepsis": {"sepsis": 0.34, "lungs": 0.2}, "deterioration": {"sepsis": 0.4, "bleeding": 0.39, "lungs": 0.3}}
"""How far a story raises the probability at its worst."""
SHARES = {
    "respiratory_rate": (16, 0.1), "heart_rate": (80, 0.02), "systolic_bp": (124, -0.02), "temperature": (37, 0.25),
    "spo2": (97, -0.12), "lactate": (1.2, 0.35),
}  # fmt: skip
"""Value that moves nothing, and log-odds of a unit more."""


@dataclass
class Spoken:
    """What a model said last of a patient: its band, and the explanation that changes are counted from."""

    band: str = "low"
    previous: EarlierForecast | None = None
    shares: dict[str, float] = field(default_factory=dict)
    rows: list[tuple[datetime, dict[str, float]]] = field(default_factory=list)


def said(n: int, age: int, story: str, ill: float, at: datetime, values: dict[str, float], past: Spoken, model: str
         ) -> list[Event]:  # fmt: skip
    """A forecast with its reasons where a band was crossed or someone may look; or why there is none."""
    key = key_of(n)
    about: dict[str, Any] = {
        "patient": key, "as_of": at, "model": model, "version": "1.0.0", "encounter": f"enc-{n}",
        "mode": "live" if n < 12 else "silent",
    }  # fmt: skip
    hours = stay_hours(n) - (NOW - at) / timedelta(hours=1)
    if age < 18:
        return [
            event(ForecastDeclined, at, key, model, **about, reason=f"cannot assess: child, {model} is for 18 to 100")
        ]
    if model == "deterioration" and hours >= 48:
        why = "cannot assess: deterioration is for the first 2 days of a stay"
        return [event(ForecastDeclined, at, key, model, **about, reason=why)]
    if model == "sepsis" and n == 3 and at > NOW - timedelta(minutes=40):
        return [event(ForecastMissed, at, key, model, **about, row=int(hours), reason="no answer within 1 s")]
    base, noise = (0.012, 0.02) if model == "sepsis" else (0.02 + age / 2000, 0.015)
    raised = OUTCOME[model].get(story, 0.05 if story else 0.0) * ill
    p = base + noise * random.Random(f"{model} {n} {at}").random() + raised
    band = [name for name, start in BANDS[model] if p >= start][-1]
    low, high = UNDECIDED[model]
    forecast = event(
        RiskForecasted, at, key, model, **about, horizon_hours=6 if model == "sepsis" else None, probability=p,
        threshold=ALERTS_FROM[model], band=band, features=digest("f", model, key, at), row=int(hours),
        conformal=tuple(name for name, held in (("no", p <= high), ("yes", p >= low)) if held),
    )  # fmt: skip
    past.rows = [*past.rows[-12:], (at, values)]
    # The first patient's page was opened last: their newest forecast is explained.
    asked = n == 0 and at > NOW - timedelta(minutes=30)
    if band == past.band and not asked:
        return [forecast]
    told = _explained(forecast, about, age, values, past, "asked" if asked and band == past.band else "band")
    past.band = band
    return [told, forecast]


def _explained(
    forecast: RiskForecasted, about: dict[str, Any], age: int, values: dict[str, float], past: Spoken, why: str
) -> ForecastExplained:
    shares = {c: (values[c] - usual) * unit for c, (usual, unit) in SHARES.items() if c in values}
    shares |= {"age": (age - 60) * 0.02, "platelets": -0.12}
    factors = tuple(
        _factor(code, shares[code], forecast.probability, about["as_of"], values.get(code), age, past)
        for code in sorted(shares, key=lambda c: -abs(shares[c]))
    )
    told = event(
        ForecastExplained, forecast.as_of, forecast.patient, forecast.model, **about, forecast=forecast.id,
        probability=forecast.probability, why_now=why, previous=past.previous, factors=factors,
    )  # fmt: skip
    past.previous = EarlierForecast(probability=forecast.probability, as_of=forecast.as_of)
    past.shares = shares
    return told


def _factor(code: str, share: float, p: float, at: datetime, value: float | None, age: int, past: Spoken) -> Factor:
    odds = math.log(p / (1 - p)) - share
    known = MEASUREMENTS.get(code)
    low, high = reference(code)
    return Factor(
        feature=code,
        label=known.display if known else "Age",
        value=float(age) if known is None else value,
        unit=known.unit if known else "a",
        taken=at if value is not None else None,
        low=low,
        high=high,
        trend_per_hour=_trend(code, past) if value is not None else None,
        contribution=share,
        without=1 / (1 + math.exp(-odds)),
        change=share - past.shares[code] if code in past.shares else None,
    )


def _trend(code: str, past: Spoken) -> float | None:
    rows = [(at, values[code]) for at, values in past.rows if code in values]
    if len(rows) < 2:
        return None
    hours = (rows[-1][0] - rows[0][0]) / timedelta(hours=1)
    return (rows[-1][1] - rows[0][1]) / hours if hours else None
