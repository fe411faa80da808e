"""`wardwatch up cds-hooks` on a real Kafka: ready when the log is read, cards over HTTP, feedback into the log."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from schemas.envelope import decode
from schemas.events import DecisionMade
from services.embedded.kafka_server import KafkaServer
from services.runtime.identity import SqliteIdentity
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, create_topics
from services.runtime.outgoing import outgoing
from services.runtime.ports import Identifier
from tests.services.cds_hooks.given import call, context, raised

pytestmark = pytest.mark.servers

CHECKOUT = Path(__file__).parents[3]
PARTITIONS = 2


def ready(folder: Path) -> str:
    """The address, once the process says that it is ready."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        file = folder / "cds-hooks.json"
        if file.is_file():
            address = f"http://127.0.0.1:{httpx.Response(200, content=file.read_bytes()).json()['port']}"
            try:
                if httpx.get(f"{address}/health/ready").status_code == 200:
                    return address
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    raise AssertionError("never ready")


def decisions(kafka: str) -> list[DecisionMade]:
    """What lies in the log."""
    reader = KafkaReader(kafka)
    found = [
        decode(record.value, record.headers).event
        for partition in reader.partitions("decisions")
        for record in reader.read(partition, *reader.bounds(partition))
    ]
    reader.close()
    return [event for event in found if isinstance(event, DecisionMade) and event.subject == "cds-1"]


def test_cards_and_feedback(kafka_server: KafkaServer, tmp_path: Path) -> None:
    """Killed after a card was shown, the next process knows it: its feedback becomes a decision."""
    create_topics(kafka_server.address, PARTITIONS)
    key = SqliteIdentity(f"sqlite:///{tmp_path}/identity.db").register("main", [Identifier("fhir", "p-1")])
    known = [context(patient=key), raised(alert="cds-1").model_copy(update={"patient": key})]
    publisher = KafkaPublisher(kafka_server.address)
    publisher.publish([outgoing(e, source="x", partitions=PARTITIONS) for e in known]).result(timeout=20)
    publisher.close()
    settings = {
        "KAFKA": kafka_server.address, "OPEN": "true", "CDS_PORT": "0", "IDENTITY_URL": f"sqlite:///{tmp_path}/identity.db",
        "PARTITIONS": str(PARTITIONS), "LOG_LEVEL": "CRITICAL",
    }  # fmt: skip
    shown: list[dict[str, object]] = []
    for life in ("first", "second"):
        folder = tmp_path / life
        environment = os.environ | {f"WARDWATCH_{k}": v for k, v in (settings | {"RUN_DIR": str(folder)}).items()}
        command = [sys.executable, "-m", "services.cli.main", "up", "cds-hooks"]
        process = subprocess.Popen(command, env=environment, cwd=CHECKOUT)
        try:
            address = f"{ready(folder)}/cds-services"
            if life == "first":
                shown = httpx.post(f"{address}/wardwatch-patient-view", json=call()).json()["cards"]
                process.send_signal(signal.SIGKILL)
                continue
            given = {"card": shown[0]["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-01T08:05:00Z"}
            body = {"feedback": [given]}
            assert httpx.post(f"{address}/wardwatch-patient-view/feedback", json=body).status_code == 200
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=20)
    (decision,) = decisions(kafka_server.address)
    assert (decision.decision, decision.patient) == ("override", key)
