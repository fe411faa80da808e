"""Recalibrate forecasts online: where past outcomes fell in their forecasts decides how the next one is stretched.

The probability integral transform of past outcomes should be uniform (Dawid 1984; Gneiting, Balabdaoui and
Raftery 2007). Its distribution, drawn towards uniform by pseudo-outcomes, says which stated level is truly p.
"""

from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.levels import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BANDS_DAYS = (1, 3, 7, 14, 28)
"""Horizon bands, by their last day: outcomes of one band speak for forecasts of that band."""
BELIEVED = 30.0
"""As many outcomes as the statement of the forecast itself counts for."""


def band_of(days_ahead: float) -> int:
    """The band that a horizon falls in."""
    return min(int(np.searchsorted(BANDS_DAYS, days_ahead - 1e-9)), len(BANDS_DAYS) - 1)


def transform(quantiles: "Sequence[float]", observed: float) -> float:
    """The level of a forecast's quantiles [23] that an outcome reached; the middle one where several are equal."""
    values = np.asarray(quantiles)
    low, high = np.searchsorted(values, observed, side="left"), np.searchsorted(values, observed, side="right")
    if low < high:
        return float((LEVELS[low] + LEVELS[high - 1]) / 2.0)
    below = LEVELS[low - 1] if low else 0.0
    above = LEVELS[low] if low < len(LEVELS) else 1.0
    if low in (0, len(LEVELS)):
        return (below + above) / 2.0
    share = (observed - values[low - 1]) / (values[low] - values[low - 1])
    return float(below + share * (above - below))


def recalibrated(quantiles: "NDArray[np.float64]", outcomes: "Sequence[float]") -> "NDArray[np.float64]":
    """Quantiles [..., 23] at the levels that the transforms of past outcomes call for; unchanged without any."""
    if not len(outcomes):
        return quantiles
    levels = np.asarray(LEVELS)
    seen = np.sort(np.asarray(outcomes))
    grid = np.linspace(0.0, 1.0, 401)
    reached = (BELIEVED * grid + np.searchsorted(seen, grid, side="right")) / (BELIEVED + len(seen))
    stated = np.interp(levels, reached, grid)
    flat = quantiles.reshape(-1, len(LEVELS))
    found = np.stack([_at(row, stated) for row in flat]).reshape(quantiles.shape)
    kept: NDArray[np.float64] = np.maximum(np.maximum.accumulate(found, axis=-1), 0.0)
    return kept


def _at(row: "NDArray[np.float64]", levels: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Quantiles at other levels: straight between the known ones, beyond the outermost by their slope to the tenths."""
    inner = np.interp(levels, LEVELS, row)
    low, high = (row[3] - row[0]) / (LEVELS[3] - LEVELS[0]), (row[-1] - row[-4]) / (LEVELS[-1] - LEVELS[-4])
    inner = np.where(levels < LEVELS[0], row[0] - low * (LEVELS[0] - levels), inner)
    found: NDArray[np.float64] = np.where(levels > LEVELS[-1], row[-1] + high * (levels - LEVELS[-1]), inner)
    return found
