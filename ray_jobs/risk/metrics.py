"""How good a forecast is: discrimination, calibration and what its alarms are worth, each weighted by patient draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import expit, logit

from ray_jobs.risk.utility import LABEL_LEAD_HOURS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SILENCE_HOURS: Final = 24
TRUE_BEFORE_HOURS, TRUE_AFTER_HOURS = 3, 24
BED_DAYS_PER_ALARM: Final = 12
MAX_STEPS: Final = 50
SMALL_STEP: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Ranked:
    """Hours ranked by probability, highest first, with the last hour of each run of equal probabilities marked."""

    order: NDArray[np.int64]
    ends: NDArray[np.int64]

    @staticmethod
    def of(probability: Floats) -> Ranked:
        """Rank once, weigh often."""
        order = np.argsort(-probability, kind="stable")
        ranked = probability[order]
        return Ranked(order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.True_)))


def discrimination(ranked: Ranked, label: Flags, weight: Floats) -> tuple[float, float]:
    """Area under the ROC curve (ties count half) and average precision (sum of precision over steps of recall).

    Both are NaN without any labelled hour.
    """
    ranked_weight = weight[ranked.order]
    return areas(ranked_weight, ranked_weight * label[ranked.order], ranked.ends)


def areas(weight: Floats, hits: Floats, ends: NDArray[np.int64]) -> tuple[float, float]:
    """`discrimination` of hours ranked already: weight and labelled weight of each, last hour of each run of equals."""
    found, alarms = np.cumsum(hits)[ends], np.cumsum(weight)[ends]
    misses = alarms - found
    if found[-1] <= 0 or misses[-1] <= 0:
        return math.nan, math.nan
    recall, fall_out = np.append(0.0, found / found[-1]), np.append(0.0, misses / misses[-1])
    precision = np.divide(found, alarms, out=np.zeros_like(found), where=alarms > 0)
    return float(np.trapezoid(recall, fall_out)), float(np.sum(np.diff(recall) * precision))


def calibration_line(
    probability: Floats, label: Flags, weight: Floats | None = None, *, slope_deviation: float = math.inf
) -> tuple[float, float]:
    """Slope and intercept of the labels' log-odds on the forecast's (Cox 1958): 1 and 0 when it means what it says.

    A finite `slope_deviation` shrinks the slope to 1: it is then the mode under a normal prior of that deviation.
    Both are NaN where the labels are all alike.
    """
    if label.all() or not label.any():
        return math.nan, math.nan
    x, y = logit(np.clip(probability, 1e-9, 1 - 1e-9)), label.astype(np.float64)
    return fit_line(x, y, weight, slope_deviation=slope_deviation)


def fit_line(
    x: Floats,
    y: Floats,
    weight: Floats | None = None,
    *,
    start: tuple[float, float] = (1.0, 0.0),
    slope_deviation: float,
) -> tuple[float, float]:
    """Slope and intercept of the logistic line of y (0 or 1) on x by damped Newton steps (as `calibration_line`)."""
    weight = np.ones_like(x) if weight is None else weight
    ridge = slope_deviation**-2
    line = np.array(start)

    def loss_at(at: Floats, z: Floats) -> float:
        return float(np.dot(weight, np.logaddexp(0, z) - y * z) + ridge / 2 * (at[0] - 1) ** 2)

    z = line[0] * x + line[1]
    loss = loss_at(line, z)
    for _ in range(MAX_STEPS):
        p = expit(z)
        wrong, spread = weight * (p - y), weight * p * (1 - p)
        slope_gradient, slope_curve = np.dot(wrong, x) + ridge * (line[0] - 1), np.dot(spread, x * x) + ridge
        hessian = np.array([[slope_curve, np.dot(spread, x)], [np.dot(spread, x), spread.sum()]])
        step = np.linalg.lstsq(hessian, np.array([slope_gradient, wrong.sum()]), rcond=None)[0]
        # Far from the optimum a whole step may overshoot: halve it until it is downhill.
        while True:
            tried = line - step
            z = tried[0] * x + tried[1]
            tried_loss = loss_at(tried, z)
            if tried_loss <= loss or np.abs(step).max() < SMALL_STEP:
                break
            step = step / 2
        line, loss = tried, tried_loss
        if np.abs(step).max() < SMALL_STEP:
            break
    return float(line[0]), float(line[1])


def observed_expected(probability: Floats, label: Flags, parts: int = 20, highest: int = 5) -> list[float]:
    """Observed over expected labels in each of the highest-risk equal-count parts, highest first."""
    order = np.argsort(-probability, kind="stable")
    return [float(label[part].sum() / probability[part].sum()) for part in np.array_split(order, parts)[:highest]]


def expected_calibration_error(probability: Floats, label: Flags, bins: int = 10) -> float:
    """Mean distance of observed and expected rates over equal-count bins."""
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    gaps = [abs(label[part].mean() - probability[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(probability))


@njit(cache=True)
def _alarms(over: Flags, start: Flags, hour: NDArray[np.int64], silence: int) -> Flags:
    out = np.zeros(len(over), dtype=np.bool_)
    quiet_until = 0
    for i in range(len(over)):
        if start[i]:
            quiet_until = hour[i]
        if over[i] and hour[i] >= quiet_until:
            out[i] = True
            quiet_until = hour[i] + silence
    return out


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of stays, each stay's in order and together: stay number, ICULOS, probability and label of each."""

    stay: NDArray[np.int64]
    hour: NDArray[np.int64]
    probability: Floats
    label: Flags

    @property
    def starts(self) -> Flags:
        """Whether an hour is the first of its stay."""
        return np.append(np.True_, self.stay[1:] != self.stay[:-1])

    def onset(self) -> Floats:
        """Hour of onset of each hour's stay (first labelled hour + 6), infinite without one."""
        onset = np.full(int(self.stay.max()) + 1, np.inf)
        np.minimum.at(onset, self.stay[self.label], self.hour[self.label] + float(LABEL_LEAD_HOURS))
        return onset[self.stay]

    def alarms(self, threshold: float) -> Flags:
        """Alarms at probability >= threshold, each followed by 24 h of silence."""
        alarms: Flags = _alarms(self.probability >= threshold, self.starts, self.hour, SILENCE_HOURS)
        return alarms

    def true_alarms(self, alarms: Flags) -> Flags:
        """Alarms with onset from 3 h before to 24 h after them."""
        ahead = self.onset() - self.hour
        return alarms & (ahead >= -TRUE_BEFORE_HOURS) & (ahead <= TRUE_AFTER_HOURS)

    def budget_threshold(self) -> float:
        """The lowest probability at which alarms number at most one in 12 bed-days."""
        budget = len(self.hour) / 24 / BED_DAYS_PER_ALARM
        levels = np.unique(self.probability)
        low, high = 0, len(levels) - 1
        while low < high:
            middle = (low + high) // 2
            if self.alarms(levels[middle]).sum() <= budget:
                high = middle
            else:
                low = middle + 1
        # Silence makes the count not quite monotone: walk on while lower levels still hold the budget.
        while low > 0 and self.alarms(levels[low - 1]).sum() <= budget:
            low -= 1
        return float(levels[low])
