"""One slot of a consumer group that reads, and writes outputs and offsets in one transaction."""

import contextlib
import time
from collections.abc import Mapping, Sequence

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import OffsetAndMetadata

from services.runtime.errors import Fenced, LogUnavailable
from services.runtime.kafka_log.client import (
    COMMON,
    FENCED,
    READER,
    WAIT_MS,
    answered,
    connect,
    offset_bounds,
    partition_numbers,
    records,
    send,
)
from services.runtime.ports import Outgoing, Partition, Polled

JOIN_S = 30.0
"""A slot that was given no partition for so long, although there are as many as slots, asks its group anew."""


class KafkaWorker:
    """One slot of a consumer group with its own transactional id. Used from one thread."""

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str], *, slot: int = 0) -> None:
        self._group, self._assigned, self._revoked = group, set[Partition](), set[Partition]()
        self._producer = connect(
            KafkaProducer, bootstrap, transactional_id=f"wardwatch-{group}-{slot}", transaction_timeout_ms=5000,
            acks="all", linger_ms=0, batch_size=256 << 10, delivery_timeout_ms=WAIT_MS, request_timeout_ms=5000,
            max_block_ms=WAIT_MS, max_request_size=4 << 20, **COMMON,
        )  # fmt: skip
        # Before reading: this ends whatever transaction an earlier life of the slot left open (trap 4).
        answered(self._producer.init_transactions)
        self._consumer = connect(
            KafkaConsumer, bootstrap, group_id=f"wardwatch-{group}", group_instance_id=f"{group}-{slot}",
            session_timeout_ms=6000, heartbeat_interval_ms=1000, fetch_max_wait_ms=500, **READER,
        )  # fmt: skip
        # An early subscribe fails with 'No partition metadata' (trap 3).
        most = max(len(partition_numbers(self._consumer, topic)) for topic in topics)
        self._join_by = time.monotonic() + JOIN_S if slot < most else float("inf")
        self._consumer.subscribe(topics, listener=_Listener(self._assigned, self._revoked))

    def poll(self, timeout_s: float, max_records: int = 500) -> Polled:
        """Wait for records up to the timeout. LogUnavailable when the group gives no partition for too long."""
        batches = answered(lambda: self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records))
        assigned, revoked = frozenset(self._assigned), frozenset(self._revoked)
        self._assigned.clear()
        self._revoked.clear()
        if assigned:
            self._join_by = float("inf")
        elif time.monotonic() > self._join_by:
            msg = f"the group {self._group} gave no partition within {JOIN_S:.0f} s"
            raise LogUnavailable(msg)
        return Polled({Partition(*tp): records(batch) for tp, batch in batches.items()}, assigned, revoked)

    def commit(self, outputs: Sequence[Outgoing], offsets: Mapping[Partition, int]) -> None:
        """Outputs and offsets in one transaction."""
        marks = {TopicPartition(*p): OffsetAndMetadata(offset, "", -1) for p, offset in offsets.items()}
        try:
            if not outputs:
                self._consumer.commit(marks, timeout_ms=WAIT_MS)
                return
            self._producer.begin_transaction()
            for message in outputs:
                send(self._producer, message)
            self._producer.send_offsets_to_transaction(marks, self._consumer.group_metadata())
            self._producer.commit_transaction()
        except FENCED as error:
            msg = f"slot of {self._group} is owned by another worker: {error}"
            raise Fenced(msg) from error
        except kafka_errors.KafkaError as error:
            with contextlib.suppress(kafka_errors.KafkaError):
                self._producer.abort_transaction()
            raise LogUnavailable(str(error)) from error

    def committed(self, partition: Partition) -> int | None:
        """The group's next offset to read."""
        found = answered(lambda: self._consumer.committed(TopicPartition(*partition), timeout_ms=WAIT_MS))
        return None if found is None else int(found)

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset kept and last stable offset."""
        return offset_bounds(self._consumer, partition)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        self._consumer.seek(TopicPartition(*partition), offset)

    def lag(self, partition: Partition) -> int | None:
        """Records not yet polled, as far as the last fetch knew."""
        tp = TopicPartition(*partition)
        high = self._consumer.highwater(tp)
        return None if high is None else max(0, int(high) - int(self._consumer.position(tp, timeout_ms=WAIT_MS)))

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
