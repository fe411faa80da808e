"""A small hospital for the tests of drift: what a model was made with, and patients drawn from the same, or another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from scipy.special import expit, logit

from ray_jobs.risk import reference
from ray_jobs.risk.reference import Reference
from schemas.codes import SNOMED
from schemas.events import (
    ConditionRecorded,
    EncounterEnded,
    Event,
    ForecastMissed,
    ModelDriftEnded,
    ModelDriftFound,
    ModelDriftMeasured,
    ObservationsRecorded,
    Reading,
    RiskForecasted,
)
from schemas.ids import digest
from services.drift.core import Drift
from services.drift.watchable import Watchable

T0 = datetime(2026, 3, 2, tzinfo=UTC)
SITE, MODEL, VERSION, THRESHOLD = "main", "sepsis", "1", 0.2


@dataclass(frozen=True)
class Ward:
    """How patients are: means, the share of hours with a temperature, and how sick the forecasts take them for."""

    heart_rate: float = 85.0
    temperature: float = 37.0
    temperature_share: float = 0.5
    fahrenheit: bool = False
    sick: float = -3.5
    real: float = 0.0
    """Added to the log-odds of the outcome, not of the forecast: a concept that drifted."""


@dataclass(frozen=True)
class Patient:
    """One patient's hours: values (NaN: not measured), probabilities, and the hour of onset if there is one."""

    heart_rate: np.ndarray
    temperature: np.ndarray
    probability: np.ndarray
    onset: int | None


def patient(ward: Ward, rng: np.random.Generator, hours: int) -> Patient:
    """Hours that resemble each other as those of one person do; the forecast is calibrated where `real` is 0."""
    own = rng.normal(0, [8, 0.4])
    heart_rate = np.round(ward.heart_rate + own[0] + rng.normal(0, 8, hours))
    temperature = np.round(ward.temperature + own[1] + rng.normal(0, 0.5, hours), 1)
    temperature[rng.random(hours) >= ward.temperature_share] = np.nan
    if ward.fahrenheit:
        temperature = np.round(temperature * 1.8 + 32, 1)
    base = expit(rng.normal(ward.sick, 1.2))
    probability = expit(logit(base) + rng.normal(0, 0.2, hours))
    septic = rng.random() < expit(logit(base) + ward.real)
    return Patient(heart_rate, temperature, probability, 0 if septic else None)


@cache
def made_with() -> Reference:
    """The reference of 1,500 patients of a day each, 500 of them held out."""
    rng = np.random.default_rng(0)
    trained = [patient(Ward(), rng, 24) for _ in range(1000)]
    held = [patient(Ward(), rng, 24) for _ in range(500)]
    return reference.build(
        {
            "heart_rate": np.concatenate([p.heart_rate for p in trained]),
            "temperature": np.concatenate([p.temperature for p in trained]),
        },
        np.repeat(np.arange(1000), 24), np.tile(np.arange(24), 1000),
        probability=np.concatenate([p.probability for p in held]),
        label=np.repeat([p.onset is not None for p in held], 24),
        held_out_patient=np.repeat(np.arange(500), 24), held_out_hour=np.tile(np.arange(24), 500),
        threshold=THRESHOLD,
    )  # fmt: skip


def watchable(version: str = VERSION) -> dict[str, Watchable]:
    """The one model there is."""
    return {MODEL: Watchable(MODEL, version, 6.0, made_with())}


def key(number: int) -> str:
    """A patient's key."""
    return f"patient-{number:04d}"


def at(hour: float) -> datetime:
    """So many hours after the start."""
    return T0 + timedelta(hours=hour)


def readings(number: int, when: datetime, known: datetime | None = None, **values: float) -> ObservationsRecorded:
    """Readings of a patient, NaN ones left out."""
    name = digest("o", number, when, *sorted(values.items()))
    return ObservationsRecorded(
        id=name, site=SITE, known=known or when, patient=key(number), readings=tuple(
            Reading(id=f"{name}-{code}", source=f"{name}-{code}", code=code, value=value, unit="1", taken=when)
            for code, value in values.items() if not np.isnan(value)
        ),
    )  # fmt: skip


def forecast(number: int, when: datetime, probability: float, *, version: str = VERSION) -> RiskForecasted:
    """A model's word."""
    return RiskForecasted(
        id=digest("f", number, when, version), site=SITE, known=when, as_of=when, patient=key(number), model=MODEL,
        version=version, encounter=f"stay-{number}", horizon_hours=6, probability=probability, threshold=THRESHOLD,
        features="f", row=0,
    )  # fmt: skip


def missed(number: int, when: datetime) -> ForecastMissed:
    """A model's silence."""
    return ForecastMissed(
        id=digest("m", number, when), site=SITE, known=when, as_of=when, patient=key(number), model=MODEL,
        version=VERSION, encounter=f"stay-{number}", row=0, reason="no answer",
    )  # fmt: skip


def ended(number: int, when: datetime) -> EncounterEnded:
    """The stay is over."""
    return EncounterEnded(
        id=digest("e", number), site=SITE, known=when, patient=key(number), encounter=f"stay-{number}", ended=when
    )


def sepsis(number: int, onset: datetime, known: datetime) -> ConditionRecorded:
    """A diagnosis with its onset."""
    return ConditionRecorded(
        id=digest("c", number), site=SITE, known=known, patient=key(number), condition=f"c-{number}", system=SNOMED,
        code="91302008", onset=onset,
    )  # fmt: skip


@dataclass
class Beds:
    """So many beds; a patient stays `stay` hours, then the next one comes. Facts by hour, the same for a seed."""

    beds: int = 30
    stay: int = 24
    seed: int = 1
    diagnoses: bool = True
    _lying: dict[int, tuple[int, int, Patient]] = field(default_factory=dict)
    _came: int = 0

    def hours(self, first: int, last: int, ward: Ward) -> Iterator[tuple[int, list[Event]]]:
        """The facts of each hour."""
        for hour in range(first, last):
            yield hour, [event for bed in range(self.beds) for event in self._bed(bed, hour, ward)]

    def _bed(self, bed: int, hour: int, ward: Ward) -> list[Event]:
        number, since, lying = self._lying.get(bed, (-1, 0, None))
        found: list[Event] = []
        if lying is None or hour >= since + self.stay:
            if lying is not None:
                found.append(ended(number, at(hour)))
                if self.diagnoses and lying.onset is not None:
                    found.append(sepsis(number, at(since + lying.onset), at(hour)))
            number, since = self._came, hour
            self._came += 1
            lying = patient(ward, np.random.default_rng((self.seed, number)), self.stay)
            self._lying[bed] = (number, since, lying)
        row, when = hour - since, at(hour + 0.1 + 0.02 * (bed % 30))
        found.append(readings(number, when, heart_rate=lying.heart_rate[row], temperature=lying.temperature[row]))
        found.append(forecast(number, when, float(lying.probability[row])))
        return found


def played(drift: Drift, beds: Beds, first: int, last: int, ward: Ward) -> list[Event]:
    """What is said while a ward's hours pass."""
    said: list[Event] = []
    for hour, facts in beds.hours(first, last, ward):
        for fact in facts:
            drift.fold(fact)
        said += drift.ticked(at(hour + 1.5))
    return said


def measured(said: list[Event]) -> list[ModelDriftMeasured]:
    """The measurements among what was said."""
    return [event for event in said if isinstance(event, ModelDriftMeasured)]


def alarms(said: list[Event]) -> list[tuple[str, str]]:
    """What was found and ended, in order."""
    kinds = {ModelDriftFound: "found", ModelDriftEnded: "ended"}
    return [(kinds[type(e)], e.measure) for e in said if isinstance(e, ModelDriftFound | ModelDriftEnded)]
