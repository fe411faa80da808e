"""Codes, units and limits."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk.grid import COLUMNS, EXTRA_COLUMNS, Column
from ray_jobs.risk.news2 import Reading as Score
from ray_jobs.risk.news2 import news2
from schemas.codes import ANSWERS, BY_LOINC, MEASUREMENTS, REFERENCE, Unusable, canonical, measurement, reference
from schemas.codes.coded import SNOMED_MEASUREMENTS
from schemas.codes.reference import WITHOUT


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


@pytest.mark.parametrize("column", [*COLUMNS, *EXTRA_COLUMNS], ids=lambda column: column.name)
def test_every_column_of_the_grids_can_be_measured(column: Column) -> None:
    """What the models are trained on can arrive, and the door is never narrower than the grid."""
    what = MEASUREMENTS[column.name]
    assert what.loinc or column.name in SNOMED_MEASUREMENTS.values()
    assert what.low <= column.low
    assert column.high <= what.high


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_reference_range_lies_within_the_limits(name: str) -> None:
    """Every measurement has an adult range inside what is possible, or is named among those that have none."""
    low, high = reference(name)
    assert (name in REFERENCE) != (name in WITHOUT)
    what = MEASUREMENTS[name]
    ends = [what.low, *(end for end in (low, high) if end is not None), what.high]
    assert ends == sorted(ends)


@pytest.mark.parametrize("name", ["respiratory_rate", "spo2", "systolic_bp", "heart_rate", "temperature"])
def test_vital_signs_within_their_range_score_nothing(name: str) -> None:
    """The ranges of vital signs are exactly NEWS2's cells of 0 points: one step outside scores."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    low, high = reference(name)
    assert low is not None
    assert high is not None

    def points(value: float) -> int | None:
        scored = news2({name: Score(value, at)}, at=at, age_years=60, pregnant=False, oxygen_scale=1,
                       freshness=timedelta(hours=1))  # fmt: skip
        return next(p.score for p in scored.parameters if p.name == name)

    step = 0.1 if name == "temperature" else 1.0
    assert (points(low), points(high)) == (0, 0)
    assert points(round(low - step, 1))
    if name != "spo2":
        assert points(round(high + step, 1))


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
        ("weight", 70500, "g", 70.5),
        ("weight", 150, "[lb_av]", 68.0388555),
        ("height", 1.8, "m", 180.0),
        ("height", 70, "[in_i]", 177.8),
        ("cholesterol", 5, "mmol/L", 193.325),
        ("troponin_t", 14, "ng/L", 0.014),
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
    assert [ANSWERS["mechanical_ventilation"][code] for code in ("LA32-8", "373066001")] == [0, 1]
