"""Training in stages on a tiny made-up data folder: it ends with a model that loads, and goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ray_jobs.registry import load_model
from ray_jobs.risk import card, evaluate, train
from ray_jobs.risk.dataset import HOSPITALS
from ray_jobs.risk.local import Scorer
from tests.ray_jobs.risk.conftest import a_table


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two hospitals of 150 patients, a fifth of them septic with a racing heart."""
    folder = tmp_path / "data"
    folder.mkdir()
    for seed, file in enumerate(HOSPITALS.values()):
        table = a_table(patients=150, hours=24, seed=seed)
        table["patient"] = f"{seed}-" + table["patient"]
        septic = np.repeat(np.arange(150) % 5 == 0, 24) & (table["ICULOS"] > 12)
        table["SepsisLabel"] = septic.astype(np.int8)
        table["HR"] = (table["HR"] + 40 * septic).astype(np.float32)
        table.to_parquet(folder / file)
    return folder


@pytest.mark.slow
def test_from_the_data_folder_to_a_card(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train, ship, load, measure and write the card; a second run does no work again and gives the same version."""
    monkeypatch.setattr(train, "MAX_TREES", 20)
    monkeypatch.setattr(train, "STEP", 10)
    monkeypatch.setattr(train, "PARAMETERS", {**train.PARAMETERS, "min_data_in_leaf": 5})
    models, work = tmp_path / "models", tmp_path / "work"
    first = card.ship("sepsis", *train.train("sepsis", data, work, threads=1, progress=quiet), models)
    assert load_model("sepsis", models).card == first

    done: list[str] = []
    again = train.train("sepsis", data, work, threads=1, progress=lambda what, *_: done.append(what))
    assert done == []
    assert card.ship("sepsis", *again, models).version == first.version

    figures = evaluate.evaluate("sepsis", data, threads=1, progress=quiet, models=models)
    assert figures["within"]["auroc"]["value"] > 0.8
    card.write_figures(figures, Scorer("sepsis", models).card, models)
    assert json.loads((models / "sepsis" / "metrics.json").read_text())["version"] == first.version
    assert f"# sepsis {first.version}" in (models / "sepsis" / "card.md").read_text()
