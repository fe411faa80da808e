"""The price of a timetable: every hard violation and soft cost of the integrated healthcare timetabling problem.

Rules: the public competition's statement (IHTC 2024); agrees with its official validator component by component.
Violations are counts; soft values are already weight x count.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ray_jobs.scheduling.ihtp import SHIFTS_PER_DAY, Instance, PatientDecision, Solution, Stay

if TYPE_CHECKING:
    from collections.abc import Mapping

VIOLATIONS = (
    "RoomGenderMix",
    "PatientRoomCompatibility",
    "SurgeonOvertime",
    "OperatingTheaterOvertime",
    "MandatoryUnscheduledPatients",
    "AdmissionDay",
    "RoomCapacity",
    "NursePresence",
    "UncoveredRoom",
)
COSTS = (
    "RoomAgeMix",
    "RoomSkillLevel",
    "ContinuityOfCare",
    "ExcessiveNurseWorkload",
    "OpenOperatingTheater",
    "SurgeonTransfer",
    "PatientDelay",
    "ElectiveUnscheduledPatients",
)


@dataclass(frozen=True, slots=True)
class _Placed:
    """One stay, cut at the horizon's end: days `first` to `last - 1` in `room`."""

    stay: Stay
    room: str
    first: int
    last: int


def check_timetable(instance: Instance, solution: Solution) -> dict[str, int]:
    """Return the official validator's components by name, with `total_violations` and `total_cost`.

    Raises `ValueError` where the solution names what the instance does not have, or a name twice.
    """
    decided = _resolve(instance, solution)
    placed = _placed(instance, decided)
    rooms = _rooms(placed)
    cover, absent = _cover(instance, solution)
    report = {
        **_room_rules(instance, rooms),
        **_surgery_rules(instance, decided),
        **_patient_rules(instance, decided),
        **_nurse_rules(instance, placed, rooms, cover),
        "NursePresence": absent,
    }
    violations = {name: report[name] for name in VIOLATIONS}
    costs = {name: report[name] for name in COSTS}
    return {
        **violations,
        **costs,
        "total_violations": sum(violations.values()),
        "total_cost": sum(costs.values()),
    }


def _resolve(instance: Instance, solution: Solution) -> dict[str, PatientDecision]:
    """Decisions of the admitted patients by id, after every name in the solution was found in the instance."""
    patients = {p.id for p in instance.patients}
    rooms = {r.id for r in instance.rooms}
    theaters = {t.id for t in instance.operating_theaters}
    nurses = {n.id for n in instance.nurses}
    seen: set[str] = set()
    for decision in solution.patients:
        if decision.id not in patients or decision.id in seen:
            msg = f"patients: {decision.id} is unknown or named twice"
            raise ValueError(msg)
        seen.add(decision.id)
        if decision.admission_day == "none":
            continue
        if decision.room not in rooms or decision.operating_theater not in theaters:
            msg = f"patients: {decision.id} is sent to an unknown room or operating theatre"
            raise ValueError(msg)
        if decision.admission_day >= instance.days:
            msg = f"patients: {decision.id} is admitted on day {decision.admission_day} of {instance.days}"
            raise ValueError(msg)
    for nurse in solution.nurses:
        if nurse.id not in nurses or nurse.id in seen:
            msg = f"nurses: {nurse.id} is unknown or named twice"
            raise ValueError(msg)
        seen.add(nurse.id)
        for shift in nurse.assignments:
            unknown = set(shift.rooms) - rooms
            if unknown or shift.shift not in instance.shift_types or shift.day >= instance.days:
                msg = f"nurses: {nurse.id} covers an unknown room, shift or day ({shift.day}, {shift.shift})"
                raise ValueError(msg)
    return {d.id: d for d in solution.patients if d.admission_day != "none"}


def _placed(instance: Instance, decided: Mapping[str, PatientDecision]) -> list[_Placed]:
    placed = [_Placed(o, o.room_id, 0, min(o.length_of_stay, instance.days)) for o in instance.occupants]
    for patient in instance.patients:
        decision = decided.get(patient.id)
        if decision is not None and decision.admission_day != "none" and decision.room is not None:
            day = decision.admission_day
            placed.append(_Placed(patient, decision.room, day, min(day + patient.length_of_stay, instance.days)))
    return placed


def _rooms(placed: list[_Placed]) -> dict[tuple[str, int], list[_Placed]]:
    rooms: dict[tuple[str, int], list[_Placed]] = defaultdict(list)
    for one in placed:
        for day in range(one.first, one.last):
            rooms[one.room, day].append(one)
    return rooms


def _room_rules(instance: Instance, rooms: Mapping[tuple[str, int], list[_Placed]]) -> dict[str, int]:
    capacity = {room.id: room.capacity for room in instance.rooms}
    age = {group: index for index, group in enumerate(instance.age_groups)}
    mixed = overfull = age_span = 0
    for (room, _), present in rooms.items():
        genders = [one.stay.gender for one in present]
        # The validator counts the smaller side of a mixed room, not the room.
        mixed += min(genders.count(gender) for gender in set(genders)) if len(set(genders)) > 1 else 0
        overfull += max(0, len(present) - capacity[room])
        ages = [age[one.stay.age_group] for one in present]
        age_span += max(ages) - min(ages)
    return {
        "RoomGenderMix": mixed,
        "RoomCapacity": overfull,
        "RoomAgeMix": age_span * instance.weights.room_mixed_age,
    }


def _surgery_rules(instance: Instance, decided: Mapping[str, PatientDecision]) -> dict[str, int]:
    surgeon_minutes: dict[tuple[str, int], int] = defaultdict(int)
    theater_minutes: dict[tuple[str, int], int] = defaultdict(int)
    theaters_of: dict[tuple[str, int], set[str]] = defaultdict(set)
    for patient in instance.patients:
        decision = decided.get(patient.id)
        if decision is None or decision.admission_day == "none" or decision.operating_theater is None:
            continue
        day, theater = decision.admission_day, decision.operating_theater
        surgeon_minutes[patient.surgeon_id, day] += patient.surgery_duration
        theater_minutes[theater, day] += patient.surgery_duration
        theaters_of[patient.surgeon_id, day].add(theater)
    surgeon_limit = {s.id: s.max_surgery_time for s in instance.surgeons}
    theater_limit = {t.id: t.availability for t in instance.operating_theaters}
    weights = instance.weights
    return {
        "SurgeonOvertime": sum(max(0, m - surgeon_limit[who][d]) for (who, d), m in surgeon_minutes.items()),
        "OperatingTheaterOvertime": sum(max(0, m - theater_limit[t][d]) for (t, d), m in theater_minutes.items()),
        "OpenOperatingTheater": len(theater_minutes) * weights.open_operating_theater,
        "SurgeonTransfer": sum(len(used) - 1 for used in theaters_of.values()) * weights.surgeon_transfer,
    }


def _patient_rules(instance: Instance, decided: Mapping[str, PatientDecision]) -> dict[str, int]:
    forgotten = left_out = wrong_day = wrong_room = delay = 0
    for patient in instance.patients:
        decision = decided.get(patient.id)
        if decision is None or decision.admission_day == "none":
            forgotten += patient.mandatory
            left_out += not patient.mandatory
            continue
        day, due = decision.admission_day, patient.surgery_due_day
        too_late = patient.mandatory and due is not None and day > due
        wrong_day += day < patient.surgery_release_day or too_late
        wrong_room += decision.room in patient.incompatible_room_ids
        delay += max(0, day - patient.surgery_release_day)
    return {
        "MandatoryUnscheduledPatients": forgotten,
        "AdmissionDay": wrong_day,
        "PatientRoomCompatibility": wrong_room,
        "PatientDelay": delay * instance.weights.patient_delay,
        "ElectiveUnscheduledPatients": left_out * instance.weights.unscheduled_optional,
    }


def _cover(instance: Instance, solution: Solution) -> tuple[dict[tuple[str, int], str], int]:
    """Who covers a room in a shift, and how many times a nurse was sent to a shift that is not worked."""
    shift_index = {shift: index for index, shift in enumerate(instance.shift_types)}
    works = {(n.id, SHIFTS_PER_DAY * w.day + shift_index[w.shift]) for n in instance.nurses for w in n.working_shifts}
    cover: dict[tuple[str, int], str] = {}
    absent = 0
    for nurse in solution.nurses:
        for assignment in nurse.assignments:
            shift = SHIFTS_PER_DAY * assignment.day + shift_index[assignment.shift]
            if (nurse.id, shift) not in works:
                absent += len(assignment.rooms)
                continue
            for room in assignment.rooms:
                if cover.setdefault((room, shift), nurse.id) != nurse.id:
                    msg = f"nurses: {room} has two nurses on day {assignment.day}, {assignment.shift}"
                    raise ValueError(msg)
    return cover, absent


def _nurse_rules(
    instance: Instance,
    placed: list[_Placed],
    rooms: Mapping[tuple[str, int], list[_Placed]],
    cover: Mapping[tuple[str, int], str],
) -> dict[str, int]:
    shift_index = {shift: index for index, shift in enumerate(instance.shift_types)}
    skill = {nurse.id: nurse.skill_level for nurse in instance.nurses}
    load: dict[tuple[str, int], int] = defaultdict(int)
    lacking = continuity = 0
    for one in placed:
        nurses: set[str] = set()
        for passed in range(SHIFTS_PER_DAY * (one.last - one.first)):
            shift = SHIFTS_PER_DAY * one.first + passed
            nurse = cover.get((one.room, shift))
            if nurse is None:
                continue
            nurses.add(nurse)
            lacking += max(0, one.stay.skill_level_required[passed] - skill[nurse])
            load[nurse, shift] += one.stay.workload_produced[passed]
        continuity += len(nurses)
    limit = {
        (n.id, SHIFTS_PER_DAY * w.day + shift_index[w.shift]): w.max_load
        for n in instance.nurses
        for w in n.working_shifts
    }
    excess = sum(max(0, carried - limit[nurse_shift]) for nurse_shift, carried in load.items())
    uncovered = sum(
        (room, SHIFTS_PER_DAY * day + shift) not in cover for room, day in rooms for shift in range(SHIFTS_PER_DAY)
    )
    weights = instance.weights
    return {
        "UncoveredRoom": uncovered,
        "RoomSkillLevel": lacking * weights.room_nurse_skill,
        "ContinuityOfCare": continuity * weights.continuity_of_care,
        "ExcessiveNurseWorkload": excess * weights.nurse_eccessive_workload,
    }
