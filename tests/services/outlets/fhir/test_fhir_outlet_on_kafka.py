"""The FHIR outlet's process on a real Kafka, killed while it writes to a server that comes and goes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from schemas.events import Booking, Event
from schemas.fhir.service_request import request_id
from services.embedded.kafka_server import KafkaServer
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaPublisher, create_topics
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identifier
from tests.fakes.fhir import FakeFhir
from tests.fakes.fhir.server import TOKEN
from tests.fakes.grafana.faults import CutShort, Fault, Lose, Reply
from tests.services.outlets.alerts import life
from tests.services.outlets.fhir.plans import booking, decide, patient, plan, service_request

pytestmark = pytest.mark.servers

CHECKOUT = Path(__file__).parents[4]
PROGRAM = (
    "from services.outlets.fhir.main import main; from services.runtime.settings import Settings; main(Settings())"
)
SITE = "fhir-outlet"
OPERATIONS = 12
ALERTS = 10


def start(kafka: KafkaServer, folder: Path, url: str) -> subprocess.Popen[bytes]:
    """The outlet as a process of its own."""
    settings = {
        "KAFKA": kafka.address, "FHIR_SERVER_URL": url, "FHIR_SERVER_TOKEN": TOKEN, "OPEN": "true",
        "IDENTITY_URL": f"sqlite:///{folder}/identity.db", "RUN_DIR": str(folder), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    named = {f"WARDWATCH_{name}": value for name, value in settings.items()}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env={**os.environ, **named}, cwd=CHECKOUT)


def wait_for(truth: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it holds; fails the test when it never does."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, f"never came true: {truth}"
        time.sleep(0.05)


def decided(server: FakeFhir) -> int:
    """How many decisions about plans were written to the end."""
    return sum(len(source["agent"]) > 1 for source in server.store.all("Provenance"))


def booked(n: int, day: int, key: str) -> Booking:
    """An operation of the only patient."""
    return booking(n, day).model_copy(update={"request": request_id(SITE, f"op-{n}"), "patient": key})


def test_killed_while_it_writes(kafka_server: KafkaServer, tmp_path: Path) -> None:
    """Killed within the second plan, which is then undone: each appointment once, in the end as approved first.

    Alerts that are told at the same time come through too, each transition once.
    """
    create_topics(kafka_server.address, 2)
    key = SqliteIdentity(f"sqlite:///{tmp_path}/identity.db").register(SITE, [Identifier("fhir", "p-1")])
    first = plan("kafka-first", *(booked(n, 6, key) for n in range(OPERATIONS)))
    second = plan("kafka-second", *(booked(n, 8, key) for n in range(OPERATIONS // 2)))
    said = (first, decide("kafka-first"), second, decide("kafka-second", minutes=2))
    lives = [e.model_copy(update={"patient": key}) for n in range(ALERTS) for e in life(f"a{n}", n)]

    def tell(*events: Event) -> None:
        messages = [outgoing(e.model_copy(update={"site": SITE}), source="test", partitions=2) for e in events]
        publisher.publish(messages).result(timeout=20)

    publisher = KafkaPublisher(kafka_server.address)
    with FakeFhir() as server:
        server.store.write(patient("p-1"))
        for n in range(OPERATIONS):
            server.store.write(service_request(n))
        outlet = start(kafka_server, tmp_path, server.url)
        try:
            tell(*said)
            tell(*lives)
            server.fail(Fault(Lose(), method="PUT"), Fault(CutShort(), method="GET"), Fault(Reply(503)))
            wait_for(lambda: decided(server) == 1)
            outlet.send_signal(signal.SIGKILL)
            outlet.wait()
            outlet = start(kafka_server, tmp_path, server.url)
            wait_for(lambda: decided(server) == 2)
            states = sorted(a["status"] for a in server.store.all("Appointment"))
            assert states == ["booked"] * (OPERATIONS // 2) + ["cancelled"] * (OPERATIONS // 2)
            tell(decide("kafka-second", "undo", minutes=3))
            wait_for(lambda: decided(server) == 3)
            standing = server.store.all("Appointment")
            assert len(standing) == OPERATIONS
            assert {(a["status"], a["start"]) for a in standing} == {("booked", "2026-01-06T09:00:00+00:00")}
            wait_for(lambda: [f["status"] for f in server.store.all("Flag")] == ["inactive"] * ALERTS)
            wait_for(lambda: len(server.store.all("AuditEvent")) == len(lives) + 3)
            assert [t["status"] for t in server.store.all("Task") if "focus" in t and "stat" in t.values()] == (
                ["completed"] * ALERTS
            )
        finally:
            publisher.close()
            outlet.terminate()
            outlet.wait(timeout=15)


def test_without_a_server_it_is_ready_and_idle(kafka_server: KafkaServer, tmp_path: Path) -> None:
    """With no FHIR server configured the process is ready and stops when it is told to."""
    outlet = start(kafka_server, tmp_path, "")
    address = tmp_path / "outlets-fhir-0.json"
    try:
        wait_for(address.is_file)
        port = httpx.Response(200, content=address.read_bytes()).json()["port"]
        wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200)
    finally:
        outlet.terminate()
    assert outlet.wait(timeout=15) == 0
