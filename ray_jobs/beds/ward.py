"""The live forecast of one ward, bottom-up: who is here and how long they may stay, and who will come.

Each present patient is still here after h hours with probability S(e+h)/S(e), where e is the time
already spent; new arrivals are a Poisson stream whose rate is uncertain (gamma), thinned by the
same survival. The two are convolved exactly: a Poisson-binomial with a negative binomial.
Survival: `ray_jobs.beds.stay`. No sampling, no fit: the same facts give the same forecast.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ray_jobs.beds.stay import Arrivals, LengthOfStay

TAIL = 1e-10
"""Probability of more arrivals than are counted."""
MOST_ARRIVALS = 5_000


@dataclass(frozen=True, slots=True)
class WardForecast:
    """Occupied beds 1 to H hours ahead: mean [H] and quantiles [H, 23] (beds)."""

    mean: "NDArray[np.float64]"
    quantiles: "NDArray[np.float64]"


def forecast(
    elapsed_hours: "NDArray[np.float64]", stay: "LengthOfStay", arrivals: "Arrivals", clock_hour: int, hours: int
) -> WardForecast:
    """Forecast a ward whose patients have been there for elapsed_hours [n], from clock hour 0-23 on.

    Raises ValueError for negative elapsed time or no hours.
    """
    if hours < 1 or np.any(elapsed_hours < 0):
        msg = "a forecast needs at least one hour, and nobody can have arrived in the future"
        raise ValueError(msg)
    here = still_here(stay.survival(elapsed_hours, clock_hour, hours))
    shape, come = arrivals.shape, arrivals.expected_present(stay, clock_hour, hours)
    new = negative_binomial(shape, come)
    both = np.stack([np.convolve(a, b) for a, b in zip(here, new, strict=True)])
    below = np.cumsum(both, axis=1)
    quantiles = np.stack([(below < level - 1e-12).sum(axis=1) for level in LEVELS], axis=1).astype(np.float64)
    mean: NDArray[np.float64] = both @ np.arange(both.shape[1], dtype=np.float64)
    return WardForecast(mean, quantiles)


def still_here(probability: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Distribution [H, n+1] of how many remain, from each one's probability [n, H] (Poisson-binomial, exact)."""
    patients, hours = probability.shape
    pmf = np.zeros((hours, patients + 1))
    pmf[:, 0] = 1.0
    for n, p in enumerate(probability, start=1):
        pmf[:, 1 : n + 1] = pmf[:, 1 : n + 1] * (1.0 - p[:, None]) + pmf[:, :n] * p[:, None]
        pmf[:, 0] *= 1.0 - p
    return pmf


def negative_binomial(shape: float, mean: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Distribution [H, K] of counts with these means [H] (beds) and this gamma shape, cut where 1e-10 remains."""
    share = mean / (mean + shape)
    term = (1.0 - share) ** shape
    terms, total = [term], term.copy()
    for k in range(1, MOST_ARRIVALS):
        if np.all(total > 1.0 - TAIL):
            break
        term = term * (shape + k - 1.0) / k * share
        terms.append(term)
        total += term
    pmf = np.stack(terms, axis=1)
    cut: NDArray[np.float64] = pmf / pmf.sum(axis=1, keepdims=True)
    return cut
