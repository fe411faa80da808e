"""One person's change to a timetable: another day, theatre or room for one patient, everything else as it is.

Only what must follow does: a room that is newly occupied gets nurses, those at work with most spare time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ray_jobs.scheduling.ihtp import (
    SHIFTS_PER_DAY,
    Instance,
    NurseDecision,
    Patient,
    PatientDecision,
    ShiftCover,
    Solution,
)
from ray_jobs.scheduling.occupancy import Occupancy, Where, occupancy

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Edit:
    """What is asked for; what is not named stays as planned (for who is not planned: the best there is that day)."""

    patient: str
    day: int | None = None
    theatre: str | None = None
    room: str | None = None
    out: bool = False
    """Not in this horizon."""


def edited(instance: Instance, solution: Solution, edit: Edit, *, used: Occupancy | None = None) -> Solution:
    """The timetable with the change made, lawful or not.

    Raises `ValueError` where the edit names what the instance does not have, or no day for who has none yet.
    """
    used = used or occupancy(instance, solution)
    others = tuple(d for d in solution.patients if d.id != edit.patient)
    patient = _known(instance, used, edit)
    if edit.out:
        return solution.model_copy(update={"patients": others})
    to = target(instance, used, patient, edit)
    decision = PatientDecision.model_construct(
        id=patient.id, admission_day=to.day, room=to.room, operating_theater=to.theatre
    )
    nurses = _nurses_for(instance, solution, used, patient, to)
    return Solution.model_construct(patients=(*others, decision), nurses=nurses)


def target(instance: Instance, used: Occupancy, patient: Patient, edit: Edit) -> Where:
    """Where the edit puts the patient: as told, else as planned, else what breaks least and is used already."""
    now = used.planned.get(patient.id)
    day = edit.day if edit.day is not None else now.day if now else None
    if day is None:
        msg = f"{patient.id} is not planned: say on which day"
        raise ValueError(msg)
    theatre = edit.theatre or (now.theatre if now else _best_theatre(instance, used, patient, day))
    room = edit.room or (now.room if now else _best_room(instance, used, patient, day))
    if theatre is None or room is None:
        msg = "there is no theatre or no room to plan with"
        raise ValueError(msg)
    return Where(day, room, theatre)


def crowded(instance: Instance, used: Occupancy, patient: Patient, room: str, day: int) -> tuple[list[int], list[int]]:
    """Days of a stay that begins on `day` on which the room is full, and on which the other sex lies there."""
    capacity = next(r.capacity for r in instance.rooms if r.id == room)
    full, mixed = [], []
    for d in range(day, min(day + patient.length_of_stay, instance.days)):
        there = [s for s in used.present.get((room, d), ()) if s.id != patient.id]
        if len(there) >= capacity:
            full.append(d)
        if any(s.gender != patient.gender for s in there):
            mixed.append(d)
    return full, mixed


def _known(instance: Instance, used: Occupancy, edit: Edit) -> Patient:
    patient = used.patients.get(edit.patient)
    rooms, theatres = {r.id for r in instance.rooms}, {t.id for t in instance.operating_theaters}
    if patient is None:
        msg = f"{edit.patient} is not among those to be planned"
        raise ValueError(msg)
    for named, there in ((edit.room, rooms), (edit.theatre, theatres)):
        if named is not None and named not in there:
            msg = f"{named} is no room or theatre of this plan"
            raise ValueError(msg)
    if edit.day is not None and not 0 <= edit.day < instance.days:
        msg = f"day {edit.day} lies outside the plan's {instance.days} days"
        raise ValueError(msg)
    return patient


def _best_theatre(instance: Instance, used: Occupancy, patient: Patient, day: int) -> str | None:
    def key(theatre_id: str, limit: int) -> tuple[int, bool, str]:
        taken = used.theatre_minutes.get((theatre_id, day), 0)
        return max(0, taken + patient.surgery_duration - limit), taken == 0, theatre_id

    return min(((*key(t.id, t.availability[day]), t.id) for t in instance.operating_theaters), default=(None,))[-1]


def _best_room(instance: Instance, used: Occupancy, patient: Patient, day: int) -> str | None:
    def key(room: str) -> tuple[int, bool, str]:
        full, mixed = crowded(instance, used, patient, room, day)
        wrong = room in patient.incompatible_room_ids
        return len(full) + len(mixed) + instance.days * wrong, (room, day) not in used.present, room

    return min((r.id for r in instance.rooms if r.capacity), key=key, default=None)


def _nurses_for(
    instance: Instance, solution: Solution, used: Occupancy, patient: Patient, to: Where
) -> tuple[NurseDecision, ...]:
    """The nurses with those rooms and shifts covered that this stay needs and nobody covers yet."""
    load: dict[tuple[str, int], int] = {}
    added: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for passed in range(SHIFTS_PER_DAY * min(patient.length_of_stay, instance.days - to.day)):
        shift = SHIFTS_PER_DAY * to.day + passed
        at_work = used.limit.get(shift, {})
        if (to.room, shift) in used.cover or not at_work:
            continue
        spare = {n: most - load.get((n, shift), used.load.get((n, shift), 0)) for n, most in at_work.items()}
        nurse = min(spare, key=lambda n: (-spare[n], n))
        load[nurse, shift] = at_work[nurse] - spare[nurse] + patient.workload_produced[passed]
        added[nurse][shift].append(to.room)
    if not added:
        return solution.nurses
    kept = [_with(instance, n, added.pop(n.id)) if n.id in added else n for n in solution.nurses]
    fresh = [NurseDecision.model_construct(id=n, assignments=()) for n in sorted(added)]
    return (*kept, *(_with(instance, n, added[n.id]) for n in fresh))


def _with(instance: Instance, nurse: NurseDecision, more: Mapping[int, list[str]]) -> NurseDecision:
    shifts = [
        ShiftCover.model_construct(
            day=s // SHIFTS_PER_DAY, shift=instance.shift_types[s % SHIFTS_PER_DAY], rooms=tuple(rooms)
        )
        for s, rooms in sorted(more.items())
    ]
    return NurseDecision.model_construct(id=nurse.id, assignments=(*nurse.assignments, *shifts))
