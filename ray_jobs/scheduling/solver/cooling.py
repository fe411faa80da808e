"""How warm the search is at each part of its time: a quick cooling, a coarse one without nurses, a long one of all."""

from __future__ import annotations

import math
from dataclasses import dataclass

COARSE, JOINT = (600, 340, 40, 6, 25, 13, 0, 0, 0), (300, 160, 60, 4, 40, 30, 600, 120, 200)
"""Shares of the kinds of step, in the order of `STEPS`. Pushing in takes ten times as long as any other kind."""

OPENING = ((300, 160, 40, 4, 180, 340, 0, 0, 0), (250, 150, 40, 4, 150, 250, 100, 30, 50))
"""The same while somebody who must be admitted is not, without nurses and with: those are pushed in first."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A share of the time; temperatures are in the units of the instance's weights; `nursing` as in the layout."""

    share: float
    nursing: int
    hot: float
    cold: float
    mix: tuple[int, ...]

    def temperature(self, done: float) -> float:
        """At a share of the stage: falling by the same factor in the same time."""
        return self.hot * math.pow(self.cold / self.hot, min(1.0, done))


Cooling = tuple[Stage, ...]


def at(cooling: Cooling, share: float) -> tuple[int, float]:
    """Which stage it is at a share of the time, and the temperature."""
    begun = 0.0
    for k, stage in enumerate(cooling):
        if share < begun + stage.share or k == len(cooling) - 1:
            return k, stage.temperature((share - begun) / stage.share)
        begun += stage.share
    msg = "a cooling has a stage"
    raise ValueError(msg)


def cooling_for(left_out: int, thread: int, *, warm_start: bool) -> Cooling:
    """Scale to the price of leaving a patient out; a given plan is warmed little, to stay near it.

    First the patients' days and rooms without the nurses, then all at once. Odd threads take longer for the first:
    which is better differs from instance to instance.
    """
    price = max(50.0, float(left_out))
    if warm_start:
        return (Stage(1.0, 1, 0.02 * price, COLD, JOINT),)
    coarse = 0.5 if thread % 2 else 0.34
    return (
        Stage(0.06, 1, 0.05 * price, 0.7, JOINT),
        Stage(coarse, 0, 0.12 * price, 0.015 * price, COARSE),
        Stage(0.94 - coarse, 1, 0.02 * price, COLD, JOINT),
    )


COLD = 0.25
"""Where the cooling ends: a quarter of the least weight that a cost can have."""
