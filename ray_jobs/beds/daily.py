"""The daily forecast of occupied beds from history alone: one regression a horizon, shared by all locations.

Each series is freed of holidays and weekdays; what then remains to be forecast is how far it moves from its
last weekly mean. That is regressed on how the last days stand to the weeks before, here and over all
locations, on the season and on holidays. The regression that many locations taught (`shipped`) is the prior of
a ridge regression on this history, so a long history of its own outweighs it. Quantiles are the regression's
past errors at that horizon: pooled in shape, scaled for each location, newer ones weighing more.
Chosen against AutoETS and naive by rolling origins: `wardwatch beds evaluate`, docs/benchmarks/beds.md.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.holidays import holiday_days
from ray_jobs.beds.levels import LEVELS
from ray_jobs.beds.moves import FEATURES, LOOKS_BACK, WEEK, Described, calendar, describe
from ray_jobs.beds.shipped import HORIZON, Weights, shipped
from ray_jobs.beds.spread import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ray_jobs.beds.history import History

    Floats = NDArray[np.float64]

WINDOW_DAYS = 730
"""How far back the regression looks: two winters, where the history has them."""
SHORTEST_DAYS = 70
"""Less history than this is forecast by its last week and its own past steps."""
PRIOR_DAYS = 2000.0
"""The shipped regression counts as much as this many days of every location."""
HOLIDAY_PRIOR = 0.01
"""Strength of the belief that holidays have the shipped effect, as a sum of squared logs: some sixty days at 1.3 %."""


@dataclass(frozen=True, slots=True)
class DailyForecast:
    """Occupied beds for the days after the origin: mean [locations, H] and quantiles [locations, H, 23]."""

    origin: date
    mean: "Floats"
    quantiles: "Floats"


def forecast_daily(history: "History", horizon: int, weights: Weights | None = None) -> DailyForecast:
    """Forecast the `horizon` days (1 to 366) after the last day of the history; raises ValueError outside that."""
    most = 366
    if not 1 <= horizon <= most:
        msg = f"horizon must be 1 to {most} days, not {horizon}"
        raise ValueError(msg)
    beds = history.occupied[:, -WINDOW_DAYS:]
    days = beds.shape[1]
    if days < max(SHORTEST_DAYS, LOOKS_BACK // 2 + 2 * horizon):
        return _from_last_week(history, horizon)
    weights = weights or shipped()
    first = history.last - timedelta(days=days - 1)
    holiday = holiday_days(first, days + horizon) @ weights.holiday
    holiday *= _kept_here(beds, holiday[:days])
    calm = beds / np.exp(holiday[:days])
    known = describe(calm, first.weekday())
    mean = np.empty((len(beds), horizon))
    quantiles = np.empty((len(beds), horizon, len(LEVELS)))
    for ahead in range(1, horizon + 1):
        origins = np.arange(min(LOOKS_BACK, days // 2 - ahead // 2), days - ahead)
        asked = np.append(origins, days - 1)
        x = _design(known, calendar(first, asked, ahead, holiday), asked) / weights.scale
        of_week = (first.weekday() + asked + ahead) % WEEK
        usual = known.base[:, asked] + known.weekday[:, asked, of_week]
        moved = calm[:, origins + ahead] / known.level[:, origins] - usual[:, :-1]
        prior = weights.move[min(ahead, HORIZON) - 1]
        centre = usual + x @ _posterior(x[:, :-1], moved, known.level[:, -1], prior)
        there = (known.level[:, asked] * np.exp(holiday[asked + ahead]))[:, :, None]
        errors = moved + usual[:, :-1] - centre[:, :-1]
        mean[:, ahead - 1] = there[:, -1, 0] * centre[:, -1]
        quantiles[:, ahead - 1] = there[:, -1] * (centre[:, -1:] + spread(errors, known.level[:, -1]))
    return DailyForecast(history.last, np.maximum(mean, 0.0), np.maximum(quantiles, 0.0))


def _kept_here(beds: "Floats", holiday: "Floats") -> float:
    """How far this history follows the shipped holidays: 1 as there, 0 not at all (ridge towards 1, within 0 to 2)."""
    course = np.log(np.maximum(beds.sum(axis=0), 1.0))
    rough, shown = (series - _smooth(series) for series in (course, holiday))
    share = float((rough @ shown + HOLIDAY_PRIOR) / (shown @ shown + HOLIDAY_PRIOR))
    return min(max(share, 0.0), 2.0)


def _smooth(series: "Floats") -> "Floats":
    """Mean of the five weeks around each day, without edges: whole weeks leave no weekday in it."""
    width = 5 * WEEK
    padded = np.pad(series, width // 2, mode="edge")
    smooth: Floats = np.convolve(padded, np.full(width, 1.0 / width), mode="valid")
    return smooth


def _design(known: Described, then: "Floats", days: "NDArray[np.int64]") -> "Floats":
    state = known.state[:, days]
    return np.concatenate([state, np.broadcast_to(then, (len(state), *then.shape))], axis=-1)


def _posterior(x: "Floats", moved: "Floats", level: "Floats", prior: "Floats") -> "Floats":
    """Coefficients [features]: the prior, corrected by ridge on this history; larger locations weigh more."""
    weight = (level / level.mean())[:, None, None]
    of_x = (x * weight).reshape(-1, len(FEATURES)).T
    left = (moved - x @ prior).reshape(-1)
    flat = x.reshape(-1, len(FEATURES))
    penalty = PRIOR_DAYS * len(level) * np.diag((flat**2).mean(axis=0) + 1e-6)
    corrected: Floats = prior + np.linalg.solve(of_x @ flat + penalty, of_x @ left)
    return corrected


def _from_last_week(history: "History", horizon: int) -> DailyForecast:
    """For a short history: the same weekday of the last week, with past steps of the same length as spread."""
    beds = history.occupied
    season = WEEK if beds.shape[1] >= 2 * WEEK else 1
    last = beds[:, -season:]
    mean = last[:, np.arange(horizon) % season]
    steps = beds[:, season:] - beds[:, :-season] if beds.shape[1] > season else np.zeros((len(beds), 1))
    one = np.sqrt((steps**2).mean(axis=1) + mean.mean(axis=1))[:, None]
    widening = np.sqrt(np.arange(horizon) // season + 1.0)
    shape = np.quantile(np.append(steps / np.maximum(one, 1.0), [-1.0, 1.0]), LEVELS)
    around = (one * widening)[:, :, None] * shape
    return DailyForecast(history.last, mean, np.maximum(mean[:, :, None] + around, 0.0))
