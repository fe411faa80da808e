"""Hospital beds a week ahead: only what was known on the day speaks, and a winter teaches while it lasts."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ray_jobs.beds import hospital
from ray_jobs.beds.hospital import Winter, evaluate_winters, moves, read_winters
from services.cli.beds import app

DAYS, TRUSTS = 60, 25


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hospital, "ROUNDS", 60)
    # Threads of these trees wait for each other at full speed: beside other tests they cost minutes.
    monkeypatch.setattr(hospital, "PARAMETERS", hospital.PARAMETERS | {"num_threads": 1})


def winter(season: str, week: float, seed: int) -> Winter:
    """Trusts of a hundred beds; what seven days bring is `week` times the first of three features."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS, dtype=np.float64), TRUSTS)
    features = random.normal(0, 0.05, (len(day), 3))
    beds = np.full(len(day), 100.0)
    return Winter(season, day, features, beds, beds, beds, beds * (1 + week * features[:, 0]))


@pytest.fixture
def ordinary() -> list[Winter]:
    """Two winters that are alike."""
    return [winter("a", 1.0, 1), winter("b", 1.0, 2)]


def test_what_comes_later_changes_nothing_said_before(ordinary: list[Winter]) -> None:
    """Other outcomes from day 30 on leave every forecast made until they are known, a week later, to the bit."""
    test = winter("c", 1.0, 3)
    other = replace(test, then=np.where(test.day >= 30, 70.0, test.then))
    one, two = moves(ordinary, test), moves(ordinary, other)
    until = test.day <= 30 + hospital.AHEAD_DAYS
    assert (one[until] == two[until]).all()
    assert (one[~until] != two[~until]).any()


def test_a_winter_unlike_all_before_is_learnt_from_while_it_lasts(ordinary: list[Winter]) -> None:
    """Where the rule is turned round, the second month is forecast better than trees of earlier winters would."""
    strange = winter("c", -1.0, 3)
    late = strange.day >= 30
    true = (strange.then - strange.last) / strange.level
    adapted, fixed = moves(ordinary, strange), hospital.fit(ordinary)(strange.features)
    assert np.abs(adapted - true)[late].mean() < 0.92 * np.abs(fixed - true)[late].mean()


def test_as_many_winters_as_there_are_cannot_all_be_tested(ordinary: list[Winter]) -> None:
    """Something must be left to learn from: a clear error."""
    with pytest.raises(ValueError, match="2 winters: 1 to 1 of them can be tested"):
        evaluate_winters(ordinary, 2)


def test_a_file_of_another_kind_names_what_is_missing(tmp_path: Path) -> None:
    """The columns that are not there stand in the error."""
    pd.DataFrame({"code": ["RKB"], "date": ["2020-01-01"]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="column season, ga_occupied, ga_open"):
        read_winters(tmp_path / "x.parquet")


def test_the_command_scores_winters_it_did_not_know(tmp_path: Path) -> None:
    """Three made-up winters of noise around a level: the table has the last, and the share of the whole."""
    random, rows = np.random.default_rng(0), []
    for n, season in enumerate(("15/16", "16/17", "17/18")):
        for date in pd.date_range(f"{2015 + n}-12-01", periods=50):
            for code in ("R01", "R02", "R03", "-"):
                beds = float(round(500 + random.normal(0, 20)))
                rows.append((code, date, season, beds, 600.0, 100.0, 50.0))
    pd.DataFrame(rows, columns=list(hospital.COLUMNS)).to_parquet(tmp_path / "sitreps.parquet")
    told = ["evaluate", str(tmp_path / "sitreps.parquet"), "--task", "hospital", "--count", "2", "--json"]
    answer = CliRunner().invoke(app, told)
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    assert [score["season"] for score in found["scores"]] == ["17/18"]
    assert found["ratio"] == pytest.approx(found["scores"][0]["ratio"])
    assert found["ratio"] < 1
