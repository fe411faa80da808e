"""Small networks over feature rows, in numpy alone: no torch in a replica, and the same bits for a row in any batch.

A bag of multilayer perceptrons of one shape whose outputs are averaged. Each feature passes a piecewise-linear map
fitted to the quantiles of the training data (unknown is 0, the middle), then dense layers with layer normalisation (Ba
et al. 2016, arXiv:1607.06450) and rectified units. Weights are safetensors; `ray_jobs.risk.network` trains them.

Why the bits do not depend on the batch: a matrix product adds in an order that the library chooses by shape and place,
and floating-point sums depend on order. So every factor is rounded to a fixed binary place first: products and their
sums then need fewer than 53 bits, a double holds them exactly, and any order gives the same (tests/ray_jobs/risk/
test_nets.py). The rounding, 2^-14 in values of about 1, is far below what the networks can tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ray_jobs.risk.quantile_map import QuantileMap

Floats = NDArray[np.float64]
# Binary places kept of activations, of sums before normalisation, and of weights, and the greatest weight. Widths, for
# 512 inputs: 15 + 19 + 9 = 43 bits in the first product, 2 * 21 + 9 = 51 in the sum of squares.
ACTIVATION, SUM, WEIGHT = 2.0**14, 2.0**12, 2.0**16
MOST_WEIGHT, MOST_SUM, MOST_ACTIVATION = 8.0, 2.0**9, 2.0**5
MOST_INPUTS: Final = 1024
EPSILON: Final = 1e-5
PARTS: Final = ("knots", "levels", "flags", "w1", "b1", "g1", "s1", "w2", "b2", "g2", "s2", "w3", "b3")


class NetsError(Exception):
    """A file that holds no bag of networks; the text says what is wrong with it."""


class Nets:
    """A bag of K networks: f features → h → h2 → 1.

    Arrays: knots, levels float32 [f, q]; flags int64 [m], features whose absence is an input too; w1 [K, f+m, h];
    w2 [K, h, h2]; w3 [K, h2]; b* biases, g* and s* gain and shift of the normalisation.
    """

    def __init__(self, path: Path) -> None:
        """Read a safetensors file; raises NetsError."""
        try:
            held = load_file(path)
        except (SafetensorError, OSError) as error:
            raise NetsError(f"{path.name}: {error}") from error
        missing = [name for name in PARTS if name not in held]
        if missing:
            raise NetsError(f"{path.name}: arrays missing: {', '.join(missing)}")
        self._a: dict[str, NDArray[Any]] = {name: np.ascontiguousarray(held[name]) for name in PARTS}
        for name in PARTS[3:]:
            self._a[name] = _kept(self._a[name].astype(np.float64), WEIGHT, MOST_WEIGHT)
        self._map = QuantileMap(self._a["knots"], self._a["levels"], self._a["flags"].astype(np.int64))
        self.count, inputs, _ = self._a["w1"].shape
        self.width = len(self._a["knots"])
        if inputs > MOST_INPUTS:
            raise NetsError(f"{path.name}: {inputs} inputs; sums of more than {MOST_INPUTS} would not be exact")
        if inputs != self._map.width:
            raise NetsError(
                f"{path.name}: {inputs} inputs, where its map of {self.width} features gives {self._map.width}"
            )

    def raw(self, rows: Floats) -> Floats:
        """Mean log-odds of the bag, float64 [n], of rows [n, f] with NaN where unknown; raises ValueError."""
        if rows.ndim != 2 or rows.shape[1] != self.width:  # noqa: PLR2004 - a matrix
            message = f"rows are {rows.shape}, wanted [any, {self.width}]"
            raise ValueError(message)
        inputs = _kept(self.inputs(rows).astype(np.float64), ACTIVATION, MOST_ACTIVATION)
        total = np.zeros(len(rows))
        for k in range(self.count):
            hidden = self._layer(inputs, "1", k)
            hidden = self._layer(hidden, "2", k)
            total += hidden @ self._a["w3"][k] + self._a["b3"][k]
        mean: Floats = total / self.count
        return mean

    def inputs(self, rows: Floats) -> NDArray[np.float32]:
        """What the first layer sees, float32 [n, f + m]."""
        return self._map(rows)

    def _layer(self, x: Floats, number: str, k: int) -> Floats:
        """Dense, layer normalisation, rectified: [n, inputs] to [n, outputs]; every sum in it is exact."""
        a = self._a
        dense = _kept(x @ a[f"w{number}"][k] + a[f"b{number}"][k], SUM, MOST_SUM)
        width = dense.shape[1]
        mean = dense.sum(axis=1, keepdims=True) / width
        variance = (dense * dense).sum(axis=1, keepdims=True) / width - mean * mean
        normal = (dense - mean) / np.sqrt(np.maximum(variance, 0.0) + EPSILON)
        return _kept(np.maximum(normal * a[f"g{number}"][k] + a[f"s{number}"][k], 0.0), ACTIVATION, MOST_ACTIVATION)


def _kept(x: Floats, places: float, most: float) -> Floats:
    """Round x to a multiple of 1 / places and hold it within +-most."""
    kept: Floats = np.clip(np.rint(x * places) / places, -most, most)
    return kept
