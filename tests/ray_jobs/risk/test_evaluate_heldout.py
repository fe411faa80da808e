"""Which patients are measured, and that the order of a file does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ray_jobs.risk.dataset import HOSPITALS
from ray_jobs.risk.evaluation import heldout
from ray_jobs.risk.evaluation.heldout import HeldOut, held_out
from ray_jobs.risk.evaluation.samples import Hourly
from ray_jobs.risk.split import OUTER, fold_of
from ray_jobs.risk.stays import BadTableError
from ray_jobs.risk.training.recipes import RECIPES
from tests.ray_jobs.risk.conftest import a_table


@pytest.fixture(autouse=True)
def few_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows show what three hundred would."""
    monkeypatch.setattr(heldout, "EXPLAINED_ROWS", 3)


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def hospitals(folder: Path, *, shuffled: bool = False, labelled: bool = True) -> Path:
    """Two hospitals of 60 patients of 10 hours, every second labelled from hour 6."""
    folder.mkdir()
    for seed, file in enumerate(HOSPITALS.values()):
        table = a_table(patients=60, hours=10, seed=seed)
        table["patient"] = f"{seed}-" + table["patient"]
        if labelled:
            table["SepsisLabel"] = (np.repeat(np.arange(60) % 2 == 0, 10) & (table["ICULOS"] > 5)).astype(np.int8)
        (table.sample(frac=1, random_state=2) if shuffled else table).to_parquet(folder / file)
    return folder


def parts(data: Path) -> dict[str, HeldOut]:
    """The parts of the shipped sepsis model on a data folder."""
    return dict(held_out(RECIPES["sepsis"], data, 1, quiet))


def test_only_patients_of_the_outer_fold_are_measured(tmp_path: Path) -> None:
    """Within has them of both hospitals, its halves of one each; ages whole, every score for every row."""
    found = parts(hospitals(tmp_path / "data"))
    assert list(found) == ["within", "within_a", "within_b"]
    expected = sum(fold_of(f"{seed}-p{i}") == OUTER for seed in (0, 1) for i in range(60))
    sample = found["within"].sample
    assert isinstance(sample, Hourly)
    assert len(np.unique(sample.stay)) == expected
    assert set(sample.hospital) == {"a", "b"}
    assert (sample.age == np.floor(sample.age)).all()
    assert {len(score) for score in found["within"].comparators.values()} == {len(sample.label)}
    assert max(found["within"].explanation.values()) > 0
    assert len(found["within_a"].sample.label) + len(found["within_b"].sample.label) == len(sample.label)


def test_the_order_of_a_file_does_not_matter(tmp_path: Path) -> None:
    """Shuffled rows give each patient's hours together, in order, with the same forecasts and scores."""
    one, other = (parts(hospitals(tmp_path / name, shuffled=name == "b"))["within"] for name in "ab")
    for part in (one, other):
        assert isinstance(part.sample, Hourly)
    assert sorted(one.sample.probability) == sorted(other.sample.probability)
    key = [np.lexsort((part.sample.probability, part.comparators["news2"])) for part in (one, other)]
    assert (one.sample.label[key[0]] == other.sample.label[key[1]]).all()


def test_without_labels_nothing_is_measured(tmp_path: Path) -> None:
    """A table to be scored only is refused with the column's name."""
    with pytest.raises(BadTableError, match="column SepsisLabel is missing"):
        parts(hospitals(tmp_path / "data", labelled=False))
