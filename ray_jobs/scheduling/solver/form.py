"""Plans in the competition's form, and back as integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.scheduling.ihtp import NurseDecision, PatientDecision, ShiftCover, Solution
from ray_jobs.scheduling.solver.layout import NOWHERE, SHIFTS_A_DAY

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance
    from ray_jobs.scheduling.solver.memory import Table


def solution_of(instance: Instance, at: Table, nurse: Table) -> Solution:
    """From `at` [patients, (day, room, theatre)] and `nurse` [rooms, shifts]; only occupied rooms are covered."""
    occupied = np.zeros(nurse.shape, bool)
    rooms = {room.id: i for i, room in enumerate(instance.rooms)}
    for occupant in instance.occupants:
        occupied[rooms[occupant.room_id], : SHIFTS_A_DAY * occupant.length_of_stay] = True
    patients = []
    for one, (day, room, theatre) in zip(instance.patients, at.tolist(), strict=True):
        if day == NOWHERE:
            patients.append(PatientDecision(id=one.id, admission_day="none"))
            continue
        occupied[room, SHIFTS_A_DAY * day : SHIFTS_A_DAY * (day + one.length_of_stay)] = True
        theatre_id, room_id = instance.operating_theaters[theatre].id, instance.rooms[room].id
        patients.append(PatientDecision(id=one.id, admission_day=day, room=room_id, operating_theater=theatre_id))
    nurses = []
    for i, one_nurse in enumerate(instance.nurses):
        covered = (nurse == i) & occupied
        assignments = tuple(
            ShiftCover(
                day=int(s) // SHIFTS_A_DAY,
                shift=instance.shift_types[int(s) % SHIFTS_A_DAY],
                rooms=tuple(instance.rooms[int(r)].id for r in np.flatnonzero(covered[:, s])),
            )
            for s in np.flatnonzero(covered.any(axis=0))
        )
        nurses.append(NurseDecision(id=one_nurse.id, assignments=assignments))
    return Solution(patients=tuple(patients), nurses=tuple(nurses))


def integers_of(instance: Instance, solution: Solution) -> tuple[Table, Table]:
    """A solution as `at` [patients, 3] and `nurse` [rooms, shifts], NOWHERE where it decides nothing.

    Raises `ValueError` where it names what the instance does not have.
    """
    rooms = {room.id: i for i, room in enumerate(instance.rooms)}
    theatres = {t.id: i for i, t in enumerate(instance.operating_theaters)}
    people = {p.id: i for i, p in enumerate(instance.patients)}
    nurses = {n.id: i for i, n in enumerate(instance.nurses)}
    shift_index = {name: i for i, name in enumerate(instance.shift_types)}
    at = np.full((len(people), 3), NOWHERE, np.int64)
    nurse = np.full((len(rooms), SHIFTS_A_DAY * instance.days), NOWHERE, np.int64)
    try:
        for one in solution.patients:
            if one.admission_day != "none" and one.room is not None and one.operating_theater is not None:
                at[people[one.id]] = one.admission_day, rooms[one.room], theatres[one.operating_theater]
        for decision in solution.nurses:
            for cover in decision.assignments:
                for room in cover.rooms:
                    s = SHIFTS_A_DAY * cover.day + shift_index[cover.shift]
                    nurse[rooms[room], s] = nurses[decision.id]
    except (KeyError, IndexError) as e:
        msg = f"the given plan names {e}, which the instance does not have"
        raise ValueError(msg) from e
    if (at[:, 0] >= instance.days).any():
        msg = f"the given plan admits after day {instance.days - 1}, the horizon's last"
        raise ValueError(msg)
    return at, nurse
