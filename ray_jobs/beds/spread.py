"""From past errors to quantiles: the pooled shape of the errors at each location's own, steadied scale.

A location's errors of one horizon overlap in time, so a year tells little about their size: it is drawn towards
what locations of its size have. This is split conformal prediction with errors weighed by age (Barber et al. 2023).
"""

from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HALF_LIFE_DAYS = 180.0
POOLED_DAYS = 60.0
"""The common size of errors counts as much as this many days of a location."""
SYMMETRIC = 0.5
"""How much of the errors' lean is not believed: the drift of one year is seldom that of the next."""


def spread(errors: "Floats", level: "Floats") -> "Floats":
    """Quantiles [locations, 23] around a forecast, from errors [locations, days] in levels and levels [locations]."""
    weight = 0.5 ** (np.arange(errors.shape[1])[::-1] / HALF_LIFE_DAYS)
    weight /= weight.sum()
    own = errors**2 @ weight
    common = _by_size(own, level)
    days = errors.shape[1]
    size = np.sqrt((days * own + POOLED_DAYS * common) / (days + POOLED_DAYS)) + 1e-9
    standard = errors / size[:, None]
    every = np.concatenate([standard.ravel(), -standard.ravel()])
    weights = np.tile(np.tile(weight, len(errors)), 2)
    weights[: standard.size] *= 2.0 - SYMMETRIC
    weights[standard.size :] *= SYMMETRIC
    order = np.argsort(every)
    reached = (np.cumsum(weights[order]) - weights[order] / 2.0) / weights.sum()
    shape = np.interp(LEVELS, reached, every[order])
    quantiles: Floats = size[:, None] * shape
    return quantiles


def _by_size(own: "Floats", level: "Floats") -> "Floats":
    """Squared errors [locations] that locations of this level have: a + b / level, as counts vary, by least squares."""
    inverse = 1.0 / level
    middle = inverse.mean()
    slope = ((own - own.mean()) @ (inverse - middle)) / (((inverse - middle) ** 2).sum() + 1e-12)
    fitted: Floats = np.maximum(own.mean() + max(slope, 0.0) * (inverse - middle), 0.1 * own.mean())
    return fitted
