"""A risk model's arithmetic: the weighted log-odds of its members, calibrated; the same bits for a row in any batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from ray_jobs.registry import Calibration, Member
from ray_jobs.risk.booster import Booster, Floats
from ray_jobs.risk.nets import Nets

FAR: Final = 1000.0
WORTH_SHARING: Final = 32
"""Rows that are worth a thread of their own."""


class _Part(Protocol):
    width: int

    def score(self, rows: Floats) -> Floats:
        """Log-odds, float64 [n]."""
        ...


class _Trees:
    """LightGBM sums each row alone and in tree order."""

    def __init__(self, path: Path) -> None:
        self._booster = Booster(path)
        self.width = self._booster.width

    def score(self, rows: Floats) -> Floats:
        return self._booster.raw(rows)


class _Bag:
    """Networks whose sums are exact, whatever the batch (`ray_jobs.risk.nets`)."""

    def __init__(self, path: Path) -> None:
        self._nets = Nets(path)
        self.width = self._nets.width

    def score(self, rows: Floats) -> Floats:
        return self._nets.raw(rows)


class Blend:
    """Members of a model with its calibration: see `registry.Calibration`."""

    def __init__(
        self, folder: Path, members: Sequence[Member], calibration: Calibration, *, held_out: bool = False
    ) -> None:
        """Read every member's file, or with `held_out` those never shown the outer fold.

        Raises BoosterError, NetsError, ValueError where a member has no such file or they differ in width.
        """
        self._calibration = calibration
        self._knots = reaching(np.array(calibration.knots)) if calibration.knots else None
        self._weights = [member.weight for member in members]
        self._parts: list[_Part] = []
        for member in members:
            file = member.held_out if held_out else member.file
            if file is None:
                message = f"{member.file} has no counterpart trained without the outer fold"
                raise ValueError(message)
            self._parts.append(_Trees(folder / file) if member.kind == "trees" else _Bag(folder / file))
        if len({part.width for part in self._parts}) != 1:
            message = f"members are for rows of {sorted({part.width for part in self._parts})} features"
            raise ValueError(message)
        self.width = self._parts[0].width

    def raw(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Calibrated log-odds, float64 [n], of rows [n, f]."""
        if threads > 1 and len(rows) >= WORTH_SHARING * threads:
            with ThreadPoolExecutor(threads) as pool:
                total = np.concatenate(list(pool.map(self._sum, np.array_split(rows, threads))))
        else:
            total = self._sum(rows)
        x = self._calibration.slope * total + self._calibration.intercept
        return x if self._knots is None else np.interp(x, self._knots[:, 0], self._knots[:, 1])

    def _sum(self, rows: Floats) -> Floats:
        total = np.zeros(len(rows))
        for weight, part in zip(self._weights, self._parts, strict=True):
            total += weight * part.score(rows)
        return total

    def probability(self, rows: Floats, *, threads: int = 1) -> Floats:
        """Calibrated probability, float64 [n]."""
        return logistic(self.raw(rows, threads=threads))


def reaching(knots: Floats) -> Floats:
    """The knots [k, 2] with one more on either side, so far out in the same direction that no score lies beyond."""
    (x0, y0), (x1, y1) = knots[:2]
    (u0, v0), (u1, v1) = knots[-2:]
    first = (x0 - FAR, y0 - FAR * (y1 - y0) / (x1 - x0))
    last = (u1 + FAR, v1 + FAR * (v1 - v0) / (u1 - u0))
    return np.vstack([first, knots, last])


def logistic(score: Floats) -> Floats:
    """1 / (1 + exp(-x)), an element at a time.

    numpy's vector exp may differ in the last bit between the body and the tail of an array, math.exp cannot.
    """
    return np.array([1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, x)))) for x in score.tolist()], dtype=np.float64)
