"""The figures of a card, against what they mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.imaging import figures

SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=4, max_size=60).filter(
    lambda rows: 0 < sum(ill for ill, _ in rows) < len(rows)
)


@given(SCORED)
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]):
    """Every ill film against every well one, ties counting half."""
    ill, score = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], dtype=float)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[ill] for b in score[~ill]]
    assert figures.auroc(ill, score) == pytest.approx(np.mean(pairs))


@given(SCORED, st.floats(0.5, 1.0))
def test_the_threshold_keeps_the_wanted_recall(rows: list[tuple[bool, int]], wanted: float):
    """At least the wanted share of the ill films is called ill."""
    ill, probability = np.array([r[0] for r in rows]), np.array([(r[1] + 1) / 21 for r in rows])
    threshold = figures.recall_threshold(ill, probability, wanted)
    assert (probability[ill] >= threshold).sum() >= np.floor(wanted * ill.sum())


@given(SCORED)
def test_outside_the_referral_band_nobody_is_on_the_wrong_side(rows: list[tuple[bool, int]]):
    """With no error allowed, everything below the band is well and everything above it ill."""
    ill, probability = np.array([r[0] for r in rows]), np.array([r[1] / 20 for r in rows])
    low, high = figures.referral_band(ill, probability, 0.0)
    if probability[ill].min() < probability[~ill].max():
        assert not ill[probability < low].any()
        assert ill[probability > high].all()


def test_temperature_undoes_overconfidence():
    """Logits that are twice too large are halved."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 1.5, (20_000, 3))
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    label = (share.cumsum(1) > random.random((20_000, 1))).argmax(1)
    assert figures.temperature(logits * 2, label) == pytest.approx(2.0, rel=0.05)


def test_intervals_are_over_patients():
    """Ten copies of each patient's film do not make the interval narrower."""
    random = np.random.default_rng(1)
    ill = random.random(60) < 0.5
    score = ill + random.normal(0, 1, 60)
    names = [f"p{i}" for i in range(60)]
    one = figures.with_interval(figures.auroc, ill, score, names)
    ten = figures.with_interval(figures.auroc, np.tile(ill, 10), np.tile(score, 10), names * 10)
    assert ten.high - ten.low == pytest.approx(one.high - one.low, rel=0.2)
