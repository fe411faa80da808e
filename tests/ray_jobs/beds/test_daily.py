"""The daily forecast uses the past only, keeps its quantiles in order, and beats naive where there is data."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.beds.daily import forecast_daily
from ray_jobs.beds.evaluate import evaluate, naive, ours, read_divi, rolling_origins
from ray_jobs.beds.history import History, read_history
from ray_jobs.beds.holidays import easter
from ray_jobs.beds.levels import LEVELS, covered_80, weighted_interval_score

START = date(2025, 1, 1)


def wards(days: int, locations: int = 3, seed: int = 1) -> History:
    """Beds with a level, a week and noise."""
    chance = np.random.default_rng(seed)
    week = 5 * np.sin(np.arange(days) * 2 * np.pi / 7)
    beds = 100 * (1 + np.arange(locations))[:, None] + week + chance.normal(0, 3, (locations, days))
    return History(START, tuple(f"ward {n}" for n in range(locations)), np.maximum(beds, 0))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.integers(1, 40), st.floats(0, 1))
def test_any_history_gives_ordered_finite_quantiles(days: int, horizon: int, empty: float) -> None:
    """Short, long, constant or all-zero histories: finite numbers, not negative, rising with the level."""
    history = wards(days)
    history.occupied[0, :] = 0
    history.occupied[1, : int(empty * days)] = 0
    ahead = forecast_daily(history, horizon)
    assert ahead.quantiles.shape == (3, horizon, len(LEVELS))
    assert np.isfinite(ahead.quantiles).all()
    assert np.isfinite(ahead.mean).all()
    assert ahead.mean.min() >= 0
    assert (np.diff(ahead.quantiles, axis=-1) >= -1e-9).all()


def test_the_future_is_not_looked_at() -> None:
    """What comes after the origin changes nothing in its forecast."""
    history = wards(300)
    other = History(history.first, history.locations, history.occupied.copy())
    other.occupied[:, 200:] = 9_999
    origin = START + timedelta(days=199)
    one, two = (forecast_daily(h.until(origin), 28) for h in (history, other))
    assert np.array_equal(one.mean, two.mean)
    assert np.array_equal(one.quantiles, two.quantiles)


def test_a_weekly_pattern_is_found() -> None:
    """On noise around a week, the forecast is nearer to the truth than the last value."""
    history = wards(420)
    origin = START + timedelta(days=391)
    truth = history.occupied[:, 392:420]
    error = np.abs(forecast_daily(history.until(origin), 28).mean - truth).mean()
    assert error < 0.7 * np.abs(history.occupied[:, 391:392] - truth).mean()


def test_easter_sunday_is_where_the_church_puts_it() -> None:
    """The computus gives the known dates, the earliest and the latest among them."""
    days = {2024: "03-31", 2025: "04-20", 2026: "04-05", 2008: "03-23", 2038: "04-25"}
    assert {year: f"{easter(year):%m-%d}" for year in days} == days


def test_scores_are_those_of_the_paper() -> None:
    """A point forecast's interval score is its absolute error, and the 80 % interval includes its ends."""
    point = np.full((1, len(LEVELS)), 10.0)
    assert weighted_interval_score(point, np.array([13.0])) == pytest.approx(3.0)
    assert covered_80(np.array([LEVELS]), np.array([0.1])).all()
    assert not covered_80(np.array([LEVELS]), np.array([0.09])).any()


def write(folder: Path, *lines: str) -> Path:
    """A history file."""
    path = folder / "history.csv"
    path.write_text("\n".join(("date,location,occupied", *lines)))
    return path


def test_gaps_are_filled_from_the_week_before(tmp_path: Path) -> None:
    """A day that was not reported takes the value of a week before, and is counted."""
    lines = [f"2025-01-{day:02},A,{day}" for day in range(1, 15) if day != 10]
    history = read_history(write(tmp_path, *lines))
    assert history.filled == 1
    assert history.occupied[0, 9] == 3.0
    assert history.last == date(2025, 1, 14)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2025-01-02,A,-3", "line 3: -3.0 beds"),
        ("2025-13-02,A,3", "line 3: '2025-13-02' is not a date"),
        ("2025-01-01,A,3", "line 3: A already has a value"),
        ("2025-01-02,A,nan", "line 3: nan beds"),
        ("2025-01-02,A,many", "line 3: 'many' is not a number"),
        ("2025-01-02,,3", "line 3: location is empty"),
        ("2325-01-02,A,3", "more than a century"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    """Negative, repeated, undated or unnumbered lines are refused with their place."""
    with pytest.raises(ValueError, match=said):
        read_history(write(tmp_path, "2025-01-01,A,3", line))


def test_an_origin_outside_the_history_is_refused() -> None:
    """Nothing is forecast from a day that was not recorded."""
    with pytest.raises(ValueError, match="outside the history"):
        wards(100).until(date(2026, 1, 1))


@pytest.mark.data
def test_naive_is_beaten_on_the_german_register(shared_data: Path) -> None:
    """On six origins of the open years the forecast beats naive at every horizon, with an honest 80 % interval."""
    history = read_divi(shared_data / "icu_beds_germany" / "states.csv")
    origins = rolling_origins(history, 28, every=56, count=6)
    scores = {(s.method, s.horizon): s for s in evaluate(history, origins, {"naive": naive, "ours": ours})}
    for horizon in (7, 14, 28):
        assert scores["ours", horizon].mae < 0.9 * scores["naive", horizon].mae
        assert 0.7 < scores["ours", horizon].covered.mean() < 0.9
