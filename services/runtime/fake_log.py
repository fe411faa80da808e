"""The event log in memory, for tests of the core; passes the contract suite of the real one."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

from schemas.topics import TOPICS, partition_of
from services.runtime.errors import Fenced, LogUnavailable
from services.runtime.ports import Outgoing, Partition, Polled, Record


class FakeLog:
    """The broker: topics, committed offsets and who owns which slot. `down` makes every call fail."""

    def __init__(self, partitions: int = 4) -> None:
        self._counts = {name: topic.partitions(partitions) for name, topic in TOPICS.items()}
        self.records: dict[Partition, list[Record]] = defaultdict(list)
        self.offsets: dict[tuple[str, Partition], int] = {}
        self.epochs: dict[tuple[str, int], int] = defaultdict(int)
        self.lock = threading.RLock()
        self.arrived = threading.Condition(self.lock)
        self.down = False

    def check(self) -> None:
        """Raise LogUnavailable while `down`."""
        if self.down:
            msg = "the log is down"
            raise LogUnavailable(msg)

    def numbers(self, topic: str) -> range:
        """Partition numbers of a topic."""
        if topic not in self._counts:
            msg = f"topic {topic!r} does not exist"
            raise LogUnavailable(msg)
        return range(self._counts[topic])

    def append(self, messages: Sequence[Outgoing]) -> None:
        """Write all, in order."""
        with self.arrived:
            self.check()
            for m in messages:
                count = len(self.numbers(m.topic))
                where = Partition(m.topic, partition_of(m.key, count) if m.partition is None else m.partition)
                batch = self.records[where]
                batch.append(Record(where, len(batch), m.key, m.value, m.headers, time.time_ns() // 1_000_000))
            self.arrived.notify_all()

    def publisher(self) -> "FakePublisher":
        """A publisher on this log."""
        return FakePublisher(self)

    def worker(self, group: str, topics: Sequence[str], *, slot: int = 0) -> "FakeWorker":
        """A worker of the group: an earlier one of the same slot is fenced."""
        return FakeWorker(self, group, topics, slot)

    def reader(self) -> "FakeReader":
        """A reader on this log."""
        return FakeReader(self)


class FakePublisher:
    """Writes at once."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log

    def publish(self, messages: Sequence[Outgoing]) -> "Future[None]":
        """Write in order."""
        done: Future[None] = Future()
        try:
            self._log.append(messages)
            done.set_result(None)
        except LogUnavailable as error:
            done.set_exception(error)
        return done

    def close(self) -> None:
        """Nothing to flush."""


class FakeReader:
    """Reads at once; `follow` waits for the first record."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log

    def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of the topic."""
        return [Partition(topic, n) for n in self._log.numbers(topic)]

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Nothing is ever deleted here."""
        self._log.check()
        return 0, len(self._log.records[partition])

    def read(self, partition: Partition, start: int, stop: int) -> Iterator[Record]:
        """Records from start to before stop."""
        self._log.check()
        yield from self._log.records[partition][start:stop]

    def follow(self, positions: Mapping[Partition, int], timeout_s: float) -> Mapping[Partition, Sequence[Record]]:
        """New records from these positions on."""
        return _wait(self._log, positions, timeout_s, 2000)

    def close(self) -> None:
        """Nothing to leave."""


class FakeWorker:
    """The only member of its group; commits are atomic under the log's lock."""

    def __init__(self, log: FakeLog, group: str, topics: Sequence[str], slot: int) -> None:
        self._log, self._group, self._slot = log, group, slot
        with log.lock:
            log.check()
            log.epochs[group, slot] += 1
            self._epoch = log.epochs[group, slot]
        self._mine = frozenset(Partition(t, n) for t in topics for n in log.numbers(t))
        self._positions = {p: log.offsets.get((group, p), 0) for p in self._mine}
        self._paused: set[Partition] = set()
        self._new = self._mine
        self._gone: frozenset[Partition] = frozenset()

    def poll(self, timeout_s: float, max_records: int = 500) -> Polled:
        """The first poll assigns everything."""
        assigned, self._new = self._new, frozenset()
        revoked, self._gone = self._gone, frozenset()
        open_ = {p: o for p, o in self._positions.items() if p not in self._paused}
        batches = _wait(self._log, open_, 0 if assigned else timeout_s, max_records)
        for partition, batch in batches.items():
            self._positions[partition] = batch[-1].offset + 1
        return Polled(batches, assigned, revoked)

    def rebalance(self) -> None:
        """The next poll takes every partition and gives it back: positions and pauses stay, as kafka-python does it."""
        self._new = self._gone = self._mine

    def commit(self, outputs: Sequence[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """All or nothing."""
        with self._log.lock:
            self._log.check()
            if self._log.epochs[self._group, self._slot] != self._epoch:
                msg = f"slot {self._slot} of {self._group} is owned by another worker"
                raise Fenced(msg)
            self._log.append(outputs)
            for partition, offset in offsets.items():
                self._log.offsets[self._group, partition] = offset

    def committed(self, partition: Partition) -> int | None:
        """The group's next offset."""
        return self._log.offsets.get((self._group, partition))

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """Nothing is ever deleted here."""
        self._log.check()
        return 0, len(self._log.records[partition])

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        self._positions[partition] = offset

    def lag(self, partition: Partition) -> int | None:
        """Records not yet polled."""
        return len(self._log.records[partition]) - self._positions[partition]

    def pause(self, partitions: Sequence[Partition]) -> None:
        """Poll on without them."""
        self._paused.update(partitions)

    def resume(self, partitions: Sequence[Partition]) -> None:
        """The opposite."""
        self._paused.difference_update(partitions)

    def close(self) -> None:
        """Nothing to leave."""


def _wait(
    log: FakeLog, positions: Mapping[Partition, int], timeout_s: float, most: int
) -> dict[Partition, Sequence[Record]]:
    def ready() -> dict[Partition, Sequence[Record]]:
        found: dict[Partition, Sequence[Record]] = {}
        room = most
        for partition, offset in positions.items():
            batch = log.records[partition][offset : offset + room]
            if batch:
                found[partition] = batch
                room -= len(batch)
        return found

    with log.arrived:
        log.check()
        log.arrived.wait_for(ready, timeout=timeout_s)
        return ready()
