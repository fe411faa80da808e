"""The timetable checker agrees with the competition's official validator, and refuses what makes no sense."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from ray_jobs.scheduling.check import check_timetable
from ray_jobs.scheduling.ihtp import Instance, Solution, read_instance, read_solution


def stay(name: str, gender: str = "A", days: int = 1) -> dict[str, object]:
    """A stay with one unit of work and no skill a shift."""
    return {
        "id": name,
        "gender": gender,
        "age_group": "adult",
        "length_of_stay": days,
        "workload_produced": [1] * 3 * days,
        "skill_level_required": [0] * 3 * days,
    }


def small(**changes: object) -> dict[str, object]:
    """One day, one room, one theatre, one surgeon, one nurse who works every shift, two patients."""
    patient = {"mandatory": True, "surgery_release_day": 0, "surgery_due_day": 0, "surgery_duration": 60}
    return {
        "days": 1,
        "skill_levels": 1,
        "shift_types": ["early", "late", "night"],
        "age_groups": ["adult", "elderly"],
        "weights": dict.fromkeys(
            (
                "room_mixed_age",
                "room_nurse_skill",
                "continuity_of_care",
                "nurse_eccessive_workload",
                "open_operating_theater",
                "surgeon_transfer",
                "patient_delay",
                "unscheduled_optional",
            ),
            10,
        ),
        "occupants": [],
        "patients": [
            stay("p0") | patient | {"surgeon_id": "s0"},
            stay("p1", "B") | patient | {"surgeon_id": "s0", "incompatible_room_ids": ["r0"]},
        ],
        "surgeons": [{"id": "s0", "max_surgery_time": [100]}],
        "operating_theaters": [{"id": "t0", "availability": [90]}],
        "rooms": [{"id": "r0", "capacity": 1}],
        "nurses": [
            {
                "id": "n0",
                "skill_level": 0,
                "working_shifts": [{"day": 0, "shift": s, "max_load": 1} for s in ("early", "late", "night")],
            }
        ],
    } | changes


def admitted(*patients: str) -> dict[str, object]:
    """All these on day 0, in the one room; the nurse covers it early and late only."""
    return {
        "patients": [{"id": p, "admission_day": 0, "room": "r0", "operating_theater": "t0"} for p in patients],
        "nurses": [
            {"id": "n0", "assignments": [{"day": 0, "shift": s, "rooms": ["r0"]} for s in ("early", "late")]},
        ],
    }


@pytest.mark.data
@pytest.mark.parametrize("name", [*(f"test{i:02d}.json" for i in range(1, 11)), "toy.json"])
def test_every_component_is_the_official_validators(name: str, shared_data: Path) -> None:
    """All violations, costs and totals of the 11 checked solutions are reproduced exactly, in the same order."""
    folder = shared_data / "ihtc2024" / "checked_solutions"
    expected = json.loads((folder / "expected.json").read_text())[name]
    solution = read_solution(folder / expected.pop("solution"))
    report = check_timetable(read_instance(folder / name), solution)
    assert list(report.items()) == list(expected.items())


@pytest.mark.data
def test_all_public_instances_are_read(shared_data: Path) -> None:
    """The 30 public instances keep every bound that the reader holds them to."""
    paths = sorted((shared_data / "ihtc2024" / "instances").glob("*.json"))
    assert len(paths) == 30
    assert all(read_instance(path).days >= 14 for path in paths)


def test_violations_are_counted_by_their_own_rule() -> None:
    """Two people of different sex in a bed for one, over surgeon's and theatre's time, one shift not covered."""
    report = check_timetable(Instance.model_validate(small()), Solution.model_validate(admitted("p0", "p1")))
    assert report["RoomGenderMix"] == 1
    assert report["RoomCapacity"] == 1
    assert report["PatientRoomCompatibility"] == 1
    assert report["SurgeonOvertime"] == 20
    assert report["OperatingTheaterOvertime"] == 30
    assert report["UncoveredRoom"] == 1
    assert report["ExcessiveNurseWorkload"] == 2 * 10
    assert report["total_violations"] == 54


def test_nobody_admitted_leaves_the_mandatory_out() -> None:
    """Patients that the solution does not name are not admitted; nothing else is counted."""
    report = check_timetable(Instance.model_validate(small()), Solution(patients=(), nurses=()))
    assert report["MandatoryUnscheduledPatients"] == report["total_violations"] == 2
    assert report["total_cost"] == 0


@pytest.mark.parametrize(
    "solution",
    [
        admitted("p0", "p0"),
        admitted("nobody"),
        admitted("p0") | {"patients": [{"id": "p0", "admission_day": 9, "room": "r0", "operating_theater": "t0"}]},
        admitted("p0") | {"nurses": [{"id": "n0", "assignments": [{"day": 0, "shift": "noon", "rooms": []}]}]},
    ],
)
def test_what_the_instance_does_not_have_is_refused(solution: dict[str, object]) -> None:
    """A repeated or unknown name, a day after the end, or an unknown shift is an error, not a cost."""
    with pytest.raises(ValueError, match=r"p0|nobody|n0"):
        check_timetable(Instance.model_validate(small()), Solution.model_validate(solution))


@pytest.mark.parametrize(
    "changes",
    [
        {"rooms": [{"id": "r0", "capacity": -1}]},
        {"surgeons": [{"id": "s1", "max_surgery_time": [100]}]},
        {"operating_theaters": [{"id": "t0", "availability": []}]},
        {"rooms": [{"id": "r0", "capacity": 1}] * 2},
    ],
)
def test_an_impossible_instance_is_refused(changes: dict[str, object]) -> None:
    """Negative capacity, an unknown surgeon, days without a value and repeated ids never reach the checker."""
    with pytest.raises(ValidationError):
        Instance.model_validate(small(**changes))
