"""Step 2 of a turn: models are asked, states told what they answered; what a re-fold could not know is noted."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from schemas.events import Event, TurnTaken
from schemas.ids import digest
from services.runtime import metrics
from services.runtime.asking import ask_all
from services.runtime.holding import Holding
from services.runtime.ports import Inference
from services.runtime.stage import Answer, Ask, Asking, Effect, Emit, S, Stage, asking
from services.runtime.turn import Turn

Placed = list[tuple[int, Ask]]
"""Questions, each with the place of the effect that led to it."""


def answer(
    turn: Turn, stage: Stage[S], holdings: Mapping[int, Holding[S]], inference: Inference, deadline_s: float
) -> list[list[Event]]:
    """What each effect of the turn amounts to, in their order.

    An answer may lead to another question (the reasons for a forecast that turned out to need some): it is asked in
    the same turn and before the same deadline, so that what is said does not depend on where a poll ended.
    """
    until = time.monotonic() + deadline_s
    said: list[list[Event]] = [[] for _ in turn.effects]
    asks = _sort([effect for effect, _ in turn.effects], range(len(turn.effects)), said)
    models, again = asking(stage), False
    while asks:
        assert models is not None, "only a stage that asks models gives questions"  # noqa: S101 - narrows the type
        answers = ask_all(
            [ask for _, ask in asks], inference, service=stage.service, deadline_s=until - time.monotonic()
        )
        following: Placed = []
        for (place, ask), told in zip(asks, answers, strict=True):
            effects = _tell(turn, models, holdings, ask, told, asked=turn.effects[place][1].asked, again=again)
            following += _sort(effects, [place] * len(effects), said)
        asks, again = following, True
    return said


def _sort(effects: Sequence[Effect], places: Sequence[int], said: list[list[Event]]) -> Placed:
    asks: Placed = []
    for effect, place in zip(effects, places, strict=True):
        if isinstance(effect, Emit):
            said[place].append(effect.event)
        else:
            asks.append((place, effect))
    return asks


def _tell(
    turn: Turn,
    models: Asking[S],
    holdings: Mapping[int, Holding[S]],
    ask: Ask,
    told: Answer | str,
    *,
    asked: bool,
    again: bool,
) -> Sequence[Effect]:
    """Tell a state what a model said, or that it said nothing. A state waits for first answers to facts only."""
    holding = next((h for h in holdings.values() if ask.key in h.states), None)
    if holding is None:
        return ()
    effects: Sequence[Effect]
    if isinstance(told, str):
        metrics.MISSED.labels(models.service, ask.model).inc()
        if not asked and not again:
            turn.missed.setdefault(holding.number, set()).add(ask.model)
        state, effects = models.missed(holding.states[ask.key], ask, told)
    else:
        state, effects = models.answered(holding.states[ask.key], ask, told)
    if not asked:
        holding.put(ask.key, state)
    return effects


def turns_taken(
    turn: Turn, stage: Stage[S], holdings: Mapping[int, Holding[S]], site: str, known: datetime
) -> Iterator[TurnTaken]:
    """What a re-fold could not know from the input topic: ticks that were due, models that did not answer."""
    for number in sorted(set(turn.told) | set(turn.missed)):
        last = holdings[number].offset - 1
        after = turn.after.get(number, last)
        yield TurnTaken(
            id=digest("turn", stage.service, number, after, turn.told.get(number)), site=site, known=known,
            service=stage.service, partition=number, since=turn.since.get(number, after + 1), after=after,
            at=turn.told.get(number), ready=turn.ready, answered=number not in turn.missed,
            missed=tuple(sorted(turn.missed.get(number, ()))),
        )  # fmt: skip
