"""The core of a stream service as values: what it is given, what it wants done (design rule 3).

`step(state, given) -> (state, effects)`. A stage does no I/O and asks no clock. It may change the
state in place: the loop throws a partition's states away when their turn is not committed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

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
    """Ask a model about one feature row; all rows of a turn travel in one call.

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
    """A model's probability for one row, and each feature's contribution (log-odds) where asked."""

    probability: float
    contributions: Row | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Stage(Protocol[S]):
    """What the loop needs of a service's core.

    service    consumer group, and prefix of its states
    inputs     topics it reads
    memory     the compacted topic that holds its state (then its own events restore it), or None:
               then states lie in the state store and are re-folded from the single input topic
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
        """Fold one input; effects in order."""
        ...

    def answered(self, ask: Ask, answer: Answer) -> tuple[Emit, ...]:
        """What a model's answer means. Must not depend on anything but its arguments."""
        ...

    def missed(self, state: S, ask: Ask, reason: str) -> tuple[S, tuple[Emit, ...]]:
        """The deadline was missed: say so, and remember that a forecast is owed."""
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
