"""Scoring with boosted trees: one function for live, offline and evaluation, whose bits do not depend on the batch."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ray_jobs.risk.booster import Booster, Floats


class Trees:
    """A LightGBM model with its calibration: probability = logistic(slope * raw score + intercept)."""

    def __init__(self, path: Path, *, slope: float, intercept: float) -> None:
        """Read LightGBM's text format; raises BoosterError when it cannot be read."""
        self._booster = Booster(path)
        self._slope, self._intercept = slope, intercept

    def probability(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Calibrated probability, float64 [n], of rows [n, f]: the same bits for a row alone and in any batch.

        LightGBM sums each row alone and in tree order, whatever the number of threads.
        """
        return logistic(self._slope * self._booster.raw(rows, threads) + self._intercept)

    def contributions(self, rows: Floats) -> Floats:
        """TreeSHAP in log-odds before calibration, float64 [n, f] (milliseconds a row: ask for few)."""
        return self._booster.contributions(rows)[:, :-1]


def logistic(score: Floats) -> Floats:
    """1 / (1 + exp(-x)), an element at a time.

    numpy's vector exp may differ in the last bit between the body and the tail of an array, math.exp cannot.
    """
    return np.array([1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, x)))) for x in score.tolist()], dtype=np.float64)
