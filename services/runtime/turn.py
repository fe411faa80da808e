"""What one turn of the stream loop works with, and what it has gathered so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schemas.events import Event
from services.runtime.health import Health
from services.runtime.ports import Clock, Inference, LogReader, ObjectStore, Partition, StateStore, Worker
from services.runtime.stage import Effect


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters that the loop works with."""

    worker: Callable[[], Worker]
    reader: Callable[[], LogReader]
    store: StateStore
    objects: ObjectStore
    inference: Inference
    clock: Clock
    health: Health
    partitions: int
    site: str
    deadline_s: float = 1.0


class Cause(NamedTuple):
    """The input behind an output: its name, when the gateway wrote the fact at the root of it (0: nobody), and whether
    it only asked: then nothing of it is kept in a state.
    """

    name: str
    accepted_ms: int = 0
    asked: bool = False


NOBODY = Cause("")


@dataclass(slots=True)
class Turn:
    """What one turn has gathered: effects in the order of their inputs, and what was folded.

    `since` and `after` are offsets of the folded input by partition; `missed` the models that did not answer for rows
    that the states wait for.
    """

    effects: list[tuple[Effect, Cause]] = field(default_factory=list)
    since: dict[int, int] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)
    told: dict[int, datetime] = field(default_factory=dict)
    offsets: dict[Partition, int] = field(default_factory=dict)
    refused: list[Event] = field(default_factory=list)
    missed: dict[int, set[str]] = field(default_factory=dict)
    ready: bool = True
