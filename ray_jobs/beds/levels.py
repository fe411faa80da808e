"""The quantile levels of every bed forecast, and the scores that hold them to account.

Levels: the 23 of the COVID-19 Forecast Hub and FluSight. Weighted interval score: Bracher, Ray,
Gneiting and Reich (2021), as twice the mean pinball loss over the levels.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS: tuple[float, ...] = (0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99)
LOWER_80, UPPER_80 = LEVELS.index(0.1), LEVELS.index(0.9)


def weighted_interval_score(quantiles: "NDArray[np.float64]", observed: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Score [...] in the unit of the data of quantiles [..., 23] against observed [...]; lower is better."""
    levels = np.asarray(LEVELS)
    error = observed[..., None] - quantiles
    scores: NDArray[np.float64] = 2.0 * np.maximum(levels * error, (levels - 1.0) * error).mean(axis=-1)
    return scores


def covered_80(quantiles: "NDArray[np.float64]", observed: "NDArray[np.float64]") -> "NDArray[np.bool_]":
    """Whether observed [...] lies within the 80 % interval of quantiles [..., 23]."""
    inside: NDArray[np.bool_] = (quantiles[..., LOWER_80] <= observed) & (observed <= quantiles[..., UPPER_80])
    return inside
