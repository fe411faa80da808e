"""The event log on Apache Kafka (kafka-python): publisher, transactional worker, reader.

Settings that matter were measured (design rule 4): `read_committed`, transactions time out after
5 s, static membership and a fixed transactional id per slot, retries after 10 ms instead of 100.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata

from schemas.topics import TOPICS
from services.runtime.errors import Fenced, LogUnavailable
from services.runtime.ports import Outgoing, Partition, Polled, Record

_FENCED = (
    kafka_errors.ProducerFencedError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.FencedInstanceIdError,
    kafka_errors.CommitFailedError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.UnknownMemberIdError,
    kafka_errors.RebalanceInProgressError,
    kafka_errors.TransactionAbortedError,
)
_COMMON: dict[str, Any] = {"retry_backoff_ms": 10, "reconnect_backoff_max_ms": 500, "metrics_enabled": False}
_READER: dict[str, Any] = {
    **_COMMON,
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "allow_auto_create_topics": False,
    "max_partition_fetch_bytes": 4 << 20,
}
_WAIT_MS = 10_000


def create_topics(bootstrap: str, partitions: int, *, replicas: int = 1, timeout_s: float = 30.0) -> list[str]:
    """Create the topics of `schemas.topics` that do not exist yet; returns their names.

    Raises LogUnavailable when the broker does not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_WAIT_MS)
            break
        except kafka_errors.KafkaError as error:
            if time.monotonic() > deadline:
                msg = f"no Kafka broker at {bootstrap}: {error}"
                raise LogUnavailable(msg) from error
            time.sleep(0.2)
    try:
        missing = {name: topic for name, topic in TOPICS.items() if name not in set(admin.list_topics())}
        wanted = {
            name: {
                "num_partitions": topic.partitions(partitions),
                "replication_factor": replicas,
                "configs": {
                    "cleanup.policy": topic.cleanup,
                    "retention.ms": str(topic.retention_ms),
                    "message.timestamp.type": "CreateTime",
                },
            }
            for name, topic in missing.items()
        }
        if wanted:
            with contextlib.suppress(kafka_errors.TopicAlreadyExistsError):
                admin.create_topics(wanted, wait_for_metadata=True)
        return sorted(wanted)
    finally:
        admin.close()


class KafkaPublisher:
    """Idempotent producer, acknowledged by all in-sync replicas. Safe from any thread."""

    def __init__(self, bootstrap: str, *, timeout_s: float = 10.0) -> None:
        self._producer = _connect(
            KafkaProducer, bootstrap, acks="all", enable_idempotence=True, linger_ms=2, batch_size=128 << 10,
            delivery_timeout_ms=int(timeout_s * 1000), request_timeout_ms=int(timeout_s * 500),
            max_block_ms=int(timeout_s * 1000), max_request_size=4 << 20, **_COMMON,
        )  # fmt: skip

    def publish(self, messages: Sequence[Outgoing]) -> "Future[None]":
        """Write in order; done when all are acknowledged."""
        done: Future[None] = Future()
        left = len(messages)
        if not left:
            done.set_result(None)
            return done

        def acknowledged(_: object) -> None:
            nonlocal left  # callbacks all run on the producer's one sender thread
            left -= 1
            if left == 0 and not done.done():
                done.set_result(None)

        def refused(error: object) -> None:
            if not done.done():
                done.set_exception(LogUnavailable(f"Kafka did not take the message: {error}"))

        try:
            for message in messages:
                sent = _send(self._producer, message)
                sent.add_callback(acknowledged)
                sent.add_errback(refused)
        except kafka_errors.KafkaError as error:
            refused(error)
        return done

    def close(self) -> None:
        """Flush and leave."""
        self._producer.close(timeout=5)


class KafkaWorker:
    """One slot of a consumer group with its own transactional id. Used from one thread."""

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str], *, slot: int = 0) -> None:
        self._group, self._assigned, self._revoked = group, set[Partition](), set[Partition]()
        self._producer = _connect(
            KafkaProducer, bootstrap, transactional_id=f"wardwatch-{group}-{slot}", transaction_timeout_ms=5000,
            acks="all", linger_ms=0, batch_size=256 << 10, delivery_timeout_ms=_WAIT_MS, request_timeout_ms=5000,
            max_block_ms=_WAIT_MS, max_request_size=4 << 20, **_COMMON,
        )  # fmt: skip
        # Before reading: this ends whatever transaction an earlier life of the slot left open (trap 4).
        _answered(self._producer.init_transactions)
        self._consumer = _connect(
            KafkaConsumer, bootstrap, group_id=f"wardwatch-{group}", group_instance_id=f"{group}-{slot}",
            session_timeout_ms=6000, heartbeat_interval_ms=1000, fetch_max_wait_ms=500, **_READER,
        )  # fmt: skip
        for topic in topics:  # an early subscribe fails with 'No partition metadata' (trap 3)
            _partitions(self._consumer, topic)
        self._consumer.subscribe(topics, listener=_Listener(self._assigned, self._revoked))

    def poll(self, timeout_s: float, max_records: int = 500) -> Polled:
        """Wait for records up to the timeout."""
        batches = _answered(lambda: self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records))
        assigned, revoked = frozenset(self._assigned), frozenset(self._revoked)
        self._assigned.clear()
        self._revoked.clear()
        return Polled({Partition(*tp): _records(batch) for tp, batch in batches.items()}, assigned, revoked)

    def commit(self, outputs: Sequence[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """Outputs and offsets in one transaction."""
        marks = {TopicPartition(*p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items()}
        try:
            if not outputs:
                self._consumer.commit(marks, timeout_ms=_WAIT_MS)
                return
            self._producer.begin_transaction()
            for message in outputs:
                _send(self._producer, message)
            self._producer.send_offsets_to_transaction(marks, self._consumer.group_metadata())
            self._producer.commit_transaction()
        except _FENCED as error:
            msg = f"slot of {self._group} is owned by another worker: {error}"
            raise Fenced(msg) from error
        except kafka_errors.KafkaError as error:
            with contextlib.suppress(kafka_errors.KafkaError):
                self._producer.abort_transaction()
            raise LogUnavailable(str(error)) from error

    def committed(self, partition: Partition) -> int | None:
        """The group's next offset to read."""
        found = _answered(lambda: self._consumer.committed(TopicPartition(*partition), timeout_ms=_WAIT_MS))
        return None if found is None else int(found)

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset kept and last stable offset."""
        return _bounds(self._consumer, partition)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        self._consumer.seek(TopicPartition(*partition), offset)

    def lag(self, partition: Partition) -> int | None:
        """Records not yet polled, as far as the last fetch knew."""
        tp = TopicPartition(*partition)
        high = self._consumer.highwater(tp)
        return None if high is None else max(0, int(high) - int(self._consumer.position(tp, timeout_ms=_WAIT_MS)))

    def pause(self, partitions: Sequence[Partition]) -> None:
        """Poll on without their records."""
        self._consumer.pause(*(TopicPartition(*p) for p in partitions))

    def resume(self, partitions: Sequence[Partition]) -> None:
        """The opposite of pause."""
        self._consumer.resume(*(TopicPartition(*p) for p in partitions))

    def close(self) -> None:
        """Leave the group."""
        with contextlib.suppress(kafka_errors.KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=3000)
        with contextlib.suppress(kafka_errors.KafkaError):
            self._producer.close(timeout=3)


class KafkaReader:
    """Committed records without a group. Used from one thread."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = _connect(KafkaConsumer, bootstrap, group_id=None, fetch_max_wait_ms=500, **_READER)

    def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of the topic."""
        return [Partition(topic, number) for number in _partitions(self._consumer, topic)]

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset kept and last stable offset."""
        return _bounds(self._consumer, partition)

    def read(self, partition: Partition, start: int, stop: int) -> Iterator[Record]:
        """Committed records from start to before stop."""
        tp = TopicPartition(*partition)
        self._consumer.assign([tp])
        self._consumer.seek(tp, start)
        deadline = time.monotonic() + _WAIT_MS / 1000
        while _answered(lambda: self._consumer.position(tp, timeout_ms=_WAIT_MS)) < stop:
            batches = _answered(lambda: self._consumer.poll(timeout_ms=200, max_records=2000))
            for record in _records(batches.get(tp, [])):
                if record.offset >= stop:
                    return
                yield record
            if batches:
                deadline = time.monotonic() + _WAIT_MS / 1000
            elif time.monotonic() > deadline:
                msg = f"{partition.topic}/{partition.number} could not be read to {stop}"
                raise LogUnavailable(msg)

    def follow(self, positions: Mapping[Partition, int], timeout_s: float) -> Mapping[Partition, Sequence[Record]]:
        """New records of all these partitions from these positions on."""
        wanted = {TopicPartition(*p): offset for p, offset in positions.items()}
        if set(self._consumer.assignment()) != set(wanted):
            self._consumer.assign(list(wanted))
            for tp, offset in wanted.items():
                self._consumer.seek(tp, offset)
        batches = _answered(lambda: self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=2000))
        return {Partition(*tp): _records(batch) for tp, batch in batches.items()}

    def close(self) -> None:
        """Leave."""
        self._consumer.close(autocommit=False, timeout_ms=3000)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types
    """Notes what changed hands; the worker's thread acts on it after the poll."""

    def __init__(self, assigned: set[Partition], revoked: set[Partition]) -> None:
        self._assigned, self._revoked = assigned, revoked

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._assigned.update(Partition(*tp) for tp in assigned)

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        gone = {Partition(*tp) for tp in revoked}
        self._revoked.update(gone)
        self._assigned.difference_update(gone)


def _connect(make: Any, bootstrap: str, **config: Any) -> Any:  # noqa: ANN401 - kafka-python ships no types
    try:
        return make(bootstrap_servers=bootstrap, **config)
    except kafka_errors.KafkaError as error:
        msg = f"no Kafka broker at {bootstrap}: {error}"
        raise LogUnavailable(msg) from error


def _answered(call: Any) -> Any:  # noqa: ANN401 - kafka-python ships no types
    try:
        return call()
    except _FENCED as error:
        raise Fenced(str(error)) from error
    except kafka_errors.KafkaError as error:
        raise LogUnavailable(str(error)) from error


def _send(producer: Any, message: Outgoing) -> Any:  # noqa: ANN401 - kafka-python ships no types
    return producer.send(
        message.topic, value=message.value, key=message.key.encode(), headers=list(message.headers),
        partition=message.partition, timestamp_ms=time.time_ns() // 1_000_000,
    )  # fmt: skip


def _partitions(consumer: Any, topic: str) -> list[int]:  # noqa: ANN401 - kafka-python ships no types
    deadline = time.monotonic() + _WAIT_MS / 1000
    while not (found := _answered(lambda: consumer.partitions_for_topic(topic))):
        if time.monotonic() > deadline:
            msg = f"topic {topic!r} does not exist: create the topics first (wardwatch up does)"
            raise LogUnavailable(msg)
        time.sleep(0.1)
    return sorted(found)


def _bounds(consumer: Any, partition: Partition) -> tuple[int, int]:  # noqa: ANN401 - kafka-python ships no types
    tp = TopicPartition(*partition)
    first = _answered(lambda: consumer.beginning_offsets([tp], timeout_ms=_WAIT_MS))[tp]
    last = _answered(lambda: consumer.end_offsets([tp], timeout_ms=_WAIT_MS))[tp]
    return int(first), int(last)


def _records(batch: Sequence[Any]) -> list[Record]:
    return [
        Record(
            Partition(r.topic, r.partition), r.offset, (r.key or b"").decode("utf-8", "replace"), r.value,
            tuple(r.headers), r.timestamp,
        )
        for r in batch
    ]  # fmt: skip
