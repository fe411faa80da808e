"""How long people stay in a ward and how often they come, learnt from a short log with a stated prior.

Length of stay: piecewise-constant hazard (events over exposure, so that patients who are still here
count) with a gamma prior per piece; the prior is a lognormal stay told as pseudo-patients. Leaving
and arriving each have a profile over the hours of the day, which starts flat. Arrivals: Poisson with
a gamma prior. All updates are sums, so the order of the facts does not matter.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import erf, log, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BANDS_HOURS = np.array([0, 6, 12, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 720], dtype=np.float64)
"""Where each piece of the hazard starts; the last has no end."""
DAY = 24
Way = Literal["emergency", "elective", "transfer"]
Destination = Literal["home", "ward", "intensive", "died"]
DESTINATIONS: tuple[Destination, ...] = ("home", "ward", "intensive", "died")
DESTINATION_PRIOR = np.array([16.0, 2.4, 0.8, 0.8])
"""Twenty pseudo-leavings: of those who leave a ward most go home."""
WEEK = 168
SLOWEST_TO_FASTEST = (0.3, 1.3)
DAYS_STRENGTH = 4.0
"""A day of the week must show more than an hour of the day before it is believed."""


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
    """One spell in a ward on the log's time axis, hours since any fixed midnight; `left` None: still here.

    `way` in and `to` where, as far as known; `risk` of death in hospital by the newest forecast, None: none known.
    """

    entered: float
    left: float | None
    way: Way = "emergency"
    to: Destination = "home"
    risk: float | None = None


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
    """A gamma belief about the arrivals an hour (shape, rate_hours), and a factor for each hour of the day or week."""

    shape: float
    rate_hours: float
    profile: "NDArray[np.float64]"

    def expected_present(
        self, stay: LengthOfStay, clock_hour: int, hours: int, after: int = 0
    ) -> "NDArray[np.float64]":
        """Mean number [H] of people who come from `after` hours from now on and are still here 1 to H hours from now.

        They come in the middle of an hour, on average: half of its hazard is theirs.
        """
        present = np.zeros(hours)
        rate = self.shape / self.rate_hours
        stays = np.stack([stay.survival(np.zeros(1), (clock_hour + k) % DAY, hours)[0] for k in range(min(DAY, hours))])
        stays = np.sqrt(stays * np.concatenate([np.ones((len(stays), 1)), stays[:, :-1]], axis=1))
        for k in range(after, hours):
            present[k:] += rate * self.profile[(clock_hour + k) % len(self.profile)] * stays[k % DAY, : hours - k]
        return present


def learn_arrivals(came: "Sequence[float]", since: float, now: float, prior: "Prior") -> Arrivals:
    """How often people come by hour of the day and day of the week, from arrivals (hours on the log's axis)."""
    seen = np.array([t for t in came if since < t <= now])
    week, watched = np.zeros(WEEK), _hours_of_week(since, now)
    np.add.at(week, (seen % WEEK).astype(int), 1.0)
    by_day, days_watched = week.reshape(7, DAY), watched.reshape(7, DAY)
    hour = _profile(by_day.sum(axis=0), days_watched.sum(axis=0), prior.profile_events)
    day = _profile(by_day.sum(axis=1), days_watched.sum(axis=1), DAYS_STRENGTH * prior.profile_events)
    return Arrivals(
        prior.arrivals_an_hour * prior.arrival_hours + len(seen),
        prior.arrival_hours + max(0.0, now - since),
        np.outer(day, hour).ravel(),
    )


def learn(
    spells: "Sequence[Observed]", since: float, now: float, prior: Prior | None = None
) -> tuple[LengthOfStay, Arrivals]:
    """What the spells seen between `since` and `now` (hours on the log's axis) teach.

    A spell that did not begin after `since` is left-truncated: it teaches how people leave, not how they come.
    """
    prior = prior or Prior()
    leaves, exposure = np.zeros(len(BANDS_HOURS)), np.zeros(len(BANDS_HOURS))
    leaves_at, stays_at = np.zeros(DAY), np.zeros(DAY)
    came: list[float] = []
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
            came.append(spell.entered)
    prior_leaves, prior_exposure = _pseudo_patients(prior)
    hazard = (prior_leaves + leaves) / (prior_exposure + exposure)
    profile = _profile(leaves_at, stays_at, prior.profile_events)
    return LengthOfStay(hazard, profile), learn_arrivals(came, since, now, prior)


def destinations(spells: "Sequence[Observed]", now: float) -> "NDArray[np.float64]":
    """Shares [4] of `DESTINATIONS` among those who left by now, drawn towards a general ward's."""
    counts = DESTINATION_PRIOR.copy()
    for spell in spells:
        if spell.left is not None and spell.left <= now:
            counts[DESTINATIONS.index(spell.to)] += 1.0
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def leave_more_slowly(risks: "Sequence[float | None]") -> "NDArray[np.float64]":
    """Factors [n] on the hazard of leaving: who is likelier to die than others here goes home later (odds of survival).

    Proportional hazards: survival to the power of the factor. Without a forecast, or without others, 1.
    """
    known = [r for r in risks if r is not None]
    if not known:
        return np.ones(len(risks))
    usual = 1.0 - sum(known) / len(known)
    ratio = np.array([1.0 if r is None else (1.0 - r) / max(usual, 0.05) for r in risks])
    factors: NDArray[np.float64] = np.clip(ratio, *SLOWEST_TO_FASTEST)
    return factors


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


def _hours_of_week(begin: float, end: float) -> "NDArray[np.float64]":
    """Hours [168] of the interval that fall in each hour of the week."""
    edges = np.arange(WEEK, dtype=np.float64)
    whole = np.full(WEEK, max(0.0, (end - begin) // WEEK), dtype=np.float64)
    start, length = begin % WEEK, max(0.0, end - begin) % WEEK
    for turn in (0.0, float(WEEK)):
        whole += np.clip(np.minimum(start + length - turn, edges + 1) - np.maximum(start - turn, edges), 0.0, None)
    return whole


def _profile(events: "NDArray[np.float64]", exposure: "NDArray[np.float64]", strength: float) -> "NDArray[np.float64]":
    """Events [n] over what a flat day would have given, drawn towards 1 by `strength` pseudo-events an hour."""
    total = exposure.sum()
    flat = exposure * (events.sum() / total) if total > 0 else np.zeros(len(events))
    profile: NDArray[np.float64] = (strength + events) / (strength + flat)
    return profile
