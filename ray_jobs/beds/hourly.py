"""Arrivals by the hour: the model of arrivals that the ward forecasts use, measured against seasonal naive and AutoETS.

A level times a factor for the hour of the day times one for the day of the week, learnt from the last weeks
(`stay.learn_arrivals`); counts vary around it as a negative binomial whose spread the same weeks teach.
"""

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.levels import LEVELS, weighted_interval_score
from ray_jobs.beds.stay import DAY, WEEK, Prior, learn_arrivals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEARN_WEEKS = 26
LEVEL_WEEKS = 6
ETS_WEEKS = 4
HORIZON = 72
METHODS = ("wardwatch", "seasonal naive", "AutoETS", "MSTL with AutoETS")


@dataclass(frozen=True, slots=True)
class HourlyScore:
    """One method over `origins`: mean absolute error of the point forecast, and interval score (None: no quantiles)."""

    method: str
    origins: int
    mae: float
    wis: float | None


def read_arrivals(path: Path) -> tuple[datetime, "Floats"]:
    """First hour and arrivals [hours] of a file with Year, Month, Day, Hour, Arrivals; raises OSError, ValueError."""
    seen: dict[datetime, float] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                year, month, day, hour = (int(float(row[c])) for c in ("Year", "Month", "Day", "Hour"))
                seen[datetime(year, month, day, hour)] = float(row["Arrivals"])  # noqa: DTZ001 - local time of the file
            except (KeyError, ValueError) as e:
                msg = f"{path.name}: a row is not an hour of arrivals: {e}"
                raise ValueError(msg) from e
    if not seen:
        msg = f"{path.name}: no rows"
        raise ValueError(msg)
    first = min(seen)
    hours = int((max(seen) - first).total_seconds() // 3600) + 1
    counts = np.full(hours, np.nan)
    for at, count in seen.items():
        counts[int((at - first).total_seconds() // 3600)] = count
    for hour in map(int, np.flatnonzero(np.isnan(counts))):
        counts[hour] = counts[hour - WEEK] if hour >= WEEK else 0.0
    return first, counts


def forecast_arrivals(first: datetime, counts: "Floats", horizon: int) -> "tuple[Floats, Floats]":
    """Mean [H] and quantiles [H, 23] of arrivals in the hours after the counts, the first of which began at `first`."""
    past = counts[-LEARN_WEEKS * WEEK :]
    begin = int((first - datetime(2000, 1, 1)) / timedelta(hours=1)) + len(counts) - len(past)  # noqa: DTZ001 - as the file
    came = np.repeat(begin + np.arange(len(past)) + 0.5, past.astype(int))
    arrivals = learn_arrivals(list(came), begin, begin + len(past), Prior(arrivals_an_hour=float(past.mean())))
    expected = past.mean() * arrivals.profile[(begin + np.arange(len(past) + horizon)) % WEEK]
    recent = slice(len(past) - LEVEL_WEEKS * WEEK, len(past))
    level = past[recent].sum() / max(expected[recent].sum(), 1e-9)
    known, mean = expected[: len(past)], level * expected[len(past) :]
    over = float(((past - known) ** 2 - known).sum() / (known**2).sum())
    return mean, _counted(mean, 1.0 / max(over, 1e-4))


def _counted(mean: "Floats", shape: float) -> "Floats":
    """Quantiles [H, 23] of negative binomials with these means."""
    from ray_jobs.beds.ward import negative_binomial

    below = np.cumsum(negative_binomial(shape, mean), axis=1)
    quantiles: Floats = np.stack([(below < level - 1e-12).sum(axis=1) for level in LEVELS], axis=1).astype(np.float64)
    return quantiles


def evaluate_arrivals(
    first: datetime, counts: "Floats", origins: Sequence[int], methods: Sequence[str], each: Callable[[], None]
) -> list[HourlyScore]:
    """Every method from the same origins (hours from `first`), 72 hours ahead; `each` marks progress."""
    found = []
    for method in methods:
        errors, scores = [], []
        for origin in origins:
            past, came = counts[:origin], counts[origin : origin + HORIZON]
            if method == "wardwatch":
                mean, quantiles = forecast_arrivals(first, past, HORIZON)
                scores.append(weighted_interval_score(quantiles, came).mean())
            else:
                mean = _rival(method, past)
            errors.append(np.abs(mean - came).mean())
            each()
        found.append(
            HourlyScore(method, len(errors), float(np.mean(errors)), float(np.mean(scores)) if scores else None)
        )
    return found


def _rival(method: str, past: "Floats") -> "Floats":
    """Seasonal naive: the same hour a week ago. AutoETS (season 24) and MSTL (24, 168) on the last four weeks."""
    if method == "seasonal naive":
        return past[-WEEK:][np.arange(HORIZON) % WEEK]
    from statsforecast.models import MSTL, AutoETS

    model = (
        AutoETS(season_length=DAY)
        if method == "AutoETS"
        else MSTL(season_length=[DAY, WEEK], trend_forecaster=AutoETS(model="ZZN"))
    )
    forecast: Floats = np.asarray(model.forecast(past[-ETS_WEEKS * WEEK :], HORIZON)["mean"], dtype=np.float64)
    return forecast
