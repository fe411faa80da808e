"""The outlets' process on a real Kafka: a webhook and mails, each with its own group, killed while they deliver."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.envelope import decode
from schemas.events import AlertEscalated, AlertRaised, DeliveryMade
from services.cli.outlets import app
from services.embedded.kafka_server import KafkaServer
from services.outlets.mail_message import reference
from services.outlets.resending import dead_letters
from services.runtime.kafka_log import KafkaPublisher, KafkaReader, create_topics
from services.runtime.outgoing import outgoing
from tests.fakes.grafana.faults import Fault, Reply
from tests.fakes.mail import FakeMailServer
from tests.fakes.webhook import FakeReceiver
from tests.services.outlets.alerts import life
from tests.services.outlets.test_signing import SECRET, verify

pytestmark = pytest.mark.servers

CHECKOUT = Path(__file__).parents[3]
PARTITIONS = 2
ALERTS = [f"reach-{number}" for number in range(15)]


def start(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """`wardwatch up outlets`; what it says is appended to `log`."""
    command = [sys.executable, "-m", "services.cli.main", "up", "outlets"]
    with log.open("ab") as out:
        return subprocess.Popen(command, env={**os.environ, **environment}, cwd=CHECKOUT, stdout=out, stderr=out)


def wait_for(truth: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until it holds; fails the test when it never does.

    Longer than a slot that its group gave nothing (seen on a starved machine) needs to join anew and go on: 30 s for
    the first try, 6 s for its session, as long again for the second.
    """
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)


def refused_and_resent(kafka: KafkaServer, receiver: FakeReceiver, environment: dict[str, str]) -> None:
    """What a webhook refuses lies in the quarantine, and `wardwatch outlets resend` brings it there after all."""
    last = life("reach-last")[0]
    receiver.fail(Fault(Reply(400, None)))
    publisher = KafkaPublisher(kafka.address)
    publisher.publish([outgoing(last, source="alerting", partitions=PARTITIONS)]).result(timeout=20)
    publisher.close()
    reader = KafkaReader(kafka.address)
    wait_for(lambda: bool(dead_letters(reader, "outlets-reach-hook")))
    reader.close()
    assert last.id not in receiver.keys()  # noqa: SIM118 - a method of the receiver
    result = CliRunner(env=environment).invoke(app, ["resend", "reach-hook"])
    assert result.exit_code in {0, 1}, result.output  # 1: of the shared broker's other alerts some are refused again
    assert last.id in receiver.keys()  # noqa: SIM118 - a method of the receiver


def told_of(kafka: KafkaServer, calls: list[str]) -> list[tuple[str, str]]:
    """The calls and receivers of the deliveries that lie in the log, committed ones only."""
    reader = KafkaReader(kafka.address)
    try:
        events = [
            decode(record.value, record.headers).event
            for partition in reader.partitions("deliveries")
            for record in reader.read(partition, *reader.bounds(partition))
        ]
    finally:
        reader.close()
    return sorted((e.transition, e.receiver) for e in events if isinstance(e, DeliveryMade) and e.transition in calls)


@pytest.mark.timeout(400)
def test_killed_while_mail_is_down_everybody_hears_everything(kafka_server: KafkaServer, tmp_path: Path) -> None:
    """The webhook hears all at once although mail is down; both have all, in order per alert, after a kill."""
    create_topics(kafka_server.address, PARTITIONS)
    events = [event for alert in ALERTS for event in life(alert)]
    publisher = KafkaPublisher(kafka_server.address)
    publisher.publish([outgoing(e, source="alerting", partitions=PARTITIONS) for e in events]).result(timeout=20)
    publisher.close()
    with FakeReceiver() as receiver, FakeMailServer() as server:
        hook = {"name": "reach-hook", "url": receiver.url, "secrets": ["SECRET"], "first": "earliest"}
        mail = {"name": "mail", "server": "127.0.0.1", "port": server.port, "tls": "none", "from": "w@h.example",
                "to": ["a@h.example"], "first": "earliest", "choose": {}}  # fmt: skip
        (tmp_path / "webhooks.json").write_text(json.dumps({"webhooks": [hook]}))
        (tmp_path / "mail.json").write_text(json.dumps({"mail": [mail]}))
        environment = {
            "WARDWATCH_KAFKA": kafka_server.address, "WARDWATCH_OPEN": "true", "WARDWATCH_LOG_LEVEL": "INFO",
            "WARDWATCH_WEBHOOKS": str(tmp_path / "webhooks.json"), "WARDWATCH_MAIL": str(tmp_path / "mail.json"),
            "SECRET": SECRET,
        }  # fmt: skip
        server.stop()
        log = tmp_path / "outlets.log"
        process = start(environment, log)
        try:
            # The broker is shared: alerts of other tests may lie in it.
            mine = [event.id for event in events]
            wait_for(lambda: set(mine) <= set(receiver.keys()))
            process.send_signal(signal.SIGKILL)
            process.wait()
            server.start()
            process = start(environment, log)
            letters = {reference(event.site, event.id): event.id for event in events}
            wait_for(lambda: set(letters) <= set(server.message_ids()))
            calls = [event.id for event in events if isinstance(event, AlertRaised | AlertEscalated)]
            wanted_told = sorted((call, receiver) for call in calls for receiver in ("reach-hook", "mail"))
            wait_for(lambda: len(told_of(kafka_server, calls)) >= len(wanted_told))
            assert told_of(kafka_server, calls) == wanted_told  # each once, whoever was killed
            refused_and_resent(kafka_server, receiver, environment)
        except BaseException:
            sys.stdout.write(log.read_text()[-20_000:])  # pytest shows it: a race is told by who said what when
            raise
        finally:
            process.terminate()
            process.wait(timeout=20)
        heard = [key for key in receiver.keys() if key in mine]  # noqa: SIM118 - a method of the receiver
        mailed = [letters[key] for key in server.message_ids() if key in letters]
        for alert in ALERTS:
            wanted = [event.id for event in events if event.alert == alert]
            assert [key for key in heard if key in wanted] == wanted
            assert [key for key in mailed if key in wanted] == wanted
        last = receiver.received[-1]
        assert verify(last.headers, last.body, [SECRET], time.time())
