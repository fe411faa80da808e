"""Which step of the advice a patient's score or band asks for, or the words why none applies; no I/O.

Age, pregnancy and care limits decide before the level does: advice for others than it was written for is no advice.
"""

from dataclasses import dataclass
from typing import Final, Literal

from services.console.advice.guideline import Advice, Level, Limit, Step

NO_ESCALATION: Final[Limit] = "no_escalation"
CareLimit = Literal["full", "no_escalation", "palliative", "comfort"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether advice applies to a patient; `age_years` None is unknown and taken as adult."""

    age_years: int | None
    care_limit: CareLimit
    pregnant: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked at a level, or in `instead` why the advice does not apply. `note` limits what is asked."""

    label: str
    level: Level | None
    step: Step | None
    instead: str = ""
    note: str = ""


def asked(advice: Advice, subject: str, level: Level, situation: Situation) -> Asked | None:
    """The step for a subject's level; None when the file has no such subject, or no words for the level."""
    found = advice.subjects.get(subject)
    if found is None:
        return None
    if situation.age_years is not None and situation.age_years < found.min_age:
        return Asked(found.label, None, None, found.too_young)
    if situation.pregnant:
        return Asked(found.label, None, None, found.pregnant)
    limit = situation.care_limit
    if limit in ("palliative", "comfort"):
        return Asked(found.label, level, None, advice.care_limits[limit])
    step = found.levels.get(level)
    if step is None:
        return None
    return Asked(found.label, level, step, note=advice.care_limits[NO_ESCALATION] if limit == NO_ESCALATION else "")
