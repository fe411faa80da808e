"""Offline scoring: a row out for each row in, blind to the future, and the same as live to the bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ray_jobs.risk.features import features_row
from ray_jobs.risk.grid import COLUMNS, GridReading, build_grid, static_vector
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.score import score
from ray_jobs.risk.stays import BadTableError, read_table, stays

SCORER = Scorer("sepsis")
Change = Callable[[pd.DataFrame], pd.DataFrame]


def test_a_row_out_for_each_row_in(table: pd.DataFrame) -> None:
    """Output has the rows of the input, in its order, with a probability and an alarm at the model's threshold."""
    shuffled = table.sample(frac=1, random_state=1).reset_index(drop=True)
    out = score(SCORER, shuffled)
    assert list(out.columns) == ["patient", "ICULOS", "probability", "alarm"]
    assert out[["patient", "ICULOS"]].equals(shuffled[["patient", "ICULOS"]])
    assert ((out["probability"] >= SCORER.card.threshold) == out["alarm"]).all()
    ordered = score(SCORER, table)
    both = shuffled.merge(ordered, on=["patient", "ICULOS"])
    assert both["probability"].to_numpy().tobytes() == out["probability"].to_numpy().tobytes()


def test_cutting_off_a_stay_changes_nothing_before(table: pd.DataFrame) -> None:
    """The first hours of a stay score the same whether the rest is known or not."""
    whole = score(SCORER, table)
    for hours in (1, 7, 13):
        cut = table[table["ICULOS"] <= hours].reset_index(drop=True)
        expected = whole[table["ICULOS"] <= hours]["probability"].to_numpy()
        assert score(SCORER, cut)["probability"].to_numpy().tobytes() == expected.tobytes()


def test_other_patients_play_no_part(table: pd.DataFrame) -> None:
    """A patient alone scores as among others."""
    alone = table[table["patient"] == "p2"].reset_index(drop=True)
    among = score(SCORER, table)[table["patient"] == "p2"]["probability"].to_numpy()
    assert score(SCORER, alone)["probability"].to_numpy().tobytes() == among.tobytes()


def test_the_label_is_not_looked_at(table: pd.DataFrame) -> None:
    """With or without SepsisLabel the answer is the same."""
    labelled = table.assign(SepsisLabel=np.int8(1))
    assert score(SCORER, labelled).equals(score(SCORER, table))


def test_hours_before_the_first_row_are_empty_hours(table: pd.DataFrame) -> None:
    """A stay whose table starts at its third hour scores as one whose first two hours had no readings."""
    late = table[table["patient"] == "p0"].assign(ICULOS=lambda t: t["ICULOS"] + 2)
    blank = late.iloc[:2].assign(ICULOS=[1, 2])
    blank[[column.challenge for column in COLUMNS]] = np.nan
    padded = score(SCORER, pd.concat([blank, late], ignore_index=True))["probability"].to_numpy()[2:]
    assert score(SCORER, late.reset_index(drop=True))["probability"].to_numpy().tobytes() == padded.tobytes()


def test_readings_sent_one_by_one_score_as_the_table(table: pd.DataFrame) -> None:
    """A stay sent as decimals at odd minutes, scored an hour at a time, gives the offline probabilities to the bit."""
    admission = datetime(2026, 1, 1, 7, 13, 5, tzinfo=UTC)
    stay = table[table["patient"] == "p1"].reset_index(drop=True)
    first = stay.iloc[0]
    static = static_vector(
        float(first["Age"]),
        "male" if first["Gender"] == 1 else "female",
        "medical" if first["Unit1"] == 1 else "surgical",
        float(first["HospAdmTime"]),
    )
    readings = [
        GridReading(column.name, float(str(value)), admission + timedelta(hours=h, minutes=11), f"{h}-{column.name}")
        for h in range(len(stay))
        for column in COLUMNS
        if not math.isnan(value := stay[column.challenge].iloc[h])
    ]
    live = []
    for hour in range(len(stay)):
        grid = build_grid(readings, admission, hour + 1)
        live.append(SCORER.probability(features_row(grid, static, hour)[np.newaxis])[0])
    assert np.array(live).tobytes() == score(SCORER, stay)["probability"].to_numpy().tobytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns=["HR"]), "columns missing: HR"),
        (lambda t: t.rename(columns={"HR": "Pulse"}), "missing: HR"),
        (lambda t: t.assign(Smoker=1), "unknown columns: Smoker"),
        (lambda t: t.assign(HR="fast"), "HR is not numeric"),
        (lambda t: t.assign(ICULOS=0), "row 0: ICULOS must be a whole hour"),
        (lambda t: t.assign(ICULOS=np.where(t.index == 3, 1e6, t["ICULOS"])), "row 3: ICULOS"),
        (lambda t: pd.concat([t, t.iloc[[5]]], ignore_index=True), "patient p0 has hour 6 twice"),
        (lambda t: t.assign(patient=t["patient"].where(t.index != 2)), "row 2"),
    ],
)
def test_a_bad_table_is_refused_with_where_and_what(table: pd.DataFrame, change: Change, words: str) -> None:
    """Missing, unknown or non-numeric columns and impossible or repeated hours are named."""
    with pytest.raises(BadTableError, match=words):
        score(SCORER, change(table))


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """Bytes that are no parquet are a bad table."""
    file = tmp_path / "in.parquet"
    file.write_text("not parquet")
    with pytest.raises(BadTableError, match=r"in.parquet: not a parquet table"):
        read_table(file)


def test_empty_and_sparse_tables(table: pd.DataFrame) -> None:
    """No rows give no rows; a stay in which nothing was measured, or one reading, still gets its probabilities."""
    assert len(score(SCORER, table.iloc[:0])) == 0
    blank = table[table["patient"] == "p0"].copy()
    blank[[column.challenge for column in COLUMNS]] = np.nan
    assert score(SCORER, blank)["probability"].between(0, 1).all()
    assert [stay.grid.shape for stay in stays(blank)] == [(20, 34)]


def test_real_stays_score_as_when_the_model_was_released(shared_data: Path) -> None:
    """The first patients of hospital A score in bulk as they do one by one, between 0 and 1."""
    real = read_table(shared_data / "sepsis2019" / "hospital_a.parquet").iloc[:2000]
    bulk = score(SCORER, real, threads=2)["probability"].to_numpy()
    single = np.concatenate(
        [
            score(SCORER, part.reset_index(drop=True))["probability"].to_numpy()
            for _, part in real.groupby("patient", sort=False)
        ]
    )
    assert bulk.tobytes() == single.tobytes()
    assert ((bulk > 0) & (bulk < 1)).all()
