"""The strongest factors of a forecast as people read them: value, time, range, trend, and what changed.

A contribution is the forecast's log-odds minus those of the same patient without the factor (`ray_jobs.risk.factors`).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ray_jobs.risk.factors import factors
from ray_jobs.risk.feature_sets import Person
from schemas.codes import ANSWERS, MEASUREMENTS, reference
from schemas.events import Factor
from services.watch.chart import COLUMN, Sight
from services.watch.labels import label
from services.watch.times import instant

Vector = npt.NDArray[np.float64]
STRONGEST: Final = 8
FEWEST: Final = 2
"""Hourly values that make a trend."""


def reasons(
    feature_set: str,
    sight: Sight,
    person: Person,
    row: int,
    contributions: Vector,
    without: Vector,
    before: Sequence[float] | None,
) -> tuple[Factor, ...]:
    """The strongest factors first; never one that changed nothing. `before`: contributions of the explanation before.

    contributions and without are float64 [k], k the factors of the feature set.
    """
    names = factors(feature_set).names
    order = np.argsort(-np.abs(contributions), kind="stable")[:STRONGEST]
    return tuple(
        _factor(
            names[i], sight, person, row, float(contributions[i]), float(without[i]),
            None if before is None else float(contributions[i]) - before[i],
        )
        for i in order if contributions[i] != 0
    )  # fmt: skip


def _factor(
    name: str, sight: Sight, person: Person, row: int, contribution: float, without: float, change: float | None
) -> Factor:
    words = label(name, person)
    if name not in COLUMN:
        known = {"age": (person.age_years, "a"), "time": (float(row + 1), "h")}.get(name, (None, None))
        return Factor(
            feature=name, label=words, value=known[0], unit=known[1] if known[0] is not None else None,
            contribution=contribution, without=without, change=change,
        )  # fmt: skip
    newest, adult = sight.newest.get(name), reference(name)
    return Factor(
        feature=name, label=words, value=None if newest is None else newest.value, unit=MEASUREMENTS[name].unit,
        taken=None if newest is None else instant(newest.taken), low=adult.low, high=adult.high,
        trend_per_hour=None if name in ANSWERS else trend(sight.recent[:, COLUMN[name]]),
        contribution=contribution, without=without, change=change,
    )  # fmt: skip


def trend(values: Vector) -> float | None:
    """Least-squares slope per hour of hourly values float64 [h], NaN where nothing was measured."""
    hours = np.flatnonzero(np.isfinite(values)).astype(np.float64)
    if len(hours) < FEWEST:
        return None
    apart = hours - hours.mean()
    return float(apart @ values[hours.astype(np.intp)] / (apart @ apart))
