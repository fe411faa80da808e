"""The embedded broker against a real client: it is one node, ready when it says so, and keeps its data."""

from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from services.embedded import jars
from services.embedded.errors import CannotStartError
from services.embedded.java import OLDEST, java, major
from services.embedded.kafka_server import KafkaServer


def test_the_java_that_is_found_is_new_enough() -> None:
    """Kafka 4 runs on Java 17 and later, so no older one is ever chosen."""
    assert major(java()) >= OLDEST


def test_a_program_that_is_no_java_has_version_zero(tmp_path: Path) -> None:
    """A broken JAVA_HOME is passed over, not fatal."""
    assert major(tmp_path / "java") == 0


def test_every_jar_of_the_cache_is_the_committed_one() -> None:
    """The broker runs on exactly the bytes whose SHA-256 are committed."""
    assert {jar.name for jar in jars.jars().glob("*.jar")} == set(jars.expected())


@pytest.mark.parametrize("fault", ["changed", "missing", "added"])
def test_other_bytes_than_the_committed_ones_are_refused(tmp_path: Path, fault: str) -> None:
    """A jar that was changed, is missing or was added is named, and nothing starts."""
    folder = jars.jars()
    for name in jars.expected():
        (tmp_path / name).symlink_to(folder / name)
    name = min(jars.expected())
    if fault == "added":
        name = "zz.jar"
    else:
        (tmp_path / name).unlink()
    if fault != "missing":
        (tmp_path / name).write_bytes(b"not this")
    with pytest.raises(CannotStartError, match=name):
        jars.jars(tmp_path)


@pytest.mark.servers
def test_what_was_acknowledged_is_there_after_kill_9_on_the_same_port(tmp_path: Path) -> None:
    """A broker that is killed and started on its folder has its port, its topics and every acknowledged message."""
    with KafkaServer(tmp_path / "kafka") as server:
        admin = KafkaAdminClient(bootstrap_servers=server.address)
        admin.create_topics([NewTopic("facts", num_partitions=2, replication_factor=1)])
        admin.close()
        producer = KafkaProducer(bootstrap_servers=server.address, acks="all")
        for number in range(20):
            producer.send("facts", str(number).encode(), partition=number % 2).get(10)
        before, address = server.pid, server.address
        server.kill()
        assert not server.alive
        server.start()
        assert server.pid != before
        assert server.address == address
        producer.send("facts", b"20", partition=0).get(30)
        producer.close()
        consumer = KafkaConsumer(
            "facts", bootstrap_servers=address, auto_offset_reset="earliest", consumer_timeout_ms=5000
        )
        seen = {int(record.value) for record, _ in zip(consumer, range(21), strict=False)}
        consumer.close()
        assert seen == set(range(21))


@pytest.mark.servers
def test_a_topic_is_never_made_by_mistake(kafka_server: KafkaServer) -> None:
    """A misspelled topic is an error, not a new topic."""
    producer = KafkaProducer(bootstrap_servers=kafka_server.address, max_block_ms=2000)
    with pytest.raises(Exception, match=r"(?i)topic|metadata"):
        producer.send("no-such-topic", b"").get(5)
    producer.close()
