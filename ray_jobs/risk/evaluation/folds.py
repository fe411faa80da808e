"""How far figures differ from fold to fold: each fold's patients forecast by a model grown on the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def spread(folds: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Mean, standard deviation (n - 1), least and greatest of each figure, and the figures themselves by fold."""
    found: dict[str, Any] = {}
    for key in folds[0]:
        values = np.array([fold[key] for fold in folds])
        found[key] = {
            "mean": float(values.mean()),
            "deviation": float(values.std(ddof=1)),
            "low": float(values.min()),
            "high": float(values.max()),
            "folds": values.tolist(),
        }
    return found
