"""The mathematics of drift, against scipy, against simulation, and as laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.special import expit

from ray_jobs.risk import drift
from ray_jobs.risk.drift import Chance
from ray_jobs.risk.metrics import Ranked, discrimination

values = arrays(np.float64, st.integers(20, 200), elements=st.floats(-100, 100).map(lambda x: round(x, 1)))
tables = arrays(np.int64, st.integers(2, 12), elements=st.integers(0, 500))


@given(values)
def test_every_value_is_counted_in_its_bin(given: np.ndarray) -> None:
    """Bins hold edges[i-1] < value <= edges[i]; none of the reference's own is empty, and NaN is in none."""
    edges = drift.quantile_edges(given)
    counts = drift.bin_counts(np.append(given, np.nan), edges)
    assert counts.sum() == len(given)
    assert (counts > 0).all()
    assert list(edges) == sorted(set(edges))
    expected = np.bincount([int(np.sum(edges < value)) for value in given], minlength=len(edges) + 1)
    assert counts.tolist() == expected.tolist()


@given(tables, tables)
def test_the_index_is_a_distance(a: np.ndarray, b: np.ndarray) -> None:
    """Zero for the reference's own shares, never negative, NaN without readings."""
    size = min(len(a), len(b))
    a, b = a[:size], b[:size]
    shares = (b + 1) / (b + 1).sum()
    own = np.round(shares * 1e7).astype(np.int64)
    assert drift.psi(own, shares, 1e7, 1e7) == pytest.approx(0, abs=1e-4)
    value = drift.psi(a, shares, max(1.0, float(a.sum())), 1e6)
    assert math.isnan(value) if a.sum() == 0 else value >= 0


def test_the_index_is_that_of_the_textbook() -> None:
    """Shares 0.5 and 0.5 against 0.2 and 0.8: 0.3 ln 2.5 + -0.3 ln 0.625."""
    value = drift.psi(np.array([500, 500]), np.array([0.2, 0.8]), 1000, 1e6)
    assert value == pytest.approx(0.3 * math.log(2.5) - 0.3 * math.log(0.625))


@given(st.integers(1, 40), st.sampled_from([0.9, 0.99, 0.9999, 0.99999]))
def test_chi_squared_is_scipys(freedom: int, probability: float) -> None:
    """Within 6 %."""
    assert drift.chi_squared(probability, freedom) == pytest.approx(stats.chi2.ppf(probability, freedom), rel=0.06)


@given(st.integers(10, 2000), st.sampled_from([1e-2, 1e-4, 1e-5]))
def test_few_patients_widen_as_students_t(patients: int, exceeded: float) -> None:
    """Within 2 % of t over normal; nothing is ever beyond a limit of fewer than five."""
    t = stats.t.ppf(1 - exceeded / 2, patients - 1) / stats.norm.ppf(1 - exceeded / 2)
    assert Chance(exceeded, patients).few == pytest.approx(t, rel=0.02)
    assert Chance(exceeded, 4).few == math.inf


def test_unchanged_data_rarely_passes_the_limit() -> None:
    """Ten bins, 400 independent readings: the limit for one in a hundred is passed in 0.2 to 2.5 % of 3,000 draws."""
    rng = np.random.default_rng(1)
    shares = np.full(10, 0.1)
    limit = drift.psi_by_chance(10, 400, 1e6, Chance(0.01, 400))
    passed = [drift.psi(rng.multinomial(400, shares), shares, 400, 1e6) >= limit for _ in range(3000)]
    assert 0.002 <= np.mean(passed) <= 0.025


def test_patients_that_resemble_themselves_count_less() -> None:
    """Values equal within a patient: 40 patients of 10 hours are worth 40; independent ones are worth 400."""
    patients = np.repeat(np.arange(40), 10)
    rng = np.random.default_rng(2)
    same = drift.correlation(np.repeat(rng.integers(0, 5, 40), 10), patients)
    apart = drift.correlation(rng.integers(0, 5, 400), patients)
    assert drift.effective(400, 40 * 100, same) == pytest.approx(40)
    assert drift.effective(400, 40 * 100, apart) > 300
    assert drift.correlation(np.zeros(400, dtype=np.int64), patients) == 0


@given(values, st.floats(-30, 30))
def test_the_distance_is_scipys_at_the_edges(given: np.ndarray, shift: float) -> None:
    """Never more than Kolmogorov-Smirnov's over all values; zero for the reference's own."""
    edges = drift.quantile_edges(given)
    shares = drift.bin_counts(given, edges) / len(given)
    moved = np.round(given + shift, 1)
    found = drift.ks(drift.bin_counts(moved, edges), shares)
    assert 0 <= found <= stats.ks_2samp(given, moved).statistic + 1e-9
    assert drift.ks(drift.bin_counts(given, edges), shares) == pytest.approx(0)


def test_the_median_is_found_within_its_bin() -> None:
    """Of 10,000 normal values to a hundredth of their spread; NaN without any."""
    x = np.random.default_rng(3).normal(50, 10, 10_000)
    edges = drift.quantile_edges(x, 20)
    assert drift.median(drift.bin_counts(x, edges), edges) == pytest.approx(np.median(x), abs=0.1)
    assert math.isnan(drift.median(np.zeros(len(edges) + 1, dtype=np.int64), edges))


@given(st.integers(0, 300), st.integers(1, 300), st.floats(0.001, 0.999))
def test_odds_are_compared_on_the_log_scale(hits: int, count: int, share: float) -> None:
    """More hits give a larger ratio, always finite; twice the odds are ln 2."""
    hits = min(hits, count)
    assert math.isfinite(drift.log_odds_ratio(hits, count, share))
    if hits < count:
        assert drift.log_odds_ratio(hits + 1, count, share) > drift.log_odds_ratio(hits, count, share)
    assert drift.log_odds_ratio(66_667, 100_000, 0.5) == pytest.approx(math.log(2), abs=1e-3)


@given(arrays(np.float64, 60, elements=st.floats(0.001, 0.999)), arrays(np.bool_, 60))
def test_binned_auroc_is_that_of_the_binned_scores(p: np.ndarray, y: np.ndarray) -> None:
    """Ties half, as in every other figure of the card."""
    bins = np.searchsorted(drift.PROBABILITY_EDGES, p)
    size = len(drift.MIDDLES)
    positive = np.bincount(bins[y], minlength=size).astype(float)
    negative = np.bincount(bins[~y], minlength=size).astype(float)
    area = drift.auroc(positive, negative)
    expected, _ = discrimination(Ranked.of(bins.astype(float)), y, np.ones(60))
    assert area == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("centre", "spread"), [(-4.5, 1.5), (-2.0, 1.0), (0.0, 2.0), (-3.0, 0.3)])
def test_estimated_performance_is_the_truth_of_calibrated_forecasts(centre: float, spread: float) -> None:
    """200,000 calibrated forecasts, without labels: AUROC within 0.01 of that with labels, PPV and recall 0.015."""
    rng = np.random.default_rng(4)
    p = expit(rng.normal(centre, spread, 200_000))
    y = rng.random(len(p)) < p
    counts = np.bincount(np.searchsorted(drift.PROBABILITY_EDGES, p), minlength=len(drift.MIDDLES))
    truth, _ = discrimination(Ranked.of(p), y, np.ones(len(p)))
    assert drift.expected_auroc(counts) == pytest.approx(truth, abs=0.01)
    over = p >= np.quantile(p, 0.95)
    assert p[over].mean() == pytest.approx(y[over].mean(), abs=0.015)
    assert p[over].sum() / p.sum() == pytest.approx(over[y].mean(), abs=0.015)


def test_the_estimate_is_blind_to_concept_drift() -> None:
    """The limit of the method, held: outcomes that no longer follow the forecasts leave the estimate where it was."""
    rng = np.random.default_rng(5)
    p = expit(rng.normal(-3, 1.5, 100_000))
    counts = np.bincount(np.searchsorted(drift.PROBABILITY_EDGES, p), minlength=len(drift.MIDDLES))
    unrelated = rng.permutation(rng.random(len(p)) < p)
    truth, _ = discrimination(Ranked.of(p), unrelated, np.ones(len(p)))
    assert truth == pytest.approx(0.5, abs=0.02)
    assert drift.expected_auroc(counts) > 0.75


def test_the_error_of_an_auroc_covers_its_spread() -> None:
    """Hanley and McNeil's error is within a quarter of the spread over 400 draws."""
    rng = np.random.default_rng(6)
    areas = []
    for _ in range(400):
        x = np.concatenate([rng.normal(1, 1, 40), rng.normal(0, 1, 200)])
        areas.append(discrimination(Ranked.of(x), np.arange(240) < 40, np.ones(240))[0])
    assert drift.auroc_error(float(np.mean(areas)), 40, 200) == pytest.approx(np.std(areas), rel=0.25)
    assert drift.auroc_error(0.8, 0.5, 100) == math.inf


@given(tables)
def test_joined_bins_hold_enough(counts: np.ndarray) -> None:
    """Neighbours are joined, in order, until each holds a tenth; nothing is lost."""
    if counts.sum() == 0:
        return
    shares = counts / counts.sum()
    joined = drift.merged(shares)
    assert (np.diff(joined) >= 0).all()
    assert (np.diff(joined) <= 1).all()
    held = np.bincount(joined, weights=shares)
    assert held.sum() == pytest.approx(1)
    assert (held >= 0.1 - 1e-9).all()


def test_a_rate_by_chance_is_poissons() -> None:
    """Counts beyond the limit for one in a hundred, on either side, are 0.2 to 2 % of 20,000 Poisson draws."""
    chance = Chance(0.01, 1000)
    for expected in (20.0, 200.0):
        draws = np.random.default_rng(7).poisson(expected, 20_000)
        more = drift.times_by_chance(expected, chance, fewer=False)
        fewer = drift.times_by_chance(expected, chance, fewer=True)
        assert 0.002 <= np.mean((draws > expected * more) | (draws < expected / fewer)) <= 0.02
    assert drift.times_by_chance(0, chance, fewer=False) == math.inf
    assert drift.times_by_chance(1, chance, fewer=True) == math.inf
