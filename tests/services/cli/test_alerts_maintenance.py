"""`wardwatch alerts maintenance`: a person's word as events that the alert authority on every partition hears."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from schemas.envelope import decode
from schemas.events import MaintenanceDecided
from services.alerting.stage import AlertingStage
from services.cli import alerts_maintenance_command
from services.cli.alerts import app
from services.runtime.fake_log import FakeLog
from services.runtime.ports import Outgoing
from services.runtime.stage import Received
from tests.services.alerting.given import UNTOLD
from tests.services.cli.alerts_given import PARTITIONS, log_of, use, wards

RUNNER = CliRunner()
WHO = ["--by", "A. Meier", "--why", "switches are replaced"]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    """A hospital of two wards; what is published lies in it."""
    found = log_of(wards())
    use(monkeypatch, found)

    def publish(messages: Sequence[Outgoing]) -> None:
        found.append(messages)

    monkeypatch.setattr(alerts_maintenance_command, "publish", publish)
    return found


def told(log: FakeLog) -> list[MaintenanceDecided]:
    """What lies in `decisions`."""
    records = [r for p, batch in sorted(log.records.items()) if p.topic == "decisions" for r in batch]
    events = [decode(r.value, r.headers).event for r in records]
    return [e for e in events if isinstance(e, MaintenanceDecided)]


def test_begun_it_is_heard_on_every_partition_and_ended_it_is_over(log: FakeLog) -> None:
    """One decision, a copy for each partition, which the authority there takes; listed and shown, then over."""
    begun = RUNNER.invoke(app, ["maintenance", "begin", "5B", "--until", "2 h", *WHO, "--json"])
    assert begun.exit_code == 0, begun.output
    end = datetime.fromisoformat(json.loads(begun.stdout)["end"])
    assert timedelta(hours=1, minutes=59) < end - datetime.now(UTC) <= timedelta(hours=2)
    assert [e.decision for e in told(log)] == [told(log)[0].decision] * PARTITIONS
    for partition, records in log.records.items():
        if partition.topic != "decisions":
            continue
        stage = AlertingStage(UNTOLD)
        event = decode(records[0].value, records[0].headers).event
        state, said = stage.step(stage.start(stage.key(event)), Received(event, partition, 0))
        assert ([w.ward for w in state.windows], len(said)) == (["5B"], 1)
    (listed,) = json.loads(RUNNER.invoke(app, ["maintenance", "list", "--json"]).stdout)
    assert (listed["ward"], listed["by"], listed["holds"]) == ("5B", "A. Meier", True)
    assert "maintenance on ward 5B until" in RUNNER.invoke(app, ["list"]).stdout
    assert RUNNER.invoke(app, ["maintenance", "end", "5B", "--by", "A. Meier"]).exit_code == 0
    assert json.loads(RUNNER.invoke(app, ["maintenance", "list", "--json"]).stdout) == []
    assert len(json.loads(RUNNER.invoke(app, ["maintenance", "list", "--all", "--json"]).stdout)) == 1


def test_there_is_nothing_to_end(log: FakeLog) -> None:
    """Exit 1, and nothing is written."""
    ended = RUNNER.invoke(app, ["maintenance", "end", "5B", "--by", "A. Meier"])
    assert (ended.exit_code, told(log)) == (1, [])
    assert "no maintenance holds on ward 5B of main" in ended.stderr


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["9Z", "--until", "2 h", *WHO], "there is no ward '9Z' on main; there is 5A, 5B"),
        (["5B", "--until", "tomorrow", *WHO], "neither an instant"),
        (["5B", "--until", "2020-01-01T00:00Z", *WHO], "is over already"),
        (["5B", "--until", "30 d", *WHO], "more than 7 days away"),
        (["5B", "--until", "2 h", "--by", " ", "--why", "x"], "--by: say it"),
    ],
)
def test_bad_words_are_refused_with_what_to_do(log: FakeLog, given: list[str], words: str) -> None:
    """Exit 2, nothing written."""
    answer = RUNNER.invoke(app, ["maintenance", "begin", *given])
    assert (answer.exit_code, told(log)) == (2, [])
    assert words in answer.stderr
