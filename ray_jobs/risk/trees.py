"""Scoring with boosted trees: one function for live, offline and evaluation, whose bits do not depend on the batch."""

from __future__ import annotations

import math
from pathlib import Path

import lightgbm
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Trees:
    """A LightGBM model with its calibration: probability = logistic(slope * raw score + intercept)."""

    def __init__(self, path: Path, *, slope: float, intercept: float) -> None:
        """Read LightGBM's text format; raises lightgbm.basic.LightGBMError when it cannot be read."""
        self._booster = lightgbm.Booster(model_file=str(path), params={"num_threads": 1, "verbosity": -1})
        self._slope, self._intercept = slope, intercept

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(self._booster.feature_name())

    def raw(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Sum of the trees in log-odds, float64 [n], for rows [n, f]; each row is summed alone and in tree order."""
        if not len(rows):
            return np.empty(0)
        return np.asarray(self._booster.predict(rows, raw_score=True, num_threads=threads), dtype=np.float64)

    def probability(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Calibrated probability, float64 [n], of rows [n, f]: the same bits for a row alone and in any batch."""
        return logistic(self._slope * self.raw(rows, threads=threads) + self._intercept)

    def contributions(self, rows: Floats) -> Floats:
        """TreeSHAP in log-odds before calibration, float64 [n, f] (about 10 ms a row: ask for few)."""
        if not len(rows):
            return np.empty((0, len(self.features)))
        return np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64)[:, :-1]


def logistic(score: Floats) -> Floats:
    """1 / (1 + exp(-x)), an element at a time.

    numpy's vector exp may differ in the last bit between the body and the tail of an array, math.exp cannot.
    """
    return np.array([1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, x)))) for x in score.tolist()], dtype=np.float64)
