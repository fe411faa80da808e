"""The ward forecast is the exact distribution of the model it states, and learns what a log can teach."""

from itertools import product
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.beds.levels import LEVELS
from ray_jobs.beds.stay import BANDS_HOURS, Observed, Prior, learn
from ray_jobs.beds.ward import forecast, negative_binomial, still_here


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=7))
def test_still_here_is_the_sum_over_all_outcomes(chances: list[float]) -> None:
    """The distribution of who remains equals the enumeration of every combination of stays."""
    expected = np.zeros(len(chances) + 1)
    for stays in product((0, 1), repeat=len(chances)):
        expected[sum(stays)] += np.prod([p if s else 1 - p for p, s in zip(chances, stays, strict=True)])
    assert still_here(np.array(chances).reshape(-1, 1))[0] == pytest.approx(expected, abs=1e-12)


def test_a_sure_rate_makes_arrivals_poisson() -> None:
    """As the gamma's shape grows, the counts become Poisson with the same mean."""
    pmf = negative_binomial(1e9, np.array([3.0]))[0]
    assert pmf[:10] == pytest.approx([exp(-3) * 3**k / factorial(k) for k in range(10)], abs=1e-6)


def test_an_empty_ward_that_nobody_comes_to_stays_empty() -> None:
    """No patients and a long silence: the forecast is close to nothing, and never negative."""
    stay, arrivals = learn([], 0.0, 10_000.0)
    ahead = forecast(np.zeros(0), stay, arrivals, 8, 24)
    assert ahead.mean[-1] < 0.05
    assert ahead.quantiles.min() == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 900), max_size=40), st.integers(0, 23), st.lists(st.floats(0.5, 300), max_size=20))
def test_quantiles_rise_and_hold_the_mean(elapsed: list[float], hour: int, ended: list[float]) -> None:
    """Quantiles rise with their level; the mean lies between the outermost."""
    stay, arrivals = learn([Observed(100.0, 100.0 + e) for e in ended], 50.0, 400.0)
    ahead = forecast(np.array(elapsed), stay, arrivals, hour, 72)
    assert ahead.quantiles.shape == (72, len(LEVELS))
    assert (np.diff(ahead.quantiles, axis=1) >= 0).all()
    assert ((ahead.quantiles[:, 0] <= ahead.mean + 1e-6) & (ahead.mean <= ahead.quantiles[:, -1] + 1)).all()


def test_the_order_of_spells_teaches_the_same() -> None:
    """Learning is sums: shuffled spells give the same hazards."""
    spells = [Observed(float(i), float(i) + 7 * (i % 5) + 1) for i in range(40)]
    one, other = learn(spells, 0, 60), learn(spells[::-1], 0, 60)
    assert np.allclose(one[0].hazard, other[0].hazard)
    assert one[1].shape == other[1].shape


def test_what_was_before_the_log_does_not_count_as_an_arrival() -> None:
    """Patients who were there when the log began teach how people leave, not how many come."""
    prior = Prior()
    _, arrivals = learn([Observed(-50.0, 10.0)] * 30, 0.0, 24.0, prior)
    assert arrivals.shape == prior.arrivals_an_hour * prior.arrival_hours
    assert arrivals.rate_hours == prior.arrival_hours + 24.0


def test_a_long_log_outweighs_the_prior() -> None:
    """With hundreds of stays of a constant hazard, that hazard and the arrival rate are found again."""
    chance = np.random.default_rng(1)
    came = np.cumsum(chance.exponential(1 / 0.5, 4000))
    spells = [Observed(float(t), float(t + s)) for t, s in zip(came, chance.exponential(60.0, 4000), strict=True)]
    stay, arrivals = learn(spells, 0.0, float(came[-1]))
    early = BANDS_HOURS < 168
    assert stay.hazard[early] == pytest.approx(1 / 60, rel=0.15)
    assert arrivals.shape / arrivals.rate_hours == pytest.approx(0.5, rel=0.05)


def test_intervals_cover_what_happens() -> None:
    """On a simulated ward the 80 % interval one day ahead holds about 80 % of the outcomes, or a little more."""
    chance = np.random.default_rng(7)
    came = np.cumsum(chance.exponential(2.0, 6000))
    left = came + chance.lognormal(4.0, 0.8, 6000)
    spells = [Observed(float(a), float(b)) for a, b in zip(came, left, strict=True)]
    low, high, inside = LEVELS.index(0.1), LEVELS.index(0.9), []
    for now in np.arange(1000, 11000, 97.0):
        stay, arrivals = learn([s for s in spells if now - 900 < s.entered <= now], now - 700, now)
        here = now - came[(came <= now) & (left > now)]
        quantiles = forecast(here, stay, arrivals, int(now) % 24, 24).quantiles[-1]
        truth = ((came <= now + 24) & (left > now + 24)).sum()
        inside.append(quantiles[low] <= truth <= quantiles[high])
    assert 0.72 <= np.mean(inside) <= 0.93


def test_impossible_patients_are_refused() -> None:
    """Nobody can have arrived in the future, and a forecast reaches at least one hour."""
    stay, arrivals = learn([], 0.0, 1.0)
    with pytest.raises(ValueError, match="future"):
        forecast(np.array([-1.0]), stay, arrivals, 0, 24)
    with pytest.raises(ValueError, match="hour"):
        forecast(np.zeros(1), stay, arrivals, 0, 0)
