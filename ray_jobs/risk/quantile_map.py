"""What a network sees of a feature row: each feature through a piecewise-linear map, and what is unknown."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
AT_ONCE: Final = 64
"""Rows mapped together: what they touch stays in the processor's cache."""


class QuantileMap:
    """Maps rows [n, f] to inputs [n, f + m]: f values, then m flags that are 1 where a feature is unknown.

    The values are those of numpy.interp (a call of it for each feature would cost a row alone 3 ms), 0 where a feature
    is unknown or never varied.
    """

    def __init__(self, knots: Singles, levels: Singles, flags: NDArray[np.int64]) -> None:
        """From knots [f, q], ascending along q, and their levels [f, q]; flags [m]: features whose absence is told."""
        self._features, count = knots.shape
        self._flags, self._last = flags, count - 1
        self.width = self._features + len(flags)
        x, y = knots.astype(np.float64), levels.astype(np.float64)
        # The search below halves: it wants a power of two, the rest lies beyond every value.
        self._span = 1 << count.bit_length()
        sought = np.full((self._features, self._span), np.inf)
        sought[:, :count] = x
        self._sought, self._before = sought.ravel(), np.arange(self._features) * self._span - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.diff(y, axis=1) / np.diff(x, axis=1)
        self._slope, self._x, self._y = slope.ravel(), x[:, :-1].ravel(), y[:, :-1].ravel()
        self._start = np.arange(self._features) * self._last
        self._first_y, self._last_y, self._flat = y[:, 0], y[:, -1], x[:, 0] >= x[:, -1]

    def __call__(self, rows: NDArray[np.floating]) -> Singles:
        """Inputs, float32 [n, f + m], of rows [n, f] with NaN where unknown."""
        out = np.zeros((len(rows), self.width), dtype=np.float32)
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE].astype(np.float64)
            out[start : start + len(part), : self._features] = self._values(part)
        out[:, self._features :] = np.isnan(rows[:, self._flags])
        return out

    def _values(self, rows: Floats) -> Floats:
        passed = self._passed(rows)
        at = self._start + np.clip(passed, 0, self._last - 1)
        with np.errstate(invalid="ignore"):
            value = self._slope[at] * (rows - self._x[at]) + self._y[at]
        value = np.where(passed < 0, self._first_y, np.where(passed >= self._last, self._last_y, value))
        return np.where(np.isnan(rows) | self._flat, 0.0, value)

    def _passed(self, rows: Floats) -> NDArray[np.int64]:
        """The last knot that is not greater than the value, -1 before the first: by halves, all features at once."""
        found = np.zeros(rows.shape, dtype=np.int64)
        step = self._span // 2
        while step:
            found += step * (self._sought[self._before + found + step] <= rows)
            step //= 2
        return found - 1
