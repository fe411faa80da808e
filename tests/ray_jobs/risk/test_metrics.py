"""Figures against cases worked by hand, scikit-learn where it has the same, and data made to a known truth."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.registry import Conformal
from ray_jobs.risk import metrics
from ray_jobs.risk.evaluation import calibration, decisions
from ray_jobs.risk.evaluation.bootstrap import with_intervals
from ray_jobs.risk.evaluation.folds import spread
from ray_jobs.risk.evaluation.lead_time import lead_time, trade_off
from ray_jobs.risk.metrics import Floats, Hours

COUNT = 4000


def forecasts(seed: int = 0, slope: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities rounded so that some are equal, and labels whose log-odds are slope * theirs + shift."""
    rng = np.random.default_rng(seed)
    x = rng.normal(-2, 1.2, COUNT).round(2)
    return 1 / (1 + np.exp(-x)), rng.random(COUNT) < 1 / (1 + np.exp(-(slope * x + shift)))


def test_areas_and_shares_are_those_of_scikit_learn() -> None:
    """AUROC, average precision, Brier score, confusion matrix, precision, recall, F1 and accuracy agree."""
    sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed (extra: train)")
    probability, label = forecasts()
    auroc, auprc = metrics.discrimination(metrics.Ranked.of(probability), label, np.ones(COUNT))
    assert auroc == pytest.approx(sklearn.roc_auc_score(label, probability))
    assert auprc == pytest.approx(sklearn.average_precision_score(label, probability))
    assert np.mean((probability - label) ** 2) == pytest.approx(sklearn.brier_score_loss(label, probability))
    alarm = probability >= 0.2
    matrix = decisions.confusion(alarm, label)
    tn, fp, fn, tp = sklearn.confusion_matrix(label, alarm).ravel()
    assert [matrix[f"{name}"] for name in ("true_negative", "false_positive", "false_negative", "true_positive")] == [
        tn, fp, fn, tp,
    ]  # fmt: skip
    for name, theirs in (
        ("precision", sklearn.precision_score),
        ("recall", sklearn.recall_score),
        ("f1", sklearn.f1_score),
        ("accuracy", sklearn.accuracy_score),
    ):
        assert matrix[name] == pytest.approx(theirs(label, alarm))


def test_the_calibration_line_is_that_of_logistic_regression() -> None:
    """Slope and intercept are those an unpenalised logistic regression on the log-odds finds."""
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed (extra: train)")
    probability, label = forecasts(slope=0.7, shift=0.4)
    fitted = linear.LogisticRegression(C=1e12, tol=1e-10).fit(np.log(probability / (1 - probability))[:, None], label)
    line = metrics.calibration_line(probability, label)
    assert line == pytest.approx((fitted.coef_[0, 0], fitted.intercept_[0]), abs=1e-4)
    assert line == pytest.approx((0.7, 0.4), abs=0.15)


def test_a_prior_draws_the_slope_to_1() -> None:
    """The smaller the deviation, the nearer to 1; labels all alike give no line."""
    probability, label = forecasts(slope=0.5)
    free, half, tight = (
        metrics.calibration_line(probability, label, slope_deviation=d)[0] for d in (math.inf, 0.05, 1e-4)
    )
    assert free < half < tight == pytest.approx(1, abs=1e-3)
    assert math.isnan(metrics.calibration_line(probability, np.zeros(COUNT, dtype=bool))[0])


def test_separable_labels_end_too() -> None:
    """Where no finite slope is best the fit still ends, with a steep line."""
    probability = np.array([0.1, 0.2, 0.8, 0.9])
    slope, _ = metrics.calibration_line(probability, probability > 0.5)
    assert slope > 2


def test_calibration_knows_what_a_perfect_model_shows() -> None:
    """A perfect model lies within its own range, one that is twice too sure does not."""
    patient = np.arange(COUNT)
    good = calibration.calibration(*forecasts(), patient, draws=20)
    bad = calibration.calibration(*forecasts(slope=0.5), patient, draws=20)
    for figures, inside in ((good, True), (bad, False)):
        low, high = figures["perfect"]["slope"]["low"], figures["perfect"]["slope"]["high"]
        assert (low <= figures["slope"] <= high) == inside
    assert bad["interval"]["slope"]["low"] < bad["slope"] < bad["interval"]["slope"]["high"]


def test_bins_hold_equal_counts_and_their_rates() -> None:
    """Two bins of two rows, by hand: forecasts 0.2 and 0.7, observed a half and all."""
    probability, label = np.array([0.8, 0.1, 0.6, 0.3]), np.array([True, False, True, True])
    found = calibration.bins(probability, label, np.arange(4), 2, draws=5)
    assert found.expected == pytest.approx([0.2, 0.7])
    assert found.observed == pytest.approx([0.5, 1.0])
    assert found.rows.tolist() == [2, 2]


@pytest.mark.parametrize(("slope", "shift"), [(0.7, -0.6), (1.3, 0.5), (1.0, 0.0)])
def test_recalibration_puts_a_model_right_elsewhere(slope: float, shift: float) -> None:
    """Where another hospital's log-odds are slope * x + shift, 500 of its patients bring slope and ratio near 1."""
    probability, label = forecasts(3, slope, shift)
    found = calibration.recalibration(probability, label, np.arange(COUNT))
    assert found["slope_before"] == pytest.approx(slope, abs=0.12)
    assert abs(found["slope_median"] - 1) < max(0.15, abs(slope - 1))
    assert 0.85 <= found["slope_median"] <= 1.15
    assert found["observed_expected_median"] == pytest.approx(1, abs=0.1)


def test_hours_of_one_onset_are_one_observation() -> None:
    """Each row given ten times over moves the shrunk line no further."""
    probability, label = (column[:500] for column in forecasts(4, slope=0.5))
    once = calibration.recalibrated(probability, label, np.arange(500))
    ten = calibration.recalibrated(np.repeat(probability, 10), np.repeat(label, 10), np.repeat(np.arange(500), 10))
    assert ten == pytest.approx(once, abs=1e-6)
    assert calibration.recalibrated(probability, np.zeros(500, dtype=bool), np.arange(500)) == (1, 0)


def test_event_1_by_hand() -> None:
    """Two of three alarms are right and two of four deaths found: the lesser is a half; no alarm gives 0."""
    label = np.array([True, True, True, True, False, False])
    alarm = np.array([True, True, False, False, True, False])
    assert decisions.event1(alarm, label) == pytest.approx(0.5)
    assert decisions.event1(np.zeros(6, dtype=bool), label) == 0


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.booleans()), min_size=2, max_size=30))
def test_no_threshold_has_a_better_event_1(rows: list[tuple[float, bool]]) -> None:
    """The best event 1 is the greatest of all thresholds, and is reached at the one given."""
    score, label = (np.array(column) for column in zip(*rows, strict=True))
    if not label.any():
        return
    best, at = decisions.best_event1(score, label)
    assert best == pytest.approx(max(decisions.event1(score >= level, label) for level in np.unique(score)))
    assert decisions.event1(score >= at, label) == pytest.approx(best)


def test_net_benefit_by_hand() -> None:
    """At odds of 1 to 3, one hit and one false alarm in ten are worth 0.1 less a third of 0.1."""
    label = np.arange(10) == 0
    assert decisions.net_benefit(np.arange(10) < 2, label, np.array([0.25])) == pytest.approx([0.1 - 0.1 / 3])
    curve = decisions.net_benefit_curve(np.where(np.arange(10) < 2, 0.25, 0.1), label, np.array([0.25, 0.3]))
    assert curve == pytest.approx([0.1 - 0.1 / 3, 0])


def test_coverage_by_hand() -> None:
    """Sets from 0.3 up hold yes, to 0.6 hold no: of (0.2, 0.5, 0.9) ill and (0.1, 0.7) well two thirds and half."""
    found = decisions.coverage(
        np.array([0.2, 0.5, 0.9, 0.1, 0.7]),
        np.array([True, True, True, False, False]),
        Conformal(level=0.9, yes_from=0.3, no_to=0.6),
    )
    assert found["positives_covered"] == pytest.approx(2 / 3)
    assert found["negatives_covered"] == pytest.approx(1 / 2)
    assert (found["undecided"], found["empty"]) == pytest.approx((0.2, 0.0))


def two_stays(probability: list[float]) -> Hours:
    """A stay of 50 hours labelled from 31 on (onset at 37) and one of 50 hours never ill."""
    label = np.arange(100) >= 30
    label[50:] = False
    return Hours(np.repeat([0, 1], 50), np.tile(np.arange(1, 51), 2), np.array(probability), label)


def test_lead_time_counts_from_the_first_true_alarm() -> None:
    """Alarms at hour 5 (too early to be true) and 31: warned 6 hours before onset."""
    alarms = np.zeros(100, dtype=bool)
    alarms[[4, 30, 33]] = True
    found = lead_time(two_stays([0.1] * 100), alarms)
    assert (found["septic_patients"], found["warned"], found["median_hours"]) == (1, 1, 6)
    assert found["warned_6_hours_before"] == 1
    alarms[[30, 33]] = False
    assert lead_time(two_stays([0.1] * 100), alarms)["warned_0_hours_before"] == 0


def test_more_alarms_find_more() -> None:
    """At the level of one true alarm all are right; at that of all, silence leaves 3 alarms a stay, 1 of 6 true."""
    probability = [0.1] * 100
    probability[30] = 0.9
    found = trade_off(two_stays(probability), np.array([0.9, 0.1]))
    assert found["ppv"].tolist() == pytest.approx([1, 1 / 6])
    assert found["alarms_in_12_bed_days"].tolist() == pytest.approx([2.88, 17.28])
    assert found["found"].tolist() == [1, 1]


def test_intervals_hold_the_truth_and_are_the_same_every_time() -> None:
    """The mean of 400 patients lies in its interval, whose width is that of theory; twice the same."""
    values = np.random.default_rng(5).normal(3, 1, 400)

    def mean(weight: Floats) -> Mapping[str, float]:
        return {"mean": float(weight @ values / weight.sum()), "unknown": math.nan}

    found = with_intervals(mean, 400, 200)
    assert found["mean"]["low"] < found["mean"]["value"] < found["mean"]["high"]
    assert found["mean"]["high"] - found["mean"]["low"] == pytest.approx(2 * 1.96 / 20, rel=0.2)
    assert math.isnan(found["unknown"]["low"])
    assert with_intervals(mean, 400, 200)["mean"] == found["mean"]


def test_spread_by_hand() -> None:
    """Folds of 0.8 and 0.9: mean 0.85, deviation 0.0707."""
    found = spread([{"auroc": 0.8}, {"auroc": 0.9}])["auroc"]
    assert (found["mean"], found["deviation"]) == pytest.approx((0.85, 0.1 / math.sqrt(2)))
    assert (found["low"], found["high"], found["folds"]) == (0.8, 0.9, [0.8, 0.9])
