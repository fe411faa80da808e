"""Committed records without a group: rebuilding, projections, replays."""

import time
from collections.abc import Iterator, Mapping, Sequence

from kafka import KafkaConsumer, TopicPartition

from services.runtime.errors import LogUnavailable
from services.runtime.kafka_log.client import (
    READER,
    WAIT_MS,
    answered,
    connect,
    offset_bounds,
    partition_numbers,
    records,
)
from services.runtime.ports import Partition, Record


class KafkaReader:
    """Committed records without a group. Used from one thread."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = connect(KafkaConsumer, bootstrap, group_id=None, fetch_max_wait_ms=500, **READER)

    def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of the topic."""
        return [Partition(topic, number) for number in partition_numbers(self._consumer, topic)]

    def bounds(self, partition: Partition) -> tuple[int, int]:
        """First offset kept and last stable offset."""
        return offset_bounds(self._consumer, partition)

    def read(self, partition: Partition, start: int, stop: int) -> Iterator[Record]:
        """Committed records from start to before stop."""
        tp = TopicPartition(*partition)
        self._consumer.assign([tp])
        self._consumer.seek(tp, start)
        deadline = time.monotonic() + WAIT_MS / 1000
        while answered(lambda: self._consumer.position(tp, timeout_ms=WAIT_MS)) < stop:
            batches = answered(lambda: self._consumer.poll(timeout_ms=200, max_records=2000))
            for record in records(batches.get(tp, [])):
                if record.offset >= stop:
                    return
                yield record
            if batches:
                deadline = time.monotonic() + WAIT_MS / 1000
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
        batches = answered(lambda: self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=2000))
        return {Partition(*tp): records(batch) for tp, batch in batches.items()}

    def close(self) -> None:
        """Leave."""
        self._consumer.close(autocommit=False, timeout_ms=3000)
