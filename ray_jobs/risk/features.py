"""The feature vector of a stay at an hour: one compiled definition for training, backtest and live (design, rule 7).

Row t is a function of grid rows 0..t and the static vector only. Loops run in one fixed order and without fast-math, so
the same grid gives the same bits whether one row is asked for or all.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ray_jobs.risk.derived import fill_derived
from ray_jobs.risk.grid import STATIC_NAMES, WIDTH
from ray_jobs.risk.names import (
    BASELINE_HOURS,
    DERIVED,
    DEVIATIONS,
    EXTREMES,
    FEATURES,
    MEANS,
    SLOPES,
    VITALS,
    features_sha,
)

__all__ = ["FEATURES", "Matrix", "Vector", "features_all", "features_row", "features_sha"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@njit(cache=True, error_model="numpy")
def _window(grid: Matrix, column: int, t: int, hours: int) -> tuple[int, float, float, float, float, float]:
    """Count, mean, least, greatest, deviation and slope an hour of what was measured in rows (t - hours, t]."""
    start = max(0, t - hours + 1)
    n, total, hour_total, least, greatest = 0, 0.0, 0.0, np.inf, -np.inf
    for row in range(start, t + 1):
        value = grid[row, column]
        if not np.isnan(value):
            n += 1
            total += value
            hour_total += row - start
            least = min(least, value)
            greatest = max(greatest, value)
    if n == 0:
        return 0, np.nan, np.nan, np.nan, np.nan, np.nan
    mean, hour_mean = total / n, hour_total / n
    squares, hour_squares, products = 0.0, 0.0, 0.0
    for row in range(start, t + 1):
        value = grid[row, column]
        if not np.isnan(value):
            hour = row - start - hour_mean
            squares += (value - mean) * (value - mean)
            hour_squares += hour * hour
            products += hour * (value - mean)
    deviation = np.sqrt(squares / (n - 1)) if n > 1 else np.nan
    slope = products / hour_squares if n > 1 else np.nan
    return n, mean, least, greatest, deviation, slope


@njit(cache=True, error_model="numpy")
def _fill(grid: Matrix, static: Vector, t: int, out: Vector) -> None:
    """Write the feature vector of row t."""
    last, since, count, change = (
        out[:WIDTH],
        out[WIDTH : 2 * WIDTH],
        out[2 * WIDTH : 3 * WIDTH],
        out[3 * WIDTH : 4 * WIDTH],
    )
    out[: 4 * WIDTH] = np.nan
    count[:] = 0.0
    for row in range(t + 1):
        for column in range(WIDTH):
            value = grid[row, column]
            if not np.isnan(value):
                change[column] = value - last[column]
                last[column] = value
                since[column] = row
                count[column] += 1.0
    for column in range(WIDTH):
        since[column] = t - since[column]
    at = 4 * WIDTH
    for vital in range(VITALS):
        for hours in MEANS:
            out[at] = _window(grid, vital, t, hours)[1]
            at += 1
        for hours in EXTREMES:
            window = _window(grid, vital, t, hours)
            out[at], out[at + 1] = window[2], window[3]
            at += 2
        for hours in DEVIATIONS:
            out[at] = _window(grid, vital, t, hours)[4]
            at += 1
        for hours in SLOPES:
            out[at] = _window(grid, vital, t, hours)[5]
            at += 1
        first = min(t, BASELINE_HOURS - 1)
        out[at] = last[vital] - _window(grid, vital, first, BASELINE_HOURS)[1]
        at += 1
    derived = len(DERIVED)
    fill_derived(last, grid, static, t, out[at : at + derived])
    out[at + derived :] = static


@njit(cache=True, error_model="numpy", nogil=True)
def _row(grid: Matrix, static: Vector, t: int) -> Vector:
    out = np.empty(len(FEATURES))
    _fill(grid, static, t, out)
    return out


@njit(cache=True, error_model="numpy", nogil=True)
def _all(grid: Matrix, static: Vector) -> Matrix:
    out = np.empty((grid.shape[0], len(FEATURES)))
    for t in range(grid.shape[0]):
        _fill(grid, static, t, out[t])
    return out


def features_row(grid: Matrix, static: Vector, t: int) -> Vector:
    """Features [len(FEATURES)] of row t of a grid [hours, 34] with a static vector [5]; NaN where nothing is known.

    Raises IndexError when the grid has no row t, ValueError when a shape is wrong.
    """
    _check(grid, static)
    if not 0 <= t < grid.shape[0]:
        message = f"row {t} of a grid of {grid.shape[0]} hours"
        raise IndexError(message)
    row: Vector = _row(grid, static, t)
    return row


def features_all(grid: Matrix, static: Vector) -> Matrix:
    """Features [hours, len(FEATURES)]: row t has exactly the bits of `features_row(grid, static, t)`."""
    _check(grid, static)
    rows: Matrix = _all(grid, static)
    return rows


def _check(grid: Matrix, static: Vector) -> None:
    # Contiguous float64 only: another layout would compile a second version of the functions above.
    if grid.shape[1:] != (WIDTH,) or grid.dtype != np.float64 or not grid.flags.c_contiguous:
        message = f"a grid is contiguous float64 [hours, {WIDTH}], not {grid.dtype} {grid.shape}"
        raise ValueError(message)
    if static.shape != (len(STATIC_NAMES),) or static.dtype != np.float64 or not static.flags.c_contiguous:
        message = f"a static vector is float64 [{len(STATIC_NAMES)}], not {static.dtype} {static.shape}"
        raise ValueError(message)
