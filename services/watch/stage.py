"""What happens on each fact about a patient: the table HANDLERS. Stage of topic `clinical` (design rules 3, 4, 9).

Several models are asked about each patient, each for itself: one that declines, fails or is off holds up no other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ray_jobs.registry import Card
from ray_jobs.risk.grid import row_of
from schemas.codes.antibiotics import is_antibiotic
from schemas.codes.sepsis import is_sepsis
from schemas.events import (
    CareLimitSet,
    ConditionRecorded,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    ExplanationRequested,
    MedicationAdministered,
    ObservationsRecorded,
    OxygenTargetPrescribed,
    PatientHistoryMoved,
    PatientMerged,
    PatientRegistered,
    ReadingsRetracted,
)
from services.runtime.modes import Modes
from services.runtime.stage import Answer, Ask, Effect, Emit, Given, Ticked
from services.watch import answers, forecasts, merge, pack, scores
from services.watch.context import context
from services.watch.course import PREGNANCY, SlowFact
from services.watch.fold import fold_readings, fold_retraction, fold_slow
from services.watch.state import PatientState
from services.watch.times import instant, micros

Handler = Callable[..., list[Effect]]


class WatchStage:
    """The core of watch. `cards` are those of the risk models to ask; where there is none, NEWS2 goes on alone."""

    service: str = "watch"
    inputs: tuple[str, ...] = ("clinical", "decisions")
    memory: str | None = None
    answers: str = "risk"
    questions: tuple[str, ...] = ("decisions",)

    def __init__(self, cards: Sequence[Card], modes: Modes) -> None:
        self._cards, self._modes = tuple(cards), modes

    def key(self, event: Event) -> str:
        """Site and patient."""
        return event.key

    def start(self, key: str) -> PatientState:
        """A patient of whom nothing is known."""
        site, _, patient = key.partition("/")
        return PatientState(site, patient)

    def step(self, state: PatientState, given: Given) -> tuple[PatientState, tuple[Effect, ...]]:
        """Fold one fact or one tick."""
        if isinstance(given, Ticked):
            return state, tuple(self._tick(state, given))
        if isinstance(given.event, ExplanationRequested):
            return state, tuple(self._explain(state, given.event, given.cause))
        handler = HANDLERS.get(type(given.event))
        if handler is None:
            return state, ()
        state.heard(given.event.known)
        return state, tuple(handler(self, state, given.event, given.cause))

    def answered(self, state: PatientState, ask: Ask, answer: Answer) -> tuple[PatientState, tuple[Effect, ...]]:
        """The forecast, and why."""
        return state, answers.answered(state, ask, answer)

    def missed(self, state: PatientState, ask: Ask, reason: str) -> tuple[PatientState, tuple[Emit, ...]]:
        """A forecast is owed; reasons are not."""
        question = ask.context
        if isinstance(question, forecasts.Question) and question.request is None:
            return state, forecasts.missed(state, question, reason)
        return state, answers.unexplained(question)

    def recall(self, state: PatientState, event: Event) -> PatientState:
        """What was told of a model's answer."""
        state.said.remember(event)
        return state

    def due(self, state: PatientState) -> datetime | None:
        """The next forecast without an event, or the moment to be forgotten."""
        if state.leaves is not None:
            return None if state.left else instant(state.leaves)
        wanted = (forecasts.next_due(state, card.name) for card, _ in self._spoken(state))
        return min((at for at in wanted if at is not None), default=None)

    def spent(self, state: PatientState) -> bool:
        """Seven days after the stay ended and the last fact came in."""
        return state.left

    def pack(self, state: PatientState) -> bytes:
        """See services.watch.pack."""
        return pack.pack(state)

    def unpack(self, content: bytes) -> PatientState:
        """See services.watch.pack."""
        return pack.unpack(content)

    def _spoken(self, state: PatientState) -> Iterator[tuple[Card, forecasts.SpokenMode]]:
        """The models that are not off where the patient lies, and how each may speak there."""
        stay = state.course.stay
        for card in self._cards:
            mode = self._modes.mode(card.name, stay.place.ward if stay else None)
            if mode != "off":
                yield card, mode

    def _ask(self, state: PatientState, at: datetime, cause: str) -> list[Effect]:
        asked = (forecasts.ask(state, card, mode, at, cause) for card, mode in self._spoken(state))
        return [effect for effect in asked if effect is not None]

    def _tick(self, state: PatientState, tick: Ticked) -> list[Effect]:
        if state.leaves is not None:
            state.left = micros(tick.at) >= state.leaves
            return []
        stay = state.course.stay
        if stay is None:
            return []
        wanted: list[Effect] = []
        for card, mode in self._spoken(state):
            asked = state.told.of(card.name)
            hour_began = forecasts.other_grid(asked, stay) or row_of(tick.at, stay.started) > asked.row
            if hour_began or (asked.owed and tick.ready):
                effect = forecasts.ask(state, card, mode, tick.at, tick.cause, late=bool(asked.owed))
                wanted += [] if effect is None else [effect]
        return wanted

    def _explain(self, state: PatientState, request: ExplanationRequested, cause: str) -> list[Effect]:
        """Reasons that a person wants; asking changes nothing."""
        asked = (
            forecasts.explain(state, card, mode, request, cause)
            for card, mode in self._spoken(state)
            if request.model in {None, card.name}
        )
        return [effect for effect in asked if effect is not None]

    def readings(
        self, state: PatientState, event: ObservationsRecorded | PatientHistoryMoved, cause: str
    ) -> list[Effect]:
        """New readings: a score, a forecast; nothing at all when they were known already."""
        new = fold_readings(state, event.readings, micros(event.known))
        if not new:
            return []
        if isinstance(event, PatientHistoryMoved):
            state.told.inherited += len(new)
        into = state.course.merged_into
        if into is not None:
            return [*merge.forward_readings(state, new, into, state.as_of)]
        return [*self._score(state, {r.code for r in new}, cause), *self._ask(state, state.as_of, cause)]

    def retracted(self, state: PatientState, event: ReadingsRetracted, cause: str) -> list[Effect]:
        """Readings that never were right: score and forecast again without them."""
        sources, affected = fold_retraction(state, event)
        into = state.course.merged_into
        if into is not None:
            return [*merge.forward_retraction(state, event, sources, into)]
        if not affected:
            return []
        return [*self._score(state, set(state.chart.latest), cause), *self._ask(state, state.as_of, cause)]

    def slow(self, state: PatientState, fact: SlowFact, cause: str) -> list[Effect]:
        """A slow fact: tell the others what changed; score again where the chart to be used changed."""
        before = state.course
        if _irrelevant(fact) or not fold_slow(state, fact):
            return []
        after = state.course
        if after.merged_into is not None:
            first = after.merged_into != before.merged_into
            told = merge.history(state, after.merged_into) if first else merge.forward_slow(fact, after.merged_into)
            return [*context(state, cause), *told]
        self._allow_again(state)
        chart_of = (before.oxygen_scale, before.pregnant, before.born)
        rescore = chart_of != (after.oxygen_scale, after.pregnant, after.born) and state.chart.fresh(state.known)
        score = self._score(state, set(state.chart.latest), cause) if rescore else []
        return [*context(state, cause), *score]

    def _allow_again(self, state: PatientState) -> None:
        stay = state.course.stay
        if stay is None:
            return
        for card in self._cards:
            asked = state.told.of(card.name)
            if asked.declined and forecasts.forbidden(state, card, stay, state.as_of) is None:
                asked.declined = ""

    def _score(self, state: PatientState, codes: set[str], cause: str) -> list[Effect]:
        return [Emit(scores.warning_score(state, cause))] if scores.scored_codes(codes) else []


def _irrelevant(fact: SlowFact) -> bool:
    """Other diagnoses and drugs are for others; a patient merged into itself is nobody's fact."""
    if isinstance(fact, MedicationAdministered):
        return not is_antibiotic(fact.system, fact.code)
    if isinstance(fact, ConditionRecorded):
        return fact.code != PREGNANCY and not is_sepsis(fact.system, fact.code)
    return isinstance(fact, PatientMerged) and fact.into == fact.patient


HANDLERS: Final[Mapping[type[Event], Handler]] = MappingProxyType(
    {
        ObservationsRecorded: WatchStage.readings,
        PatientHistoryMoved: WatchStage.readings,
        ReadingsRetracted: WatchStage.retracted,
        PatientRegistered: WatchStage.slow,
        PatientMerged: WatchStage.slow,
        EncounterStarted: WatchStage.slow,
        EncounterTransferred: WatchStage.slow,
        EncounterEnded: WatchStage.slow,
        EncounterCancelled: WatchStage.slow,
        OxygenTargetPrescribed: WatchStage.slow,
        CareLimitSet: WatchStage.slow,
        ConditionRecorded: WatchStage.slow,
        MedicationAdministered: WatchStage.slow,
    }
)
"""Fact to what it does. Facts that are not here are for others (operations, console)."""
