"""What publisher, worker and reader share: settings that were measured, errors translated, records as values.

kafka-python ships no types: whatever it hands over is `Any` here and typed on the other side of this package.
"""

import time
from collections.abc import Sequence
from typing import Any

from kafka import TopicPartition
from kafka import errors as kafka_errors

from services.runtime.errors import Fenced, LogUnavailable
from services.runtime.kafka_log.address import reached, shown
from services.runtime.ports import Outgoing, Partition, Record

FENCED = (
    kafka_errors.ProducerFencedError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.FencedInstanceIdError,
    kafka_errors.CommitFailedError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.UnknownMemberIdError,
    kafka_errors.RebalanceInProgressError,
    kafka_errors.TransactionAbortedError,
)
COMMON: dict[str, Any] = {"retry_backoff_ms": 10, "reconnect_backoff_max_ms": 500, "metrics_enabled": False}
READER: dict[str, Any] = {
    **COMMON,
    "isolation_level": "read_committed",
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "allow_auto_create_topics": False,
    "max_partition_fetch_bytes": 4 << 20,
}
WAIT_MS = 10_000


def connect(make: Any, bootstrap: str, **config: Any) -> Any:  # noqa: ANN401 - kafka-python ships no types
    """A client, or LogUnavailable that names the broker."""
    try:
        return make(**reached(bootstrap), **config)
    except kafka_errors.KafkaError as error:
        msg = f"no Kafka broker at {shown(bootstrap)}: {error}"
        raise LogUnavailable(msg) from error


def answered(call: Any) -> Any:  # noqa: ANN401 - kafka-python ships no types
    """What a call gives; kafka-python's errors become Fenced or LogUnavailable."""
    try:
        return call()
    except FENCED as error:
        raise Fenced(str(error)) from error
    except kafka_errors.KafkaError as error:
        raise LogUnavailable(str(error)) from error


def send(producer: Any, message: Outgoing) -> Any:  # noqa: ANN401 - kafka-python ships no types
    """Hand a message to a producer, stamped with real time."""
    return producer.send(
        message.topic, value=message.value, key=message.key.encode(), headers=list(message.headers),
        partition=message.partition, timestamp_ms=time.time_ns() // 1_000_000,
    )  # fmt: skip


def partition_numbers(consumer: Any, topic: str) -> list[int]:  # noqa: ANN401 - kafka-python ships no types
    """Numbers of a topic's partitions; an early subscribe fails without them (trap 3)."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not (found := answered(lambda: consumer.partitions_for_topic(topic))):
        if time.monotonic() > deadline:
            msg = f"topic {topic!r} does not exist: create the topics first (wardwatch up does)"
            raise LogUnavailable(msg)
        time.sleep(0.1)
    return sorted(found)


def offset_bounds(consumer: Any, partition: Partition) -> tuple[int, int]:  # noqa: ANN401 - kafka-python ships no types
    """First offset kept and last stable offset."""
    tp = TopicPartition(*partition)
    first = answered(lambda: consumer.beginning_offsets([tp], timeout_ms=WAIT_MS))[tp]
    last = answered(lambda: consumer.end_offsets([tp], timeout_ms=WAIT_MS))[tp]
    return int(first), int(last)


def records(batch: Sequence[Any]) -> list[Record]:
    """Records as values."""
    return [
        Record(
            Partition(r.topic, r.partition), r.offset, (r.key or b"").decode("utf-8", "replace"), r.value,
            tuple(r.headers), r.timestamp,
        )
        for r in batch
    ]  # fmt: skip
