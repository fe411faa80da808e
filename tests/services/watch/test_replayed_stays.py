"""Real stays, replayed as facts through watch, have the features that training and backtest compute (design rule 7)."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ray_jobs.risk.features import features_all
from ray_jobs.risk.grid import COLUMNS
from ray_jobs.risk.stays import stays
from schemas.events import EncounterStarted, PatientRegistered
from services.watch.forecasts import Question
from tests.services.watch.given import Driver, observed, reading, stage

ADMITTED = datetime(2026, 3, 1, 10, 23, 30, tzinfo=UTC)
PATIENT, SITE = "patient-0001", "main"
PATIENTS = 25


@pytest.mark.data
@pytest.mark.parametrize("hospital", ["a", "b"])
def test_live_features_equal_offline_features_to_the_bit(shared_data: Path, hospital: str) -> None:
    """For every row of 25 patients of each hospital, the last forecast's row is features_all's, NaN for NaN."""
    batch = next(pq.ParquetFile(shared_data / "sepsis2019" / f"hospital_{hospital}.parquet").iter_batches(6000))
    table = batch.to_pandas()
    values, rows = table[[column.challenge for column in COLUMNS]].to_numpy(), 0
    for count, stay in enumerate(stays(table)):
        if count == PATIENTS:
            break
        first = table.iloc[stay.source[0]]
        driver = Driver(stage())
        age, sex, unit1, unit2, hospital_hours = stay.static
        driver.give(
            PatientRegistered(
                id="reg", site=SITE, patient=PATIENT, known=ADMITTED, sex="male" if sex else "female",
                born=date(ADMITTED.year - int(age), 1, 1),
            ),
            EncounterStarted(
                id="start", site=SITE, patient=PATIENT, known=ADMITTED, encounter="e", started=ADMITTED,
                admitted=None if np.isnan(hospital_hours) else ADMITTED + timedelta(hours=float(first["HospAdmTime"])),
                icu="medical" if unit1 == 1 else "surgical" if unit2 == 1 else None,
            ),
        )  # fmt: skip
        measured = dict(zip(stay.rows.tolist(), values[stay.source], strict=True))
        for hour in range(len(stay.grid)):
            at = ADMITTED + timedelta(hours=hour)
            driver.tick(at)
            known = at + timedelta(minutes=20)
            found = [
                reading(column.name, float(value), known)
                for column, value in zip(COLUMNS, measured.get(hour, ()), strict=False)
                if not np.isnan(value)
            ]
            if found:
                driver.give(observed(known, *found))
        last = {ask.context.row: ask.row for ask in driver.asked if isinstance(ask.context, Question)}
        np.testing.assert_array_equal(
            np.stack([last[t] for t in range(len(stay.grid))]), features_all(stay.grid, stay.static)
        )
        rows += len(last)
    assert rows > PATIENTS
