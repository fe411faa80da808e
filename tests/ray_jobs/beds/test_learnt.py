"""What is learnt from past days is found again, kept in a file, and never out of days that were still to come."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.beds.history import History
from ray_jobs.beds.holidays import EFFECTS, holiday_days
from ray_jobs.beds.hourly import forecast_arrivals
from ray_jobs.beds.levels import LEVELS
from ray_jobs.beds.moves import describe
from ray_jobs.beds.parallel import blocks, forecast_many
from ray_jobs.beds.recalibrate import band_of, recalibrated, transform
from ray_jobs.beds.shipped import read_weights, shipped, write_weights
from ray_jobs.beds.spread import spread
from ray_jobs.beds.stay import Prior, learn_arrivals
from ray_jobs.beds.train import learn_holidays, train

START = date(2022, 1, 1)


def country(days: int, dip: float = 0.1) -> History:
    """Four regions that empty by a tenth on Christmas Day."""
    chance = np.random.default_rng(2)
    christmas = holiday_days(START, days)[:, EFFECTS.index("Christmas Eve +1")]
    level = np.array([[100.0], [200.0], [400.0], [800.0]]) * np.exp(-dip * christmas)
    return History(START, ("a", "b", "c", "d"), level * (1 + chance.normal(0, 0.005, (4, days))))


def test_the_effect_of_a_holiday_is_found() -> None:
    """A dip on every Christmas Day is learnt as that day's effect, and no other day's."""
    found = dict(zip(EFFECTS, learn_holidays(country(1200)), strict=True))
    assert found["Christmas Eve +1"] == pytest.approx(-0.1, abs=0.03)
    assert abs(found["Easter +1"]) < 0.01


def test_weights_are_kept_to_six_digits(tmp_path: Path) -> None:
    """What is written is read again; a file of other features is refused with its name and what to do."""
    weights = train(country(800))
    write_weights(tmp_path / "w.json", weights)
    again = read_weights(tmp_path / "w.json")
    assert np.allclose(again.move, weights.move, rtol=1e-5)
    assert again.version == weights.version
    (tmp_path / "w.json").write_text('{"holiday": {}, "scale": {}, "move": [], "version": "0"}')
    with pytest.raises(ValueError, match=r"w\.json.*beds train"):
        read_weights(tmp_path / "w.json")
    assert shipped().version.startswith("2.0+")


def test_less_than_two_years_teach_no_holidays() -> None:
    """A year has each holiday once: that is refused."""
    with pytest.raises(ValueError, match="too few"):
        train(country(500))


@settings(max_examples=20, deadline=None)
@given(st.integers(60, 120), st.integers(0, 6))
def test_a_day_is_described_by_earlier_days_only(cut: int, weekday: int) -> None:
    """Cutting off the future changes no description of the past."""
    beds = np.random.default_rng(cut).uniform(10, 20, (3, 130))
    whole, part = describe(beds, weekday), describe(beds[:, :cut], weekday)
    assert np.allclose(whole.state[:, :cut], part.state)
    assert np.allclose(whole.weekday[:, :cut], part.weekday)


def test_the_spread_holds_its_share_of_the_errors() -> None:
    """Four in five errors of the past lie inside the 80 % band, at each location's own scale."""
    errors = np.random.default_rng(1).normal(0, [[1.0], [3.0]], (2, 400))
    quantiles = spread(errors, np.array([50.0, 50.0]))
    for own, limits in zip(errors, quantiles, strict=True):
        inside = (own >= limits[LEVELS.index(0.1)]) & (own <= limits[LEVELS.index(0.9)])
        assert inside.mean() == pytest.approx(0.8, abs=0.08)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=60), st.lists(st.floats(0, 50), min_size=23, max_size=23))
def test_recalibrated_quantiles_rise_and_stay_put_without_outcomes(outcomes: list[float], beds: list[float]) -> None:
    """Whatever came before, quantiles rise and are not negative; without outcomes nothing changes."""
    quantiles = np.sort(np.array(beds))
    changed = recalibrated(quantiles, outcomes)
    assert (np.diff(changed) >= 0).all()
    assert changed.min() >= 0
    assert outcomes or np.array_equal(changed, quantiles)


def test_recalibration_moves_a_forecast_that_is_always_too_low() -> None:
    """When what came was always at the top, the median rises; the transform of a quantile is its level."""
    quantiles = np.arange(23, dtype=np.float64) + 10.0
    assert recalibrated(quantiles, [0.95] * 100)[11] > quantiles[11] + 3
    assert transform(quantiles, quantiles[11]) == pytest.approx(0.5)
    assert [band_of(d) for d in (0.5, 1, 2, 7, 8, 28)] == [0, 0, 1, 2, 3, 4]


def test_arrivals_have_a_week() -> None:
    """Arrivals on Mondays at nine only are expected on Mondays, at nine most of all."""
    came = [9.5 + 168 * n for n in range(60) for _ in range(20)]
    profile = learn_arrivals(came, 0.0, 168.0 * 60, Prior()).profile
    assert profile.argmax() == 9
    assert profile[:24].sum() > 0.5 * profile.sum()


def test_hourly_counts_are_forecast_by_hour_and_day() -> None:
    """A daily course of Poisson counts is found, and its 80 % interval holds about four in five."""
    chance, first = np.random.default_rng(4), datetime(2024, 1, 1)  # noqa: DTZ001 - files have local time
    rate = 6 + 4 * np.sin(np.arange(24 * 7 * 30) * 2 * np.pi / 24)
    counts = chance.poisson(rate).astype(float)
    mean, quantiles = forecast_arrivals(first, counts[:-168], 168)
    assert np.abs(mean - rate[-168:]).mean() < 0.6
    inside = (counts[-168:] >= quantiles[:, 3]) & (counts[-168:] <= quantiles[:, 19])
    assert 0.7 < inside.mean() < 0.95


def test_blocks_and_workers_change_no_number() -> None:
    """Two processes give what one gives, in the same order; blocks keep every location once."""
    chance = np.random.default_rng(3)
    history = History(START, tuple("abcdef"), chance.uniform(20, 30, (6, 200)))
    cut = blocks(history, 4)
    assert [b.locations for b in cut] == [("a", "b", "c"), ("d", "e", "f")]
    for one, two in zip(forecast_many(cut, 7, 1), forecast_many(cut, 7, 2), strict=True):
        assert np.array_equal(one.quantiles, two.quantiles)


@pytest.mark.parametrize("days", [1, 2, 13, 69, 70, 84, 200])
def test_strikes_gaps_and_empty_wards_get_a_forecast(days: int) -> None:
    """One day of history, a week of nothing, a ward that was always empty: finite, ordered, zero where all was zero."""
    beds = np.full((3, days), 20.0)
    beds[1] = 0.0
    beds[2, -7:] = 0.0
    (ahead,) = forecast_many([History(START, ("full", "empty", "strike"), beds)], 28, 1)
    assert np.isfinite(ahead.quantiles).all()
    assert (np.diff(ahead.quantiles, axis=-1) >= -1e-9).all()
    assert ahead.mean[1].max() == pytest.approx(0.0, abs=0.5)
    assert ahead.origin == START + timedelta(days=days - 1)
