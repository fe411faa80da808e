"""What a film model's figures are: threshold, referral band, temperature, and metrics with bootstrap intervals.

Everything here is chosen on one set of patients and reported on another; intervals are 95 % percentile
intervals of a bootstrap over patients, because films of one patient are not independent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Metric = Callable[[Bools, Floats], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def temperature(logits: Floats, label: npt.NDArray[np.int64]) -> float:
    """The one number that logits float[n, classes] are divided by for the best log-likelihood (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        chosen = scaled[np.arange(len(label)), label]
        return float(np.mean(np.log(np.exp(scaled).sum(1)) - chosen))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def recall_threshold(ill: Bools, probability: Floats, wanted: float) -> float:
    """The highest probability at which `wanted` of the ill films are still called ill, rounded down to 0.001.

    Films taken elsewhere err towards disease (washed out, cut close), so all room is given to specificity.
    """
    found = float(np.quantile(probability[ill], 1 - wanted, method="lower"))
    return max(0.001, math.floor(found * 1000) / 1000)


def referral_band(ill: Bools, probability: Floats, share: float) -> tuple[float, float]:
    """The band within which a person must look: split-conformal sets by class (Vovk 2012) that hold both or neither.

    Outside it at most about `share` of each class is on the wrong side.
    """
    lowest_ill = float(np.quantile(probability[ill], share, method="lower"))
    highest_well = float(np.quantile(probability[~ill], 1 - share, method="higher"))
    return min(lowest_ill, highest_well), max(lowest_ill, highest_well)


def auroc(ill: Bools, score: Floats) -> float:
    """Probability that an ill film scores above a well one (ties half)."""
    ranks = rankdata(score)
    positives, negatives = int(ill.sum()), int((~ill).sum())
    return float((ranks[ill].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def recall(ill: Bools, called: Bools) -> float:
    """Share of the ill that were called ill."""
    return float(called[ill].mean())


def specificity(ill: Bools, called: Bools) -> float:
    """Share of the well that were called well."""
    return float((~called[~ill]).mean())


def calibration_error(ill: Bools, probability: Floats, bins: int = 10) -> float:
    """Expected calibration error in equal-width bins."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        abs(float(probability[place == k].mean()) - float(ill[place == k].mean())) * float((place == k).mean())
        for k in range(bins)
        if (place == k).any()
    ]
    return float(sum(gaps))


def roc(ill: Bools, score: Floats, points: int = 60) -> list[tuple[float, float]]:
    """(1 - specificity, recall) at evenly spread thresholds, from (0, 0) to (1, 1)."""
    levels = np.quantile(score, np.linspace(1, 0, points))
    inner = [(1 - specificity(ill, score >= level), recall(ill, score >= level)) for level in levels]
    return [(round(x, 4), round(y, 4)) for x, y in [(0.0, 0.0), *inner, (1.0, 1.0)]]


def reliability(ill: Bools, probability: Floats, bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability, share of the ill, films) of ten parts of equal width that hold any."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        (
            round(float(probability[place == k].mean()), 4),
            round(float(ill[place == k].mean()), 4),
            int((place == k).sum()),
        )
        for k in range(bins)
        if (place == k).any()
    ]


def by_share_referred(sure: Floats, right: Bools) -> dict[str, float]:
    """Accuracy of the rest when the least certain share goes to a person."""
    order = np.argsort(-sure)
    return {
        f"{share:.0%}": round(float(right[order[: max(1, int(len(order) * (1 - share)))]].mean()), 4)
        for share in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    }


def at_threshold(threshold: float) -> dict[str, Metric]:
    """The figures of a card, by name, each from (ill, probability)."""

    def f1(ill: Bools, probability: Floats) -> float:
        called = probability >= threshold
        return float(2 * (called & ill).sum() / max(1, called.sum() + ill.sum()))

    return {
        "auroc": auroc,
        "accuracy": lambda ill, p: float(((p >= threshold) == ill).mean()),
        "recall": lambda ill, p: recall(ill, p >= threshold),
        "specificity": lambda ill, p: specificity(ill, p >= threshold),
        "f1": f1,
        "calibration_error": calibration_error,
    }


def with_interval(
    metric: Metric, ill: Bools, score: Floats, patient: Sequence[str], *, seed: int = 0, rounds: int = 500
) -> Interval:
    """The figure, and its interval over patients drawn with replacement."""
    _, owner = np.unique(np.array(patient), return_inverse=True)
    films = [np.flatnonzero(owner == index) for index in range(owner.max() + 1)]
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        chosen = np.concatenate([films[index] for index in random.integers(0, len(films), len(films))])
        if 0 < ill[chosen].sum() < len(chosen):
            drawn.append(metric(ill[chosen], score[chosen]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(metric(ill, score), float(low), float(high))
