"""The gateway as a process before a real Kafka: killed in the middle, nothing acknowledged is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from schemas.envelope import decode
from schemas.events import ObservationsRecorded
from services.embedded.kafka_server import KafkaServer
from services.runtime.kafka_log import KafkaReader, create_topics
from tests.schemas.fhir.documents import Json, bundle, patient, vitals
from tests.schemas.hl7v2.messages import RESULTS
from tests.services.gateway.mllp_client import Sender

pytestmark = pytest.mark.servers
HEADERS = {"Content-Type": "application/fhir+json"}


class Process:
    """`wardwatch up gateway`, that can be killed and started again on the same files and ports."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "WARDWATCH_KAFKA": kafka,
            "WARDWATCH_OPEN": "true",
            "WARDWATCH_RUN_DIR": str(folder),
            "WARDWATCH_OBJECTS_URL": f"file://{folder}/objects",
            "WARDWATCH_IDENTITY_URL": f"sqlite:///{folder}/identity.db",
            "WARDWATCH_GATEWAY_PORT": "0",
            "WARDWATCH_DICOM_PORT": "0",
            "WARDWATCH_MLLP_PORT": "0",
            "WARDWATCH_SITE": f"kill{time.time_ns()}",
        }
        self.child: subprocess.Popen[bytes] | None = None
        self.url, self.mllp = "", 0

    def start(self) -> None:
        """Start, and wait until it is ready."""
        address = self.folder / "gateway.json"
        address.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "services.cli.main", "up", "gateway"]
        self.child = subprocess.Popen(argv, env=self.environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.1)
            if not address.exists():
                continue
            told = json.loads(address.read_text())
            self.url, self.mllp = f"http://127.0.0.1:{told['port']}", int(told["mllp_port"])
            try:
                if httpx.get(f"{self.url}/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                continue
        pytest.fail("the gateway did not become ready")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> int:
        """End it; the exit code."""
        assert self.child is not None
        self.child.send_signal(how)
        return self.child.wait(timeout=30)


@pytest.fixture
def process(kafka_server: KafkaServer, tmp_path: Path) -> Iterator[Process]:
    """A gateway before the broker."""
    create_topics(kafka_server.address, 4)
    gateway = Process(kafka_server.address, tmp_path)
    gateway.start()
    yield gateway
    if gateway.child is not None and gateway.child.poll() is None:
        gateway.kill()


def send(process: Process, content: Json) -> httpx.Response | None:
    """POST once; None when nobody answered."""
    try:
        return httpx.post(f"{process.url}/fhir", content=orjson.dumps(content), headers=HEADERS, timeout=15)
    except httpx.TransportError:
        return None


def recorded(kafka: str, site: str) -> list[ObservationsRecorded]:
    """Everything that lies in the log for this site."""
    reader = KafkaReader(kafka)
    try:
        found = [
            decode(record.value, record.headers).event
            for partition in reader.partitions("clinical")
            for record in reader.read(partition, *reader.bounds(partition))
            if any(name == "ce_type" for name, _ in record.headers)  # other tests of the run write no events
        ]
    finally:
        reader.close()
    return [e for e in found if isinstance(e, ObservationsRecorded) and e.site == site]


def minute(n: int) -> Json:
    """The vital signs of minute n, each with an id of its own."""
    readings = vitals(effectiveDateTime=f"2026-01-02T10:{n:02d}:00Z")
    return bundle(*(r | {"id": f"{r['id']}-{n}"} for r in readings))


def test_killed_in_the_middle(process: Process, kafka_server: KafkaServer) -> None:
    """After kill -9 what was acknowledged is in the log, and what was sent again is the same event."""
    answer = send(process, bundle(patient()))
    assert answer is not None
    assert answer.status_code == 200
    acknowledged = 0
    for n in range(20):
        if n == 10:
            process.kill()
            assert send(process, minute(n)) is None
            process.start()
        for _ in range(2):  # everything twice: a repeat is harmless
            answer = send(process, minute(n))
            assert answer is not None
            assert answer.status_code == 200
        acknowledged += 1
    site = process.environment["WARDWATCH_SITE"]
    events = recorded(kafka_server.address, site)
    assert len({event.id for event in events}) == acknowledged == 20
    assert len({event.patient for event in events}) == 1
    assert {len(event.readings) for event in events} == {8}


def test_killed_while_messages_are_answered(process: Process, kafka_server: KafkaServer) -> None:
    """HL7 v2: kill -9 between two answers; every AA is in the log, and what was sent again is the same event."""

    def result(n: int) -> bytes:
        return RESULTS.replace("113000", f"11{n:02d}00").replace("|M2|", f"|M{n}|").encode()

    sender, n, killed = Sender(process.mllp), 0, False
    killer = threading.Timer(0.05, process.kill)
    killer.start()
    while n < 40:
        try:
            assert sender.said(result(n)) == "AA"
            n = n + 1 if killed or n < 20 else 10  # until it is killed: a repeat is harmless
        except (EOFError, OSError):
            killed = True
            killer.join()
            process.start()
            sender = Sender(process.mllp)
            n = max(0, n - 2)  # an engine that lost its place sends the last ones again
    sender.close()
    assert killed
    events = recorded(kafka_server.address, process.environment["WARDWATCH_SITE"])
    assert len({event.id for event in events}) == 40
    assert len({reading.id for event in events for reading in event.readings}) == 80


def test_told_to_stop(process: Process) -> None:
    """SIGTERM ends it in order."""
    assert process.kill(signal.SIGTERM) == 0
