"""Boosters averaged into one file say what their mean says."""

from pathlib import Path

import lightgbm
import numpy as np
import pytest

from ray_jobs.risk.booster import Booster
from ray_jobs.risk.training.mean_of_boosters import mean_of_boosters


def fitted(seed: int) -> lightgbm.Booster:
    """A small booster with unknown values among its rows."""
    drawn = np.random.default_rng(7)
    rows = drawn.normal(size=(400, 3))
    rows[drawn.random(rows.shape) < 0.1] = np.nan
    label = (np.nan_to_num(rows[:, 0]) + 0.3 * drawn.normal(size=400) > 0).astype(int)
    parameters = {"objective": "binary", "extra_trees": True, "verbosity": -1, "seed": seed, "num_threads": 1}
    return lightgbm.train(parameters, lightgbm.Dataset(rows, label), num_boost_round=12)


def test_the_mean_is_what_the_members_say_together(tmp_path: Path) -> None:
    """Read by the code that serves, the one file gives the mean of the log-odds of all, unknown values included."""
    boosters = [fitted(seed) for seed in (1, 2, 3)]
    (tmp_path / "mean.txt").write_text(mean_of_boosters([b.model_to_string() for b in boosters]))
    mean = Booster(tmp_path / "mean.txt")
    rows = np.random.default_rng(1).normal(size=(50, 3))
    rows[0], rows[1, 0] = np.nan, np.nan
    wanted = np.mean([b.predict(rows, raw_score=True) for b in boosters], axis=0)
    assert mean.trees == 36
    np.testing.assert_allclose(mean.raw(rows), wanted, rtol=1e-12, atol=1e-12)
    assert np.ptp([b.predict(rows, raw_score=True) for b in boosters], axis=0).max() > 0.01


def test_what_is_no_model_is_refused() -> None:
    """A file cut off before its trees end is told, not served."""
    with pytest.raises(ValueError, match="no LightGBM model"):
        mean_of_boosters([fitted(1).model_to_string()[:500]])
