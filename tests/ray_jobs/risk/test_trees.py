"""Trees: the same bits for a row alone, in any batch, with any number of threads, and as the lightgbm package gives."""

from __future__ import annotations

import math
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ray_jobs.registry import load_model
from ray_jobs.risk.booster import Booster, BoosterError
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.names import FEATURES
from ray_jobs.risk.trees import logistic

SCORER = Scorer("sepsis")
WEIGHTS = load_model("sepsis").file("model.txt")


def some_rows(count: int) -> np.ndarray:
    """Rows with plausible numbers, a third of them unknown."""
    rng = np.random.default_rng(count)
    rows = rng.normal(60, 40, (count, len(FEATURES)))
    rows[rng.random(rows.shape) < 0.3] = math.nan
    return rows


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 255, 257])
def test_a_row_alone_and_in_a_batch_of_any_size(count: int) -> None:
    """The probability of a row has the same bits alone, first or last in a batch, and on two threads."""
    rows = some_rows(count)
    together = SCORER.probability(rows)
    alone = np.concatenate([SCORER.probability(rows[i : i + 1]) for i in range(count)])
    assert together.tobytes() == alone.tobytes()
    assert SCORER.probability(rows, threads=2).tobytes() == alone.tobytes()
    assert SCORER.probability(rows[::-1]).tobytes() == alone[::-1].tobytes()


def test_the_library_alone_gives_what_the_package_gives() -> None:
    """Scores and contributions equal those of the lightgbm package to the bit."""
    rows, ours, theirs = some_rows(50), Booster(WEIGHTS), lightgbm.Booster(model_file=str(WEIGHTS))
    assert ours.raw(rows).tobytes() == np.asarray(theirs.predict(rows, raw_score=True)).tobytes()
    assert ours.contributions(rows).tobytes() == np.asarray(theirs.predict(rows, pred_contrib=True)).tobytes()
    assert theirs.feature_name() == list(FEATURES)


def test_contributions_add_up_to_the_score() -> None:
    """Baseline and contributions of a row sum to its raw score."""
    rows, booster = some_rows(5), Booster(WEIGHTS)
    np.testing.assert_allclose(booster.contributions(rows).sum(axis=1), booster.raw(rows), atol=1e-9)


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
        Booster(WEIGHTS).raw(np.zeros((2, 3)))
