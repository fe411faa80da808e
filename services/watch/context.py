"""Where a patient is and what limits care, told when it changes to those who read no `clinical` topic."""

from datetime import date
from typing import Final

import orjson

from ray_jobs.risk.grid import age_years
from schemas.events import PatientContextChanged, Place
from schemas.ids import digest
from services.runtime.stage import Emit
from services.watch.state import PatientState

OLDEST: Final = 150
"""Beyond it, or below 0, a registered birth date is wrong and the age unknown; a stay must not fail because of it."""


def context(state: PatientState, cause: str) -> list[Emit]:
    """The context, if it is not what was told last. Growing older is not told by itself."""
    course, at = state.course, state.as_of
    stay = course.stay if course.merged_into is None else None
    encounter, place = (None, Place()) if stay is None else (stay.encounter, stay.place)
    said = [
        encounter, place.ward, place.room, place.bed, course.sex, course.born, course.care_limit, course.oxygen_scale,
        course.merged_into, course.sepsis_since,
        # Only where there are any: what was told before antibiotics were known of is not told again.
        *([course.treated_since, course.treated_last] if course.treated_last else []),
    ]  # fmt: skip
    told = orjson.dumps(said).decode()
    if told == state.told.context:
        return []
    state.told.context = told
    return [
        Emit(
            PatientContextChanged(
                id=digest("PatientContextChanged", state.site, state.patient, cause), site=state.site,
                patient=state.patient, known=at, as_of=at, encounter=encounter, open=stay is not None, place=place,
                sex=course.sex, age_years=_age(course.born, at.date()),
                care_limit=course.care_limit, oxygen_scale=course.oxygen_scale, merged_into=course.merged_into,
                sepsis_since=course.sepsis_since, treated_since=course.treated_since, treated_last=course.treated_last,
            )
        )
    ]  # fmt: skip


def _age(born: date | None, on: date) -> int | None:
    years = None if born is None else age_years(born, on)
    return years if years is not None and 0 <= years <= OLDEST else None
