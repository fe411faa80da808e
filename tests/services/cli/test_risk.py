"""`wardwatch risk` and `wardwatch models` as they are typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ray_jobs.registry import MODELS, list_models
from ray_jobs.risk.stays import CHALLENGE
from services.cli import models, risk

RUN = CliRunner()


def a_file(folder: Path) -> Path:
    """One patient, six hours, only a heart rate."""
    columns = {name: np.full(6, np.nan, dtype=np.float32) for name in CHALLENGE}
    rest = {"Age": 60, "Gender": 1, "Unit1": 1.0, "Unit2": 0.0, "HospAdmTime": -2.0, "patient": "p1"}
    file = folder / "in.parquet"
    pd.DataFrame({**columns, "HR": np.linspace(70, 120, 6), **rest, "ICULOS": range(1, 7)}).to_parquet(file)
    return file


def test_score_writes_a_row_for_each_row(tmp_path: Path) -> None:
    """`risk score IN OUT` writes patient, ICULOS, probability and alarm, and says how many."""
    out = tmp_path / "out.parquet"
    result = RUN.invoke(risk.app, ["score", str(a_file(tmp_path)), str(out), "--model", "sepsis"])
    assert result.exit_code == 0
    assert "6 hours of 1 patients" in result.output
    scored = pd.read_parquet(out)
    assert list(scored.columns) == ["patient", "ICULOS", "probability", "alarm"]
    assert scored["ICULOS"].tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("model", "name", "words"),
    [
        ("sepsis", "missing.parquet", "missing.parquet"),
        ("sepsis", "bad.parquet", "bad.parquet"),
        ("none", "in.parquet", "none"),
    ],
)
def test_what_cannot_be_scored_ends_with_2(tmp_path: Path, model: str, name: str, words: str) -> None:
    """A file that is missing or no table, and an unknown model, end with exit code 2 and one line that names them."""
    a_file(tmp_path)
    (tmp_path / "bad.parquet").write_text("x")
    result = RUN.invoke(risk.app, ["score", str(tmp_path / name), str(tmp_path / "out.parquet"), "--model", model])
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_only_models_with_a_recipe_are_trained_and_measured(command: str) -> None:
    """An unknown name ends with 2 and the names there are."""
    result = RUN.invoke(risk.app, [command, "--model", "gout"])
    assert result.exit_code == 2
    assert "sepsis-a" in result.output


def test_evaluation_without_the_data_ends_with_2(tmp_path: Path) -> None:
    """A folder without the hospitals' tables is named."""
    result = RUN.invoke(risk.app, ["evaluate", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "hospital_a.parquet" in result.output


def test_models_are_listed() -> None:
    """`models` shows every model; `--json` is one array, each intact."""
    assert "sepsis" in RUN.invoke(models.app, []).output
    rows = json.loads(RUN.invoke(models.app, ["--json"]).output)
    assert [row["name"] for row in rows] == [card.name for card in list_models()]
    assert all(row["intact"] for row in rows)


def test_a_changed_model_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`models` ends with 1 and names the file when weights are not the released ones."""
    shutil.copytree(MODELS / "sepsis", tmp_path / "sepsis")
    (tmp_path / "sepsis" / "trees.txt").write_text("changed")
    monkeypatch.setenv("WARDWATCH_MODELS", str(tmp_path))
    result = RUN.invoke(models.app, [])
    assert result.exit_code == 1
    assert "trees.txt" in result.output
