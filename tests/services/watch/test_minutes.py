"""Monitors that send every minute instead of every hour change no hourly forecast, and hardly any in between.

Hours of recorded stays (PhysioNet/CinC Challenge 2019) are re-sampled: 60 readings of each vital sign, the last of them
the hour's own value and the others its way there with the noise of a monitor.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ray_jobs.registry import load_card
from ray_jobs.risk.features import features_all
from ray_jobs.risk.grid import COLUMNS
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.names import VITALS
from ray_jobs.risk.stays import Stay, stays
from schemas.events import EncounterStarted, PatientRegistered
from services.watch.forecasts import Question
from tests.services.watch.given import PATIENT, SITE, T0, Driver, observed, reading, stage

PATIENTS, HOURS, ADULT = 3, 30, 18
NOISE = dict(zip([c.name for c in COLUMNS[:VITALS]], (2.0, 0.5, 0.05, 4.0, 3.0, 3.0, 1.0), strict=True))
"""Standard deviation of a minute's reading about the hour's course, in each sign's unit."""
MEDIAN_CHANGE = 0.002


def minute_by_minute(stay: Stay, rng: np.random.Generator) -> Driver:
    """The stay through watch, its vital signs every minute, everything else at the end of its hour."""
    age, sex, unit1, unit2, before = stay.static
    driver = Driver(stage(cards=[load_card("sepsis")]), model=lambda _: 0.0)
    driver.give(
        PatientRegistered(
            id="r", site=SITE, patient=PATIENT, known=T0, sex="male" if sex else "female",
            born=date(T0.year - int(age), 1, 1),
        ),
        EncounterStarted(
            id="s", site=SITE, patient=PATIENT, known=T0, encounter="e", started=T0,
            admitted=None if np.isnan(before) else T0 + timedelta(hours=float(before)),
            icu="medical" if unit1 == 1 else "surgical" if unit2 == 1 else None,
        ),
    )  # fmt: skip
    last: dict[str, float] = {}
    for hour, values in enumerate(stay.grid[:HOURS]):
        driver.tick(T0 + timedelta(hours=hour))
        now = {c.name: v for c, v in zip(COLUMNS, values.tolist(), strict=True) if not np.isnan(v)}
        for minute in range(60):
            at = T0 + timedelta(hours=hour, minutes=minute)
            sent = now if minute == 59 else {
                name: between(last.get(name, now[name]), now[name], minute, name, rng) for name in NOISE if name in now
            }  # fmt: skip
            if sent:
                driver.give(observed(at, *(reading(name, value, at) for name, value in sent.items())))
        last |= now
    return driver


def between(before: float, after: float, minute: int, name: str, rng: np.random.Generator) -> float:
    """A minute's reading on the way from one hour's value to the next, in the monitor's steps."""
    column = next(c for c in COLUMNS if c.name == name)
    value = before + (after - before) * (minute + 1) / 60 + rng.normal(0, NOISE[name])
    return float(np.clip(round(value, 1 if name == "temperature" else 0), column.low, column.high))


@pytest.mark.data
@pytest.mark.parametrize("hospital", ["a", "b"])
def test_one_minute_readings_change_hardly_any_forecast(shared_data: Path, hospital: str) -> None:
    """Each hour's last forecast has the bits of the hourly data; half of all minutes' lie within 0.002 of it."""
    file = shared_data / "sepsis2019" / f"hospital_{hospital}.parquet"
    table = next(pq.ParquetFile(file).iter_batches(2000)).to_pandas()
    scorer, rng, changes = Scorer("sepsis"), np.random.default_rng(4), []
    grown = [stay for stay in stays(table) if stay.static[0] >= ADULT][:PATIENTS]
    for stay in grown:
        offline = scorer.probability(features_all(stay.grid, stay.static))
        asked = minute_by_minute(stay, rng).asked
        place = np.array([a.context.row for a in asked if isinstance(a.context, Question)])
        live = scorer.probability(np.stack([a.row for a in asked if isinstance(a.context, Question)]))
        ends = dict(zip(place.tolist(), live.tolist(), strict=True))
        # Until a vital sign is measured the model may not speak live (card.min_vitals).
        assert ends == {hour: offline[hour] for hour in ends}
        changes.append(np.abs(live - offline[place]))
    every = np.concatenate(changes)
    assert np.median(every) <= MEDIAN_CHANGE, f"{len(every)} forecasts, median {np.median(every):.5f}"
