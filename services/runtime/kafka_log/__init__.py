"""The event log on Apache Kafka (kafka-python): publisher, transactional worker, reader.

Settings that matter were measured (design rule 4): `read_committed`, transactions time out after 5 s, static membership
and a fixed transactional id per slot, retries after 10 ms instead of 100.
"""

from services.runtime.kafka_log.publisher import KafkaPublisher
from services.runtime.kafka_log.reader import KafkaReader
from services.runtime.kafka_log.topics import create_topics
from services.runtime.kafka_log.worker import KafkaWorker

__all__ = ["KafkaPublisher", "KafkaReader", "KafkaWorker", "create_topics"]
