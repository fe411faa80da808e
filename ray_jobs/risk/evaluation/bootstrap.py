"""Intervals by bootstrap over patients (Efron & Tibshirani 1993, chapter 13: percentiles): a patient comes with all of
their rows, so that rows of one stay are not mistaken for independent ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from ray_jobs.risk.metrics import Floats
from ray_jobs.risk.split import SEED

DRAWS: Final = 200
LOW_HIGH: Final = (2.5, 97.5)

# From how often each patient counts [patients] to named figures.
Measure = Callable[[Floats], Mapping[str, float]]
Told = Callable[[int, int], None]


def with_intervals(measure: Measure, patients: int, draws: int, told: Told | None = None) -> dict[str, Any]:
    """Each figure as {"value", "low", "high"}; the same draws for every measure of as many patients.

    A figure that no draw could give has NaN bounds.
    """
    point = measure(np.ones(patients))
    drawn: list[Mapping[str, float]] = []
    for done, weight in enumerate(weights(patients, draws), start=1):
        drawn.append(measure(weight))
        if told:
            told(done, draws)
    return {key: {"value": value, **interval([draw[key] for draw in drawn])} for key, value in point.items()}


def weights(patients: int, draws: int) -> Iterator[Floats]:
    """How often each patient was drawn, float64 [patients], `draws` times; the same for ever."""
    rng = np.random.default_rng(SEED)
    for _ in range(draws):
        yield np.bincount(rng.integers(0, patients, patients), minlength=patients).astype(np.float64)


def interval(values: list[float]) -> dict[str, float]:
    """The percentiles 2.5 and 97.5 of those values that are numbers."""
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return {"low": np.nan, "high": np.nan}
    low, high = np.percentile(known, LOW_HIGH)
    return {"low": float(low), "high": float(high)}
