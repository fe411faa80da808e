"""Features: one row and all rows agree to the bit, the future plays no part, and known cases come out as by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ray_jobs.risk.features import FEATURES, Matrix, Vector, features_all, features_row, features_sha
from ray_jobs.risk.grid import INDEX, WIDTH, static_vector

STATIC = static_vector(64, "male", None, -3)
GRIDS = st.integers(1, 40).flatmap(
    lambda hours: arrays(
        np.float64,
        (hours, WIDTH),
        elements=st.one_of(st.just(math.nan), st.floats(1, 300, width=32)),
        fill=st.just(math.nan),
    )
)


def named(row: Vector) -> dict[str, float]:
    """Features by name."""
    return dict(zip(FEATURES, row.tolist(), strict=True))


def empty(hours: int) -> Matrix:
    """A grid in which nothing was measured."""
    return np.full((hours, WIDTH), np.nan)


@settings(max_examples=60, deadline=None)
@given(grid=GRIDS, at=st.data())
def test_a_row_has_the_same_bits_alone_and_among_all(grid: Matrix, at: st.DataObject) -> None:
    """features_all row t, features_row t, and features_row t of a stay cut off after t are the same bits."""
    t = at.draw(st.integers(0, len(grid) - 1))
    alone = features_row(grid, STATIC, t).tobytes()
    assert features_all(grid, STATIC)[t].tobytes() == alone
    assert features_row(grid[: t + 1], STATIC, t).tobytes() == alone


@settings(max_examples=40, deadline=None)
@given(grid=GRIDS, changed=st.floats(1, 300, width=32), at=st.data())
def test_the_future_plays_no_part(grid: Matrix, changed: float, at: st.DataObject) -> None:
    """Changing every later reading leaves the features of an hour as they were."""
    t = at.draw(st.integers(0, len(grid) - 1))
    before = features_row(grid, STATIC, t).tobytes()
    later = grid.copy()
    later[t + 1 :] = changed
    assert features_row(later, STATIC, t).tobytes() == before


def test_nothing_measured() -> None:
    """An empty hour has counts of 0, its hour and its static values."""
    row = named(features_row(empty(3), STATIC, 2))
    known = {name: value for name, value in row.items() if not math.isnan(value) and value != 0}
    assert known == {"iculos": 3, "age": 64, "sex": 1, "hosp_adm_time": -3}


def test_a_stay_by_hand() -> None:
    """Last value, age, count, change, window, slope, baseline and ratios of a short stay are as by hand."""
    grid = empty(5)
    grid[0, INDEX["heart_rate"]] = 80
    grid[2, INDEX["heart_rate"]] = 90
    grid[3, INDEX["heart_rate"]] = 100
    grid[3, INDEX["systolic_bp"]] = 100
    grid[1, INDEX["creatinine"]] = 2
    grid[1, INDEX["bun"]] = 30
    row = named(features_row(grid, STATIC, 4))
    assert (
        row["last_heart_rate"],
        row["hours_since_heart_rate"],
        row["count_heart_rate"],
        row["change_heart_rate"],
    ) == (100, 1, 3, 10)
    assert (
        row["min_heart_rate_6h"],
        row["max_heart_rate_6h"],
        row["mean_heart_rate_6h"],
        row["mean_heart_rate_3h"],
    ) == (80, 100, 90, 95)
    assert row["std_heart_rate_12h"] == 10
    assert row["slope_heart_rate_6h"] == pytest.approx(6.428571, abs=1e-6)
    assert row["from_baseline_heart_rate"] == 10
    assert (row["shock_index"], row["age_shock_index"], row["bun_creatinine"]) == (1, 64, 15)
    assert (row["qsofa_met"], row["qsofa_known"], row["sirs_met"], row["sirs_known"]) == (1, 1, 1, 1)
    assert row["sofa_partial"] == 2
    assert (row["measured_now"], row["labs_recent"], row["vitals_recent"], row["iculos"]) == (0, 2, 4, 5)


def test_wrong_shapes_are_refused() -> None:
    """A grid of another width, another type or without the row asked for is an error, not a guess."""
    with pytest.raises(ValueError, match="34"):
        features_all(np.zeros((2, 3)), STATIC)
    with pytest.raises(ValueError, match="float32"):
        features_all(empty(2).astype(np.float32), STATIC)
    with pytest.raises(ValueError, match="static"):
        features_row(empty(2), STATIC[:3], 0)
    with pytest.raises(IndexError, match="row 2"):
        features_row(empty(2), STATIC, 2)


def test_names_are_unique_and_hashed() -> None:
    """Each feature has one name, and the set has a hash that a model can hold on to."""
    assert len(FEATURES) == len(set(FEATURES))
    assert len(features_sha()) == 64
