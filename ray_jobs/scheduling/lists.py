"""The order of operations in each theatre list: a start for every admission of a timetable, no surgeon in two places.

The integrated problem knows minutes a day only. Here each theatre takes next whichever operation can begin first;
among those, the one that stood earlier in the list before, then the surgeon with most to do, then the longer one.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ray_jobs.scheduling.occupancy import Where

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ray_jobs.scheduling.ihtp import Patient


def starts(
    patients: Mapping[str, Patient],
    planned: Mapping[str, Where],
    *,
    rank: Mapping[str, int] | None = None,
    first: Collection[str] = (),
    held: Mapping[str, int] | None = None,
    earliest: Mapping[int, int] | None = None,
) -> dict[str, int]:
    """Minutes from the list's begin at which each patient's operation starts.

    `rank` is an order to be kept where possible (lower is earlier), `first` who goes before all others. `held` starts
    are not moved, and nobody is put between them; `earliest` is the first minute of a day at which others may start.
    """
    days: dict[int, dict[str, list[Patient]]] = defaultdict(lambda: defaultdict(list))
    for identity, where in planned.items():
        days[where.day][where.theatre].append(patients[identity])
    found: dict[str, int] = {}
    for day, lists in days.items():
        found |= _day(lists, rank or {}, first, held or {}, (earliest or {}).get(day, 0))
    return found


def _day(
    lists: Mapping[str, list[Patient]],
    rank: Mapping[str, int],
    first: Collection[str],
    held: Mapping[str, int],
    earliest: int,
) -> dict[str, int]:
    waiting = {theatre: [p for p in patients if p.id not in held] for theatre, patients in sorted(lists.items())}
    theatre_free = dict.fromkeys(waiting, earliest)
    surgeon_free: dict[str, int] = defaultdict(int)
    to_do: dict[str, int] = defaultdict(int)
    found: dict[str, int] = {}
    for theatre, patients in lists.items():
        for patient in patients:
            if patient.id in held:
                found[patient.id] = held[patient.id]
                end = held[patient.id] + patient.surgery_duration
                theatre_free[theatre] = max(theatre_free[theatre], end)
                surgeon_free[patient.surgeon_id] = max(surgeon_free[patient.surgeon_id], end)
            else:
                to_do[patient.surgeon_id] += patient.surgery_duration
    last = len(rank)
    while any(waiting.values()):
        theatre, patient = min(
            ((t, p) for t, patients in waiting.items() for p in patients),
            key=lambda one: (
                max(theatre_free[one[0]], surgeon_free[one[1].surgeon_id]),
                one[1].id not in first,
                rank.get(one[1].id, last),
                -to_do[one[1].surgeon_id],
                -one[1].surgery_duration,
                one[1].id,
            ),
        )
        begin = max(theatre_free[theatre], surgeon_free[patient.surgeon_id])
        found[patient.id] = begin
        theatre_free[theatre] = surgeon_free[patient.surgeon_id] = begin + patient.surgery_duration
        to_do[patient.surgeon_id] -= patient.surgery_duration
        waiting[theatre].remove(patient)
    return found
