"""A small hospital for tests of plans: two rooms, two theatres, two surgeons, nurses in every shift."""

from typing import Any

# ruff: noqa: ANN401 - parts of a JSON document
from ray_jobs.scheduling.ihtp import Instance, NurseDecision, PatientDecision, ShiftCover, Solution

DAYS = 7
SHIFTS = ("early", "late", "night")


def patient(identity: str, **more: Any) -> dict[str, Any]:
    """A man of two nights for surgeon s1, an hour in theatre, any day."""
    nights = more.get("length_of_stay", 2)
    return {
        "id": identity, "mandatory": "surgery_due_day" in more, "gender": "B", "age_group": "50",
        "length_of_stay": nights, "surgery_release_day": 0, "surgery_duration": 60, "surgeon_id": "s1",
        "incompatible_room_ids": (),
        "workload_produced": [2, 2, 1] * nights, "skill_level_required": [0] * (3 * nights), **more,
    }  # fmt: skip


def occupant(identity: str, room: str, nights: int = 1, gender: str = "B") -> dict[str, Any]:
    """Someone who is here already."""
    return {
        "id": identity, "gender": gender, "age_group": "50", "length_of_stay": nights, "room_id": room,
        "workload_produced": [2, 2, 1] * nights, "skill_level_required": [0] * (3 * nights),
    }  # fmt: skip


def instance(*patients: dict[str, Any], **more: Any) -> Instance:
    """The hospital with these patients to be planned."""
    told: dict[str, Any] = {
        "days": DAYS, "skill_levels": 3, "shift_types": SHIFTS, "age_groups": ("20", "50", "80"),
        "weights": {
            "room_mixed_age": 5, "room_nurse_skill": 1, "continuity_of_care": 1, "nurse_eccessive_workload": 1,
            "open_operating_theater": 10, "surgeon_transfer": 1, "patient_delay": 5, "unscheduled_optional": 100,
        },
        "occupants": (), "patients": patients,
        "surgeons": [{"id": s, "max_surgery_time": [240] * DAYS} for s in ("s1", "s2")],
        "operating_theaters": [{"id": t, "availability": [300] * DAYS} for t in ("t1", "t2")],
        "rooms": [{"id": "r1", "capacity": 2}, {"id": "r2", "capacity": 2}],
        "nurses": [nurse(f"n{i}", shift) for i, shift in enumerate(SHIFTS)],
        **more,
    }  # fmt: skip
    return Instance.model_validate(told)


def nurse(identity: str, shift: str, days: int = DAYS) -> dict[str, Any]:
    """Someone who works this shift every day."""
    return {
        "id": identity, "skill_level": 2,
        "working_shifts": [{"day": d, "shift": shift, "max_load": 10} for d in range(days)],
    }  # fmt: skip


def timetable(problem: Instance, *admitted: tuple[str, int, str, str]) -> Solution:
    """Admissions (patient, day, room, theatre), and all rooms covered by whoever works first."""
    rooms = tuple(r.id for r in problem.rooms)
    seen: set[tuple[int, str]] = set()
    nurses = []
    for one in problem.nurses:
        shifts = [w for w in one.working_shifts if (w.day, w.shift) not in seen]
        seen |= {(w.day, w.shift) for w in shifts}
        covers = tuple(ShiftCover(day=w.day, shift=w.shift, rooms=rooms) for w in shifts)
        nurses.append(NurseDecision(id=one.id, assignments=covers))
    patients = tuple(
        PatientDecision(id=p, admission_day=day, room=room, operating_theater=theatre)
        for p, day, room, theatre in admitted
    )
    return Solution(patients=patients, nurses=tuple(nurses))
