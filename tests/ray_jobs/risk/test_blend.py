"""Blends: the same bits for a row alone, in any batch and on any number of threads; trees as lightgbm gives."""

from __future__ import annotations

import math
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ray_jobs.registry import Calibration, Member, list_models, load_model
from ray_jobs.risk.blend import Blend, logistic
from ray_jobs.risk.booster import Booster, BoosterError
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.names import FEATURES

RISK = [card.name for card in list_models() if card.task == "risk"]
MODEL = load_model("sepsis")
TREES = MODEL.folder / next(member.file for member in MODEL.card.members if member.kind == "trees")


def some_rows(count: int, width: int = len(FEATURES)) -> np.ndarray:
    """Rows with plausible numbers, a third of them unknown."""
    rng = np.random.default_rng(count)
    rows = rng.normal(60, 40, (count, width))
    rows[rng.random(rows.shape) < 0.3] = math.nan
    return rows


@pytest.mark.parametrize("name", RISK)
@pytest.mark.parametrize("count", [1, 2, 3, 8, 17, 31, 32, 33, 64, 100, 257])
def test_a_row_alone_and_in_a_batch_of_any_size(name: str, count: int) -> None:
    """The probability of a row has the same bits alone, first or last in a batch, and on two threads."""
    scorer = Scorer(name)
    rows = some_rows(count, len(scorer.features.features))
    together = scorer.probability(rows)
    alone = np.concatenate([scorer.probability(rows[i : i + 1]) for i in range(count)])
    assert together.tobytes() == alone.tobytes()
    assert scorer.probability(rows, threads=2).tobytes() == alone.tobytes()
    assert scorer.probability(rows[::-1]).tobytes() == alone[::-1].tobytes()


def test_the_library_alone_gives_what_the_package_gives() -> None:
    """Scores equal those of the lightgbm package to the bit."""
    rows, ours, theirs = some_rows(50), Booster(TREES), lightgbm.Booster(model_file=str(TREES))
    assert ours.raw(rows).tobytes() == np.asarray(theirs.predict(rows, raw_score=True)).tobytes()
    assert theirs.feature_name() == list(FEATURES)


def test_a_blend_is_the_calibrated_sum_of_its_weighted_members() -> None:
    """Two members with weights and a line give logistic(slope * sum + intercept)."""
    rows = some_rows(9)
    alone = Booster(TREES).raw(rows)
    members = (Member(file=TREES.name, kind="trees", weight=0.25), Member(file=TREES.name, kind="trees", weight=0.5))
    blend = Blend(TREES.parent, members, Calibration(slope=2.0, intercept=-1.0))
    np.testing.assert_allclose(blend.raw(rows), 2.0 * 0.75 * alone - 1.0, rtol=1e-12)


@pytest.mark.parametrize("name", RISK)
def test_weights_that_never_saw_the_outer_fold_are_others(name: str) -> None:
    """The members kept to measure are other weights than those that serve, of the same width."""
    served, measured = Scorer(name), Scorer(name, held_out=True)
    rows = some_rows(5, served.blend.width)
    assert measured.blend.width == served.blend.width
    assert not np.array_equal(served.probability(rows), measured.probability(rows))


@settings(max_examples=50)
@given(arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e300, 1e300)))
def test_the_logistic_does_not_depend_on_position(scores: np.ndarray) -> None:
    """Each element has the same bits alone as in an array, lies in [0, 1], and never overflows."""
    together = logistic(scores)
    alone = np.array([logistic(scores[i : i + 1])[0] for i in range(len(scores))])
    assert together.tobytes() == alone.tobytes()
    assert ((together >= 0) & (together <= 1)).all()


def test_what_is_no_model_or_no_matrix_is_refused(tmp_path: Path) -> None:
    """A file that is no model, and rows of another width, are errors and never reach LightGBM's memory."""
    bad = tmp_path / "model.txt"
    bad.write_text("not a model")
    with pytest.raises(BoosterError):
        Booster(bad)
    with pytest.raises(BoosterError, match="241"):
        Booster(TREES).raw(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="outer fold"):
        Blend(TREES.parent, (Member(file=TREES.name, kind="trees"),), Calibration(slope=1, intercept=0), held_out=True)
