"""The challenge's utility, alarms and figures on small cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk import metrics
from ray_jobs.risk.metrics import Hours, Ranked
from ray_jobs.risk.split import FOLDS, OUTER, fold_of
from ray_jobs.risk.utility import best_prediction, best_threshold, hour_utilities, utility

# A patient labelled from hour 10 on: onset at 16.
SEPTIC = np.array([0] * 10 + [1] * 14, dtype=np.int8)
WELL = np.zeros(5, dtype=np.int8)


def test_the_utility_of_each_hour_around_onset() -> None:
    """An alarm earns 0 at 12 h before onset, 1 at 6 h before, 0 at 3 h after; silence costs up to 2; then nothing."""
    silent, alarmed = hour_utilities(SEPTIC)
    assert alarmed[[0, 4, 7, 10, 19, 20]] == pytest.approx([-0.05, 0, 0.5, 1, 0, 0])
    assert silent[[0, 10, 19, 20]] == pytest.approx([0, 0, -2, 0])
    silent, alarmed = hour_utilities(WELL)
    assert silent.tolist() == [0] * 5
    assert alarmed.tolist() == [-0.05] * 5


def test_best_is_1_never_alarming_is_0() -> None:
    """The ideal prediction scores 1, silence 0, alarming always something below 1."""
    parts = [hour_utilities(x) for x in (SEPTIC, WELL)]
    silent, alarmed = (np.concatenate([p[i] for p in parts]) for i in (0, 1))
    best = np.concatenate([best_prediction(x) for x in (SEPTIC, WELL)])
    assert utility(silent, alarmed, best, best) == 1
    assert utility(silent, alarmed, best, np.zeros(29, dtype=bool)) == 0
    assert 0 < utility(silent, alarmed, best, np.ones(29, dtype=bool)) < 1


def test_an_alarm_at_the_label() -> None:
    """Alarming on every labelled hour gains the sums of figure 1's two falling lines over ten hours."""
    silent, alarmed = hour_utilities(SEPTIC)
    alarm = SEPTIC == 1
    gained = np.where(alarm, alarmed, silent).sum() - silent.sum()
    ceiling = np.where(best_prediction(SEPTIC), alarmed, silent).sum() - silent.sum()
    assert utility(silent, alarmed, best_prediction(SEPTIC), alarm) == pytest.approx(gained / ceiling)
    assert gained == pytest.approx(sum(1 - k / 9 for k in range(10)) + sum(2 * k / 9 for k in range(10)))


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.floats(-1, 1)), min_size=1, max_size=30))
def test_no_threshold_is_better_than_the_best(hours: list[tuple[float, float]]) -> None:
    """Alarming at the threshold found gains at least what any other level gains."""
    probability, gain = (np.array(x) for x in zip(*hours, strict=True))
    found = best_threshold(np.zeros(len(gain)), gain, probability)
    gains = [gain[probability >= level].sum() for level in np.unique(probability)]
    assert gain[probability >= found].sum() == pytest.approx(max(gains))


def test_discrimination_by_hand() -> None:
    """Ties count half in the area under the ROC curve; weights count an hour as often as they say."""
    probability, label = np.array([0.9, 0.8, 0.8, 0.1]), np.array([True, True, False, False])
    auroc, precision = metrics.discrimination(Ranked.of(probability), label, np.ones(4))
    assert auroc == pytest.approx(0.875)
    assert precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    doubled = metrics.discrimination(Ranked.of(probability), label, np.array([1.0, 1.0, 0.0, 1.0]))
    assert doubled == (1.0, 1.0)


def hours(probability: list[float], label: list[int]) -> Hours:
    """One stay."""
    n = len(probability)
    return Hours(np.zeros(n, dtype=np.int64), np.arange(1, n + 1), np.array(probability), np.array(label) == 1)


def test_an_alarm_is_followed_by_24_hours_of_silence() -> None:
    """Of 50 hours above the level, hours 1, 25 and 49 alarm."""
    stay = hours([0.5] * 50, [0] * 50)
    assert (np.flatnonzero(stay.alarms(0.5)) + 1).tolist() == [1, 25, 49]
    assert not stay.alarms(0.6).any()


def test_silence_ends_with_the_stay() -> None:
    """The first hour of the next patient may alarm whatever happened to the one before."""
    two = Hours(np.array([0, 0, 1, 1]), np.array([1, 2, 1, 2]), np.full(4, 0.9), np.zeros(4, dtype=bool))
    assert two.alarms(0.5).tolist() == [True, False, True, False]


def test_an_alarm_is_true_from_24_hours_before_to_3_after_onset() -> None:
    """With the first label at hour 31, onset is 37: hours 13 to 40 are true alarms."""
    stay = hours([0.5] * 50, [0] * 30 + [1] * 20)
    assert (np.flatnonzero(stay.true_alarms(np.ones(50, dtype=bool))) + 1).tolist() == list(range(13, 41))


def test_the_budget_is_kept_and_used() -> None:
    """The lowest level with at most one alarm in 12 bed-days: one more step down would break the budget."""
    rng = np.random.default_rng(0)
    stay = np.repeat(np.arange(60), 48)
    many = Hours(stay, np.tile(np.arange(1, 49), 60), rng.random(60 * 48).round(3), np.zeros(60 * 48, dtype=bool))
    level = many.budget_threshold()
    budget = 60 * 48 / 24 / 12
    assert many.alarms(level).sum() <= budget
    assert many.alarms(level - 0.001).sum() > budget


def test_a_forecast_that_means_what_it_says_is_calibrated() -> None:
    """Labels drawn at the forecast rates give slope 1, intercept 0, a small error and ratios of 1."""
    rng = np.random.default_rng(1)
    probability = rng.uniform(0.01, 0.6, 200_000)
    label = rng.random(200_000) < probability
    slope, intercept = metrics.calibration_line(probability, label)
    assert (slope, intercept) == pytest.approx((1, 0), abs=0.03)
    assert metrics.expected_calibration_error(probability, label) < 0.005
    assert metrics.observed_expected(probability, label) == pytest.approx([1] * 5, abs=0.05)


def test_folds_are_of_patients_and_of_like_size() -> None:
    """A fifth of patients are kept for the final figures, the rest fall evenly in five folds, for ever the same."""
    folds = [fold_of(f"p{i:06d}") for i in range(20_000)]
    assert folds.count(OUTER) == pytest.approx(4000, rel=0.05)
    for k in range(FOLDS):
        assert folds.count(k) == pytest.approx(3200, rel=0.06)
    assert [fold_of(f"p{i:06d}") for i in range(1, 9)] == [-1, 3, 0, 2, -1, 0, -1, -1]
