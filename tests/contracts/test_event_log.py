"""One contract for the event log, on the fake and on a real Kafka."""

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from services.runtime.errors import Fenced, LogUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, KafkaWorker, create_topics
from services.runtime.ports import LogReader, Outgoing, Partition, Publisher, Record, Worker

PARTITIONS = 4
_groups = (f"contract{n}" for n in itertools.count())


@dataclass(frozen=True)
class Log:
    """How to reach one log."""

    publisher: Callable[[], Publisher]
    worker: Callable[[str, Sequence[str], int], Worker]
    reader: Callable[[], LogReader]


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.servers)])
def log(request: pytest.FixtureRequest) -> Log:
    """The fake, or the session's Kafka."""
    if request.param == "fake":
        fake = FakeLog(PARTITIONS)
        return Log(fake.publisher, lambda group, topics, slot: fake.worker(group, topics, slot=slot), fake.reader)
    address: str = request.getfixturevalue("kafka_server").address
    create_topics(address, PARTITIONS)
    return Log(
        lambda: KafkaPublisher(address),
        lambda group, topics, slot: KafkaWorker(address, group, topics, slot=slot),
        lambda: KafkaReader(address),
    )


@pytest.fixture
def group() -> str:
    """A consumer group that no other test uses."""
    return f"{next(_groups)}-{uuid.uuid4().hex[:6]}"


def message(key: str, value: str, partition: int = 0, topic: str = "clinical") -> Outgoing:
    """A message to one partition."""
    return Outgoing(topic, key, value.encode(), (("ce_id", b"1"),), partition)


def drain(worker: Worker, count: int, polls: int = 30) -> list[Record]:
    """Poll until so many records came."""
    found: list[Record] = []
    for _ in range(polls):
        for _, records in sorted(worker.poll(1.0).records.items()):
            found.extend(records)
        if len(found) >= count:
            break
    return found


def tail(reader: LogReader, topic: str, since: Mapping[Partition, int]) -> list[bytes | None]:
    """Values written since these offsets."""
    found: list[bytes | None] = []
    for partition in reader.partitions(topic):
        found.extend(r.value for r in reader.read(partition, since[partition], reader.bounds(partition)[1]))
    return found


def ends(reader: LogReader, topic: str) -> dict[Partition, int]:
    """Where each partition ends."""
    return {p: reader.bounds(p)[1] for p in reader.partitions(topic)}


@pytest.fixture
def reader(log: Log) -> Iterator[LogReader]:
    """A reader that is closed afterwards."""
    found = log.reader()
    yield found
    found.close()


def test_what_was_published_is_read_in_order(log: Log, reader: LogReader) -> None:
    """Records of a partition come back in the order written, with key and headers."""
    since = ends(reader, "clinical")
    publisher = log.publisher()
    publisher.publish([message("k", str(n)) for n in range(50)]).result(10)
    publisher.close()
    where = Partition("clinical", 0)
    found = list(reader.read(where, since[where], reader.bounds(where)[1]))
    assert [r.value for r in found] == [str(n).encode() for n in range(50)]
    assert found[0].key == "k"
    assert found[0].headers == (("ce_id", b"1"),)
    assert found[0].timestamp_ms > 0


def test_a_commit_writes_outputs_and_offsets_together(log: Log, reader: LogReader, group: str) -> None:
    """After a commit the outputs are readable and the group stands after its input."""
    publisher = log.publisher()
    publisher.publish([message("k", "in")]).result(10)
    since = ends(reader, "risk")
    worker = log.worker(group, ["clinical"], 0)
    last = drain(worker, 1)[-1]
    worker.commit([message("k", "out", topic="risk")], {last.partition: last.offset + 1})
    assert worker.committed(last.partition) == last.offset + 1
    assert tail(reader, "risk", since) == [b"out"]
    worker.close()
    publisher.close()


def test_an_uncommitted_poll_is_read_again_by_the_next_life(log: Log, group: str) -> None:
    """A worker that left without committing loses nothing for its successor."""
    publisher = log.publisher()
    publisher.publish([message("k", "again")]).result(10)
    first = log.worker(group, ["clinical"], 0)
    seen = drain(first, 1)
    first.close()
    second = log.worker(group, ["clinical"], 0)
    assert [r.offset for r in drain(second, len(seen))] == [r.offset for r in seen]
    second.close()
    publisher.close()


def test_an_older_life_of_a_slot_is_fenced(log: Log, group: str) -> None:
    """Two workers with one slot: the older one cannot commit."""
    publisher = log.publisher()
    publisher.publish([message("k", "x")]).result(10)
    old = log.worker(group, ["clinical"], 0)
    last = drain(old, 1)[-1]
    new = log.worker(group, ["clinical"], 0)
    new.poll(0.5)
    with pytest.raises((Fenced, LogUnavailable)):
        old.commit([message("k", "ghost", topic="risk")], {last.partition: last.offset + 1})
    for worker in (old, new):
        worker.close()
    publisher.close()


def test_assignment_is_told_once(log: Log, group: str) -> None:
    """The first polls assign every partition of every topic, and name each once."""
    worker = log.worker(group, ["risk", "findings"], 0)
    assigned: list[Partition] = []
    for _ in range(20):
        assigned.extend(worker.poll(0.5).assigned)
        if assigned:
            break
    assert sorted(assigned) == sorted(Partition(t, n) for t in ("risk", "findings") for n in range(PARTITIONS))
    worker.close()


def test_a_paused_partition_is_not_polled(log: Log, group: str) -> None:
    """Paused partitions keep their records until they are resumed."""
    publisher = log.publisher()
    worker = log.worker(group, ["imaging"], 0)
    assigned: frozenset[Partition] = frozenset()
    while not assigned:
        assigned = worker.poll(0.5).assigned
    drain(worker, 10_000, polls=2)
    where = Partition("imaging", 1)
    worker.pause([where])
    publisher.publish([message("k", "later", 1, "imaging")]).result(10)
    assert drain(worker, 1, polls=2) == []
    worker.resume([where])
    assert [r.value for r in drain(worker, 1)] == [b"later"]
    worker.close()
    publisher.close()


def test_follow_brings_new_records(log: Log, reader: LogReader) -> None:
    """A follower gets what is written after its positions."""
    positions = ends(reader, "alerts")
    publisher = log.publisher()
    publisher.publish([message("k", "new", 2, "alerts")]).result(10)
    for _ in range(20):
        found = reader.follow(positions, 1.0)
        if found:
            break
    assert [r.value for r in found[Partition("alerts", 2)]] == [b"new"]
    publisher.close()


def test_lag_counts_what_is_left(log: Log, group: str) -> None:
    """After everything was polled nothing is left."""
    publisher = log.publisher()
    publisher.publish([message("k", "x", 3, "findings")]).result(10)
    worker = log.worker(group, ["findings"], 0)
    drain(worker, 1)
    drain(worker, 10_000, polls=1)
    assert worker.lag(Partition("findings", 3)) == 0
    worker.close()
    publisher.close()
