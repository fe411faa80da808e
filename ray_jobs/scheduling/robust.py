"""Plans with room for stays that last longer: a chance constraint on ward overflow, kept by planning longer stays.

In rounds: simulate; where a ward needs more beds than it has with more than the accepted chance, plan every stay of
that ward's patients as long as a higher quantile of its distribution, and simulate again. What is planned with longer
stays is also a plan with the expected ones, so that no rule is bent for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, exp
from typing import TYPE_CHECKING

from ray_jobs.scheduling.uncertainty import Simulated, Spread, simulate

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Patient, Solution

QUANTILES = ((0.7, 0.524), (0.8, 0.842), (0.9, 1.282))
"""Levels tried in turn, and their standard normal quantiles."""


@dataclass(frozen=True, slots=True)
class Robust:
    """`solution` keeps the accepted chance where `kept`; else it is the one that came nearest to it."""

    solution: Solution
    planned: Simulated
    robust: Simulated
    level: float
    kept: bool


def robust(
    instance: Instance,
    solution: Solution,
    again: Callable[[Instance], Solution | None],
    *,
    risk: float,
    runs: int,
    seed: int,
    wards: Mapping[str, str],
    spread: Spread | None = None,
) -> Robust:
    """A plan that overflows no ward on any day with more than `risk`; `again` solves, None where it finds no plan."""
    spread = spread or Spread()
    first = simulate(instance, solution, runs, seed, wards=wards, spread=spread)
    best = Robust(solution, first, first, 0.5, first.worst[1] <= risk)
    for level, normal in QUANTILES:
        if best.kept:
            break
        longer = longer_stays(instance, normal * spread.nights_sigma - spread.nights_sigma**2 / 2)
        found = again(longer)
        if found is None:
            break
        met = simulate(instance, found, runs, seed, wards=wards, spread=spread)
        if met.worst[1] < best.robust.worst[1]:
            best = Robust(found, first, met, level, met.worst[1] <= risk)
    return best


def longer_stays(instance: Instance, log_factor: float) -> Instance:
    """The instance with every patient's stay longer by this factor, rounded up; the last day's needs go on."""
    factor = exp(max(0.0, log_factor))
    patients = tuple(_longer(p, ceil(p.length_of_stay * factor - 1e-9)) for p in instance.patients)
    return instance.model_copy(update={"patients": patients})


def _longer(patient: Patient, nights: int) -> Patient:
    more = nights - patient.length_of_stay
    if more <= 0:
        return patient
    workload = (*patient.workload_produced[: 3 * patient.length_of_stay], *(patient.workload_produced[-3:] * more))
    skill = (*patient.skill_level_required[: 3 * patient.length_of_stay], *(patient.skill_level_required[-3:] * more))
    longer = {"length_of_stay": nights, "workload_produced": workload, "skill_level_required": skill}
    return patient.model_copy(update=longer)
