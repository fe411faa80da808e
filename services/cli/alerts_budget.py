"""From what a model said on a ward and what became of it, to the threshold that keeps to so many alarms a nurse.

For each candidate threshold the persistence, hysteresis and silence of the ward's rule are played over every stay, and
the alarms are counted against the nurses' shifts. Each share is measured, with its uncertainty; nothing is assumed of
calibration.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from services.alerting.rules import Rule
from services.cli.alerts_measures import Share

SHIFT_HOURS: Final = 8
CANDIDATES: Final = 60


@dataclass(frozen=True, slots=True)
class Course:
    """One stay on the ward: times, probabilities and, where told, whether an alarm then would be right."""

    times: Sequence[datetime]
    probability: Sequence[float]
    right: Sequence[bool | None]
    outcome: bool | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the alarms are shared among: nurse-shifts, and how they were counted."""

    nurse_shifts: float
    counted: str


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold and what it means."""

    threshold: float
    alarms: int
    per_nurse_shift: float
    ppv: Share
    found: Share

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {
            "threshold": round(self.threshold, 6), "alarms": self.alarms,
            "alarms_per_nurse_shift": round(self.per_nurse_shift, 4), "ppv": self.ppv.as_json(),
            "found": self.found.as_json(),
        }  # fmt: skip


def curve(courses: Sequence[Course], rule: Rule, exposure: Exposure, *, floor: float) -> list[Point]:
    """The trade-off, from the lowest threshold to the highest. `floor`: the model's own, it alarms not below."""
    spoken = np.concatenate([np.asarray(c.probability, dtype=np.float64) for c in courses])
    above = spoken[spoken >= floor]
    levels = np.unique(np.quantile(above, np.linspace(0, 1, CANDIDATES))) if len(above) else above
    return [point(courses, rule, exposure, float(level)) for level in sorted({*levels.tolist(), floor, rule.amber})
            if level >= floor and level > 0]  # fmt: skip


def point(courses: Sequence[Course], rule: Rule, exposure: Exposure, threshold: float) -> Point:
    """What one threshold would have meant."""
    alarms = told = right = outcomes = found = 0
    for course in courses:
        raised = alarms_of(course, rule, threshold)
        alarms += len(raised)
        said = [course.right[n] for n in raised if course.right[n] is not None]
        told, right = told + len(said), right + sum(map(bool, said))
        outcomes += course.outcome is True
        found += course.outcome is True and any(said)
    return Point(threshold, alarms, alarms / exposure.nurse_shifts, Share(right, told), Share(found, outcomes))


def alarms_of(course: Course, rule: Rule, threshold: float) -> list[int]:
    """Which rows raise an alarm: the machine's rule (services.alerting.machine) with this as its amber level."""
    if not course.probability or max(course.probability) < threshold:
        return []
    resolve, red = resolve_at(rule, threshold), max(rule.red, threshold)
    recent: deque[bool] = deque(maxlen=rule.window)
    raised: list[int] = []
    standing, under, silent = False, 0, None
    for n, p in enumerate(course.probability):
        if standing:
            under = under + 1 if p <= resolve else 0
            if under >= rule.resolve_after:
                standing, silent = False, course.times[n] + rule.silence_after
                recent.clear()
            continue
        recent.append(p >= threshold)
        held = silent is not None and course.times[n] < silent and (p < red or rule.silence_holds_red)
        if p >= threshold and sum(recent) >= rule.raise_after and not held:
            raised.append(n)
            standing, under = True, 0
            recent.clear()
    return raised


def resolve_at(rule: Rule, threshold: float) -> float:
    """The recovery level that keeps the rule's ratio of recovery to amber."""
    return threshold * rule.resolve / rule.amber


def chosen(points: Sequence[Point], budget: float) -> Point | None:
    """The lowest threshold from which on every higher one keeps the budget; None where none does."""
    found: Point | None = None
    for one in sorted(points, key=lambda p: -p.threshold):
        if one.per_nurse_shift > budget:
            break
        found = one
    return found


def shifts(begin: datetime, end: datetime, nurses: float) -> Exposure:
    """So many nurses in every shift of a span."""
    count = (end - begin) / timedelta(hours=SHIFT_HOURS)
    return Exposure(count * nurses, f"{count:.1f} shifts of {SHIFT_HOURS} h with {nurses:g} nurses each")
