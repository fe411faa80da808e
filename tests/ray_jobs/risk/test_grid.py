"""The hourly grid: which reading lands where, and that order of arrival does not matter."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk.grid import (
    COLUMNS,
    HIGH,
    INDEX,
    LOW,
    NAMES,
    WIDTH,
    GridReading,
    age_years,
    build_grid,
    cell,
    cells,
    row_of,
    static_vector,
)
from schemas.codes import MEASUREMENTS

ADMISSION = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_there_are_34_columns() -> None:
    """8 vital signs and 26 laboratory values, each name once."""
    assert WIDTH == len(set(NAMES)) == 34
    assert NAMES[0] == "heart_rate"
    assert NAMES[-1] == "platelets"


@pytest.mark.parametrize(("minutes", "row"), [(0, 0), (59.99, 0), (60, 1), (61, 1), (-0.01, -1), (1439.9, 23)])
def test_rows_are_whole_hours_since_admission(minutes: float, row: int) -> None:
    """An hour starts on its first instant and ends before the next one's."""
    assert row_of(ADMISSION + timedelta(minutes=minutes), ADMISSION) == row


def test_the_last_reading_of_an_hour_wins_and_ties_go_by_id() -> None:
    """Within an hour the latest taken counts; of two taken at one instant the greater id."""
    at = ADMISSION + timedelta(minutes=10)
    readings = [
        GridReading("heart_rate", 80, at, "b"),
        GridReading("heart_rate", 70, at, "a"),
        GridReading("heart_rate", 60, ADMISSION, "z"),
    ]
    assert build_grid(readings, ADMISSION, 1)[0, 0] == 80


def test_what_has_no_place_is_left_out() -> None:
    """Before admission, after the last row, an unknown name, an impossible value: none changes the grid."""
    readings = [
        GridReading("heart_rate", 80, ADMISSION - timedelta(seconds=1), "a"),
        GridReading("heart_rate", 80, ADMISSION + timedelta(hours=2), "b"),
        GridReading("consciousness", 1, ADMISSION, "c"),
        GridReading("fio2", 4000, ADMISSION, "d"),
    ]
    assert np.isnan(build_grid(readings, ADMISSION, 2)).all()


def test_an_impossible_value_does_not_hide_an_earlier_good_one() -> None:
    """A heart rate of 900 after one of 90 leaves 90 in the grid."""
    readings = [
        GridReading("heart_rate", 90, ADMISSION, "a"),
        GridReading("heart_rate", 900, ADMISSION + timedelta(minutes=5), "b"),
    ]
    assert build_grid(readings, ADMISSION, 1)[0, 0] == 90


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.floats(0, 400), st.integers(0, 300)),
        max_size=60,
    ),
    st.randoms(),
)
def test_order_of_arrival_does_not_matter(drawn: list[tuple[str, float, int]], shuffler: random.Random) -> None:
    """The same readings in any order give the same grid, to the bit."""
    readings = [GridReading(n, v, ADMISSION + timedelta(minutes=m), str(i)) for i, (n, v, m) in enumerate(drawn)]
    before = build_grid(readings, ADMISSION, 5)
    shuffler.shuffle(readings)
    assert build_grid(readings, ADMISSION, 5).tobytes() == before.tobytes()


@given(st.sampled_from(NAMES), st.floats(-100, 5000))
def test_a_decimal_and_its_single_precision_copy_are_one_value(name: str, value: float) -> None:
    """A value sent as a decimal, read from a single-precision file, or taken in a whole table gives the same bits."""
    table = np.full((1, WIDTH), np.nan, dtype=np.float32)
    table[0, INDEX[name]] = value
    held = cell(name, value)
    again = cell(name, float(np.float32(value)))
    assert np.array([held]).tobytes() == np.array([again]).tobytes() == cells(table)[0, INDEX[name]].tobytes()


def test_the_ends_of_a_range_are_inside() -> None:
    """Lowest and highest plausible values are kept, beyond them nothing is, and every range has a width."""
    assert (LOW < HIGH).all()
    for i, name in enumerate(NAMES):
        assert cell(name, LOW[i]) == np.float32(LOW[i])
        assert cell(name, HIGH[i]) == np.float32(HIGH[i])
        assert math.isnan(cell(name, HIGH[i] * 1.001))


def test_static_vector_is_in_whole_years_and_hours() -> None:
    """Ages and hours are rounded down, unknowns are NaN."""
    assert static_vector(64.9, "male", "surgical", -2.48).tolist() == [64, 1, 0, 1, -3]
    assert np.isnan(static_vector(None, None, None, None)).all()


def test_age_changes_on_the_birthday() -> None:
    """Someone born on 29 February turns a year older on 1 March of a common year."""
    assert age_years(date(2000, 2, 29), date(2021, 2, 28)) == 20
    assert age_years(date(2000, 2, 29), date(2021, 3, 1)) == 21


def test_the_door_lets_in_all_that_the_grid_can_hold() -> None:
    """The limits at the gateway are at least as wide as the grid's, so live and offline drop the same values."""
    for column in COLUMNS:
        measured = MEASUREMENTS[column.name]
        assert measured.low <= column.low
        assert column.high <= measured.high
