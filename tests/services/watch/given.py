"""Facts for the tests of watch, and a small driver that answers its questions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ray_jobs.registry import Band, Card, Conformal, Population
from ray_jobs.risk.factors import factors
from ray_jobs.risk.grid import EXTRA_INDEX, EXTRA_WIDTH, Grid, GridReading, cell, row_of
from schemas.codes import MEASUREMENTS
from schemas.events import (
    EncounterEnded,
    EncounterStarted,
    Event,
    ExplanationRequested,
    ObservationsRecorded,
    PatientRegistered,
    Place,
    Reading,
)
from schemas.ids import digest
from services.runtime.modes import Modes
from services.runtime.ports import Partition
from services.runtime.stage import Answer, Ask, Effect, Emit, Received, Row, Ticked
from services.watch.answers import Wanted
from services.watch.forecasts import Question
from services.watch.stage import WatchStage
from services.watch.state import PatientState

T0 = datetime(2026, 3, 1, 10, 23, 30, tzinfo=UTC)
PATIENT, SITE = "patient-0001", "main"
CARD = Card(
    name="sepsis", version="1", task="risk", kind="trees", threshold=0.3, horizon_hours=6,
    population=Population(min_age=18, max_age=120), input="rows", files={}, bands=(
        Band(name="low", from_probability=0), Band(name="raised", from_probability=0.2),
        Band(name="high", from_probability=0.5),
    ),
)  # fmt: skip
COURSE_CARD = Card(
    name="deterioration", version="1", task="risk", kind="blend", threshold=0.6, feature_set="course", max_hours=48,
    min_vitals=3, bands=(
        Band(name="low", from_probability=0), Band(name="raised", from_probability=0.2),
        Band(name="high", from_probability=0.5),
    ),
    conformal=Conformal(level=0.9, yes_from=0.1, no_to=0.4), population=Population(min_age=16, max_age=120),
    input="rows", files={},
)  # fmt: skip
VITALS = {
    "heart_rate": 80.0, "spo2": 97.0, "temperature": 37.0, "systolic_bp": 120.0, "mean_bp": 90.0, "diastolic_bp": 70.0,
    "respiratory_rate": 16.0, "consciousness": 0.0, "supplemental_oxygen": 0.0,
}  # fmt: skip


def minutes(n: float) -> datetime:
    """So many minutes after admission."""
    return T0 + timedelta(minutes=n)


def reading(
    code: str, value: float, taken: datetime, *, source: str | None = None, version: int = 1, device: str | None = None
) -> Reading:
    """A reading whose ids depend on what it says."""
    source = source or digest(code, taken, device)
    unit = MEASUREMENTS[code].unit
    return Reading(
        id=digest(source, version), source=source, code=code, value=value, unit=unit, taken=taken, device=device
    )


def observed(known: datetime, *readings: Reading, patient: str = PATIENT) -> ObservationsRecorded:
    """One bundle."""
    return ObservationsRecorded(
        id=digest(*(r.id for r in readings)), site=SITE, patient=patient, known=known, readings=readings
    )


def vitals(
    at: datetime, *, patient: str = PATIENT, known: datetime | None = None, **other: float
) -> ObservationsRecorded:
    """A full set of vital signs, known a second after it was taken."""
    values = {**VITALS, **other}
    return observed(
        known or at + timedelta(seconds=1), *(reading(c, v, at) for c, v in values.items()), patient=patient
    )


def registered(born: date | None = date(1956, 5, 1), known: datetime = T0 - timedelta(hours=1)) -> PatientRegistered:
    """A woman of 69."""
    return PatientRegistered(id=digest("reg", born), site=SITE, patient=PATIENT, known=known, born=born, sex="female")


def started(
    encounter: str = "enc-1", at: datetime = T0, *, patient: str = PATIENT, ward: str = "5B"
) -> EncounterStarted:
    """Admitted to a bed."""
    return EncounterStarted(
        id=digest("start", encounter, at, ward), site=SITE, patient=patient, known=at, encounter=encounter, started=at,
        place=Place(ward=ward, bed=f"{ward}-1"), icu="medical", admitted=at - timedelta(hours=5),
    )  # fmt: skip


def ended(at: datetime, encounter: str = "enc-1") -> EncounterEnded:
    """Went home."""
    return EncounterEnded(
        id=digest("end", encounter, at),
        site=SITE,
        patient=PATIENT,
        known=at,
        encounter=encounter,
        ended=at,
        outcome="home",
    )


def extra_grid(readings: Iterable[GridReading], admission: datetime, hours: int) -> Grid:
    """The extra grid of readings, written out plainly: in each hour the last by (taken, id) wins."""
    grid = np.full((hours, EXTRA_WIDTH), np.nan)
    for r in sorted(readings, key=lambda r: (r.taken, r.reading_id)):
        row = row_of(r.taken, admission)
        if r.name in EXTRA_INDEX and 0 <= row < hours and np.isfinite(cell(r.name, r.value)):
            grid[row, EXTRA_INDEX[r.name]] = cell(r.name, r.value)
    return grid


def requested(known: datetime, *, name: str = "q1", model: str | None = None) -> ExplanationRequested:
    """A person opened the page."""
    return ExplanationRequested(
        id=name, site=SITE, patient=PATIENT, known=known, by="nurse", model=model, encounter="enc-1"
    )


def stage(modes: str = '{"sepsis": {"*": "live"}}', cards: Sequence[Card] = (CARD,)) -> WatchStage:
    """The stage under test."""
    return WatchStage(cards, Modes.parse(modes))


def probability(ask: Ask) -> float:
    """A made-up model: any change of the row changes it."""
    return float(np.abs(np.nansum(ask.row[np.isfinite(ask.row)])) % 1000) / 1000


def steered(ask: Ask) -> float:
    """A made-up model: a hundredth of the last heart rate."""
    return min(1.0, float(np.nan_to_num(ask.row[0]) / 100))


def contributions(ask: Ask) -> Row:
    """Made-up reasons, float64 [k]: the later a factor comes, the stronger; half of them lower the risk."""
    assert isinstance(ask.context, Question | Wanted)
    card = ask.context.card if isinstance(ask.context, Question) else ask.context.question.card
    weights = np.arange(len(factors(card.feature_set).names)) / 100.0
    return weights * np.where(np.arange(len(weights)) % 2, 1, -1) * (1 + probability(ask))


@dataclass
class Driver:
    """Gives facts and ticks to one patient's state, answers every question, and keeps what was said."""

    watch: WatchStage
    state: PatientState = field(default_factory=lambda: PatientState(SITE, PATIENT))
    said: list[Event] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    offset: int = 0
    answering: bool | set[str] = True
    """Whether the models answer, or which of them."""
    model: Callable[[Ask], float] = probability

    def give(self, *facts: Event) -> list[Event]:
        """Fold facts in this order; what was said because of them."""
        before = len(self.said)
        for fact in facts:
            given = Received(fact, Partition(fact.topic, 0), self.offset)
            self.offset += 1
            self.state, effects = self.watch.step(self.state, given)
            self._perform(effects)
        return self.said[before:]

    def tick(self, at: datetime, *, ready: bool = True) -> list[Event]:
        """One tick, if the state wants one by then."""
        before = len(self.said)
        due = self.watch.due(self.state)
        if due is not None and due <= at:
            self.state, effects = self.watch.step(self.state, Ticked(at, ready))
            self._perform(effects)
        return self.said[before:]

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Emit):
                self.said.append(effect.event)
            elif self.answering is True or (self.answering and effect.model in self.answering):
                self.asked.append(effect)
                p = self.model(effect)
                told = None if effect.explain_above is None or p < effect.explain_above else contributions(effect)
                answer = Answer(p, told, None if told is None else np.full(len(told), p / 2))
                self.state, following = self.watch.answered(self.state, effect, answer)
                self._perform(following)
            else:
                self.state, emits = self.watch.missed(self.state, effect, "no answer in 1 s")
                self._perform(emits)
