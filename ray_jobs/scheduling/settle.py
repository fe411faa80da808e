"""A repaired plan with fewer changes at no higher price: what the search moved without need goes back.

First whole theatre lists of a day are given back the theatre that most of their patients had (Kuhn-Munkres), then each
patient who may stay where the plan before had them, and whose staying costs no more than the change does, stays.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from ray_jobs.scheduling.check import check_timetable
from ray_jobs.scheduling.edits import Edit
from ray_jobs.scheduling.occupancy import Where, occupancy
from ray_jobs.scheduling.why_not import weigh

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ray_jobs.scheduling.ihtp import Instance, PatientDecision, Solution

IMPOSSIBLE = 1e6


def settled(
    instance: Instance, before: Mapping[str, Where], solution: Solution, price: int, fixed: Collection[str] = ()
) -> Solution:
    """The plan with needless changes taken back; `price` is that of one changed day, `fixed` patients stay as they are.

    Breaks no rule that the plan keeps, and costs no more, changes counted.
    """
    known = {p.id for p in instance.patients}
    before = {p: where for p, where in before.items() if p in known}
    solution = _theatres_back(instance, before, solution, fixed)
    report: Mapping[str, int] = check_timetable(instance, solution)
    used = occupancy(instance, solution)
    for patient in sorted(before):
        now, old = used.planned.get(patient), before[patient]
        if now is None or now == old or patient in fixed:
            continue
        verdict = weigh(instance, solution, Edit(patient, old.day, old.theatre, old.room), report=report, used=used)
        if verdict.allowed and verdict.extra < _saved(now, old, price):
            solution, report = verdict.solution, verdict.report
            used = occupancy(instance, solution)
    return solution


def _saved(now: Where, old: Where, price: int) -> int:
    """What taking this change back saves, as the search prices it."""
    return price * (now.day != old.day) + price // 2 * ((now.room != old.room) + (now.theatre != old.theatre))


def _theatres_back(
    instance: Instance, before: Mapping[str, Where], solution: Solution, fixed: Collection[str]
) -> Solution:
    """Lists of equal days exchange theatres, as whole lists, so that most patients keep theirs."""
    durations = {p.id: p.surgery_duration for p in instance.patients}
    days: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in solution.patients:
        if one.admission_day != "none" and one.operating_theater is not None:
            days[one.admission_day][one.operating_theater].append(one.id)
    theatres = instance.operating_theaters
    to: dict[str, str] = {}
    for day, lists in sorted(days.items()):
        names = sorted(lists)
        gain = np.zeros((len(names), len(theatres)))
        for i, name in enumerate(names):
            minutes = sum(durations[p] for p in lists[name])
            for j, theatre in enumerate(theatres):
                if minutes > theatre.availability[day] or (theatre.id != name and any(p in fixed for p in lists[name])):
                    gain[i, j] = -IMPOSSIBLE
                else:
                    had = sum(
                        p in before and (before[p].day, before[p].theatre) == (day, theatre.id) for p in lists[name]
                    )
                    gain[i, j] = had + (theatre.id == name) / 2
        rows, columns = linear_sum_assignment(-gain)
        if gain[rows, columns].min() <= -IMPOSSIBLE:
            continue
        for i, j in zip(rows, columns, strict=True):
            to |= dict.fromkeys(lists[names[i]], theatres[j].id)
    patients = tuple(_in(one, to.get(one.id)) for one in solution.patients)
    return solution.model_copy(update={"patients": patients})


def _in(decision: PatientDecision, theatre: str | None) -> PatientDecision:
    return decision if theatre is None else decision.model_copy(update={"operating_theater": theatre})
