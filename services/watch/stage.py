"""What happens on each fact about a patient: the table HANDLERS. Stage of topic `clinical` (design rules 3, 4, 9)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, cast

from ray_jobs.registry import Card
from ray_jobs.risk.grid import row_of
from schemas.events import (
    CareLimitSet,
    ConditionRecorded,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    ObservationsRecorded,
    OxygenTargetPrescribed,
    PatientHistoryMoved,
    PatientMerged,
    PatientRegistered,
    ReadingsRetracted,
)
from services.runtime.modes import Modes
from services.runtime.stage import Answer, Ask, Effect, Emit, Given, Ticked
from services.watch import forecasts, merge, pack, scores
from services.watch.context import context
from services.watch.course import PREGNANCY, SlowFact
from services.watch.fold import fold_readings, fold_retraction, fold_slow
from services.watch.state import PatientState
from services.watch.times import instant, micros

Handler = Callable[..., list[Effect]]


class WatchStage:
    """The core of watch. `card` is that of the risk model, None where none is installed: then NEWS2 alone."""

    service: str = "watch"
    inputs: tuple[str, ...] = ("clinical",)
    memory: str | None = None

    def __init__(self, card: Card | None, modes: Modes) -> None:
        self._card, self._modes = card, modes

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
        handler = HANDLERS.get(type(given.event))
        if handler is None:
            return state, ()
        state.heard(given.event.known)
        return state, tuple(handler(self, state, given.event, given.cause))

    def answered(self, ask: Ask, answer: Answer) -> tuple[Emit, ...]:
        """The forecast, and why."""
        return forecasts.answered(ask.model, ask.row, cast("forecasts.Question", ask.context), answer)

    def missed(self, state: PatientState, ask: Ask, reason: str) -> tuple[PatientState, tuple[Emit, ...]]:
        """A forecast is owed."""
        return state, forecasts.missed(state, ask.model, cast("forecasts.Question", ask.context), reason)

    def due(self, state: PatientState) -> datetime | None:
        """The next forecast without an event, or the moment to be forgotten."""
        if state.leaves is not None:
            return None if state.left else instant(state.leaves)
        off = self._card is None or self._mode(state) == "off"
        return None if off else forecasts.next_due(state)

    def spent(self, state: PatientState) -> bool:
        """Seven days after the stay ended and the last fact came in."""
        return state.left

    def pack(self, state: PatientState) -> bytes:
        """See services.watch.pack."""
        return pack.pack(state)

    def unpack(self, content: bytes) -> PatientState:
        """See services.watch.pack."""
        return pack.unpack(content)

    def _mode(self, state: PatientState) -> str:
        stay = state.course.stay
        return self._modes.mode(self._card.name, stay.place.ward if stay else None) if self._card else "off"

    def _ask(self, state: PatientState, at: datetime, cause: str, *, late: bool = False) -> list[Effect]:
        mode = self._mode(state)
        if self._card is None or mode not in {"silent", "live"}:
            return []
        asked = forecasts.ask(state, self._card, "live" if mode == "live" else "silent", at, cause, late=late)
        return [] if asked is None else [asked]

    def _tick(self, state: PatientState, tick: Ticked) -> list[Effect]:
        if state.leaves is not None:
            state.left = micros(tick.at) >= state.leaves
            return []
        stay, told = state.course.stay, state.told
        if stay is None:
            return []
        hour_began = forecasts.other_grid(told, stay) or row_of(tick.at, stay.started) > told.row
        if not hour_began and not (told.owed and tick.ready):
            return []
        return self._ask(state, tick.at, tick.cause, late=bool(told.owed))

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
        if not state.told.declined or self._card is None or stay is None:
            return
        if forecasts.forbidden(self._card, state.course, stay, state.as_of) is None:
            state.told.declined = ""

    def _score(self, state: PatientState, codes: set[str], cause: str) -> list[Effect]:
        return [Emit(scores.warning_score(state, cause))] if scores.scored_codes(codes) else []


def _irrelevant(fact: SlowFact) -> bool:
    """Other diagnoses are for others; a patient merged into itself is nobody's fact."""
    if isinstance(fact, ConditionRecorded):
        return fact.code != PREGNANCY
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
    }
)
"""Fact to what it does. Facts that are not here are for others (operations, console)."""
