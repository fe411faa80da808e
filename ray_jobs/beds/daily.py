"""The daily forecast of occupied beds from history alone: one regression a horizon, shared by all locations.

Each series is scaled by its own level and rid of its weekdays; what then remains to be forecast is how
far it moves from its last weekly mean. That is regressed (ridge, pooled) on how the week stands to the
last 2, 4, 8 and 26 weeks, here and over all locations, and on holidays at the target day. Quantiles are
the regression's own past errors at that horizon, pooled in shape and scaled for each location.
Chosen against AutoETS and naive by rolling origins: `wardwatch beds evaluate`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.holidays import holiday_features
from ray_jobs.beds.levels import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ray_jobs.beds.history import History

WINDOW_DAYS = 730
"""How far back the regression looks: two winters, where the history has them."""
SHORTEST_DAYS = 70
"""Less history than this is forecast by its last week and its own past steps."""
WEEK, RECENT, YEAR_HALF = 7, 28, 182
WEEKDAY_HALF_LIFE_DAYS = 90.0
WEEKDAY_SHRINKAGE = 4.0
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class DailyForecast:
    """Occupied beds for the days after the origin: mean [locations, H] and quantiles [locations, H, 23]."""

    origin: date
    mean: "NDArray[np.float64]"
    quantiles: "NDArray[np.float64]"


def forecast_daily(history: "History", horizon: int) -> DailyForecast:
    """Forecast the `horizon` days (1 to 366) after the last day of the history; raises ValueError outside that."""
    most = 366
    if not 1 <= horizon <= most:
        msg = f"horizon must be 1 to {most} days, not {horizon}"
        raise ValueError(msg)
    beds = history.occupied[:, -WINDOW_DAYS:]
    days = beds.shape[1]
    if days < max(SHORTEST_DAYS, RECENT + 2 * horizon):
        return _from_last_week(history, horizon)
    level = np.maximum(beds[:, -RECENT:].mean(axis=1), 1.0)
    start = history.last - timedelta(days=days - 1)
    weekday = (start.weekday() + np.arange(days + horizon)) % WEEK
    scaled = beds / level[:, None]
    profile = _weekday_profile(scaled, weekday[:days])
    calm = scaled - profile[:, weekday[:days]]
    holiday = holiday_features(start, days + horizon)
    features, base = _features(calm, level)
    first, scale = RECENT, features[:, RECENT:].reshape(-1, features.shape[-1]).std(axis=0) + 1e-9
    weight = np.sqrt(level / level.mean())
    mean = np.empty((len(beds), horizon))
    quantiles = np.empty((len(beds), horizon, len(LEVELS)))
    for h in range(1, horizon + 1):
        from_days = np.arange(first, days - h)
        known = _design(features[:, from_days] / scale, holiday[from_days], holiday[from_days + h])
        moved = calm[:, from_days + h] - base[:, from_days]
        coefficients = _ridge(known, moved, weight)
        errors = moved - known @ coefficients
        now = _design(features[:, -1:] / scale, holiday[days - 1 : days], holiday[days - 1 + h : days + h])
        centre = base[:, -1] + (now @ coefficients)[:, 0] + profile[:, weekday[days - 1 + h]]
        mean[:, h - 1] = level * centre
        quantiles[:, h - 1] = level[:, None] * (centre[:, None] + _spread(errors))
    return DailyForecast(history.last, np.maximum(mean, 0.0), np.maximum(quantiles, 0.0))


def _weekday_profile(scaled: "NDArray[np.float64]", weekday: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Each location's deviation [locations, 7] from its centred weekly mean, newer weeks weighing more."""
    half = WEEK // 2
    sums = np.cumsum(np.pad(scaled, ((0, 0), (1, 0))), axis=1)
    deviation = scaled[:, half:-half] - (sums[:, WEEK:] - sums[:, :-WEEK]) / WEEK
    weight = 0.5 ** (np.arange(deviation.shape[1])[::-1] / WEEKDAY_HALF_LIFE_DAYS)
    of_day = np.equal.outer(np.arange(WEEK), weekday[half:-half]) * weight
    own, total = deviation @ of_day.T, of_day.sum(axis=1)
    pooled = own.mean(axis=0) / total
    profile = (own + WEEKDAY_SHRINKAGE * pooled) / (total + WEEKDAY_SHRINKAGE)
    centred: NDArray[np.float64] = profile - profile.mean(axis=1, keepdims=True)
    return centred


def _features(
    calm: "NDArray[np.float64]", level: "NDArray[np.float64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """How each day's last week stands to before it [locations, days, 10], and that week's mean [locations, days]."""
    days = calm.shape[1]
    sums = np.cumsum(np.pad(calm, ((0, 0), (1, 0))), axis=1)

    def mean_of_last(n: int) -> "NDArray[np.float64]":
        begin = np.maximum(np.arange(1, days + 1) - n, 0)
        mean: NDArray[np.float64] = (sums[:, 1:] - sums[:, begin]) / (np.arange(1, days + 1) - begin)
        return mean

    base = mean_of_last(WEEK)
    own = [calm - base, mean_of_last(3) - base, *(base - mean_of_last(n) for n in (14, RECENT, 56, YEAR_HALF))]
    share = level / level.sum()
    everywhere = [np.broadcast_to(share @ own[i], base.shape) for i in (0, 2, 3, 4)]
    return np.stack([*own, *everywhere], axis=-1), base


def _design(
    features: "NDArray[np.float64]", then: "NDArray[np.float64]", target: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    calendar = np.concatenate([target, then[:, -1:]], axis=1)
    return np.concatenate([features, np.broadcast_to(calendar, (len(features), *calendar.shape))], axis=-1)


def _ridge(
    known: "NDArray[np.float64]", moved: "NDArray[np.float64]", weight: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """Coefficients [features]; larger locations weigh more, since the error that matters is counted in beds."""
    x = (known * weight[:, None, None]).reshape(-1, known.shape[-1])
    y = (moved * weight[:, None]).reshape(-1)
    penalty = RIDGE * len(weight) * np.eye(x.shape[1])
    coefficients: NDArray[np.float64] = np.asarray(np.linalg.solve(x.T @ x + penalty, x.T @ y), dtype=np.float64)
    return coefficients


def _spread(errors: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Quantiles [locations, 23] of the errors [locations, days]: the pooled shape at each location's own scale."""
    own = np.sqrt((errors**2).mean(axis=1)) + 1e-9
    spread: NDArray[np.float64] = own[:, None] * np.quantile(errors / own[:, None], LEVELS)
    return spread


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
    spread = (one * widening)[:, :, None] * shape
    return DailyForecast(history.last, mean, np.maximum(mean[:, :, None] + spread, 0.0))
