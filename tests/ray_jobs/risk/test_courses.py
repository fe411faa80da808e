"""Stays in the form of the 2012 challenge: hours, ties, units, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ray_jobs.risk import course_names
from ray_jobs.risk.course_features import course_row, course_rows
from ray_jobs.risk.courses import Course, courses, read_courses
from ray_jobs.risk.feature_sets import Person, course_static
from ray_jobs.risk.grid import EXTRA_INDEX, EXTRA_WIDTH, INDEX, WIDTH
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.score import score_courses
from ray_jobs.risk.stays import BadTableError

SCORER = Scorer("deterioration")
Rows = list[tuple[int, int, str, float]]


def a_table(rows: Rows) -> pd.DataFrame:
    """Rows of (RecordID, Minute, Parameter, Value)."""
    return pd.DataFrame(rows, columns=["RecordID", "Minute", "Parameter", "Value"])


def some_stays(count: int = 6, seed: int = 0) -> pd.DataFrame:
    """Stays with vital signs about every hour and a few laboratory values."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for record in range(1, count + 1):
        rows += [(record, 0, "Age", float(rng.integers(20, 90))), (record, 0, "Gender", float(rng.integers(0, 2)))]
        rows += [(record, 0, "ICUType", float(rng.integers(1, 5))), (record, 0, "Height", -1.0)]
        for minute in range(10, 2880, 70):
            rows.append((record, minute, "HR", float(rng.normal(90, 15))))
            rows.append((record, minute, "NISysABP", float(rng.normal(120, 20))))
        for name, mean in (("BUN", 20), ("Creatinine", 1.2), ("GCS", 12), ("Urine", 80)):
            rows += [(record, int(m), name, float(mean)) for m in rng.integers(0, 2880, 5)]
    return a_table(rows)


def one(table: pd.DataFrame) -> Course:
    """The only stay of a table."""
    (course,) = courses(table)
    return course


def test_a_value_lies_in_its_hour_and_the_last_one_wins() -> None:
    """Row h holds the last value of [h, h+1) hours; minute 2880 belongs to the last hour; the rest is unknown."""
    course = one(a_table([(7, 59, "HR", 80), (7, 60, "HR", 90), (7, 61, "HR", 95), (7, 2880, "HR", 70)]))
    heart_rate = course.grid[:, INDEX["heart_rate"]]
    assert (heart_rate[0], heart_rate[1], heart_rate[47]) == (80, 95, 70)
    assert np.isnan(heart_rate[2:47]).all()


def test_the_invasive_pressure_counts_at_the_same_minute() -> None:
    """Cuff and line at one minute: the line; a later cuff value: the cuff."""
    both = [(1, 5, "SysABP", 100.0), (1, 5, "NISysABP", 140.0)]
    assert one(a_table(both)).grid[0, INDEX["systolic_bp"]] == 100
    assert one(a_table(both[::-1])).grid[0, INDEX["systolic_bp"]] == 100
    assert one(a_table([*both, (1, 6, "NISysABP", 150.0)])).grid[0, INDEX["systolic_bp"]] == 150


def test_static_values_and_unknown_ones() -> None:
    """Age, sex and unit are read from any minute; -1 is unknown; impossible values are not measured."""
    course = one(
        a_table(
            [(1, 0, "Age", 70), (1, 0, "Gender", -1), (1, 0, "ICUType", 2), (1, 0, "Height", 180), (1, 3, "HR", 900)]
        )
    )
    assert course.person == Person(age_years=70, sex=None, unit="cardiac_surgical")
    assert course.extra[0, EXTRA_INDEX["height"]] == 180
    assert np.isnan(course.grid).all()


def test_a_stay_of_which_nothing_is_known_still_gets_a_probability() -> None:
    """A record with its static rows only, or with a single reading, is scored."""
    out = score_courses(SCORER, a_table([(1, 0, "Age", 50), (2, 30, "HR", 80)]))
    assert out["RecordID"].tolist() == [1, 2]
    assert out["probability"].between(0, 1).all()


def test_a_row_out_for_each_stay_whatever_the_order() -> None:
    """Stays come out by RecordID with the same bits, however rows were ordered, alone or among others."""
    table = some_stays()
    whole = score_courses(SCORER, table)
    assert list(whole.columns) == ["RecordID", "probability", "alarm"]
    assert (whole["alarm"] == (whole["probability"] >= SCORER.card.threshold)).all()
    assert score_courses(SCORER, table.sample(frac=1, random_state=3)).equals(whole)
    third = score_courses(SCORER, table[table["RecordID"] == 3])["probability"].iloc[0]
    assert third == whole["probability"].iloc[2]


def test_later_hours_play_no_part() -> None:
    """The forecast at an hour is the same whether the rest of the stay is known or not."""
    table = some_stays(2)
    for hour in (0, 11, 30):
        cut = table[table["Minute"] < (hour + 1) * 60]
        assert score_courses(SCORER, cut, hour=hour).equals(score_courses(SCORER, table, hour=hour))


def test_one_row_and_many_have_the_same_bits() -> None:
    """`course_row` gives the bits of `course_rows`, whatever rows are asked for with it."""
    course = next(courses(some_stays(1)))
    static = course_static(course.person)
    rows = course_rows(course.grid, course.extra, static, np.arange(48))
    for hour in (0, 5, 47):
        assert course_row(course.grid, course.extra, static, hour).tobytes() == rows[hour].tobytes()
    assert rows.shape == (48, len(course_names.FEATURES))


def test_features_of_a_hand_made_course() -> None:
    """Last, since, count, first, mean, least, greatest and slope of four values, and the ratios made of them."""
    grid, extra = np.full((10, WIDTH), np.nan), np.full((10, EXTRA_WIDTH), np.nan)
    grid[[0, 2, 4, 6], INDEX["heart_rate"]] = [60, 80, 70, 90]
    grid[6, INDEX["systolic_bp"]] = 120
    extra[3, EXTRA_INDEX["glasgow_coma_score"]] = 9
    extra[8, EXTRA_INDEX["glasgow_coma_score"]] = 14
    row = course_row(grid, extra, course_static(Person(age_years=50)), 9)
    told = dict(zip(course_names.FEATURES, row.tolist(), strict=True))
    whole = [told[f"{what}_heart_rate"] for what in ("last", "since", "count", "first", "mean", "min", "max")]
    assert whole == [90, 3, 4, 60, 75, 60, 90]
    assert told["slope_heart_rate"] == pytest.approx(4.0)
    assert told["shock_index"] == 0.75
    assert told["gcs_gain"] == 5
    assert told["age_gcs"] == 50
    assert told["hours"] == 10
    assert math.isnan(told["last_lactate"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns=["Minute"]), "columns missing: Minute"),
        (lambda t: t.assign(Ward="5B"), "unknown columns: Ward"),
        (lambda t: t.iloc[:0], "no rows"),
        (lambda t: t.assign(Value="high"), "Value is not numeric"),
        (lambda t: t.assign(Minute=np.where(t.index == 4, 2881, t["Minute"])), "row 4: Minute is 2881"),
        (lambda t: t.assign(Minute=np.where(t.index == 4, -1, t["Minute"])), "row 4: Minute is -1"),
        (lambda t: t.assign(RecordID=np.where(t.index == 2, np.nan, t["RecordID"])), "row 2: RecordID"),
        (lambda t: t.assign(Parameter=t["Parameter"].replace("BUN", "Urea")), "unknown parameters: Urea; known are"),
    ],
)
def test_a_bad_table_is_refused_with_where_and_what(change: Callable[[pd.DataFrame], pd.DataFrame], words: str) -> None:
    """Missing and unknown columns, minutes outside 48 hours and unknown parameters are named."""
    with pytest.raises(BadTableError, match=words):
        score_courses(SCORER, change(some_stays(1)))


def test_not_a_number_is_not_measured() -> None:
    """A row whose Value is NaN is as if it were not there."""
    table = some_stays(1)
    noisy = pd.concat([table, a_table([(1, 100, "HR", math.nan)])], ignore_index=True)
    assert score_courses(SCORER, noisy).equals(score_courses(SCORER, table))


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """Bytes that are no parquet are a bad table."""
    (tmp_path / "in.parquet").write_text("x")
    with pytest.raises(BadTableError, match=r"in\.parquet"):
        read_courses(tmp_path / "in.parquet")
