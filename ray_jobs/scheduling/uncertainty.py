"""What a timetable meets when operations and stays do not last as planned: many days of one hospital, simulated.

Operations: lognormal around the planned minutes (Strum, May and Vargas 2000, "Modeling the uncertainty of surgical
procedure times"), stays: lognormal nights; both keep the planned mean. Theatre days run as discrete events: an
operation waits for its theatre and its surgeon, and is cancelled if it would end too late.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.scheduling.lists import starts
from ray_jobs.scheduling.occupancy import occupancy
from ray_jobs.scheduling.theatre_day import Operation, run_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ray_jobs.scheduling.ihtp import Instance, Solution
    from ray_jobs.scheduling.occupancy import Occupancy

ALL_ROOMS = "all rooms"
RUNS = 200


@dataclass(frozen=True, slots=True)
class Spread:
    """How far things vary (sigma of the logarithm), and after how many minutes of overtime nothing is begun."""

    minutes_sigma: float = 0.3
    nights_sigma: float = 0.35
    latest_overtime_minutes: int = 60


@dataclass(frozen=True, slots=True)
class Simulated:
    """Means over the runs; `overflow` is the probability that a ward needs more beds than it has on a day."""

    runs: int
    operations: int
    overtime_minutes: float
    theatre_days_in_overtime: float
    cancelled: float
    overflow: Mapping[tuple[str, int], float]
    overtime_by_theatre: Mapping[tuple[str, int], float] = field(default_factory=dict)
    """(theatre, day) to mean minutes."""

    @property
    def worst(self) -> tuple[tuple[str, int], float]:
        """The ward and day with the highest chance of overflow, the first of equals."""
        if not self.overflow:
            return (ALL_ROOMS, 0), 0.0
        return max(self.overflow.items(), key=lambda o: o[1])

    def table(self) -> dict[str, float]:
        """What is compared between two plans."""
        over = list(self.overflow.values())
        return {
            "operations planned": float(self.operations),
            "overtime, minutes": round(self.overtime_minutes, 1),
            "theatre days in overtime": round(self.theatre_days_in_overtime, 2),
            "operations cancelled": round(self.cancelled, 2),
            "ward days above capacity": round(sum(over), 2),
            "highest chance of overflow": round(max(over, default=0.0), 3),
        }


def simulate(
    instance: Instance,
    solution: Solution,
    runs: int = RUNS,
    seed: int = 0,
    *,
    wards: Mapping[str, str] | None = None,
    spread: Spread | None = None,
) -> Simulated:
    """Run a timetable so many times; `wards` maps rooms to wards (none: all rooms are one). Same seed, same answer.

    Raises `ValueError` where the solution names what the instance does not have, or `runs` is not positive.
    """
    if runs < 1:
        msg = f"runs must be at least 1, not {runs}"
        raise ValueError(msg)
    spread, used = spread or Spread(), occupancy(instance, solution)
    chance = np.random.default_rng(seed)
    came, overtime = _theatres(instance, used, runs, chance, spread)
    overflow = _beds(instance, used, came, runs, chance, spread, wards or {r.id: ALL_ROOMS for r in instance.rooms})
    minutes = np.array(list(overtime.values())) if overtime else np.zeros((0, runs))
    return Simulated(
        runs=runs, operations=len(used.planned), overtime_minutes=float(minutes.sum()) / runs,
        theatre_days_in_overtime=float((minutes > 0).sum()) / runs,
        cancelled=float(sum((~there).sum() for there in came.values())) / runs, overflow=overflow,
        overtime_by_theatre={where: float(one.mean()) for where, one in overtime.items()},
    )  # fmt: skip


def _theatres(
    instance: Instance, used: Occupancy, runs: int, chance: np.random.Generator, spread: Spread
) -> tuple[dict[str, NDArray[np.bool_]], dict[tuple[str, int], NDArray[np.float64]]]:
    """By patient, in which runs the operation took place; by theatre and day, minutes of overtime in each run."""
    begins = starts(used.patients, used.planned)
    closes = {t.id: t.availability for t in instance.operating_theaters}
    days: dict[int, list[str]] = defaultdict(list)
    for patient in sorted(used.planned, key=lambda p: (begins[p], p)):
        days[used.planned[patient].day].append(patient)
    came = {p: np.ones(runs, bool) for p in used.planned}
    overtime: dict[tuple[str, int], NDArray[np.float64]] = {}
    for day, patients in sorted(days.items()):
        planned = np.array([used.patients[p].surgery_duration for p in patients], float)
        lasted = _around(planned, runs, spread.minutes_sigma, chance)
        closing = {used.planned[p].theatre: closes[used.planned[p].theatre][day] for p in patients}
        for theatre in closing:
            overtime[theatre, day] = np.zeros(runs)
        for run in range(runs):
            operations = [
                Operation(p, used.planned[p].theatre, used.patients[p].surgeon_id, planned[i], lasted[run, i])
                for i, p in enumerate(patients)
            ]
            done = run_day(operations, closing, spread.latest_overtime_minutes)
            for patient in done.cancelled:
                came[patient][run] = False
            for theatre, ended in done.ended.items():
                overtime[theatre, day][run] = max(0.0, ended - closing[theatre])
    return came, overtime


def _beds(
    instance: Instance,
    used: Occupancy,
    came: Mapping[str, NDArray[np.bool_]],
    runs: int,
    chance: np.random.Generator,
    spread: Spread,
    wards: Mapping[str, str],
) -> dict[tuple[str, int], float]:
    """Probability for each ward and day that more patients are there than beds."""
    names = sorted(set(wards.values()))
    beds: dict[str, int] = defaultdict(int)
    for room in instance.rooms:
        beds[wards[room.id]] += room.capacity
    present = {name: np.zeros((runs, instance.days), np.int64) for name in names}
    days = np.arange(instance.days)
    stays = [(o.length_of_stay, 0, o.room_id, np.ones(runs, bool)) for o in instance.occupants]
    stays += [(used.patients[p].length_of_stay, w.day, w.room, came[p]) for p, w in sorted(used.planned.items())]
    nights = np.array([s[0] for s in stays], float)
    lasted = np.maximum(1, np.rint(_around(nights, runs, spread.nights_sigma, chance)))
    for i, (_, first, lies, there) in enumerate(stays):
        inside = (days >= first) & (days < first + lasted[:, i, None]) & there[:, None]
        present[wards[lies]] += inside
    return {
        (name, day): float((present[name][:, day] > beds[name]).mean())
        for name in names
        for day in range(instance.days)
    }


def _around(mean: NDArray[np.float64], runs: int, sigma: float, chance: np.random.Generator) -> NDArray[np.float64]:
    """Lognormal draws [runs, n] with these means."""
    return np.asarray(mean * np.exp(sigma * chance.standard_normal((runs, len(mean))) - sigma**2 / 2))
