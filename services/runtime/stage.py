"""The core of a stream service as values: what it is given, what it wants done (design rule 3).

`step(state, given) -> (state, effects)`. A stage does no I/O and asks no clock. It may change the
state in place: the loop throws a partition's states away when their turn is not committed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from schemas.events import Event
from services.runtime.ports import Partition

S = TypeVar("S")
"""The state of one key."""

Row = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Received:
    """A fact from the log and where it lay."""

    event: Event
    partition: Partition
    offset: int

    @property
    def cause(self) -> str:
        """How outputs name this input."""
        return f"{self.partition.topic}/{self.partition.number}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed. `ready` says whether the models answer now."""

    at: datetime
    ready: bool = True

    @property
    def cause(self) -> str:
        """How outputs name this input."""
        return f"tick/{self.at.isoformat()}"


Given = Received | Ticked


@dataclass(frozen=True, slots=True)
class Emit:
    """Write this event to its topic."""

    event: Event


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a model about one feature row; all rows of a turn travel in one call to each model.

    `context` is the stage's own: it comes back with the answer. `explain_above`: contributions are
    wanted when the probability is at least this.
    """

    model: str
    row: Row
    key: str
    context: object = None
    explain_above: float | None = None


Effect = Emit | Ask


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's probability for one row. Where asked, for each factor of the model's feature set: its contribution
    (log-odds) and the probability without it.
    """

    probability: float
    contributions: Row | None = None
    without: Row | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Stage(Protocol[S]):
    """What the loop needs of a service's core.

    service    consumer group, and prefix of its states
    inputs     topics it reads
    memory     the compacted topic that holds its state (then its own events restore it), or None:
               then states lie in the state store and are re-folded from the one input that changes
               them (the others only ask: `Asking.questions`)
    """

    service: str
    inputs: tuple[str, ...]
    memory: str | None

    def key(self, event: Event) -> str:
        """The state this event belongs to."""
        ...

    def start(self, key: str) -> S:
        """The state before any fact."""
        ...

    def step(self, state: S, given: Given) -> tuple[S, tuple[Effect, ...]]:
        """Fold one input; effects in order. A tick without effects changes nothing, except that the state is spent."""
        ...

    def due(self, state: S) -> datetime | None:
        """When this state wants the next tick; None: never. Ticks before that are not given to it."""
        ...

    def spent(self, state: S) -> bool:
        """Whether the state can be forgotten now (7 days after the encounter ended)."""
        ...

    def pack(self, state: S) -> bytes:
        """The state as bytes; equal states give equal bytes."""
        ...

    def unpack(self, content: bytes) -> S:
        """The state from its bytes; ValueError when they are of another version (then it is rebuilt)."""
        ...


@runtime_checkable
class Asking(Stage[S], Protocol[S]):
    """A stage that asks models.

    answers    the topic of its own outputs from which a re-fold recalls what was answered; no other
               service writes there
    questions  inputs whose facts ask and change no state: they are never re-folded, and where they
               fell among the facts of the other input is not kept
    """

    answers: str
    questions: tuple[str, ...]

    def answered(self, state: S, ask: Ask, answer: Answer) -> tuple[S, tuple[Effect, ...]]:
        """What a model's answer means. It may lead to one more question, asked in the same turn.

        The answer enters the state only as `recall` of what is emitted would have it.
        """
        ...

    def missed(self, state: S, ask: Ask, reason: str) -> tuple[S, tuple[Emit, ...]]:
        """The deadline was missed: say so, and remember that a forecast is owed."""
        ...

    def recall(self, state: S, event: Event) -> S:
        """Take an own output back in: what was answered is told by the log, not asked for again."""
        ...


def asking(stage: Stage[S]) -> Asking[S] | None:
    """The stage, if it asks models."""
    return stage if isinstance(stage, Asking) else None


def folded(stage: Stage[S]) -> tuple[str, ...]:
    """The inputs whose facts change states; a single one where states are re-folded. Raises ValueError."""
    models = asking(stage)
    found = tuple(topic for topic in stage.inputs if models is None or topic not in models.questions)
    if stage.memory is None and len(found) != 1:
        msg = f"{stage.service}: states are re-folded from one topic, not from {', '.join(found) or 'none'}"
        raise ValueError(msg)
    return found
