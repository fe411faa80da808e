"""A small stage for testing the loop: it sums readings, asks two models about each sum, and owes what was missed.

What it says depends on what was answered before: a forecast's threshold is the model's answer before it, and a forecast
above `MUCH` is asked about a second time.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

from schemas.events import (
    DecisionMade,
    Event,
    ExplanationRequested,
    ForecastMissed,
    ObservationsRecorded,
    Reading,
    RiskForecasted,
)
from schemas.ids import digest
from services.runtime.errors import InferenceUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeInference, FakeObjectStore, FakeStateStore
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Tensors
from services.runtime.stage import Answer, Ask, Effect, Emit, Given, Received
from services.runtime.turn import Parts

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PARTITIONS = 2
MODELS = ("double", "triple")
MUCH = 0.98


@dataclass
class Sum:
    """What the tally knows of a patient."""

    key: str
    total: float = 0.0
    seen: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    hour: int = 0
    said: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What comes back with an answer."""

    at: datetime
    cause: str
    asked: bool = False
    second: bool = False


class Tally:
    """Emits forecasts for every event, one an hour on ticks, and one late for what was missed."""

    service = "tally"
    inputs = ("clinical", "decisions")
    memory = None
    answers = "risk"
    questions = ("decisions",)

    def key(self, event: Event) -> str:
        return event.key

    def start(self, key: str) -> Sum:
        return Sum(key)

    def step(self, state: Sum, given: Given) -> tuple[Sum, tuple[Effect, ...]]:
        if isinstance(given, Received):
            event = given.event
            if isinstance(event, ExplanationRequested):
                return state, tuple(self._ask(state, m, Question(event.known, event.id, asked=True)) for m in MODELS)
            assert isinstance(event, ObservationsRecorded)
            if event.id in state.seen:
                return state, ()
            if event.readings[0].code == "poison":
                raise RuntimeError(event.id)
            state.seen = (*state.seen, event.id)
            state.total += sum(r.value for r in event.readings)
            return state, tuple(self._ask(state, m, Question(event.known, given.cause)) for m in MODELS)
        hour = int((given.at - T0) / timedelta(hours=1))
        if state.owed and given.ready:
            owed, state.owed, state.hour = state.owed, (), hour
            return state, tuple(self._ask(state, m, Question(given.at, f"late/{given.cause}")) for m in owed)
        if hour > state.hour:
            state.hour = hour
            return state, tuple(self._ask(state, m, Question(given.at, given.cause)) for m in MODELS)
        return state, ()

    def _ask(self, state: Sum, model: str, question: Question) -> Ask:
        return Ask(model, np.array([state.total]), state.key, question)

    def answered(self, state: Sum, ask: Ask, answer: Answer) -> tuple[Sum, tuple[Effect, ...]]:
        q = ask.context
        assert isinstance(q, Question)
        if answer.probability > MUCH and not q.second:
            return state, (replace(ask, context=replace(q, second=True)),)
        event = RiskForecasted(
            id=digest(ask.model, ask.key, q.cause), site="main", patient=ask.key.split("/")[1], known=q.at, as_of=q.at,
            model=ask.model, version="1", horizon_hours=1, probability=answer.probability,
            threshold=state.said.get(ask.model, 0.0), features="asked" if q.asked else "", row=0,
        )  # fmt: skip
        return self.recall(state, event), (Emit(event),)

    def missed(self, state: Sum, ask: Ask, reason: str) -> tuple[Sum, tuple[Emit, ...]]:
        q = ask.context
        assert isinstance(q, Question)
        if q.asked or q.second:
            return state, ()
        state.owed = tuple(sorted({*state.owed, ask.model}))
        if q.cause.startswith("late/"):
            return state, ()  # said once, however often it is asked for again (as watch does)
        event = ForecastMissed(
            id=digest("missed", ask.model, ask.key, q.cause), site="main", patient=ask.key.split("/")[1], known=q.at,
            as_of=q.at, model=ask.model, version="1", row=0, reason=reason,
        )  # fmt: skip
        return state, (Emit(event),)

    def recall(self, state: Sum, event: Event) -> Sum:
        if isinstance(event, RiskForecasted) and event.features != "asked":
            state.said[event.model] = event.probability
        return state

    def due(self, state: Sum) -> datetime | None:
        return T0 if state.owed else T0 + timedelta(hours=state.hour + 1)

    def spent(self, state: Sum) -> bool:
        return False

    def pack(self, state: Sum) -> bytes:
        return orjson.dumps([state.key, state.total, state.seen, state.owed, state.hour, sorted(state.said.items())])

    def unpack(self, content: bytes) -> Sum:
        key, total, seen, owed, hour, said = orjson.loads(content)
        return Sum(key, total, tuple(seen), tuple(owed), hour, dict(said))


class TwoModels:
    """The models: numbers below one that depend on the row only; `down` are those that do not answer."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.refused = Counter[str]()
        """How often a model that is down was asked."""

    def __call__(self, model: str, tensors: Tensors) -> Tensors:
        if model in self.down:
            self.refused[model] += 1
            raise InferenceUnavailable(model)
        much = {"double": 1.0, "triple": 0.5}[model]
        return {"probability": np.array([float(v) / (much + float(v)) for v in tensors["rows"][:, 0]])}


class Hospital:
    """Everything around a tally, on fakes."""

    def __init__(self) -> None:
        self.log = FakeLog(PARTITIONS)
        self.store = FakeStateStore()
        self.objects = FakeObjectStore()
        self.models = TwoModels()
        self.inference = FakeInference(self.models)
        self.clock = HandClock()
        self.sent = 0

    def parts(self) -> Parts:
        return Parts(
            worker=lambda: self.log.worker("tally", Tally.inputs), reader=self.log.reader, store=self.store,
            objects=self.objects, inference=self.inference, clock=self.clock, health=Health("tally"),
            partitions=PARTITIONS, site="main",
            deadline_s=60.0,  # of real time: a busy machine must not decide what a script says
        )  # fmt: skip

    def record(self, patient: int, value: float, *, code: str = "heart_rate") -> str:
        self.sent += 1
        at = T0 + timedelta(seconds=self.sent)
        reading = Reading(id=f"r{self.sent}", source=f"s{self.sent}", code=code, value=value, unit="/min", taken=at)
        event = ObservationsRecorded(
            id=f"e{self.sent}", site="main", patient=f"patient-{patient}", known=at, readings=(reading,)
        )
        self.tell(event)
        return event.id

    def request(self, patient: int) -> str:
        """Someone opens the patient's page."""
        self.sent += 1
        event = ExplanationRequested(
            id=f"q{self.sent}", site="main", patient=f"patient-{patient}", known=T0 + timedelta(seconds=self.sent),
            by="someone", encounter="e",
        )  # fmt: skip
        self.tell(event)
        return event.id

    def tell(self, event: ObservationsRecorded | ExplanationRequested | DecisionMade) -> None:
        """Append to the event's topic."""
        self.log.append([outgoing(event, source="test", partitions=PARTITIONS)])


class HandClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.instant = T0
        self.heard: list[datetime] = []

    def now(self) -> datetime:
        return self.instant

    def told(self, instant: datetime) -> None:
        self.heard.append(instant)
