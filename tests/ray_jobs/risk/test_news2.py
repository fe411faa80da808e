"""NEWS2 against the chart of the Royal College of Physicians, and the laws of its bounds."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk.news2 import BANDS, PARAMETERS, News2, Reading, band_of, news2

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL = {
    "respiratory_rate": 16.0,
    "spo2": 97.0,
    "supplemental_oxygen": 0.0,
    "systolic_bp": 120.0,
    "heart_rate": 70.0,
    "consciousness": 0.0,
    "temperature": 37.0,
}
Scale = Literal[1, 2]


def score(values: dict[str, float], scale: Scale = 1, age_years: int | None = 50) -> News2:
    """NEWS2 of fresh readings."""
    readings = {name: Reading(value, AT) for name, value in values.items()}
    return news2(readings, at=AT, age_years=age_years, oxygen_scale=scale)


def parameter(result: News2, name: str) -> int | None:
    """Score of one parameter."""
    return next(p.score for p in result.parameters if p.name == name)


# Each cell of the chart by its two ends: (parameter, value, score).
CHART = [
    *[
        ("respiratory_rate", v, s)
        for v, s in ((3, 3), (8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3), (60, 3))
    ],
    *[("spo2", v, s) for v, s in ((60, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0))],
    *[("supplemental_oxygen", v, s) for v, s in ((0, 0), (1, 2))],
    *[
        ("systolic_bp", v, s)
        for v, s in ((50, 3), (90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3), (280, 3))
    ],
    *[
        ("heart_rate", v, s)
        for v, s in (
            (25, 3),
            (40, 3),
            (41, 1),
            (50, 1),
            (51, 0),
            (90, 0),
            (91, 1),
            (110, 1),
            (111, 2),
            (130, 2),
            (131, 3),
            (200, 3),
        )
    ],
    *[("consciousness", v, s) for v, s in ((0, 0), (1, 3))],
    *[
        ("temperature", v, s)
        for v, s in (
            (33.0, 3),
            (35.0, 3),
            (35.1, 1),
            (36.0, 1),
            (36.1, 0),
            (38.0, 0),
            (38.1, 1),
            (39.0, 1),
            (39.1, 2),
            (41.0, 2),
        )
    ],
]


@pytest.mark.parametrize(("name", "value", "expected"), CHART)
def test_each_cell_of_the_chart(name: str, value: float, expected: int) -> None:
    """A parameter at either end of a cell scores what the chart prints in it, and alone makes the total."""
    result = score({**WELL, name: value})
    assert parameter(result, name) == expected
    assert result.total == expected


SCALE_2_AIR = ((83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0), (93, 0), (100, 0))
SCALE_2_OXYGEN = (
    (83, 3),
    (84, 2),
    (85, 2),
    (86, 1),
    (87, 1),
    (88, 0),
    (92, 0),
    (93, 1),
    (94, 1),
    (95, 2),
    (96, 2),
    (97, 3),
    (100, 3),
)


@pytest.mark.parametrize(
    ("oxygen", "value", "expected"), [*((0, v, s) for v, s in SCALE_2_AIR), *((1, v, s) for v, s in SCALE_2_OXYGEN)]
)
def test_scale_2_depends_on_oxygen(oxygen: int, value: float, expected: int) -> None:
    """On scale 2 a saturation of 93 % and more scores only while oxygen is given."""
    result = score({**WELL, "spo2": value, "supplemental_oxygen": oxygen}, scale=2)
    assert parameter(result, "spo2") == expected
    assert result.total == expected + 2 * oxygen


def test_scale_2_without_the_oxygen_flag_waits_for_it() -> None:
    """On scale 2, without knowing air or oxygen, 95 % is 0 on air or 2 on oxygen, and the bounds hold both."""
    result = score(
        {name: value for name, value in {**WELL, "spo2": 95.0}.items() if name != "supplemental_oxygen"}, scale=2
    )
    assert (parameter(result, "spo2"), result.total, result.lowest, result.highest) == (None, None, 0, 4)
    assert next(p.status for p in result.parameters if p.name == "spo2") == "needs oxygen"


@pytest.mark.parametrize(
    ("total", "red", "band"),
    [
        (0, False, "low"),
        (4, False, "low"),
        (3, True, "low-medium"),
        (4, True, "low-medium"),
        (5, False, "medium"),
        (6, True, "medium"),
        (7, False, "high"),
        (20, True, "high"),
    ],
)
def test_bands(total: int, red: bool, band: str) -> None:
    """0-4 is low, a single 3 lifts it to low-medium, 5-6 is medium, 7 and more is high."""
    assert band_of(total, red=red) == band


def test_the_worst_patient_scores_20() -> None:
    """Every parameter at its worst makes 20."""
    worst = {
        "respiratory_rate": 30.0,
        "spo2": 80.0,
        "supplemental_oxygen": 1.0,
        "systolic_bp": 80.0,
        "heart_rate": 140.0,
        "consciousness": 1.0,
        "temperature": 34.0,
    }
    assert score(worst).total == 20


def test_values_between_two_cells_are_rounded_to_the_charts_resolution() -> None:
    """91.5 % reads as 92, 38.04 as 38.0 and 38.05 as 38.1: half up, at the chart's own resolution."""
    assert parameter(score({**WELL, "spo2": 91.5}), "spo2") == 2
    assert parameter(score({**WELL, "temperature": 38.04}), "temperature") == 0
    assert parameter(score({**WELL, "temperature": 38.05}), "temperature") == 1


def test_missing_is_not_zero() -> None:
    """A missing parameter leaves no total, but the range it could still make."""
    result = score({name: value for name, value in WELL.items() if name != "consciousness"})
    assert (result.total, result.lowest, result.highest, result.band) == (None, 0, 3, None)
    assert (result.lowest_band, result.highest_band) == ("low", "low-medium")


def test_a_red_parameter_counts_whatever_is_missing() -> None:
    """One parameter scoring 3 is red and at least low-medium, with everything else unknown."""
    result = score({"systolic_bp": 80.0})
    assert result.red
    assert (result.total, result.lowest_band, result.highest_band) == (None, "low-medium", "high")


def test_the_band_is_given_once_nothing_missing_can_change_it() -> None:
    """Seven points reached are high risk, whatever the missing temperature is."""
    result = score(
        {
            **{k: v for k, v in WELL.items() if k != "temperature"},
            "consciousness": 1.0,
            "respiratory_rate": 30.0,
            "spo2": 94.0,
        }
    )
    assert (result.total, result.lowest, result.highest, result.band) == (None, 7, 10, "high")


def test_old_readings_are_stale_and_keep_their_age() -> None:
    """A reading of exactly one hour counts, an older one does not; both show their age."""
    readings = {name: Reading(value, AT - timedelta(hours=1)) for name, value in WELL.items()}
    assert news2(readings, at=AT, age_years=50).total == 0
    late = news2(readings, at=AT + timedelta(seconds=1), age_years=50)
    assert late.total is None
    assert {(p.status, p.age) for p in late.parameters} == {("stale", timedelta(hours=1, seconds=1))}
    assert news2(readings, at=AT + timedelta(hours=1), age_years=50, freshness=timedelta(hours=2)).total == 0


def test_not_for_children_nor_in_pregnancy() -> None:
    """Under 16 years and in pregnancy there is no score but a reason; at 16, or with no age known, there is one."""
    child = score(WELL, age_years=15)
    assert (child.applicable, child.total, child.lowest, child.parameters) == (False, None, None, ())
    assert "16" in str(child.reason)
    readings = {name: Reading(value, AT) for name, value in WELL.items()}
    assert "pregnancy" in str(news2(readings, at=AT, age_years=30, pregnant=True).reason)
    assert score(WELL, age_years=16).total == 0
    assert score(WELL, age_years=None).total == 0


VALUES = {
    "respiratory_rate": st.integers(1, 70),
    "spo2": st.floats(50, 100),
    "supplemental_oxygen": st.sampled_from([0, 1]),
    "systolic_bp": st.integers(30, 280),
    "heart_rate": st.integers(20, 220),
    "consciousness": st.sampled_from([0, 1]),
    "temperature": st.floats(30, 43),
}


@given(
    complete=st.fixed_dictionaries(VALUES).map(lambda d: {k: float(v) for k, v in d.items()}),
    known=st.sets(st.sampled_from(PARAMETERS)),
    scale=st.sampled_from([1, 2]),
)
def test_bounds_hold_every_completion(complete: dict[str, float], known: set[str], scale: Scale) -> None:
    """Whatever the missing parameters turn out to be, total and band end within the bounds given before."""
    partial = score({name: complete[name] for name in known}, scale)
    full = score(complete, scale)
    assert full.total is not None
    assert full.band is not None
    assert partial.lowest is not None
    assert partial.highest is not None
    assert partial.lowest <= full.total <= partial.highest
    assert partial.lowest_band is not None
    assert partial.highest_band is not None
    assert BANDS.index(partial.lowest_band) <= BANDS.index(full.band) <= BANDS.index(partial.highest_band)
    assert partial.band in (None, full.band)
    assert partial.total in (None, full.total)
    assert full.red or not partial.red
    assert partial.red_possible or not full.red


@given(known=st.sets(st.sampled_from(PARAMETERS)), values=st.fixed_dictionaries(VALUES), scale=st.sampled_from([1, 2]))
def test_bounds_are_reached(known: set[str], values: dict[str, float], scale: Scale) -> None:
    """Some completion reaches the lowest total and some the highest: the bounds are not wider than needed."""
    given_values = {name: float(values[name]) for name in known}
    partial = score(given_values, scale)
    totals = {
        score({**extreme, **given_values}, scale).total
        for extreme in (WELL | {"spo2": 90.0 if scale == 2 else 97.0}, WORST, WORST_AIR)
    }
    assert partial.lowest in totals
    assert partial.highest in totals


WORST = {
    "respiratory_rate": 30.0,
    "spo2": 80.0,
    "supplemental_oxygen": 1.0,
    "systolic_bp": 80.0,
    "heart_rate": 140.0,
    "consciousness": 1.0,
    "temperature": 34.0,
}
WORST_AIR = WORST | {"supplemental_oxygen": 0.0}


def test_a_value_that_is_no_number_is_missing() -> None:
    """NaN scores nothing and is shown as missing."""
    result = score({**WELL, "heart_rate": math.nan})
    assert (result.total, parameter(result, "heart_rate")) == (None, None)


def test_results_cannot_be_changed() -> None:
    """A score is a value."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        score(WELL).total = 3  # type: ignore[misc]
