"""How good the daily forecast is: rolling origins against naive and AutoETS, all given the same past.

AutoETS: statsforecast, season 7 (Hyndman and Khandakar 2008). Score: mean absolute error of the mean
forecast, weighted interval score, share of days inside the 80 % interval; horizons pooled from day 1.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.daily import forecast_daily
from ray_jobs.beds.history import History
from ray_jobs.beds.levels import LEVELS, covered_80, weighted_interval_score
from ray_jobs.beds.shipped import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

HORIZONS = (7, 14, 28)
WEEK = 7
Forecaster = Callable[[History, int], "tuple[NDArray[np.float64], NDArray[np.float64]]"]
"""History and horizon to mean [locations, H] and quantiles [locations, H, 23]."""


@dataclass(frozen=True, slots=True)
class Score:
    """One method over days 1 to `horizon`: errors in beds, `covered` [locations] of the 80 % interval."""

    method: str
    horizon: int
    mae: float
    wis: float
    covered: "NDArray[np.float64]"


def read_divi(path: Path) -> History:
    """Occupied adult intensive care beds of the German register (DIVI/RKI `bundesland` file), one row a state."""
    beds: dict[str, dict[date, float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["behandlungsgruppe"] == "Erwachsene":
                day = date.fromisoformat(row["datum"])
                beds.setdefault(row["bundesland_name"], {})[day] = float(row["intensivbetten_belegt"])
    first, last = min(min(d) for d in beds.values()), max(max(d) for d in beds.values())
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    names = tuple(sorted(beds))
    return History(first, names, np.array([[beds[name][day] for day in days] for name in names]))


def rolling_origins(history: History, horizon: int, *, every: int, count: int) -> list[date]:
    """The last `count` origins, `every` days apart, that leave a whole horizon to be compared with."""
    newest = history.last - timedelta(days=horizon)
    return [newest - timedelta(days=every * n) for n in range(count)][::-1]


def evaluate(
    history: History,
    origins: Sequence[date],
    methods: Mapping[str, Forecaster],
    window_days: int | None = 365,
    each: Callable[[], None] = lambda: None,
) -> list[Score]:
    """Scores of every method at horizons 7, 14 and 28; `window_days` cuts the past for all; `each` marks progress."""
    horizon = max(HORIZONS)
    scores = []
    for name, forecaster in methods.items():
        error, wis, covered = [], [], []
        for origin in origins:
            past = history.until(origin)
            if window_days is not None:
                past = past.after(max(past.first, origin - timedelta(days=window_days - 1)))
            begin = (origin - history.first).days + 1
            observed = history.occupied[:, begin : begin + horizon]
            mean, quantiles = forecaster(past, horizon)
            error.append(np.abs(mean - observed))
            wis.append(weighted_interval_score(quantiles, observed))
            covered.append(covered_80(quantiles, observed))
            each()
        errors, losses, inside = np.stack(error), np.stack(wis), np.stack(covered)
        scores += [
            Score(
                name,
                h,
                float(errors[:, :, :h].mean()),
                float(losses[:, :, :h].mean()),
                inside[:, :, :h].mean(axis=(0, 2)),
            )
            for h in HORIZONS
        ]
    return scores


def ours(history: History, horizon: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """The shipped forecast."""
    forecast = forecast_daily(history, horizon)
    return forecast.mean, forecast.quantiles


def ours_with(weights: Weights) -> Forecaster:
    """The forecast with other weights than the shipped: those that knew nothing of the days that are scored."""

    def forecaster(history: History, horizon: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        forecast = forecast_daily(history, horizon, weights)
        return forecast.mean, forecast.quantiles

    return forecaster


def naive(history: History, horizon: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """The last value, spread by the past changes over as many days."""
    beds = history.occupied
    mean = np.repeat(beds[:, -1:], horizon, axis=1)
    changes = (np.quantile(beds[:, h:] - beds[:, :-h], LEVELS, axis=1).T for h in range(1, horizon + 1))
    return mean, np.maximum(mean[:, :, None] + np.stack(list(changes), axis=1), 0.0)


def auto_ets(history: History, horizon: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """AutoETS of each location; needs statsforecast."""
    from statsforecast.models import AutoETS

    interval = [int(w) if w == int(w) else w for w in (round(100 * (1 - 2 * q), 1) for q in LEVELS[:11])]
    mean = np.empty((len(history.locations), horizon))
    quantiles = np.empty((*mean.shape, len(LEVELS)))
    for row, beds in enumerate(history.occupied):
        fitted = AutoETS(season_length=WEEK).fit(beds).predict(horizon, level=interval)
        mean[row] = fitted["mean"]
        below, above = ([fitted[f"{side}-{w}"] for w in interval] for side in ("lo", "hi"))
        quantiles[row] = np.stack([*below, fitted["mean"], *above[::-1]], axis=1)
    return mean, np.maximum(quantiles, 0.0)
