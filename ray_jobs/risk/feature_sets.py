"""The feature sets a risk model can be made for: names and hash without compiling, rows on first use.

A row is a function of the two grids up to an hour and of what does not change in a stay (design, rule 7).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ray_jobs.risk import course_names, names
from ray_jobs.risk.grid import Grid, static_vector

Vector = NDArray[np.float64]
Unit = Literal["medical", "surgical", "coronary", "cardiac_surgical"]
CARDIAC: Final = frozenset({"coronary", "cardiac_surgical"})
MEDICAL: Final = frozenset({"medical", "coronary"})


@dataclass(frozen=True, slots=True)
class Person:
    """What does not change in a stay; None where unknown. `hospital_admission_hours` is negative before the unit's."""

    age_years: float | None = None
    sex: Literal["female", "male"] | None = None
    unit: Unit | None = None
    hospital_admission_hours: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Features in order and the function that computes a row of them.

    `row(grid, extra, person, t)`: features float64 [len(features)] at row t of a grid float64 [hours, 34] and an extra
    grid float64 [hours, 11], both contiguous (`ray_jobs.risk.grid`).
    """

    name: str
    features: tuple[str, ...]
    sha: str
    row: Callable[[Grid, Grid, Person, int], Vector]


def _sepsis_row(grid: Grid, _extra: Grid, person: Person, t: int) -> Vector:
    from ray_jobs.risk.features import features_row

    return features_row(grid, sepsis_static(person), t)


def _course_row(grid: Grid, extra: Grid, person: Person, t: int) -> Vector:
    from ray_jobs.risk.course_features import course_row

    return course_row(grid, extra, course_static(person), t)


def sepsis_static(person: Person) -> Vector:
    """The static vector of the set "sepsis" (`grid.STATIC_NAMES`): it knows medical and surgical units only."""
    unit: Literal["medical", "surgical"] | None = None
    if person.unit is not None:
        unit = "medical" if person.unit in MEDICAL else "surgical"
    return static_vector(person.age_years, person.sex, unit, person.hospital_admission_hours)


def course_static(person: Person) -> Vector:
    """The static vector of the set "course" (`course_names.STATIC`), NaN where unknown. sex: 0 female, 1 male."""
    nan, unit = math.nan, person.unit
    return np.array(
        [
            nan if person.age_years is None else math.floor(person.age_years),
            nan if person.sex is None else float(person.sex == "male"),
            nan if unit is None else float(unit in MEDICAL),
            nan if unit is None else float(unit not in MEDICAL),
            nan if unit is None else float(unit in CARDIAC),
        ]
    )


FEATURE_SETS: Final[Mapping[str, FeatureSet]] = MappingProxyType(
    {
        "sepsis": FeatureSet("sepsis", names.FEATURES, names.features_sha(), _sepsis_row),
        "course": FeatureSet("course", course_names.FEATURES, course_names.features_sha(), _course_row),
    }
)
