"""The topics of `schemas.topics` made on a broker."""

import contextlib
import time

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors

from schemas.topics import TOPICS
from services.runtime.errors import LogUnavailable
from services.runtime.kafka_log.address import reached, shown
from services.runtime.kafka_log.client import WAIT_MS


def create_topics(bootstrap: str, partitions: int, *, replicas: int = 1, timeout_s: float = 30.0) -> list[str]:
    """Create the topics of `schemas.topics` that do not exist yet; returns their names.

    Raises LogUnavailable when the broker does not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            admin = KafkaAdminClient(**reached(bootstrap), request_timeout_ms=WAIT_MS)
            break
        except kafka_errors.KafkaError as error:
            if time.monotonic() > deadline:
                msg = f"no Kafka broker at {shown(bootstrap)}: {error}"
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
