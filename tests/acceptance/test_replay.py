"""Recorded stays through the running system give what offline scoring gives (design rule 7)."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from ray_jobs.risk.features import features_all
from ray_jobs.risk.grid import COLUMNS
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.score import score
from ray_jobs.risk.stays import stays
from schemas.events import ForecastDeclined, RiskForecasted
from services.cli.replay import recorded
from services.embedded.system import System
from tests import live

pytestmark = [pytest.mark.servers, pytest.mark.data, pytest.mark.timeout(240)]
PATIENTS = 50
CHALLENGE = [column.challenge for column in COLUMNS]


def test_fifty_stays_live_equal_offline_to_the_bit(system: System, epochs: live.Epochs, shared_data: Path) -> None:
    """Features and tree probabilities of every hour with a reading are the same bits, live and offline."""
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
    wanted = {(s.number, hour - 1) for s in told if s.number not in minor for hour, values in s.hours.items() if values}

    def last() -> dict[tuple[str, int], RiskForecasted]:
        found = {}
        for key, items in live.by_patient(system, "risk", set(keys)).items():
            for item in items:
                if isinstance(item.event, RiskForecasted):
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
        if any(isinstance(item.event, ForecastDeclined) for item in items)
    }
    assert declined >= minor
