"""How warm the search is at each part of its time: some coolings, each longer than the one before."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cooling:
    """Temperatures in the units of the instance's weights; `parts` are the shares of the time of each cooling."""

    hot: float
    reheated: float
    cold: float
    nurse_hot: float
    nurse_cold: float
    parts: tuple[float, ...]

    def at(self, share: float) -> tuple[int, float, float]:
        """Return which cooling it is, and the temperatures for patients and for nurses."""
        begun = 0.0
        for k, part in enumerate(self.parts):
            if share < begun + part or k == len(self.parts) - 1:
                done = min(1.0, max(0.0, (share - begun) / part))
                top = self.hot if k == 0 else self.reheated
                patients = top * math.pow(self.cold / top, done)
                nurses = self.nurse_hot * math.pow(self.nurse_cold / self.nurse_hot, done)
                return k, patients, min(patients, nurses)
            begun += part
        return 0, self.cold, self.nurse_cold


def cooling_for(left_out: int, *, warm_start: bool) -> Cooling:
    """Scale to the price of leaving a patient out; a given plan is warmed less, to stay near it."""
    hot = max(10.0, left_out / 5)
    return Cooling(
        hot=hot / 4 if warm_start else hot,
        reheated=hot / 4,
        cold=0.5,
        nurse_hot=10.0,
        nurse_cold=0.5,
        parts=(0.2, 0.8),
    )
