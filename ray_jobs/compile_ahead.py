"""Compile at set-up what numba would compile when it is first asked: `python -m ray_jobs.compile_ahead`.

The compiled code lies in numba's cache beside the sources and is found by every later process; a source that changed
is compiled anew when it is first called. Without this, the first forecast and the first plan of each process of a new
installation wait for half a minute, all of them for the same code.
"""

from __future__ import annotations

import numpy as np

from ray_jobs.risk.feature_sets import FEATURE_SETS, Person, course_static, sepsis_static
from ray_jobs.risk.grid import EXTRA_WIDTH, WIDTH
from ray_jobs.scheduling.ihtp import Instance, Weights

HOURS = 2


def compile_features() -> None:
    """One row and all rows of an empty stay, of each feature set."""
    from ray_jobs.risk.course_features import course_rows
    from ray_jobs.risk.features import features_all

    grid, extra, nobody = np.full((HOURS, WIDTH), np.nan), np.full((HOURS, EXTRA_WIDTH), np.nan), Person()
    for features in FEATURE_SETS.values():
        features.row(grid, extra, nobody, HOURS - 1)
    features_all(grid, sepsis_static(nobody))
    course_rows(grid, extra, course_static(nobody), np.arange(HOURS, dtype=np.int64))


def compile_search() -> None:
    """One step of the theatre plan's search, in the smallest hospital."""
    from ray_jobs.scheduling.solver.anneal import STEPS, recall, run
    from ray_jobs.scheduling.solver.start import begin

    m = begin(smallest(), 0)
    run(m, np.full(len(STEPS), 1024), 1, 1.0, 4)
    recall(m, 0)


def smallest() -> Instance:
    """One day, one room, one theatre, one nurse and one patient."""
    stay = {"gender": "A", "age_group": "adult", "length_of_stay": 1, "workload_produced": [1, 1, 1]}
    stay |= {"id": "p0", "skill_level_required": [0, 0, 0], "mandatory": True, "surgery_release_day": 0}
    stay |= {"surgery_due_day": 0, "surgery_duration": 30, "surgeon_id": "s0", "incompatible_room_ids": []}
    shifts = ("early", "late", "night")
    on_duty = [{"day": 0, "shift": shift, "max_load": 5} for shift in shifts]
    return Instance.model_validate(
        {
            "days": 1,
            "skill_levels": 1,
            "shift_types": shifts,
            "age_groups": ("adult",),
            "weights": dict.fromkeys(Weights.model_fields, 1),
            "occupants": [],
            "patients": [stay],
            "surgeons": [{"id": "s0", "max_surgery_time": [60]}],
            "operating_theaters": [{"id": "t0", "availability": [60]}],
            "rooms": [{"id": "r0", "capacity": 1}],
            "nurses": [{"id": "n0", "skill_level": 0, "working_shifts": on_duty}],
        }
    )


if __name__ == "__main__":
    compile_features()
    compile_search()
