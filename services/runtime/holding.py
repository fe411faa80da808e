"""The states of one partition in memory: loaded, folded, due, saved (design rules 4 to 6)."""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Generic

from schemas.envelope import EnvelopeError, decode
from schemas.events import TurnTaken
from services.runtime.ports import Record, Watermark
from services.runtime.stage import Ask, Effect, Given, Received, S, Stage, Ticked, asking


class PoisonError(Exception):
    """The core failed on this record: it must be quarantined instead of folded."""

    def __init__(self, record: Record, error: Exception) -> None:
        super().__init__(
            f"{type(error).__name__} at {record.partition.topic}/{record.partition.number}/{record.offset}"
        )
        self.record, self.error = record, error


class Holding(Generic[S]):
    """States by key, which of them changed since the last save, and when each wants a tick."""

    def __init__(self, stage: Stage[S], number: int) -> None:
        self.stage, self.number = stage, number
        self.states: dict[str, S] = {}
        self.changed: set[str] = set()
        self.mark: Watermark | None = None
        """What the store holds of us; None: nothing, the next save replaces all."""
        self.offset, self.tick = 0, ""
        self.newest: datetime | None = None
        """Highest `known` folded."""
        self._due: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def restore(self, mark: Watermark, packed: dict[str, bytes]) -> None:
        """Take over stored states; ValueError when they are of another version."""
        self.states = {key: self.stage.unpack(content) for key, content in packed.items()}
        self.mark, self.offset, self.tick = mark, mark.offset, mark.tick
        for key, state in self.states.items():
            self._schedule(key, state)

    def fold(self, given: Received) -> tuple[Effect, ...]:
        """Give one fact to the state it belongs to."""
        event = given.event
        if self.newest is None or event.known > self.newest:
            self.newest = event.known
        return self._give(self.stage.key(event), given)

    def question(self, given: Received) -> tuple[Effect, ...]:
        """Give a fact that only asks to the state it is about: nothing is begun, changed or scheduled by it."""
        state = self.states.get(self.stage.key(given.event))
        return () if state is None else self.stage.step(state, given)[1]

    def tick_due(self, at: datetime) -> list[str]:
        """Keys that want a tick by this instant, in a fixed order; they are not asked for again until rescheduled."""
        ready: list[str] = []
        while self._heap and self._heap[0][0] <= at:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                ready.append(key)
        return sorted(set(ready))

    def tell(self, key: str, tick: Ticked) -> tuple[Effect, ...]:
        """Give the tick to one state; a spent state is forgotten. Without effects nothing changed (`Stage.step`)."""
        effects = self._give(key, tick)
        if self.stage.spent(self.states[key]):
            del self.states[key]
            self._due.pop(key, None)
            self.changed.add(key)
        return effects

    def put(self, key: str, state: S) -> None:
        """Replace a state (after a missed forecast)."""
        self.states[key] = state
        self.changed.add(key)
        self._schedule(key, state)

    def packed_changes(self) -> dict[str, bytes | None]:
        """What the store must be told: everything when it holds nothing of us."""
        keys = self.states.keys() if self.mark is None else self.changed
        return {key: self.stage.pack(self.states[key]) if key in self.states else None for key in sorted(keys)}

    def watermark(self) -> Watermark:
        """Where the states stand."""
        return Watermark(self.offset, self.tick, len(self.states))

    def refold(
        self, records: Iterable[Record], turns: Iterable[TurnTaken], stop: int, poison: set[tuple[str, int, int]]
    ) -> bool:
        """Fold what the log holds from here to the committed offset `stop`, emitting nothing; whether there was any."""
        waiting = sorted(
            (
                t
                for t in turns
                if t.after >= self.offset or (t.after == self.offset - 1 and t.at and _text(t.at) > self.tick)
            ),
            key=lambda t: (t.after, _text(t.at)),
        )
        again = bool(waiting) or stop > self.offset
        self._replay_ticks(waiting, self.offset - 1)
        for record in records:
            missed = next((t for t in waiting if not t.answered and t.since <= record.offset <= t.after), None)
            self._replay(record, missed, poison)
            self.offset = record.offset + 1
            self._replay_ticks(waiting, record.offset)
        self.offset = max(self.offset, stop)
        return again

    def _replay(self, record: Record, missed: TurnTaken | None, poison: set[tuple[str, int, int]]) -> None:
        if (*record.partition, record.offset) in poison:
            return
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError:
            return  # it was quarantined when it was first met
        try:
            effects = self.fold(Received(event, record.partition, record.offset))
        except Exception as error:  # a fault of the core on this input: isolate the input, keep the partition
            raise PoisonError(record, error) from error
        self._owe(effects, missed)

    def _replay_ticks(self, waiting: list[TurnTaken], after: int) -> None:
        while waiting and waiting[0].after <= after:
            turn = waiting.pop(0)
            if turn.at is None:
                continue
            for key in self.tick_due(turn.at):
                self._owe(self.tell(key, Ticked(turn.at, turn.ready)), None if turn.answered else turn)
            self.tick = _text(turn.at)

    def _owe(self, effects: tuple[Effect, ...], missed: TurnTaken | None) -> None:
        if missed is None:
            return
        models = asking(self.stage)
        for effect in effects:
            if models is None or not isinstance(effect, Ask) or effect.key not in self.states:
                continue
            if not missed.missed or effect.model in missed.missed:
                state, _ = models.missed(self.states[effect.key], effect, "replayed")
                self.put(effect.key, state)

    def _give(self, key: str, given: Given) -> tuple[Effect, ...]:
        state = self.states[key] if key in self.states else self.stage.start(key)
        state, effects = self.stage.step(state, given)
        self.states[key] = state
        if effects or isinstance(given, Received):
            self.changed.add(key)
        self._schedule(key, state)
        return effects

    def _schedule(self, key: str, state: S) -> None:
        due = self.stage.due(state)
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heapq.heappush(self._heap, (due, key))


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
