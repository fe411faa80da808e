"""Small tables in the form of the training data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ray_jobs.risk.stays import CHALLENGE


def a_table(patients: int = 4, hours: int = 20, seed: int = 0) -> pd.DataFrame:
    """Stays with plausible heart rates and pressures, most laboratory values unknown, no label."""
    rng = np.random.default_rng(seed)
    n = patients * hours
    columns = {name: np.full(n, np.nan, dtype=np.float32) for name in CHALLENGE}
    for name, mean, spread, known in (
        ("HR", 85, 15, 0.9),
        ("SBP", 120, 20, 0.8),
        ("Resp", 18, 5, 0.8),
        ("Temp", 37, 1, 0.3),
        ("Lactate", 2, 0.5, 0.1),
    ):
        columns[name] = np.where(rng.random(n) < known, rng.normal(mean, spread, n), np.nan).astype(np.float32)
    return pd.DataFrame(
        {
            **columns,
            "Age": np.repeat(rng.uniform(20, 90, patients), hours).round(2),
            "Gender": np.repeat(rng.integers(0, 2, patients), hours),
            "Unit1": np.repeat(rng.integers(0, 2, patients), hours).astype(float),
            "Unit2": np.nan,
            "HospAdmTime": np.repeat(-rng.uniform(0, 90, patients), hours),
            "ICULOS": np.tile(np.arange(1, hours + 1), patients),
            "patient": np.repeat([f"p{i}" for i in range(patients)], hours),
        }
    )


@pytest.fixture
def table() -> pd.DataFrame:
    """Four patients of 20 hours."""
    return a_table()
