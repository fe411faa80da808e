"""Facts for the tests of watch, and a small driver that answers its questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ray_jobs.registry import Card, Population
from ray_jobs.risk.features import FEATURES
from schemas.codes import MEASUREMENTS
from schemas.events import (
    EncounterEnded,
    EncounterStarted,
    Event,
    ObservationsRecorded,
    PatientRegistered,
    Place,
    Reading,
)
from schemas.ids import digest
from services.runtime.modes import Modes
from services.runtime.ports import Partition
from services.runtime.stage import Answer, Ask, Effect, Emit, Received, Ticked
from services.watch.stage import WatchStage
from services.watch.state import PatientState

T0 = datetime(2026, 3, 1, 10, 23, 30, tzinfo=UTC)
PATIENT, SITE = "patient-0001", "main"
CARD = Card(
    name="sepsis", version="1", task="sepsis", kind="trees", threshold=0.3, horizon_hours=6,
    population=Population(min_age=18, max_age=120), input="rows", files={},
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


def stage(modes: str = '{"sepsis": {"*": "live"}}', card: Card | None = CARD) -> WatchStage:
    """The stage under test."""
    return WatchStage(card, Modes.parse(modes))


def probability(ask: Ask) -> float:
    """A made-up model: any change of the row changes it."""
    return float(np.abs(np.nansum(ask.row[np.isfinite(ask.row)])) % 1000) / 1000


@dataclass
class Driver:
    """Gives facts and ticks to one patient's state, answers every question, and keeps what was said."""

    watch: WatchStage
    state: PatientState = field(default_factory=lambda: PatientState(SITE, PATIENT))
    said: list[Event] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    offset: int = 0
    answering: bool = True

    def give(self, *facts: Event) -> list[Event]:
        """Fold facts in this order; what was said because of them."""
        before = len(self.said)
        for fact in facts:
            given = Received(fact, Partition("clinical", 0), self.offset)
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
            emits: Iterable[Emit]
            if isinstance(effect, Emit):
                emits = (effect,)
            elif self.answering:
                self.asked.append(effect)
                p = probability(effect)
                above = effect.explain_above is not None and p >= effect.explain_above
                emits = self.watch.answered(effect, Answer(p, np.arange(len(FEATURES)) / 100.0 if above else None))
            else:
                self.state, emits = self.watch.missed(self.state, effect, "no answer in 1 s")
            self.said.extend(e.event for e in emits)
