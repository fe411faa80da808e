"""Recorded stays through the running system give what offline scoring gives (design rule 7)."""

import hashlib
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ray_jobs.registry import Card
from ray_jobs.risk.course_features import course_rows
from ray_jobs.risk.feature_sets import Person, course_static
from ray_jobs.risk.features import features_all
from ray_jobs.risk.grid import COLUMNS, EXTRA_WIDTH
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.names import VITALS
from ray_jobs.risk.score import score
from ray_jobs.risk.stays import Stay, stays
from schemas.events import ForecastDeclined, RiskForecasted
from services.cli.replay import recorded
from services.embedded.system import System
from tests import live

pytestmark = [pytest.mark.servers, pytest.mark.data, pytest.mark.timeout(240)]
# Fifty with HYPOTHESIS_PROFILE=thorough; twenty keep `make test` near ten minutes.
PATIENTS = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 20
CHALLENGE = [column.challenge for column in COLUMNS]


def test_stays_live_equal_offline_to_the_bit(system: System, epochs: live.Epochs, shared_data: Path) -> None:
    """Features and probabilities of every hour with a reading are the same bits, live and offline.

    Where a second model is installed its features, over both grids, are too.
    """
    table = pd.read_parquet(shared_data / "sepsis2019" / "hospital_a.parquet")
    table = table[table["patient"].isin(table["patient"].unique()[:PATIENTS])].reset_index(drop=True)
    told = recorded(table, PATIENTS)
    live.publish(system, told, epochs.next())
    keys = {live.key_of(system, stay.number): stay.number for stay in told}
    scorer = Scorer("sepsis")
    offline = score(scorer, table).set_index(["patient", "ICULOS"])["probability"]
    hashes = {
        (str(stay.patient), row): hashlib.sha256(features_all(stay.grid, stay.static)[row].tobytes()).hexdigest()
        for stay in stays(table)
        for row in stay.rows
    }
    minor = {stay.number for stay in told if stay.age < 18}
    courses = {str(stay.patient): stay for stay in stays(table)}
    wanted = {
        (s.number, hour - 1)
        for s in told if s.number not in minor
        for hour, values in s.hours.items() if values and assessed(scorer.card, courses[s.number], hour - 1)
    }  # fmt: skip

    def last(model: str = "sepsis") -> dict[tuple[str, int], RiskForecasted]:
        found = {}
        for key, items in live.by_patient(system, "risk", set(keys)).items():
            for item in items:
                if isinstance(item.event, RiskForecasted) and item.event.model == model:
                    found[keys[key], item.event.row] = item.event
        return found

    assert live.eventually(lambda: wanted <= set(last()), 60), len(wanted - set(last()))
    forecasts = last()
    by_name = {str(p): p for p in table["patient"].unique()}
    for place in sorted(wanted):
        event = forecasts[place]
        assert event.features == hashes[place], place
        assert event.probability == offline[by_name[place[0]], place[1] + 1], place
    declined = {
        keys[key]
        for key, items in live.by_patient(system, "risk", set(keys)).items()
        if any(isinstance(item.event, ForecastDeclined) and item.event.model == "sepsis" for item in items)
    }
    assert declined >= minor
    for place, event in last("deterioration").items():
        if place in wanted:
            assert event.features == course_hash(courses[place[0]], place[1]), place


def assessed(card: Card, stay: Stay, row: int) -> bool:
    """Whether the model may speak at a row: within its hours, and enough vital signs known."""
    known = np.isfinite(stay.grid[: row + 1, :VITALS]).any(axis=0).sum()
    return row < card.max_hours and bool(known >= card.min_vitals)


def course_hash(stay: Stay, row: int) -> str:
    """Hash of the other feature set's row: the 2019 table has nothing for the extra grid."""
    age, sex, unit1, unit2, _ = stay.static.tolist()
    person = Person(
        None if math.isnan(age) else age, None if math.isnan(sex) else "male" if sex else "female",
        "medical" if unit1 == 1 else "surgical" if unit2 == 1 else None,
    )  # fmt: skip
    extra = np.full((len(stay.grid), EXTRA_WIDTH), np.nan)
    made = course_rows(stay.grid, extra, course_static(person), np.array([row]))
    return hashlib.sha256(made[0].tobytes()).hexdigest()
