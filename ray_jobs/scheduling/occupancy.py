"""What a timetable uses of each room, theatre, surgeon and nurse: the index behind questions about one change."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ray_jobs.scheduling.ihtp import SHIFTS_PER_DAY, Instance, Patient, Solution, Stay

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Where:
    """A patient's admission."""

    day: int
    room: str
    theatre: str


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Days and shifts count from the horizon's start; minutes are those of operations."""

    patients: Mapping[str, Patient]
    planned: dict[str, Where]
    present: dict[tuple[str, int], list[Stay]]
    """(room, day) to who lies there."""
    surgeon_minutes: dict[tuple[str, int], int]
    theatre_minutes: dict[tuple[str, int], int]
    cover: Mapping[tuple[str, int], str]
    """(room, shift) to the nurse."""
    load: Mapping[tuple[str, int], int]
    """(nurse, shift) to workload."""
    limit: Mapping[int, Mapping[str, int]]
    """shift to the nurses at work and their most workload."""

    def add(self, instance: Instance, patient: Patient, where: Where) -> None:
        """One more admission; nurses stay as they are."""
        self.planned[patient.id] = where
        minutes = patient.surgery_duration
        for used, key in ((self.surgeon_minutes, patient.surgeon_id), (self.theatre_minutes, where.theatre)):
            used[key, where.day] = used.get((key, where.day), 0) + minutes
        for day in range(where.day, min(where.day + patient.length_of_stay, instance.days)):
            self.present.setdefault((where.room, day), []).append(patient)


def occupancy(instance: Instance, solution: Solution) -> Occupancy:
    """Index a timetable that names only what the instance has."""
    patients = {p.id: p for p in instance.patients}
    planned: dict[str, Where] = {}
    present: dict[tuple[str, int], list[Stay]] = defaultdict(list)
    surgeons: dict[tuple[str, int], int] = defaultdict(int)
    theatres: dict[tuple[str, int], int] = defaultdict(int)
    for occupant in instance.occupants:
        for day in range(min(occupant.length_of_stay, instance.days)):
            present[occupant.room_id, day].append(occupant)
    for decision in solution.patients:
        if decision.admission_day == "none" or decision.room is None or decision.operating_theater is None:
            continue
        patient, first = patients[decision.id], decision.admission_day
        planned[patient.id] = Where(first, decision.room, decision.operating_theater)
        surgeons[patient.surgeon_id, first] += patient.surgery_duration
        theatres[decision.operating_theater, first] += patient.surgery_duration
        for day in range(first, min(first + patient.length_of_stay, instance.days)):
            present[decision.room, day].append(patient)
    cover = _cover(instance, solution)
    return Occupancy(
        patients, planned, present, surgeons, theatres, cover, _load(instance, planned, cover), nurses_at_work(instance)
    )


def nurses_at_work(instance: Instance) -> dict[int, dict[str, int]]:
    """Shift to the nurses who work in it and their most workload."""
    index = {name: i for i, name in enumerate(instance.shift_types)}
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for nurse in instance.nurses:
        for worked in nurse.working_shifts:
            if worked.day < instance.days:
                found[SHIFTS_PER_DAY * worked.day + index[worked.shift]][nurse.id] = worked.max_load
    return found


def _cover(instance: Instance, solution: Solution) -> dict[tuple[str, int], str]:
    index = {name: i for i, name in enumerate(instance.shift_types)}
    return {
        (room, SHIFTS_PER_DAY * shift.day + index[shift.shift]): nurse.id
        for nurse in solution.nurses
        for shift in nurse.assignments
        for room in shift.rooms
    }


def _load(
    instance: Instance, planned: Mapping[str, Where], cover: Mapping[tuple[str, int], str]
) -> dict[tuple[str, int], int]:
    load: dict[tuple[str, int], int] = defaultdict(int)
    stays: list[tuple[Stay, str, int]] = [(o, o.room_id, 0) for o in instance.occupants]
    stays += [(p, planned[p.id].room, planned[p.id].day) for p in instance.patients if p.id in planned]
    for stay, room, first in stays:
        for passed in range(SHIFTS_PER_DAY * min(stay.length_of_stay, instance.days - first)):
            shift = SHIFTS_PER_DAY * first + passed
            if (nurse := cover.get((room, shift))) is not None:
                load[nurse, shift] += stay.workload_produced[passed]
    return load
