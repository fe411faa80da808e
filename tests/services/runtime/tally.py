"""A small stage for testing the loop: it sums readings, asks a model about each sum, and owes what was missed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

from schemas.events import Event, ForecastMissed, ObservationsRecorded, Reading, RiskForecasted
from schemas.ids import digest
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeInference, FakeObjectStore, FakeStateStore
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Tensors
from services.runtime.stage import Answer, Ask, Effect, Emit, Given, Received
from services.runtime.turn import Parts

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PARTITIONS = 2


@dataclass
class Sum:
    """What the tally knows of a patient."""

    key: str
    total: float = 0.0
    seen: tuple[str, ...] = ()
    owed: bool = False
    hour: int = 0


class Tally:
    """Emits a forecast for every event, one an hour on ticks, and one late for what was missed."""

    service = "tally"
    inputs = ("clinical",)
    memory = None

    def key(self, event: Event) -> str:
        return event.key

    def start(self, key: str) -> Sum:
        return Sum(key)

    def step(self, state: Sum, given: Given) -> tuple[Sum, tuple[Effect, ...]]:
        if isinstance(given, Received):
            event = given.event
            assert isinstance(event, ObservationsRecorded)
            if event.id in state.seen:
                return state, ()
            if event.readings[0].code == "poison":
                raise RuntimeError(event.id)
            state.seen = (*state.seen, event.id)
            state.total += sum(r.value for r in event.readings)
            return state, (self._ask(state, event.known, given.cause),)
        hour = int((given.at - T0) / timedelta(hours=1))
        if state.owed and given.ready:
            state.owed, state.hour = False, hour
            return state, (self._ask(state, given.at, f"late/{given.cause}"),)
        if hour > state.hour:
            state.hour = hour
            return state, (self._ask(state, given.at, given.cause),)
        return state, ()

    def _ask(self, state: Sum, at: datetime, cause: str) -> Ask:
        return Ask("double", np.array([state.total]), state.key, (at, cause))

    def answered(self, ask: Ask, answer: Answer) -> tuple[Emit, ...]:
        at, cause = ask.context
        return (
            Emit(
                RiskForecasted(
                    id=digest(ask.key, cause), site="main", patient=ask.key.split("/")[1], known=at, as_of=at,
                    model="double", version="1", horizon_hours=1, probability=answer.probability, threshold=0.5,
                    features="", row=0,
                )
            ),
        )  # fmt: skip

    def missed(self, state: Sum, ask: Ask, reason: str) -> tuple[Sum, tuple[Emit, ...]]:
        state.owed = True
        at, cause = ask.context
        event = ForecastMissed(
            id=digest("missed", ask.key, cause), site="main", patient=ask.key.split("/")[1], known=at, as_of=at,
            model="double", version="1", row=0, reason=reason,
        )  # fmt: skip
        return state, (Emit(event),)

    def due(self, state: Sum) -> datetime | None:
        return T0 if state.owed else T0 + timedelta(hours=state.hour + 1)

    def spent(self, state: Sum) -> bool:
        return False

    def pack(self, state: Sum) -> bytes:
        return orjson.dumps([state.key, state.total, state.seen, state.owed, state.hour])

    def unpack(self, content: bytes) -> Sum:
        key, total, seen, owed, hour = orjson.loads(content)
        return Sum(key, total, tuple(seen), owed, hour)


def double(_: str, tensors: Tensors) -> Tensors:
    """The model: a number below one that depends on the row only."""
    return {"probability": np.array([float(v) / (1.0 + float(v)) for v in tensors["rows"][:, 0]])}


class Hospital:
    """Everything around a tally, on fakes."""

    def __init__(self) -> None:
        self.log = FakeLog(PARTITIONS)
        self.store = FakeStateStore()
        self.objects = FakeObjectStore()
        self.inference = FakeInference(double)
        self.clock = HandClock()
        self.sent = 0

    def parts(self) -> Parts:
        return Parts(
            worker=lambda: self.log.worker("tally", ["clinical"]), reader=self.log.reader, store=self.store,
            objects=self.objects, inference=self.inference, clock=self.clock, health=Health("tally"),
            partitions=PARTITIONS, site="main",
        )  # fmt: skip

    def record(self, patient: int, value: float, *, code: str = "heart_rate") -> str:
        self.sent += 1
        at = T0 + timedelta(seconds=self.sent)
        reading = Reading(id=f"r{self.sent}", source=f"s{self.sent}", code=code, value=value, unit="/min", taken=at)
        event = ObservationsRecorded(
            id=f"e{self.sent}", site="main", patient=f"patient-{patient}", known=at, readings=(reading,)
        )
        self.log.append([outgoing(event, source="test", partitions=PARTITIONS)])
        return event.id


class HandClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.instant = T0

    def now(self) -> datetime:
        return self.instant

    def told(self, instant: datetime) -> None:
        pass
