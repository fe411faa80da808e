"""The outlet's process on a real Kafka, killed while it delivers to a Grafana that comes and goes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from services.embedded.kafka_server import KafkaServer
from services.outlets.install import Contact, install
from services.runtime.kafka_log import KafkaPublisher, create_topics
from services.runtime.outgoing import outgoing
from tests.fakes.grafana import CutShort, FakeGrafana, Fault, Hang, Lose, Reply
from tests.services.outlets.alerts import life
from tests.services.outlets.grafana_live.events import arrived, forecast

pytestmark = pytest.mark.servers

CHECKOUT = Path(__file__).parents[3]
PROGRAM = "from services.outlets.main import main; from services.runtime.settings import Settings; main(Settings())"
PARTITIONS = 2
LATE = 50 * 365 * 24 * 60
"""Minutes after all that other tests tell the same log: whoever follows it is told the time by the newest event."""
ALERTS = [f"kafka-{number}" for number in range(25)]


def start(
    kafka: KafkaServer, grafana_url: str, token: str = "", run_dir: Path | None = None
) -> subprocess.Popen[bytes]:
    """The outlet as a process of its own."""
    settings = {
        "KAFKA": kafka.address,
        "GRAFANA_URL": grafana_url,
        "GRAFANA_TOKEN": token,
        "OPEN": "true",
        "CLOCK": "told",
        "RUN_DIR": str(run_dir or ""),
        "LOG_LEVEL": "ERROR",
    }
    named = {f"WARDWATCH_{name}": value for name, value in settings.items() if value}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env={**os.environ, **named}, cwd=CHECKOUT)


def wait_for(truth: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it holds; fails the test when it never does."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, f"never came true: {truth}"
        time.sleep(0.05)


def standing(grafana: FakeGrafana) -> dict[str, list[str]]:
    """For each of our alerts the states of its annotations, one for each annotation."""
    found: dict[str, list[str]] = {alert: [] for alert in ALERTS}
    for row in list(grafana.world.annotations.values()):
        alert = row.tags[1].removeprefix("alert:")
        if alert in found:
            found[alert].append(row.tags[5])
    return found


def called(grafana: FakeGrafana, times: int) -> bool:
    """Whether the outlet called so often for annotations."""
    return sum("/api/annotations" in target for _, target in list(grafana.calls)) > times


def streamed(grafana: FakeGrafana) -> bool:
    """Whether the risk of a ward was pushed."""
    return any(
        line.startswith("ward_risk,") and "ward=live" in line and " max=0.7" in line
        for line in list(grafana.world.pushed)
    )


def all_resolved(grafana: FakeGrafana) -> bool:
    """Whether each of our alerts has one annotation, and that is resolved."""
    return all(states == ["state:resolved"] for states in standing(grafana).values())


@pytest.fixture
def grafana() -> Iterator[FakeGrafana]:
    """A Grafana that works until told otherwise."""
    with FakeGrafana() as server:
        yield server


def test_killed_again_and_again_each_alert_stands_once(kafka_server: KafkaServer, grafana: FakeGrafana) -> None:
    """Killed twice, with a Grafana that stops and loses answers: each alert stands once, resolved.

    Rules are installed and live streams on, and these hang all the while: no annotation waits for them, and they come
    with the newest values when Live answers.
    """
    create_topics(kafka_server.address, PARTITIONS)
    publisher = KafkaPublisher(kafka_server.address)
    token = grafana.token("Editor")
    for alert in ALERTS:
        messages = [outgoing(e, source="alerting", partitions=PARTITIONS) for e in life(alert)]
        publisher.publish(messages).result(timeout=20)
    here = arrived("live", ward="live", bed="live-1", minute=LATE)
    risk = [here, *(forecast("live", minute / 100, LATE + minute) for minute in range(60, 71))]
    publisher.publish([outgoing(e, source="watch", partitions=PARTITIONS) for e in risk]).result(timeout=20)
    publisher.close()
    install(grafana.url, grafana.token("Admin"), "http://prometheus:9090", Contact(mail="ops@hospital.example"))
    hung = Fault(Hang(30.0), times=10_000, prefix="/api/live")
    rude = [
        Fault(Lose(), method="POST", prefix="/api/annotations"),
        Fault(CutShort(), method="PUT", prefix="/api/annotations"),
        Fault(Reply(503, None), method="GET", prefix="/api/annotations"),
    ]
    grafana.fail(hung)
    outlet = start(kafka_server, grafana.url, token)
    try:
        for share in (10, 40):
            grafana.fail(*rude)
            wait_for(partial(called, grafana, share))
            outlet.send_signal(signal.SIGKILL)
            outlet.wait()
            outlet = start(kafka_server, grafana.url, token)
        wait_for(partial(called, grafana, len(ALERTS) * 4))
        grafana.stop()
        time.sleep(1.0)
        grafana.start()
        wait_for(partial(all_resolved, grafana))
        assert not streamed(grafana)
        grafana.heal()
        wait_for(partial(streamed, grafana))
    finally:
        outlet.terminate()
        outlet.wait(timeout=15)


def test_without_a_grafana_it_is_ready_and_idle(kafka_server: KafkaServer, tmp_path: Path) -> None:
    """With no Grafana configured the process is ready and stops when it is told to."""
    outlet = start(kafka_server, "", run_dir=tmp_path)
    try:
        wait_for((tmp_path / "outlets-0.json").is_file)
        port = httpx.Response(200, content=(tmp_path / "outlets-0.json").read_bytes()).json()["port"]
        wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200)
    finally:
        outlet.terminate()
    assert outlet.wait(timeout=15) == 0
