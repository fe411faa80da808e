"""`wardwatch alerts silent-report`: what a silent model would have raised, judged by what became of the patients."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.events import RiskForecasted, WarningScoreComputed
from services.cli.alerts import app
from tests.services.cli.alerts_given import LOW, RISING, at, later, log_of, patient, stay, use, ward

RUNNER = CliRunner()
ASKED = ["silent-report", "--model", "sepsis", "--ward", "5B"]


def test_it_says_what_would_have_been_raised_and_whether_that_was_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three alerts, two of them right with their lead; one stay's sepsis found by nothing; each alert listed."""
    use(monkeypatch, log_of(ward()))
    told = json.loads(RUNNER.invoke(app, [*ASKED, "--json"]).stdout)
    assert {k: told[k] for k in ("patients", "forecasts", "alerts", "right", "wrong", "not_yet_told")} == {
        "patients": 10, "forecasts": 120, "alerts": 3, "right": 2, "wrong": 1, "not_yet_told": 0,
    }  # fmt: skip
    assert (told["modes"], told["stays_with_outcome"], told["stays_found"]) == (["silent"], 3, 2)
    assert told["patient_days"] == 10
    # Two in a row from 9 %: the hours 2 and 3.
    assert [(e["at"], e["lead_hours"], e["right"]) for e in told["each"]] == [
        (at(3).isoformat(), 4.0, True), (at(3).isoformat(), 2.0, True), (at(3).isoformat(), None, False),
    ]  # fmt: skip
    assert told["ppv"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    readable = RUNNER.invoke(app, ASKED)
    assert readable.exit_code == 0
    assert "67 % (2 of 3; 95 % 21 to 94)" in readable.stdout


def test_it_says_where_news2_had_alerted_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two patients has a NEWS2 of 7 an hour before."""
    score = WarningScoreComputed(
        id="s", site="main", patient=patient(1), known=at(2), as_of=at(2), score="NEWS2", total=7, lowest=7, highest=7,
        red=False, band=None,
    )  # fmt: skip
    use(monkeypatch, log_of([*stay(1, RISING), *stay(2, RISING), score, *later()]))
    told = json.loads(RUNNER.invoke(app, [*ASKED, "--json"]).stdout)
    assert [(e["patient"], e["news2_stood"]) for e in told["each"]] == [(patient(1), True), (patient(2), False)]


def test_the_newest_days_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the newest fact of the log backwards, for a replayed log is old."""
    use(monkeypatch, log_of(ward()))
    assert RUNNER.invoke(app, [*ASKED, "--days", "3"]).exit_code == 0
    assert RUNNER.invoke(app, [*ASKED, "--days", "2"]).exit_code == 1


def test_the_wards_own_policy_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A higher level raises nothing; the shipped one is unchanged by that."""
    use(monkeypatch, log_of(ward()))
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\nwards: {5B: {risks: {sepsis: {amber: 0.4, red: 0.5}}}}\n")
    told = json.loads(RUNNER.invoke(app, [*ASKED, "--json", "--policies", str(path)]).stdout)
    assert (told["alerts"], told["stays_found"]) == (0, 0)


def test_what_nobody_has_told_yet_is_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stay that ended an hour ago may still be coded: neither right nor wrong."""
    use(monkeypatch, log_of([*stay(1, RISING), *stay(2, LOW)]))
    told = json.loads(RUNNER.invoke(app, [*ASKED, "--json"]).stdout)
    assert (told["alerts"], told["right"], told["wrong"], told["not_yet_told"]) == (1, 0, 0, 1)
    assert told["stays_not_yet_told"] == 2


def test_an_onset_after_the_horizon_does_not_make_it_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sepsis began twelve hours after the alert, the model speaks of six."""
    facts = [*stay(1, RISING, onset=15), *stay(2, LOW)]
    use(monkeypatch, log_of(facts))
    told = json.loads(RUNNER.invoke(app, [*ASKED, "--json"]).stdout)
    assert (told["right"], told["wrong"], told["stays_found"]) == (0, 1, 0)


def test_a_model_that_never_spoke_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 and where to look; an unknown model is bad input."""
    use(monkeypatch, log_of([e for e in ward() if not isinstance(e, RiskForecasted)]))
    none = RUNNER.invoke(app, ASKED)
    assert none.exit_code == 1
    assert "WARDWATCH_MODES" in none.stderr
    assert RUNNER.invoke(app, ["silent-report", "--model", "flu", "--ward", "5B"]).exit_code == 2
