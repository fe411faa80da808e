"""Codes, units and limits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk.grid import COLUMNS
from schemas.codes import ANSWERS, BY_LOINC, MEASUREMENTS, Unusable, canonical, measurement


def number(name: str, value: float, unit: str | None) -> float:
    """The canonical value; fails when it is unusable."""
    found = canonical(MEASUREMENTS[name], value, unit)
    assert isinstance(found, float | int), found
    return found


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_is_whole(name: str) -> None:
    """Every measurement has words, limits in order, and its canonical unit among those it understands."""
    what = MEASUREMENTS[name]
    assert what.name == name
    assert what.display
    assert what.short
    assert what.low < what.high
    assert what.units[what.unit].apply(1.5) == 1.5


def test_a_loinc_code_means_one_thing() -> None:
    """No LOINC code stands for two measurements."""
    assert len(BY_LOINC) == sum(len(what.loinc) for what in MEASUREMENTS.values())


def test_every_column_of_the_grid_can_be_measured() -> None:
    """What the models are trained on can arrive, and the door is never narrower than the grid."""
    for column in COLUMNS:
        what = MEASUREMENTS[column.name]
        assert what.loinc
        assert what.low <= column.low
        assert column.high <= what.high


@given(st.sampled_from(sorted(MEASUREMENTS)), st.floats(0, 1))
def test_canonical_is_kept_to_the_bit(name: str, share: float) -> None:
    """A value in its canonical unit is not touched."""
    what = MEASUREMENTS[name]
    value = what.low + share * (what.high - what.low)
    value = min(max(value, what.low), what.high)
    assert math.copysign(1, number(name, value, what.unit)) == math.copysign(1, value)
    assert number(name, value, what.unit) == value


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", 310.15, "K", 37.0),
        ("glucose", 10, "mmol/L", 180.156),
        ("lactate", 9.008, "mg/dL", 1.0),
        ("creatinine", 100, "umol/L", 1.1312),
        ("fio2", 35, "%", 0.35),
        ("spo2", 0.97, "1", 97.0),
        ("hemoglobin", 140, "g/L", 14.0),
        ("wbc", 7500, "/uL", 7.5),
        ("wbc", 7.5, "10*9/L", 7.5),
        ("platelets", 250, "10*9/L", 250.0),
        ("troponin_i", 14, "ng/L", 0.014),
        ("systolic_bp", 16, "kPa", 120.00992),
        ("potassium", 4.1, "meq/L", 4.1),
        ("bun", 5, "mmol/L", 14.007),
        ("ph", 7.4, None, 7.4),
    ],
)
def test_conversion(name: str, value: float, unit: str | None, expected: float) -> None:
    """A known pair of units converts to the decimal one would write."""
    assert number(name, value, unit) == expected


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("heart_rate", -5, "/min"),
        ("heart_rate", 80, "mmol/L"),
        ("heart_rate", 80, None),
        ("heart_rate", math.nan, "/min"),
        ("spo2", 101, "%"),
        ("spo2", 97, "1"),
        ("temperature", 98.6, "Cel"),
        ("fio2", 21, "1"),
        ("ph", 1.0, "[pH]"),
    ],
)
def test_unusable(name: str, value: float, unit: str | None) -> None:
    """Impossible values and foreign units are refused with a reason, not converted, not clipped."""
    found = canonical(MEASUREMENTS[name], value, unit)
    assert isinstance(found, Unusable)
    assert name in found.reason


def test_2708_6_depends_on_who_measured() -> None:
    """LOINC 2708-6 is the pulse oximeter's in vital signs and the blood gas's from a laboratory."""
    assert measurement("2708-6") is MEASUREMENTS["spo2"]
    assert measurement("2708-6", laboratory=True) is MEASUREMENTS["sao2"]
    assert measurement("0000-0") is None


def test_answers_are_scored_as_news2_asks() -> None:
    """Alert is 0 and everything less is 1; air is 0 and oxygen 1."""
    assert [ANSWERS["consciousness"][letter] for letter in "ACVPU"] == [0, 1, 1, 1, 1]
    assert ANSWERS["supplemental_oxygen"]["371825009"] == 1
    assert ANSWERS["supplemental_oxygen"]["722742002"] == 0
