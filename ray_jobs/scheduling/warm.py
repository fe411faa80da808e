"""Compiles the search, or reads it from its cache: the smallest of hospitals is planned, and planned again."""

from ray_jobs.scheduling import live
from ray_jobs.scheduling.ihtp import Instance
from ray_jobs.scheduling.tasks import Budget, PlanTask

SECONDS = 60.0
"""Only a limit: the search ends after its few moves."""
SHIFTS = ("early", "late", "night")
WEIGHTS = (
    "room_mixed_age", "room_nurse_skill", "continuity_of_care", "nurse_eccessive_workload", "open_operating_theater",
    "surgeon_transfer", "patient_delay", "unscheduled_optional",
)  # fmt: skip


def warm() -> None:
    """Return when a plan and a repair can be made without compiling anything."""
    budget, problem = Budget(seconds=SECONDS, iterations=1000), _tiny()
    before = live.plan(PlanTask(instance=problem, budget=budget)).solution
    live.plan(PlanTask(instance=problem, budget=budget, before=before))


def _tiny() -> Instance:
    someone = {
        "gender": "A", "age_group": "any", "length_of_stay": 1, "workload_produced": [1] * 3,
        "skill_level_required": [0] * 3, "mandatory": False, "surgery_release_day": 0, "surgeon_id": "s",
        "surgery_duration": 1,
    }  # fmt: skip
    works = [{"day": day, "shift": shift, "max_load": 9} for day in range(2) for shift in SHIFTS]
    return Instance.model_validate(
        {
            "days": 2,
            "skill_levels": 1,
            "shift_types": SHIFTS,
            "age_groups": ["any"],
            "weights": dict.fromkeys(WEIGHTS, 1),
            "occupants": [],
            "patients": [{"id": name, **someone} for name in ("a", "b")],
            "surgeons": [{"id": "s", "max_surgery_time": [9, 9]}],
            "operating_theaters": [{"id": name, "availability": [9, 9]} for name in ("t", "u")],
            "rooms": [{"id": name, "capacity": 1} for name in ("r", "q")],
            "nurses": [{"id": name, "skill_level": 0, "working_shifts": works} for name in ("n", "m")],
        }
    )
