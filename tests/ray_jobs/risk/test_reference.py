"""What a model was made with, as a small file of counts."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ray_jobs.registry import RegistryError
from ray_jobs.risk import drift, reference
from ray_jobs.risk.grid import COLUMNS, NAMES, cells
from ray_jobs.risk.reference import Reference
from ray_jobs.risk.split import OUTER, fold_of

SHARED = Path(os.environ.get("WARDWATCH_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "sepsis2019"


def made(hours: int = 4000, threshold: float = 0.3) -> Reference:
    """From hours drawn at random; lactate too rare to tell."""
    rng = np.random.default_rng(0)
    lactate = np.full(hours, np.nan)
    lactate[:150] = rng.normal(2, 0.5, 150)
    probability = rng.beta(1, 9, hours)
    return reference.build(
        {
            "heart_rate": np.where(rng.random(hours) < 0.8, np.round(rng.normal(80, 10, hours)), np.nan),
            "lactate": lactate,
        },
        np.repeat(np.arange(hours // 20), 20), np.tile(np.arange(20), hours // 20),
        probability=probability, label=rng.random(hours) < probability,
        held_out_patient=np.repeat(np.arange(hours // 20), 20), held_out_hour=np.tile(np.arange(20), hours // 20),
        threshold=threshold,
    )  # fmt: skip


def test_shares_are_those_of_the_data() -> None:
    """Shares sum to one, measured hours are counted, the rare is left out, a calibrated mean is what happens."""
    found = made()
    (rate,) = found.readings
    assert sum(rate.shares) == pytest.approx(1, abs=1e-4)
    assert len(rate.shares) == len(rate.edges) + 1
    assert rate.measured == pytest.approx(0.8, abs=0.03)
    assert rate.count == pytest.approx(rate.measured * found.hours, abs=1)
    forecasts = found.forecasts
    assert sum(forecasts.shares) == pytest.approx(1, abs=1e-4)
    assert forecasts.mean == pytest.approx(forecasts.observed, abs=0.02)
    assert forecasts.auroc == pytest.approx(forecasts.estimated_auroc, abs=0.04)
    assert forecasts.ppv is not None
    assert forecasts.ppv > 0.3


def test_alarms_are_those_of_the_card() -> None:
    """Every hour at or above the threshold: one alarm in each stay of 20 hours, for a day of silence follows."""
    assert made(threshold=0.0).forecasts.alarms_per_patient_day == pytest.approx(24 / 20)
    assert made(threshold=1.0).forecasts.ppv is None


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """The file gives the same reference; there may be none, and another form is refused by name."""
    assert reference.read(tmp_path) is None
    path = reference.write(tmp_path, made())
    assert reference.read(tmp_path) == made()
    path.write_text(json.dumps({"hours": 1}))
    with pytest.raises(RegistryError, match=r"reference\.json cannot be read"):
        reference.read(tmp_path)


def hospital(name: str, folds: str) -> pd.DataFrame:
    """Every fifth of a hospital's patients, on the training side or the outer fold."""
    if not SHARED.exists():
        pytest.skip("the open data is not here: set WARDWATCH_SHARED")
    table = pd.read_parquet(SHARED / f"hospital_{name}.parquet")
    patients = table["patient"].unique()
    outer = {p for p in patients if fold_of(str(p)) == OUTER}
    chosen = [p for p in patients[:: 5 if folds == "train" else 1] if (p in outer) == (folds == "outer")]
    return table[table["patient"].isin(set(chosen))]


@pytest.mark.data
def test_real_stays_drift_from_another_hospital_and_not_from_their_own(tmp_path: Path) -> None:
    """A reference of hospital A: its own unseen patients keep within the limits, glucose in mmol/L and B do not."""
    table = hospital("a", "train")
    patient = pd.factorize(table["patient"])[0].astype(np.int64)
    grid = cells(table[[c.challenge for c in COLUMNS]].to_numpy(np.float32))
    hour = table["ICULOS"].to_numpy(np.int64)
    made_of_a = reference.build(
        {name: grid[:, i] for i, name in enumerate(NAMES)}, patient, hour,
        probability=np.full(len(table), 0.02), label=np.zeros(len(table), dtype=bool), held_out_patient=patient,
        held_out_hour=hour, threshold=0.1,
    )  # fmt: skip
    assert reference.write(tmp_path, made_of_a).stat().st_size < 50_000
    assert len(made_of_a.readings) >= 25
    own, other = _beyond(made_of_a, hospital("a", "outer")), _beyond(made_of_a, hospital("b", "outer"))
    assert own == set()
    assert {"calcium", "sao2"} & other
    assert "glucose" in _beyond(made_of_a, hospital("a", "outer").assign(Glucose=lambda t: t["Glucose"] / 18))


def _beyond(known: Reference, table: pd.DataFrame) -> set[str]:
    """Readings of 200 patients whose index is beyond 0.25 and beyond chance."""
    table = table[table["patient"].isin(table["patient"].unique()[:200])]
    grid = cells(table[[c.challenge for c in COLUMNS]].to_numpy(np.float32))
    found = set()
    for reading in known.readings:
        values = grid[:, NAMES.index(reading.name)]
        held = pd.Series(~np.isnan(values)).groupby(table["patient"].to_numpy()).sum()
        counts = drift.bin_counts(values, np.array(reading.edges))
        if counts.sum() < 100:
            continue
        worth = drift.effective(float(counts.sum()), float((held**2).sum()), reading.alike)
        value = drift.psi(counts, np.array(reading.shares), worth, reading.effective)
        chance = drift.Chance(1e-5, int((held > 0).sum()))
        if value >= max(0.25, drift.psi_by_chance(len(counts), worth, reading.effective, chance)):
            found.add(reading.name)
    return found
