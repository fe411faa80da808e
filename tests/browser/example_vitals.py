"""Rounds of vital signs of a patient who may get worse, and what the system computes from them.

Scores come from ray_jobs.risk.news2, so that a shown score is a right one.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ray_jobs.risk import news2
from schemas.events import (
    Event,
    Factor,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    ObservationsRecorded,
    Reading,
    RiskForecasted,
    ScoredParameter,
    WarningScoreComputed,
)
from schemas.ids import digest
from tests.browser.example_event import NOW, event, key_of

# Code: unit, value of a person who is well, spread from round to round.
WELL = {
    "respiratory_rate": ("/min", 16, 0.9),
    "spo2": ("%", 97, 0.7),
    "supplemental_oxygen": ("1", 0, 0),
    "systolic_bp": ("mm[Hg]", 124, 4),
    "diastolic_bp": ("mm[Hg]", 76, 3),
    "heart_rate": ("/min", 76, 3),
    "consciousness": ("1", 0, 0),
    "temperature": ("Cel", 36.8, 0.12),
}
WORSE: dict[str, dict[str, float]] = {
    "sepsis": {
        "respiratory_rate": 11,
        "spo2": -6,
        "systolic_bp": -32,
        "diastolic_bp": -20,
        "heart_rate": 44,
        "temperature": 2.3,
    },
    "lungs": {"respiratory_rate": 9, "spo2": -7, "heart_rate": 22, "temperature": 1.2},
    "bleeding": {"systolic_bp": -28, "diastolic_bp": -16, "heart_rate": 36, "respiratory_rate": 4},
    "fever": {"temperature": 1.6, "heart_rate": 18},
    "better": {"temperature": 1.5, "heart_rate": 22, "respiratory_rate": 5},
    "drowsy": {"consciousness": 1, "respiratory_rate": -4},
    "": {},
}
LABS = {"lactate": (1.2, 2.6, 1), "wbc": (8, 9, 1), "creatinine": (0.9, 0.9, 2), "platelets": (240, -110, 0)}


@dataclass
class Course:
    """How the n-th patient does: `story` of WORSE, beginning `onset` hours ago; `usual` is their own normal."""

    n: int
    age: int
    story: str
    onset: int
    oxygen_scale: int = 1
    usual: dict[str, float] = field(default_factory=dict)

    def ill(self, at: datetime) -> float:
        """From 0, well, to 1."""
        if not self.story:
            return 0.0
        hours = (at - NOW) / timedelta(hours=1) + self.onset
        worse = 1 / (1 + math.exp(-1.1 * (hours - self.onset * 0.55)))
        return max(0.0, 0.8 - worse) if self.story == "better" else worse

    def values(self, at: datetime) -> dict[str, float]:
        """What is measured now."""
        rng, ill, found = random.Random(f"{self.n} {at}"), self.ill(at), dict[str, float]()
        for code, (_, well, spread) in WELL.items():
            value = well + self.usual.get(code, 0) + WORSE[self.story].get(code, 0) * ill + rng.gauss(0, spread)
            found[code] = round(value, 1) if code == "temperature" else float(round(value))
        found["spo2"] = min(found["spo2"], 100.0)
        found["consciousness"] = float(self.story == "drowsy" and ill > 0.5)
        found["supplemental_oxygen"] = float(self.story in {"lungs", "sepsis"} and ill > 0.6)
        if self.n == 7:
            del found["temperature"]  # nobody measures it
        if self.n % 4 == 0 and at.minute < 30 and at.hour % 6 == 0:
            found |= {code: round(well + worse * ill, digits) for code, (well, worse, digits) in LABS.items()}
        return found


def one_round(course: Course, at: datetime) -> list[Event]:
    """Readings, NEWS2, and the sepsis model's word."""
    key, encounter, values = key_of(course.n), f"enc-{course.n}", course.values(at)
    readings = tuple(
        Reading(
            id=digest(key, code, at),
            source=digest("source", key, code, at),
            code=code,
            value=value,
            unit=WELL.get(code, ("1",))[0],
            taken=at,
        )
        for code, value in values.items()
    )
    observed = event(ObservationsRecorded, at, key, patient=key, readings=readings, encounter=encounter)
    return [observed, _score(course, at, readings), *_forecast(course, at, values)]


def _score(course: Course, at: datetime, readings: tuple[Reading, ...]) -> WarningScoreComputed:
    score = news2.news2(
        {r.code: news2.Reading(r.value, at) for r in readings},
        at=at,
        age_years=course.age,
        oxygen_scale=2 if course.oxygen_scale == 2 else 1,
    )
    ids = {r.code: r.id for r in readings}
    parameters = tuple(
        ScoredParameter(name=p.name, value=p.value, points=p.score, taken=p.taken, reading=ids.get(p.name))
        for p in score.parameters
    )
    return event(
        WarningScoreComputed,
        at,
        key_of(course.n),
        patient=key_of(course.n),
        as_of=at,
        score="news2",
        encounter=f"enc-{course.n}",
        total=score.total,
        lowest=score.lowest or 0,
        highest=score.highest or 0,
        red=score.red,
        band=score.band,
        not_applicable=score.reason,
        parameters=parameters,
    )


def _forecast(course: Course, at: datetime, values: dict[str, float]) -> list[Event]:
    key, ill = key_of(course.n), course.ill(at)
    about: dict[str, Any] = {
        "patient": key,
        "as_of": at,
        "model": "sepsis",
        "version": "1.0.0",
        "encounter": f"enc-{course.n}",
        "mode": "live" if course.n < 12 else "silent",
    }
    if course.age < 18:
        return [event(ForecastDeclined, at, key, **about, reason="sepsis is for 18 to 120 years")]
    if course.n == 3 and at > NOW - timedelta(minutes=40):
        return [event(ForecastMissed, at, key, **about, row=3, reason="no answer within 1 s")]
    probability = (
        0.012
        + 0.02 * random.Random(f"risk {course.n} {at}").random()
        + (0.34 if course.story in {"sepsis", "lungs"} else 0.08) * ill
    )
    forecast = event(
        RiskForecasted,
        at,
        key,
        **about,
        horizon_hours=6,
        probability=probability,
        threshold=0.12,
        features=digest("f", key, at),
        row=20,
    )
    if probability < 0.05:
        return [forecast]
    factors = (
        _factor("Respiratory rate, highest of 6 h", values["respiratory_rate"], 1.1 * ill),
        _factor("Pulse, mean of 6 h", values["heart_rate"], 0.8 * ill),
        _factor("Temperature, change over 6 h", round(1.9 * ill, 1), 0.62 * ill),
        _factor("Systolic pressure, lowest of 6 h", values["systolic_bp"], 0.5 * ill),
        _factor("Lactate, newest", round(1.2 + 2.6 * ill, 1), 0.41 * ill),
        _factor("Hours in the unit", 31, -0.22),
        _factor("Platelets, newest", None, -0.12),
    )
    return [forecast, event(ForecastExplained, at, key, **about, forecast=forecast.id, factors=factors)]


def _factor(label: str, value: float | None, contribution: float) -> Factor:
    return Factor(feature=label.lower(), label=label, value=value, contribution=contribution)
