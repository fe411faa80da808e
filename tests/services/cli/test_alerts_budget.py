"""`wardwatch alerts budget`: the threshold that keeps to so many alarms a nurse and shift, measured, then applied."""

import json
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from schemas.events import AlertRaised
from services.alerting.policies import load
from services.alerting.policy import Policy
from services.alerting.rules import Rule
from services.cli.alerts import app
from services.cli.alerts_apply import with_value
from services.cli.alerts_budget import Course, alarms_of, resolve_at
from services.cli.alerts_measures import Share
from tests.services.alerting.given import context, forecast, minutes, with_policy
from tests.services.cli.alerts_given import log_of, nurses, use, ward

RUNNER = CliRunner()
ASKED = ["budget", "--model", "sepsis", "--ward", "5B", "--per-nurse-shift"]
probabilities = st.lists(st.sampled_from([0.01, 0.05, 0.07, 0.1, 0.2, 0.4]), max_size=30)


@given(
    probabilities, st.sampled_from([0.06, 0.1, 0.2]), st.integers(1, 3), st.integers(0, 2), st.integers(1, 3),
    st.integers(0, 120), st.booleans(),
)  # fmt: skip
def test_alarms_are_those_of_the_alert_authority(
    risks: list[float], threshold: float, k: int, more: int, resolve_after: int, silence: int, holds: bool
) -> None:  # fmt: skip
    """Row by row the same as the stage raises with this level as amber, whatever the persistence and silence."""
    changed = {
        "amber": 0.09, "red": 0.3, "resolve": 0.06, "raise_after": k, "of_last": k + more, "silence_holds_red": holds,
        "resolve_after": resolve_after, "silence_after": timedelta(minutes=silence),
    }  # fmt: skip
    rule = Rule.model_validate(changed)
    course = Course([minutes(10 * n) for n in range(len(risks))], risks, [None] * len(risks), None)
    moved = Rule.model_validate({**changed, "amber": threshold, "resolve": resolve_at(rule, threshold)})
    driver = with_policy(Policy(risks={"sepsis": moved, "deterioration": Policy().risks["deterioration"]}))
    driver.give(context(minutes(0)), *(forecast(t, p, threshold=0) for t, p in zip(course.times, risks, strict=True)))
    raised = [e.at for e in driver.said if isinstance(e, AlertRaised)]
    assert [course.times[n] for n in alarms_of(course, rule, threshold)] == raised


def test_the_threshold_is_chosen_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nurses from the roster; no higher threshold breaks the budget, and what it means is measured."""
    use(monkeypatch, log_of([*ward(), *nurses()]))
    generous = json.loads(RUNNER.invoke(app, [*ASKED, "10", "--json"]).stdout)
    # Eleven hours from the first to the last forecast, 5 nurses in 3 shifts.
    assert generous["nurse_shifts"] == pytest.approx(11 / 8 * 5 / 3, abs=0.01)
    assert generous["chosen"]["threshold"] == generous["model_threshold"] == 0.02
    assert generous["now"]["alarms"] == 3
    assert generous["now"]["ppv"] == Share(2, 3).as_json()
    assert generous["now"]["found"] == Share(2, 3).as_json()
    rates = [p["alarms_per_nurse_shift"] for p in generous["curve"]]
    assert len(generous["curve"]) >= 3
    tight = RUNNER.invoke(app, [*ASKED, "0.1", "--json"])
    best = json.loads(tight.stdout)["chosen"]
    assert best is None or best["alarms_per_nurse_shift"] <= 0.1
    assert tight.exit_code == (1 if best is None else 0)
    assert max(rates) > 0.1
    readable = RUNNER.invoke(app, [*ASKED, "10", "--nurses", "2"])
    assert "chosen" in readable.stdout
    assert "1.4 shifts of 8 h with 2 nurses each" in readable.stdout


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A hundred stays of ten hours: the riskier, the oftener ill."""
    rows = [
        {"patient": n, "hour": h, "probability": (n / 100) * (h >= 5), "outcome": int(n >= 90)}
        for n in range(100) for h in range(10)
    ]  # fmt: skip
    path = tmp_path / "t.parquet"
    pd.DataFrame(rows).sample(frac=1, random_state=1).to_parquet(path)
    return path


def test_a_table_gives_the_same_without_a_log(table: Path) -> None:
    """1000 patient-hours, four patients a nurse: 31.25 nurse-shifts; ten alarms are the ten riskiest."""
    told = json.loads(
        RUNNER.invoke(app, [*ASKED, "0.33", "--from", str(table), "--patients-per-nurse", "4", "--json"]).stdout
    )
    assert told["nurse_shifts"] == 31.25
    best = told["chosen"]
    assert best["threshold"] >= 0.88
    assert best["alarms"] <= 10
    assert best["ppv"]["value"] == 1.0


def test_the_curve_is_drawn(table: Path, tmp_path: Path) -> None:
    """To a file whose ending says the format; another ending is bad input."""
    asked = [*ASKED, "0.5", "--from", str(table), "--patients-per-nurse", "4", "--plot"]
    svg = tmp_path / "curve.svg"
    assert RUNNER.invoke(app, [*asked, str(svg)]).exit_code == 0
    assert "<svg" in svg.read_text(encoding="utf-8")
    assert RUNNER.invoke(app, [*asked, str(tmp_path / "curve.xyz")]).exit_code == 2


def test_apply_writes_the_ward_and_nothing_else(table: Path, tmp_path: Path) -> None:
    """Comments and other wards stay; the file that comes out is checked; a wrong one is left as it was."""
    file = tmp_path / "p.yaml"
    before = 'version: 1\n# ours\nwards:\n  "6": {news2: {amber: 6}} # surgical\n'
    file.write_text(before)
    asked = [*ASKED, "0.33", "--from", str(table), "--patients-per-nurse", "4", "--apply", str(file)]
    assert RUNNER.invoke(app, asked).exit_code == 0
    text = file.read_text()
    assert "# ours" in text
    assert '  "6": {news2: {amber: 6}} # surgical\n' in text
    rule = load(file).of("main", "5B").risks["sepsis"]
    assert rule.amber >= 0.88
    assert rule.amber == rule.red
    assert load(file).of("main", "4A") == Policy()
    assert RUNNER.invoke(app, asked).exit_code == 0
    assert file.read_text() == text
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 2\n")
    assert RUNNER.invoke(app, [*asked[:-1], str(wrong)]).exit_code == 2
    assert wrong.read_text() == "version: 2\n"


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n", "version: 1\nwards:\n", "version: 1\nwards: {}\n",
        "version: 1\nwards:\n  5B:\n    news2:\n      amber: 4 # four\n",
        "version: 1\nwards: {5B: {news2: {red: 8}}}\n",
        "version: 1\nwards:\n\n  # first\n  4A: {}\n  5B: {}\ndefault: {}\n", "version: 1\nwards:\n  5B: # five\n",
    ],
)  # fmt: skip
def test_a_field_is_set_wherever_it_stands(text: str, tmp_path: Path) -> None:
    """Block, flow, empty or absent: afterwards the file says it, and everything that it said before."""
    file = tmp_path / "p.yaml"
    file.write_text(text)
    kept = text.count("#")
    changed = with_value(text, ["wards", "5B", "news2", "amber"], 6.0)
    assert changed.count("#") == kept
    assert with_value(changed, ["wards", "5B", "news2", "amber"], 6.0) == changed
    file.write_text(changed)
    assert load(file).of("main", "5B").news2.amber == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "none.parquet", "--patients-per-nurse", "4"], "no parquet that can be read"),
        (["--from", "none.parquet"], "--patients-per-nurse"),
    ],
)
def test_bad_input_is_said(arguments: list[str], said: str) -> None:
    """Exit 2 and what to do."""
    bad = RUNNER.invoke(app, [*ASKED, "1", *arguments])
    assert bad.exit_code == 2
    assert said in bad.stderr


def test_a_table_without_outcomes_is_refused(tmp_path: Path) -> None:
    """With the columns that it has."""
    path = tmp_path / "t.parquet"
    pd.DataFrame({"patient": [1], "probability": [0.5]}).to_parquet(path)
    bad = RUNNER.invoke(app, [*ASKED, "1", "--from", str(path), "--patients-per-nurse", "4"])
    assert bad.exit_code == 2
    assert "no column outcome (it has patient, probability)" in bad.stderr


def test_without_a_roster_the_nurses_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2; a ward where nothing was said is exit 1."""
    use(monkeypatch, log_of(ward()))
    bad = RUNNER.invoke(app, [*ASKED, "1"])
    assert bad.exit_code == 2
    assert "--nurses" in bad.stderr
    none = RUNNER.invoke(app, ["budget", "--model", "sepsis", "--ward", "9Z", "--per-nurse-shift", "1"])
    assert none.exit_code == 1
