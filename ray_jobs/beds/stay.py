"""How long people stay in a ward and how often they come, learnt from a short log with a stated prior.

Length of stay: piecewise-constant hazard (events over exposure, so that patients who are still here
count) with a gamma prior per piece; the prior is a lognormal stay told as pseudo-patients. Leaving
and arriving each have a profile over the hours of the day, which starts flat. Arrivals: Poisson with
a gamma prior. All updates are sums, so the order of the facts does not matter.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import erf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BANDS_HOURS = np.array([0, 6, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 720], dtype=np.float64)
"""Where each piece of the hazard starts; the last has no end."""
DAY = 24


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before the log says anything.

    The defaults (half stay under 3.5 days, e^0.9 spread; five pseudo-patients; one pseudo-day of
    arrivals; five pseudo-events an hour of day) are a general adult ward's order of magnitude and
    are meant to be outweighed within days.
    """

    median_stay_hours: float = 84.0
    spread: float = 0.9
    patients: float = 5.0
    arrivals_an_hour: float = 0.2
    arrival_hours: float = 24.0
    profile_events: float = 5.0


@dataclass(frozen=True, slots=True)
class Observed:
    """One spell in a ward on the log's time axis, hours since any fixed midnight; `left` None: still here."""

    entered: float
    left: float | None


@dataclass(frozen=True, slots=True)
class LengthOfStay:
    """Hazard an hour in each band, and a factor for each hour of the day (mean near 1)."""

    hazard: "NDArray[np.float64]"
    profile: "NDArray[np.float64]"

    def survival(self, elapsed: "NDArray[np.float64]", clock_hour: int, hours: int) -> "NDArray[np.float64]":
        """Probability [n, H] to be still here 1 to H hours from now, given elapsed hours [n] so far."""
        passing = elapsed[:, None] + np.arange(hours) + 0.5
        band = np.searchsorted(BANDS_HOURS, passing, side="right") - 1
        leaving = self.hazard[band] * self.profile[(clock_hour + np.arange(hours)) % DAY]
        remain: NDArray[np.float64] = np.exp(-np.cumsum(leaving, axis=1))
        return remain


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A gamma belief about the arrivals an hour (shape, rate_hours), and a factor for each hour of the day."""

    shape: float
    rate_hours: float
    profile: "NDArray[np.float64]"

    def expected_present(self, stay: LengthOfStay, clock_hour: int, hours: int) -> "NDArray[np.float64]":
        """Mean number [H] of people who come from now on and are still here 1 to H hours from now.

        They come in the middle of an hour, on average: half of its hazard is theirs.
        """
        present = np.zeros(hours)
        rate = self.shape / self.rate_hours
        for k in range(hours):
            stays = stay.survival(np.zeros(1), (clock_hour + k) % DAY, hours - k)[0]
            present[k:] += rate * self.profile[(clock_hour + k) % DAY] * np.sqrt(stays * np.r_[1.0, stays[:-1]])
        return present


def learn(
    spells: "Sequence[Observed]", since: float, now: float, prior: Prior | None = None
) -> tuple[LengthOfStay, Arrivals]:
    """What the spells seen between `since` and `now` (hours on the log's axis) teach.

    A spell that did not begin after `since` is left-truncated: it teaches how people leave, not how they come.
    """
    prior = prior or Prior()
    leaves, exposure = np.zeros(len(BANDS_HOURS)), np.zeros(len(BANDS_HOURS))
    leaves_at, stays_at, comes_at = np.zeros(DAY), np.zeros(DAY), np.zeros(DAY)
    ends = np.append(BANDS_HOURS[1:], np.inf)
    for spell in spells:
        left = spell.left if spell.left is not None and spell.left <= now else None
        begin, end = max(spell.entered, since), now if left is None else left
        if spell.entered > now or end < since:
            continue
        low, high = begin - spell.entered, end - spell.entered
        exposure += np.clip(np.minimum(high, ends) - np.maximum(low, BANDS_HOURS), 0.0, None)
        stays_at += _hours_of_day(begin, end)
        if left is not None:
            leaves[np.searchsorted(BANDS_HOURS, high, side="right") - 1] += 1
            leaves_at[int(left) % DAY] += 1
        if spell.entered > since:
            comes_at[int(spell.entered) % DAY] += 1
    prior_leaves, prior_exposure = _pseudo_patients(prior)
    hazard = (prior_leaves + leaves) / (prior_exposure + exposure)
    watched = _hours_of_day(since, now)
    return (
        LengthOfStay(hazard, _profile(leaves_at, stays_at, prior.profile_events)),
        Arrivals(
            prior.arrivals_an_hour * prior.arrival_hours + comes_at.sum(),
            prior.arrival_hours + max(0.0, now - since),
            _profile(comes_at, watched, prior.profile_events),
        ),
    )


@lru_cache(maxsize=64)
def _pseudo_patients(prior: Prior) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Events and exposure [bands] that prior.patients lognormal stays would have given."""
    grid = np.arange(0.0, 4000.0) + 0.5
    above = np.array([0.5 * (1.0 - erf(log(t / prior.median_stay_hours) / (prior.spread * sqrt(2.0)))) for t in grid])
    band = np.searchsorted(BANDS_HOURS, grid, side="right") - 1
    exposure = np.bincount(band, above, len(BANDS_HOURS)).astype(np.float64)
    leaves = np.bincount(band, -np.diff(np.append(above, 0.0)), len(BANDS_HOURS)).astype(np.float64)
    leaves[0] += 1.0 - above[0]
    return prior.patients * leaves, prior.patients * exposure


def _hours_of_day(begin: float, end: float) -> "NDArray[np.float64]":
    """Hours [24] of the interval that fall in each hour of the day."""
    whole = np.full(DAY, max(0.0, (end - begin) // DAY))
    edges = np.arange(2 * DAY)
    start = begin % DAY
    rest = np.clip(np.minimum(start + (end - begin) % DAY, edges + 1) - np.maximum(start, edges), 0.0, None)
    hours: NDArray[np.float64] = whole + rest[:DAY] + rest[DAY:]
    return hours


def _profile(events: "NDArray[np.float64]", exposure: "NDArray[np.float64]", strength: float) -> "NDArray[np.float64]":
    """Events [24] over what a flat day would have given, drawn towards 1 by `strength` pseudo-events an hour."""
    total = exposure.sum()
    flat = exposure * (events.sum() / total) if total > 0 else np.zeros(DAY)
    profile: NDArray[np.float64] = (strength + events) / (strength + flat)
    return profile
