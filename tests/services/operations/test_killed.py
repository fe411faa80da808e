"""Operations killed at any line: what it told is told once, and after the restart it says what is."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.envelope import decode
from schemas.events import Event, WardOccupancyChanged
from services.embedded.kafka_server import KafkaServer
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, create_topics
from services.runtime.outgoing import outgoing
from tests.services.operations.test_core import came, hospital, left

SITE = "operations-killed"
BEDS = ("b1", "b2", "b3", "c1")


@contextmanager
def operations(server: KafkaServer, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The real process; killed on the way out, if it still lives."""
    env = os.environ | {
        "WARDWATCH_KAFKA": server.address, "WARDWATCH_OBJECTS_URL": f"file://{folder}", "WARDWATCH_CLOCK": "told",
        "WARDWATCH_SITE": SITE, "WARDWATCH_OPEN": "true",
    }  # fmt: skip
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen((sys.executable, "-m", "services.cli.main", "up", "operations"), env=env, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def publish(server: KafkaServer, *events: Event) -> None:
    """Facts of our own site into the log."""
    publisher = KafkaPublisher(server.address)
    messages = [outgoing(e.model_copy(update={"site": SITE}), source="test", partitions=4) for e in events]
    publisher.publish(messages).result(30)
    publisher.close()


def counts(server: KafkaServer) -> list[WardOccupancyChanged]:
    """What was told about our site, in order."""
    reader = KafkaReader(server.address)
    try:
        (plans,) = reader.partitions("plans")
        found = [decode(r.value, r.headers).event for r in reader.read(plans, *reader.bounds(plans))]
    finally:
        reader.close()
    return [e for e in found if isinstance(e, WardOccupancyChanged) and e.site == SITE]


def wait_for(server: KafkaServer, occupied: int, seconds: float = 60) -> None:
    """Until the site's newest count is this."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        whole = [e.occupied for e in counts(server) if e.ward is None]
        if whole and whole[-1] == occupied:
            return
        time.sleep(0.2)
    pytest.fail(f"the site was never told to hold {occupied}")


@pytest.mark.servers
@pytest.mark.faults
@pytest.mark.slow
def test_kill_9_in_a_stream_of_admissions(kafka_server: KafkaServer, tmp_path: Path) -> None:
    """Killed while patients come and go: no count is told twice, and the last one is the recount."""
    create_topics(kafka_server.address, 4)
    publish(kafka_server, *hospital())
    with operations(kafka_server, tmp_path) as first:
        publish(kafka_server, *came(1, "b1"))
        wait_for(kafka_server, 1)
        for few in range(10, 40, 6):
            publish(kafka_server, *(fact for n in range(few, few + 6) for fact in came(n, BEDS[n % 4], n / 10)))
            if few > 20:
                first.kill()
    publish(kafka_server, *(left(n, 5) for n in range(10, 38)))
    with operations(kafka_server, tmp_path):
        wait_for(kafka_server, 3)
    told = counts(kafka_server)
    assert max(Counter(e.id for e in told).values()) == 1
    newest = {e.ward: e.occupied for e in told}
    assert newest[None] == sum(n for ward, n in newest.items() if ward is not None) == 3
