"""Plans with room for what lasts longer: limits on the chance of ward overflow and on operations sent home.

In rounds: simulate; where a ward needs more beds than it has with more than the accepted chance, plan every stay as
long as a higher quantile of its distribution; where more operations are cancelled than accepted, plan theatre lists
shorter than they are. What is planned so is also a plan of the instance itself: no rule is bent for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, exp
from types import MappingProxyType
from typing import TYPE_CHECKING

from ray_jobs.scheduling.uncertainty import Simulated, Spread, simulate

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, OperatingTheater, Patient, Solution

QUANTILES, SHARES = (0.524, 0.842, 1.282), (0.92, 0.85, 0.78)
"""Tried in turn: standard normal quantiles (of 0.7, 0.8 and 0.9) for stays, shares of theatre lists."""
NO_MINUTES: Mapping[tuple[str, int], int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted: the chance that a ward overflows on a day, and the share of operations that is cancelled."""

    overflow: float = 0.05
    cancelled: float = 0.05

    def excess(self, met: Simulated) -> tuple[float, float]:
        """By how much overflow and cancellations are above what is accepted."""
        share = met.cancelled / met.operations if met.operations else 0.0
        return max(0.0, met.worst[1] - self.overflow), max(0.0, share - self.cancelled)


@dataclass(frozen=True, slots=True)
class Reserve:
    """Stays are planned longer by this factor, and this share of a theatre list is planned."""

    stays: float = 1.0
    lists: float = 1.0


@dataclass(frozen=True, slots=True)
class Robust:
    """`solution` keeps the limits where `kept`; else it is the one that came nearest to them."""

    solution: Solution
    planned: Simulated
    robust: Simulated
    kept: bool
    reserve: Reserve = Reserve()


def robust(
    instance: Instance,
    solution: Solution,
    again: Callable[[Instance], Solution | None],
    *,
    limits: Limits,
    runs: int,
    seed: int,
    wards: Mapping[str, str],
    booked: Mapping[tuple[str, int], int] = NO_MINUTES,
    spread: Spread | None = None,
) -> Robust:
    """A plan within the limits; `again` solves, None where it finds no plan.

    `booked` minutes of a theatre on a day (by index of the day) are not to be moved: its list is planned no shorter.
    """
    spread = spread or Spread()
    first = met = simulate(instance, solution, runs, seed, wards=wards, spread=spread)
    excess = limits.excess(first)
    best = Robust(solution, first, first, not any(excess))
    reserve, steps = Reserve(), iter(zip(QUANTILES, SHARES, strict=True))
    while not best.kept and (step := next(steps, None)) is not None:
        stays, lists = limits.excess(met)
        factor = exp(step[0] * spread.nights_sigma - spread.nights_sigma**2 / 2)
        reserve = Reserve(factor if stays else reserve.stays, step[1] if lists else reserve.lists)
        found = again(hardened(instance, reserve, booked))
        if found is None:
            break
        met = simulate(instance, found, runs, seed, wards=wards, spread=spread)
        if sum(limits.excess(met)) < sum(excess):
            excess = limits.excess(met)
            best = Robust(found, first, met, not any(excess), reserve)
    return best


def hardened(instance: Instance, reserve: Reserve, booked: Mapping[tuple[str, int], int] = NO_MINUTES) -> Instance:
    """The instance with this reserve; every plan of it is a plan of the instance."""
    patients, theatres = longer_stays(instance, reserve.stays), shorter_lists(instance, reserve.lists, booked)
    return instance.model_copy(update={"patients": patients, "operating_theaters": theatres})


def longer_stays(instance: Instance, factor: float) -> tuple[Patient, ...]:
    """The patients, each with a stay longer by this factor, rounded up; the last day's needs go on."""
    return tuple(_longer(p, ceil(p.length_of_stay * max(1.0, factor) - 1e-9)) for p in instance.patients)


def shorter_lists(
    instance: Instance, share: float, booked: Mapping[tuple[str, int], int]
) -> tuple[OperatingTheater, ...]:
    """The theatres with this share of every day's minutes, no less than what is booked, and no more than there is."""
    return tuple(
        t.model_copy(
            update={
                "availability": tuple(
                    min(minutes, max(int(minutes * share), booked.get((t.id, day), 0)))
                    for day, minutes in enumerate(t.availability)
                )
            }
        )
        for t in instance.operating_theaters
    )


def _longer(patient: Patient, nights: int) -> Patient:
    more = nights - patient.length_of_stay
    if more <= 0:
        return patient
    workload = (*patient.workload_produced[: 3 * patient.length_of_stay], *(patient.workload_produced[-3:] * more))
    skill = (*patient.skill_level_required[: 3 * patient.length_of_stay], *(patient.skill_level_required[-3:] * more))
    longer = {"length_of_stay": nights, "workload_produced": workload, "skill_level_required": skill}
    return patient.model_copy(update=longer)
