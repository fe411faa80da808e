"""What a new plan should keep of an old one: a price for each change, and patients that are fixed where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.form import integers_of

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Solution
    from ray_jobs.scheduling.solver.memory import Views


@dataclass(frozen=True, slots=True)
class Pin:
    """A patient's day, room or theatre that is not to be decided; `admitted=False` fixes that there is no admission."""

    day: int | None = None
    room: str | None = None
    theatre: str | None = None
    admitted: bool = True


@dataclass(frozen=True, slots=True)
class Keep:
    """The plan before, and what each change against it costs, in the units of the instance's weights.

    `nurse` is for each room and shift that had a nurse and has another. An admitted patient who is pinned must be
    admitted, mandatory or not.
    """

    baseline: Solution
    day: int = 20
    room: int = 10
    theatre: int = 5
    newly_admitted: int = 0
    dropped: int = 100
    nurse: int = 1
    pinned: Mapping[str, Pin] = field(default_factory=dict)

    def write_into(self, see: Views, instance: Instance) -> None:
        """Write the prices, the plan before and the pins; raises `ValueError` for what the instance rules out."""
        m = see.m
        m[[y.MOVED_DAY, y.MOVED_ROOM, y.MOVED_THEATRE]] = self.day, self.room, self.theatre
        m[[y.NEWLY_IN, y.DROPPED, y.MOVED_NURSE]] = self.newly_admitted, self.dropped, self.nurse
        if m[y.MOVED_DAY : y.MOVED_NURSE + 1].min() < 0:
            msg = "the price of a change is 0 or more"
            raise ValueError(msg)
        at, nurse = integers_of(instance, self.baseline)
        see.stay[: len(at), y.DAY_BEFORE : y.THEATRE_BEFORE + 1] = at
        see.cover[:, :, y.NURSE_BEFORE] = nurse
        people = {p.id: i for i, p in enumerate(instance.patients)}
        rooms = {r.id: i for i, r in enumerate(instance.rooms)}
        theatres = {t.id: i for i, t in enumerate(instance.operating_theaters)}
        for name, pin in self.pinned.items():
            if name not in people or pin.room not in {None, *rooms} or pin.theatre not in {None, *theatres}:
                msg = f"pinned: {name} ({pin.room}, {pin.theatre}) is not in the instance"
                raise ValueError(msg)
            row = see.stay[people[name]]
            if not pin.admitted:
                row[y.LAST] = row[y.FIRST] - 1
                continue
            row[y.MUST] = 1
            if pin.day is not None:
                if not row[y.FIRST] <= pin.day <= row[y.LAST]:
                    msg = f"pinned: {name} may be admitted from day {row[y.FIRST]} to {row[y.LAST]}, not on {pin.day}"
                    raise ValueError(msg)
                row[y.FIRST] = row[y.LAST] = pin.day
            if pin.room is not None:
                lawful = see.lawful[people[name]]
                if not lawful[rooms[pin.room]]:
                    msg = f"pinned: {name} may not be in room {pin.room}"
                    raise ValueError(msg)
                lawful[:] = 0
                lawful[rooms[pin.room]] = 1
            if pin.theatre is not None:
                row[y.THEATRE_ONLY] = theatres[pin.theatre]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference from the plan before: `what` is day, room, theatre, admitted or dropped."""

    patient: str
    what: str
    was: str
    now: str
    price: int


def changes_of(instance: Instance, keep: Keep, solution: Solution) -> tuple[Change, ...]:
    """What the solution changes for patients, in the order of the instance, each with its price."""
    before = {d.id: d for d in keep.baseline.patients if d.admission_day != "none"}
    after = {d.id: d for d in solution.patients if d.admission_day != "none"}
    changes = []
    for patient in instance.patients:
        old, new = before.get(patient.id), after.get(patient.id)
        if old is None and new is None:
            continue
        if old is None or new is None:
            what, price = ("admitted", keep.newly_admitted) if old is None else ("dropped", keep.dropped)
            was_on, now_on = ("none" if d is None else str(d.admission_day) for d in (old, new))
            changes.append(Change(patient.id, what, was_on, now_on, price))
            continue
        for what, was, now, price in (
            ("day", old.admission_day, new.admission_day, keep.day),
            ("room", old.room, new.room, keep.room),
            ("theatre", old.operating_theater, new.operating_theater, keep.theatre),
        ):
            if was != now:
                changes.append(Change(patient.id, what, str(was), str(now), price))
    return tuple(changes)
