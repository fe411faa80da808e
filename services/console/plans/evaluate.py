"""Edits weighed while a person makes them: what breaks, what it costs, and where each booking ends up.

Exact: the rules and costs are those of `schedule check` with the edits made and all else as planned. What a repaired
plan would cost is the planner's to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ray_jobs.scheduling.check import COSTS, VIOLATIONS, check_timetable
from ray_jobs.scheduling.edits import Edit, edited
from ray_jobs.scheduling.occupancy import occupancy
from ray_jobs.scheduling.why_not import Hindrance, weigh
from ray_jobs.scheduling.words import Words
from schemas.events import PlanEdit
from services.console.plans.document import Opened, identity


@dataclass(frozen=True, slots=True)
class Place:
    """Where a booking ends up: day of the plan, theatre, room."""

    day: int
    theatre: str
    room: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """`before` and `after`: every component of `schedule check`. `against`: what stands against each edited request."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    against: Mapping[str, tuple[Hindrance, ...]]
    places: Mapping[str, Place | None]

    @property
    def broken(self) -> dict[str, int]:
        """Hard rules broken more often than in the plan, and by how much."""
        return {n: self.after[n] - self.before[n] for n in VIOLATIONS if self.after[n] > self.before[n]}

    @property
    def costs(self) -> dict[str, tuple[int, int]]:
        """Costs that differ, before and after."""
        return {n: (self.before[n], self.after[n]) for n in COSTS if self.before[n] != self.after[n]}


def evaluate(opened: Opened, edits: Sequence[PlanEdit], names: Mapping[str, str]) -> Weighed:
    """Weigh the edits together. Raises ValueError where one names what the plan does not have, or a request twice."""
    instance, begins = opened.document.instance, opened.document.begins
    told = Words(names=opened.document.names | {identity(k): v for k, v in names.items()}, begins=begins)
    changes = {edit.request: _edit(opened, edit) for edit in edits}
    if len(changes) < len(edits):
        raise ValueError("a request is edited twice")
    solution = opened.document.solution
    for change in changes.values():
        solution = edited(instance, solution, change)
    against = {}
    for request, change in changes.items():
        # With all others made: what this one alone breaks.
        without = edited(instance, solution, _as_planned(opened, change.patient)) if len(changes) > 1 else None
        against[request] = weigh(instance, without or opened.document.solution, change, words=told).hindrances
    planned = occupancy(instance, solution).planned
    places = {request: planned.get(change.patient) for request, change in changes.items()}
    return Weighed(
        opened.report,
        check_timetable(instance, solution) if changes else opened.report,
        against,
        {request: Place(w.day, w.theatre, w.room) if w else None for request, w in places.items()},
    )


def _edit(opened: Opened, edit: PlanEdit) -> Edit:
    """Dates as days of the plan; no day, theatre or room takes it out. ValueError for a day outside the plan."""
    patient = identity(edit.request)
    if edit.day is None and edit.theatre is None and edit.room is None:
        return Edit(patient, out=True)
    day = None if edit.day is None else (edit.day - opened.document.begins).days
    if day is not None and not 0 <= day < opened.document.instance.days:
        raise ValueError(f"{edit.day} lies outside the plan")
    theatre, room = (identity(name) if name else None for name in (edit.theatre, edit.room))
    return Edit(patient, day=day, theatre=theatre, room=room)


def _as_planned(opened: Opened, patient: str) -> Edit:
    where = opened.used.planned.get(patient)
    if where is None:
        return Edit(patient, out=True)
    return Edit(patient, day=where.day, theatre=where.theatre, room=where.room)
