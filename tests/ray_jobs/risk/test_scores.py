"""Bedside scores against their authors' tables, each item at the edge of its cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk.grid import INDEX, WIDTH
from ray_jobs.risk.news2 import (
    PULSE,
    RESPIRATORY_RATE,
    SPO2_SCALE_1,
    SYSTOLIC_BP,
    TEMPERATURE,
    Chart,
    points,
)
from ray_jobs.risk.scores import carried, news2_partial, qsofa, scores_of, sirs
from tests.ray_jobs.risk.conftest import a_table

CHARTS: list[tuple[str, Chart, str]] = [
    ("respiratory_rate", RESPIRATORY_RATE, "1"),
    ("spo2", SPO2_SCALE_1, "1"),
    ("systolic_bp", SYSTOLIC_BP, "1"),
    ("heart_rate", PULSE, "1"),
    ("temperature", TEMPERATURE, "0.1"),
]


def last(**values: float) -> np.ndarray:
    """One row of last known values, the rest unknown."""
    row = np.full((1, WIDTH), np.nan)
    for name, value in values.items():
        row[0, INDEX[name]] = value
    return row


def test_a_hand_worked_news2() -> None:
    """RCP chart 1: breathing 25 (3), SpO2 93 (2) on oxygen (2), 100 mmHg (2), pulse 111 (2), 39.1 degrees (2): 13."""
    row = last(respiratory_rate=25, spo2=93, fio2=0.4, systolic_bp=100, heart_rate=111, temperature=39.1)
    assert news2_partial(row).tolist() == [13]
    assert news2_partial(row, np.array([14.0])).tolist() == [16]
    assert news2_partial(row, np.array([np.nan])).tolist() == [13]


def test_air_and_what_was_never_measured_add_no_points() -> None:
    """FiO2 of 0.21 is air, however it was stored; an empty row scores 0 in every score."""
    assert news2_partial(last(fio2=float(np.float32(0.21)))).tolist() == [0]
    assert news2_partial(last(fio2=0.22)).tolist() == [2]
    assert [score(last()).tolist() for score in (news2_partial, qsofa, sirs)] == [[0], [0], [0]]


@pytest.mark.parametrize(("name", "chart", "resolution"), CHARTS)
@given(tenths=st.integers(200, 3000))
def test_news2_counts_as_the_live_score_does(name: str, chart: Chart, resolution: str, tenths: int) -> None:
    """Each item gives the points of the same chart as live, in single precision too."""
    for value in (tenths / 10, float(np.float32(tenths / 10))):
        assert news2_partial(last(**{name: value})).tolist() == [points(chart, value, resolution)]


@pytest.mark.parametrize(
    ("values", "met"),
    [
        ({"respiratory_rate": 22, "systolic_bp": 100}, 2),
        ({"respiratory_rate": 21, "systolic_bp": 100}, 1),
        ({"respiratory_rate": 22, "systolic_bp": 101}, 1),
        ({"systolic_bp": 101}, 0),
    ],
)
def test_qsofa_by_its_paper(values: dict[str, float], met: int) -> None:
    """Breathing from 22/min and systolic pressure to 100 mmHg count; consciousness only where it is known."""
    assert qsofa(last(**values)).tolist() == [met]
    assert qsofa(last(**values), np.array([14.0])).tolist() == [met + 1]


@pytest.mark.parametrize(
    ("values", "met"),
    [
        ({"temperature": 38.1, "heart_rate": 91, "respiratory_rate": 21, "wbc": 12.1}, 4),
        ({"temperature": 38.0, "heart_rate": 90, "respiratory_rate": 20, "wbc": 12.0}, 0),
        ({"temperature": 35.9, "wbc": 3.9}, 2),
        ({"respiratory_rate": 12, "paco2": 31}, 1),
        ({"respiratory_rate": 30, "paco2": 31}, 1),
    ],
)
def test_sirs_by_its_paper(values: dict[str, float], met: int) -> None:
    """Four criteria, each met beyond its bound; fast breathing and low PaCO2 are one criterion."""
    assert sirs(last(**values)).tolist() == [met]


def test_values_are_carried_forward_and_never_back() -> None:
    """An hour knows the last value before it; hours before the first value know nothing."""
    grid = np.array([[np.nan], [5.0], [np.nan], [7.0], [np.nan]])
    assert np.array_equal(carried(grid)[:, 0], [np.nan, 5, 5, 7, 7], equal_nan=True)


def test_scores_come_in_the_order_of_the_table() -> None:
    """Shuffled rows get the scores they get in order."""
    table = a_table()
    shuffled = table.sample(frac=1, random_state=1)
    for name, score in scores_of(table).items():
        assert scores_of(shuffled)[name].tolist() == score[shuffled.index].tolist()
