"""Learn the shipped weights of the daily forecast from a long history of many locations.

Holidays: log beds, all locations together, are a smooth course (Hodrick-Prescott penalty) plus weekdays plus
an effect for each day of `EFFECTS`, solved at once. Moves: one ridge regression a horizon, pooled over
locations and days, reweighted towards least absolute error (that is the error that is reported).
"""

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.holidays import holiday_days
from ray_jobs.beds.moves import FEATURES, LOOKS_BACK, WEEK, calendar, describe
from ray_jobs.beds.shipped import HORIZON, Weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ray_jobs.beds.history import History

    Floats = NDArray[np.float64]

SMOOTHNESS = 3e4
HOLIDAY_RIDGE = 0.5
MOVE_RIDGE = 16.0
HALF_LIFE_DAYS = 1500.0
REWEIGHTED = 3
SHORTEST_DAYS = 2 * 366
SETTLED_DAYS = 60
"""Days at the start that only feed weekday profiles and means."""


def train(history: "History", each: "Callable[[], None]" = lambda: None) -> Weights:
    """Weights from this history; `each` marks progress, 28 times. Raises ValueError for less than two years."""
    if history.occupied.shape[1] < SHORTEST_DAYS:
        msg = f"{history.occupied.shape[1]} days are too few to learn holidays from: give two years or more"
        raise ValueError(msg)
    holiday = learn_holidays(history)
    days = history.occupied.shape[1]
    effect = holiday_days(history.first, days) @ holiday
    calm = history.occupied / np.exp(effect)
    known = describe(calm, history.first.weekday())
    scale = np.append(known.state[:, LOOKS_BACK:].std(axis=(0, 1)) + 1e-9, _calendar_scale())
    move = np.empty((HORIZON, len(FEATURES)))
    for ahead in range(1, HORIZON + 1):
        origins = np.arange(LOOKS_BACK + SETTLED_DAYS, days - ahead)
        then = calendar(history.first, origins, ahead, effect)
        x = np.concatenate([known.state[:, origins], np.broadcast_to(then, (len(calm), *then.shape))], axis=-1) / scale
        of_week = (history.first.weekday() + origins + ahead) % WEEK
        usual = known.base[:, origins] + known.weekday[:, origins, of_week]
        y = calm[:, origins + ahead] / known.level[:, origins] - usual
        weight = known.level[:, origins] / known.level[:, origins].mean(axis=0)
        weight = weight * 0.5 ** ((days - origins) / HALF_LIFE_DAYS)
        move[ahead - 1] = _least_absolute(x.reshape(-1, len(FEATURES)), y.reshape(-1), weight.reshape(-1))
        each()
    told = sha256(history.occupied.tobytes()).hexdigest()[:8]
    return Weights(holiday, scale, move, f"2.0+{told}")


def learn_holidays(history: "History") -> "Floats":
    """Log effect [effects] of each holiday's days; an effect that the history never shows is 0."""
    from scipy.linalg import solveh_banded

    beds = np.maximum(history.occupied, 1.0)
    share = np.sqrt(beds.mean(axis=1))
    course = (share / share.sum()) @ np.log(beds)
    days = len(course)
    shown = holiday_days(history.first, days)
    of_week = np.eye(WEEK)[(history.first.weekday() + np.arange(days)) % WEEK]
    weekday = of_week[:, :-1] - of_week[:, -1:]
    design = np.concatenate([shown, weekday], axis=1)
    rough = design - solveh_banded(_smoother(days), design)
    ridge = HOLIDAY_RIDGE * np.eye(design.shape[1])
    solved: Floats = np.linalg.solve(design.T @ rough + ridge, rough.T @ course)
    return solved[: shown.shape[1]]


def _smoother(days: int) -> "Floats":
    """Upper bands [3, days] of 1 + SMOOTHNESS x (second differences)' (second differences)."""
    bands = np.zeros((3, days))
    for step, weights in ((0, (1.0, 4.0, 1.0)), (1, (-2.0, -2.0)), (2, (1.0,))):
        for offset, weight in enumerate(weights):
            bands[2 - step, step + offset : days - 2 + step + offset] += weight
    bands *= SMOOTHNESS
    bands[2] += 1.0
    return bands


def _calendar_scale() -> "Floats":
    """Waves and the constant as they are; holidays in thirtieths: hardly shrunk."""
    return np.array([1.0, 1.0, 1.0, 1.0, 1 / 30, 1 / 30, 1.0])


def _least_absolute(x: "Floats", y: "Floats", weight: "Floats") -> "Floats":
    """Ridge coefficients by iteratively reweighted least squares; errors below half the median count as that."""
    penalty = MOVE_RIDGE * np.eye(x.shape[1])
    penalty[-1, -1] = 1e-3
    now = weight
    for _ in range(REWEIGHTED + 1):
        of_x = (x * now[:, None]).T
        solved: Floats = np.asarray(np.linalg.solve(of_x @ x + penalty, of_x @ y), dtype=np.float64)
        error = np.abs(y - x @ solved)
        middle = float(np.median(error)) + 1e-12
        now = weight * middle / np.maximum(error, middle / 2.0)
    return solved
