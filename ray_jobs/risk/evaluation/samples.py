"""Scored patients that a model never saw: what every figure is computed from, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ray_jobs.risk.metrics import Flags, Floats, Hours
from ray_jobs.risk.stays import BadTableError

Ints = NDArray[np.int64]
Texts = NDArray[np.str_]

# Ages are whole years: up to 44, 45 to 64, 65 to 79, 80 and over.
AGE_BANDS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"18-44": (18, 44), "45-64": (45, 64), "65-79": (65, 79), "80+": (80, np.inf)}
)


# Of fewer with the outcome, or without it, an area under a curve says nothing.
FEWEST_OF_A_KIND: Final = 10


class BadSampleError(BadTableError):
    """Figures cannot be computed from these forecasts; the message names the column, the row and what is wrong."""


@dataclass(frozen=True, slots=True)
class Hourly:
    """Forecasts of hours, each stay's together and in order; every array [n].

    alarm: the model's own hourly alarm; label: sepsis within 6 h or begun; age: whole years, NaN unknown; sex: female,
    male, unknown; unit: medical, surgical, unknown; hospital: a, b; fold: in which its patient was held out.
    """

    stay: Ints
    hour: Ints
    probability: Floats
    alarm: Flags
    label: Flags
    age: Floats
    sex: Texts
    unit: Texts
    hospital: Texts
    fold: Ints

    def __post_init__(self) -> None:
        """Raise BadSampleError for lengths that differ, no probabilities, or hours that are not in order."""
        _check(self)
        same = self.stay[1:] == self.stay[:-1]
        if np.any(same & (self.hour[1:] <= self.hour[:-1])):
            raise BadSampleError("hours of a stay are not in rising order")
        if len(np.unique(self.stay)) != 1 + np.count_nonzero(~same):
            raise BadSampleError("the rows of a stay are not together")

    @property
    def hours(self) -> Hours:
        """The same for `ray_jobs.risk.metrics`, stays numbered 0, 1, 2 … in order."""
        return Hours(self.patient, self.hour, self.probability, self.label)

    @property
    def patient(self) -> Ints:
        """Number of each row's patient, 0, 1, 2 … in order."""
        return np.cumsum(np.append(0, self.stay[1:] != self.stay[:-1])).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Once:
    """One forecast a stay; every array [n]. saps_i and sofa: the data's own scores, NaN or below 0 where unknown."""

    probability: Floats
    alarm: Flags
    label: Flags
    age: Floats
    sex: Texts
    unit: Texts
    fold: Ints
    saps_i: Floats | None = None
    sofa: Floats | None = None

    def __post_init__(self) -> None:
        """Raise BadSampleError for lengths that differ or no probabilities."""
        _check(self)

    @property
    def patient(self) -> Ints:
        """Number of each row's patient: its own."""
        return np.arange(len(self.label), dtype=np.int64)

    @property
    def own_scores(self) -> dict[str, Floats]:
        """The scores that came with the data, NaN where unknown."""
        given = {"saps_i": self.saps_i, "sofa": self.sofa}
        return {name: np.where(score < 0, np.nan, score) for name, score in given.items() if score is not None}


Sample = Hourly | Once


def part(sample: Hourly, chosen: Flags) -> Hourly:
    """The chosen rows."""
    return Hourly(**{field.name: getattr(sample, field.name)[chosen] for field in fields(sample)})


def groups(sample: Sample) -> dict[str, dict[str, Flags]]:
    """Rows [n] of each subgroup that anyone is in: by sex, age band, unit and, where known, hospital."""
    split: dict[str, dict[str, Flags]] = {
        "sex": _values(sample.sex),
        "age": {name: (sample.age >= low) & (sample.age <= high) for name, (low, high) in AGE_BANDS.items()},
        "unit": _values(sample.unit),
    }
    if isinstance(sample, Hourly):
        split["hospital"] = _values(sample.hospital)
    return {by: {name: rows for name, rows in found.items() if rows.any()} for by, found in split.items()}


def tells(label: Flags, patient: Ints) -> bool:
    """Whether rows [n] hold enough patients with the outcome and enough without for figures of their own."""
    ill = np.unique(patient[label])
    return len(ill) >= FEWEST_OF_A_KIND and len(np.setdiff1d(patient, ill)) >= FEWEST_OF_A_KIND


def _values(column: Texts) -> dict[str, Flags]:
    return {str(value): column == value for value in np.unique(column)}


def _check(sample: Sample) -> None:
    n = len(sample.label)
    for field in fields(sample):
        column = getattr(sample, field.name)
        if column is not None and np.shape(column) != (n,):
            message = f"column {field.name} has shape {np.shape(column)}, label has ({n},)"
            raise BadSampleError(message)
    wrong = ~((sample.probability >= 0) & (sample.probability <= 1))
    if wrong.any():
        at = int(np.argmax(wrong))
        message = f"row {at}: probability is {sample.probability[at]}, wanted a number from 0 to 1"
        raise BadSampleError(message)
    if sample.label.dtype != np.bool_ or sample.alarm.dtype != np.bool_:
        raise BadSampleError("label and alarm must be true or false")
    if sample.label.all() or not sample.label.any():
        message = f"all {n} rows have the same label: nothing can be told apart"
        raise BadSampleError(message)
