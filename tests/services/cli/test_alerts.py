"""`wardwatch alerts`: a policy file is checked, what stands is listed, one alert's story is told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.events import AlertRaised, AlertStanding, Event
from services.alerting.policy import Policy
from services.cli.alerts import app
from tests.services.alerting.given import Driver, context, decided, minutes, score
from tests.services.cli.alerts_given import log_of, use, wards

RUNNER = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy file of two wards."""
    path = tmp_path / "p.yaml"
    path.write_text(
        'version: 1\nwards:\n  5B: {news2: {amber: 6}, quiet_hours: {begin: 22:00, end: "06:00"}}\n  5b: {}\n'
    )
    return path


def test_a_good_file_is_said_to_be_good_with_what_holds(file: Path) -> None:
    """What is printed for a ward is a policy that could stand in a file again."""
    good = RUNNER.invoke(app, ["check", str(file), "--ward", "5B", "--json"])
    assert good.exit_code == 0
    told = json.loads(good.stdout)
    assert (told["valid"], told["policy"]["news2"]["amber"]) == (True, 6)
    assert told["policy"]["quiet_hours"] == {"begin": "22:00", "end": "06:00"}
    assert Policy.model_validate(told["policy"]).news2.amber == 6
    again = file.with_name("again.yaml")
    text = RUNNER.invoke(app, ["check", str(file), "--ward", "5B"]).stdout
    again.write_text("version: 1\ndefault:\n" + "".join(f"  {line}\n" for line in text.splitlines()))
    assert json.loads(RUNNER.invoke(app, ["check", str(again), "--json"]).stdout)["policy"] == told["policy"]


def test_a_wrong_file_is_bad_input(tmp_path: Path) -> None:
    """Exit 2 and the line; JSON where it was asked for."""
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\ndefault: {news2: {amber: 9}}\n")
    bad = RUNNER.invoke(app, ["check", str(path), "--json"])
    assert bad.exit_code == 2
    assert "line 2: default.news2: the levels contradict" in json.loads(bad.stdout)["problem"]


def test_wards_that_are_not_there_are_errors(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named by hand, or as the log has them; a closed ward is none."""
    bad = RUNNER.invoke(app, ["check", str(file), "--wards", "5A,5B"])
    assert bad.exit_code == 2
    assert "wards.5b: there is no such ward; there is 5A, 5B" in bad.stderr
    use(monkeypatch, log_of(wards()))
    assert RUNNER.invoke(app, ["check", str(file), "--log"]).exit_code == 2
    assert RUNNER.invoke(app, ["check", "--log", "--ward", "9Z"]).exit_code == 2
    assert RUNNER.invoke(app, ["check", "--log", "--ward", "5A"]).exit_code == 0


def told() -> list[Event]:
    """One red and unanswered, one that is over."""
    driver = Driver()
    driver.give(context(minutes(0)))
    (first,) = driver.give(score(minutes(1), 7))
    driver.give(decided(minutes(2), first.alert, "wrong"))
    driver.give(score(minutes(3), 8))
    driver.tick(minutes(20))
    return driver.said


def test_what_stands_is_listed_and_its_story_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest standing of each patient and kind; only of the ward asked for; the events of one alert in order."""
    said = told()
    use(monkeypatch, log_of(said))
    listed = json.loads(RUNNER.invoke(app, ["list", "--json"]).stdout)
    last = [e for e in said if isinstance(e, AlertRaised)][-1]
    (one,) = listed
    assert {k: one[k] for k in ("alert", "kind", "severity", "phase", "ward", "role")} == {
        "alert": last.alert, "kind": "news2", "severity": "red", "phase": "raised", "ward": "5B",
        "role": "charge_nurse",
    }  # fmt: skip
    assert json.loads(RUNNER.invoke(app, ["list", "--json", "--ward", "4A"]).stdout) == []
    assert "NEWS2" in RUNNER.invoke(app, []).stdout
    story = json.loads(RUNNER.invoke(app, ["show", last.alert, "--json"]).stdout)
    assert [e["event"] for e in story["events"]] == ["AlertRaised", "AlertEscalated"]
    assert "nobody has taken it" in RUNNER.invoke(app, ["show", last.alert]).stdout
    assert RUNNER.invoke(app, ["show", "nothing"]).exit_code == 1


def test_the_list_is_that_of_the_standings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is listed that no standing names."""
    said = [e for e in told() if not isinstance(e, AlertStanding)]
    use(monkeypatch, log_of(said))
    assert json.loads(RUNNER.invoke(app, ["list", "--json"]).stdout) == []


def test_without_a_broker_the_exit_code_is_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to set."""
    log = log_of([])
    log.down = True
    use(monkeypatch, log)
    gone = RUNNER.invoke(app, ["list"])
    assert gone.exit_code == 3
    assert "WARDWATCH_KAFKA" in gone.stderr
