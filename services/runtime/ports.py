"""The ports: what the services need from outside, each with a real and a fake adapter.

Both adapters of a port pass one contract suite (tests/contracts). All calls are synchronous and
may be made from any thread unless said otherwise; all raise only the errors of `errors.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from schemas.envelope import Headers
from services.runtime.errors import InferenceUnavailable

Tensors = dict[str, npt.NDArray[np.generic]]


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Record:
    """A message as it lies in the log. `timestamp_ms` is real time, set when it was produced."""

    partition: Partition
    offset: int
    key: str
    value: bytes | None
    headers: Headers
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be written; `partition` None means the partition of the key."""

    topic: str
    key: str
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought: records by partition, in order, and changes of ownership since the last poll.

    The caller must drop what it holds of `revoked` and load what it needs of `assigned` before it
    folds the records.
    """

    records: Mapping[Partition, Sequence[Record]] = field(default_factory=dict)
    assigned: frozenset[Partition] = frozenset()
    revoked: frozenset[Partition] = frozenset()


class Publisher(Protocol):
    """Writes messages; the future is done when every in-sync replica has them all."""

    def publish(self, messages: Sequence[Outgoing]) -> "Future[None]":
        """Write in order. The future raises LogUnavailable; a repeat must be harmless (ids are deterministic)."""
        ...

    def close(self) -> None:
        """Flush and leave."""
        ...


class Worker(Protocol):
    """One slot of a consumer group that reads, and writes in transactions. Used from one thread."""

    def poll(self, timeout_s: float, max_records: int = 500) -> Polled:
        """Wait for records up to the timeout."""
        ...

    def commit(self, outputs: Sequence[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """Write outputs and the next offsets to read in one transaction (no outputs: offsets alone).

        Raises Fenced when another worker owns the slot, LogUnavailable when Kafka does not answer;
        after either nothing of the turn was committed.
        """
        ...

    def committed(self, partition: Partition) -> int | None:
        """The group's next offset to read."""
        ...

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset still kept and the last stable offset."""
        ...

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        ...

    def lag(self, partition: Partition) -> int | None:
        """Records not yet polled, as far as the last fetch knew; None before the first."""
        ...

    def pause(self, partitions: Sequence[Partition]) -> None:
        """Keep polling without records of these (slow lane)."""
        ...

    def resume(self, partitions: Sequence[Partition]) -> None:
        """The opposite of pause."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class LogReader(Protocol):
    """Reads committed records without a group: rebuilding, projections, replays. Used from one thread."""

    def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of the topic; raises LogUnavailable while it does not exist."""
        ...

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset still kept and the last stable offset."""
        ...

    def read(self, partition: Partition, start: int, stop: int) -> Iterator[Record]:
        """Committed records with start <= offset < stop, in order."""
        ...

    def follow(self, positions: Mapping[Partition, int], timeout_s: float) -> Mapping[Partition, Sequence[Record]]:
        """New records of all these partitions from these positions on; waits up to the timeout for the first."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Watermark(NamedTuple):
    """How far a partition's stored states go: the next offset, the last tick folded, and how many states there are."""

    offset: int
    tick: str
    states: int


class StateStore(Protocol):
    """A partition's states, a cache of the log (design rules 4 and 6)."""

    def load(self, service: str, partition: int) -> tuple[Watermark, dict[str, bytes]] | None:
        """Watermark and all states; None when nothing, or not all, is there (then rebuild)."""
        ...

    def save(
        self,
        service: str,
        partition: int,
        expected: Watermark | None,
        new: Watermark,
        changed: Mapping[str, bytes | None],
    ) -> None:
        """Write changed states (None deletes) and the watermark in one step; StaleWriter unless `expected` is stored.

        With `expected` None everything stored for the partition is replaced, whatever it was: only a
        worker that owns the partition and has just rebuilt it may do that.
        """
        ...


class ObjectStore(Protocol):
    """Bytes under a name: pictures, snapshots, quarantined bodies."""

    def put(self, name: str, content: bytes) -> None:
        """Write, replacing."""
        ...

    def get(self, name: str) -> bytes:
        """Read; KeyError when there is none."""
        ...

    def names(self, prefix: str) -> list[str]:
        """All names under the prefix, sorted."""
        ...

    def delete(self, name: str) -> None:
        """Remove; no error when there is none."""
        ...


class Inference(Protocol):
    """The models, behind Ray Serve's HTTP proxy (brief wire: `ray_jobs.wire`)."""

    def infer(
        self, model: str, tensors: Tensors, metadata: Mapping[str, str], *, deadline_s: float
    ) -> tuple[Tensors, dict[str, str]]:
        """Answer for all rows, in order; InferenceUnavailable when not answered before the deadline."""
        ...

    def together(
        self, requests: Mapping[str, Tensors], *, deadline_s: float
    ) -> dict[str, tuple[Tensors, dict[str, str]] | InferenceUnavailable]:
        """Each model's answer to its request, or why there is none; one that is silent does not silence the others."""
        ...

    def ready(self) -> bool:
        """Whether the canary answers now (cached for about a second)."""
        ...


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name that some authority gave a person: (site, assigning authority, value)."""

    authority: str
    value: str


@dataclass(frozen=True, slots=True)
class Person:
    """What is shown to a care team about a key; never on the bus, in a log or in a metric."""

    key: str
    site: str
    family: str = ""
    given: str = ""
    born: date | None = None
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    mrn: str = ""
    identifiers: tuple[Identifier, ...] = ()


class Identity(Protocol):
    """Maps identifiers to random, permanent patient keys, and back for those allowed (design rule 10)."""

    def resolve(self, site: str, identifier: Identifier) -> str | None:
        """The key, or None when this person was never registered."""
        ...

    def register(self, site: str, identifiers: Sequence[Identifier], person: Person | None = None) -> str:
        """The key of a person with these identifiers: found by any of them, else new. Stores `person`'s words.

        Raises BadInputError when the identifiers belong to two different keys (a merge is a fact of its own).
        """
        ...

    def person(self, key: str) -> Person | None:
        """Who this is."""
        ...

    def search(self, site: str, text: str, limit: int = 50) -> list[Person]:
        """People whose name or number contains the text, case-insensitive."""
        ...


class Clock(Protocol):
    """Clinical now (design rule 12)."""

    def now(self) -> datetime:
        """Timezone-aware UTC."""
        ...

    def told(self, instant: datetime) -> None:
        """A told clock moves forward to the instant (never back); a system clock ignores it."""
        ...
