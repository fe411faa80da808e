"""The live forecast of one ward, bottom-up: who is here and how long they may stay, and who will come.

Each present patient is still here after h hours with probability S(e+h)/S(e), where e is the time
already spent; new arrivals are a Poisson stream whose rate is uncertain (gamma), thinned by the
same survival. The two are convolved exactly: a Poisson-binomial with a negative binomial.
Those whose coming is planned are counted like those present: each with a probability of being here.
Survival: `ray_jobs.beds.stay`. No sampling, no fit: the same facts give the same forecast.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.levels import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    here = stay.survival(elapsed_hours, clock_hour, hours)
    return convolved(here, [(arrivals.shape, arrivals.expected_present(stay, clock_hour, hours))])


def convolved(here: "NDArray[np.float64]", streams: "Sequence[tuple[float, NDArray[np.float64]]]") -> WardForecast:
    """The exact distribution of single people here with probability [n, H], and streams of (gamma shape, mean [H])."""
    both = list(still_here(here))
    for shape, come in streams:
        if shape > 0.0:
            new = negative_binomial(shape, come)
            both = [np.convolve(a, b) for a, b in zip(both, new, strict=True)]
    means = np.array([pmf @ np.arange(len(pmf), dtype=np.float64) for pmf in both])
    below = [np.cumsum(pmf) for pmf in both]
    quantiles = np.array([[(b < level - 1e-12).sum() for level in LEVELS] for b in below], dtype=np.float64)
    return WardForecast(means, quantiles)


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
