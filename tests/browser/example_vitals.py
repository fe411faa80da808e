"""Rounds of vital signs of a patient who may get worse, and what the system computes from them.

Scores come from ray_jobs.risk.news2, so that a shown score is a right one.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ray_jobs.risk import news2
from schemas.events import (
    Event,
    ObservationsRecorded,
    Reading,
    ScoredParameter,
    WarningScoreComputed,
)
from schemas.ids import digest
from tests.browser.example_event import NOW, event, key_of
from tests.browser.example_risk import BANDS, Spoken, said

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
    spoken: dict[str, Spoken] = field(default_factory=lambda: {model: Spoken() for model in BANDS})

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
    """Readings, NEWS2, and the word of both models."""
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
    forecasts = [
        told
        for model, past in course.spoken.items()
        for told in said(course.n, course.age, course.story, course.ill(at), at, values, past, model)
    ]
    return [observed, _score(course, at, readings), *forecasts]


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
