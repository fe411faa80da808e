"""`wardwatch alerts labels`: decisions with what the model had said, and nobody's name."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from schemas.events import AlertRaised, Event
from services.cli.alerts import app
from tests.services.alerting.given import Driver, context, decided, forecast, minutes, score
from tests.services.cli.alerts_given import log_of, use

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sepsis and a NEWS2 alert: the one called wrong, the other taken."""
    driver = Driver()
    given: list[Event] = [
        context(minutes(0)),
        *(forecast(minutes(n), (10 + n) / 100) for n in (1, 2)),
        score(minutes(3), 7),
    ]
    driver.give(*given)
    sepsis, news2 = (e for e in driver.said if isinstance(e, AlertRaised))
    words = [decided(minutes(9), sepsis.alert, "wrong"), decided(minutes(5), news2.alert, "acknowledge")]
    use(monkeypatch, log_of([*given, *driver.said, *words]))


def test_each_decision_is_a_label() -> None:
    """Model, version and probability are the forecast's that raised it; only wrong and override say not right."""
    found = json.loads(RUNNER.invoke(app, ["labels", "--json"]).stdout)
    assert [(f["kind"], f["decision"], f["right"]) for f in found] == [
        ("news2", "acknowledge", None), ("sepsis", "wrong", False),
    ]  # fmt: skip
    sepsis = found[1]
    assert (sepsis["model"], sepsis["version"], sepsis["probability"], sepsis["reason"]) == (
        "sepsis",
        "1",
        0.12,
        "seen",
    )
    assert (sepsis["decided"], sepsis["raised"]) == (minutes(9).isoformat(), minutes(2).isoformat())
    assert (found[0]["model"], found[0]["score"], found[0]["probability"]) == ("NEWS2", 7, None)
    assert "nurse" not in json.dumps(found)


def test_as_a_table_and_by_kind() -> None:
    """CSV with a header; a kind that does not exist is bad input."""
    rows = list(csv.DictReader(io.StringIO(RUNNER.invoke(app, ["labels", "--kind", "sepsis"]).stdout)))
    assert [(r["decision"], r["probability"], r["right"]) for r in rows] == [("wrong", "0.12", "False")]
    assert RUNNER.invoke(app, ["labels", "--kind", "measles"]).exit_code == 2
    assert RUNNER.invoke(app, ["labels", "--csv", "--json"]).exit_code == 2
