"""What the inner folds decide: the members' weights, thresholds, bands and the conformal set, each from predictions of
patients that the predicting weights never saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from ray_jobs.registry import Band, Calibration, Conformal
from ray_jobs.risk.blend import logistic, reaching
from ray_jobs.risk.metrics import Hours, Ranked, discrimination
from ray_jobs.risk.split import FOLDS
from ray_jobs.risk.training.recipes import Recipe
from ray_jobs.risk.utility import best_threshold, utility

Floats = NDArray[np.float64]
CONFORMAL_LEVEL: Final = 0.9
KNOTS, POSITIVES_A_KNOT, LEAST_SLOPE = 16, 150, 0.1
# Bands of hourly risk: the tenth of hours with the highest risk is raised, the hundredth (or the alert level) above.
RAISED_SHARE, VERY_HIGH_SHARE = 0.10, 0.005
# Bands of one forecast a stay, as multiples of how often the outcome comes.
RAISED_TIMES, VERY_HIGH_TIMES = 1.0, 4.0


@dataclass(frozen=True, slots=True)
class Choices:
    """What the card holds besides the weights; `spread` has each inner fold's figures."""

    weights: dict[str, float]
    calibration: Calibration
    threshold: float
    alert_threshold: float
    bands: tuple[Band, ...]
    conformal: Conformal
    spread: dict[str, list[float]]


def choose(recipe: Recipe, rows: pd.DataFrame, scores: dict[str, Floats]) -> tuple[Choices, Floats]:
    """Choices from held-out log-odds by member [n] of the inner folds' rows [n]; also the probabilities they give [n].

    Only rows that are `final` decide: for "once" those with all 48 hours known.
    """
    final = rows["final"].to_numpy(np.bool_)
    label = rows["label"].to_numpy(np.float64)
    table = np.stack([scores[name] for name in recipe.members], axis=1)
    weights, intercept = blend_weights(table[final], label[final])
    score = table @ weights + intercept
    knots = calibration_knots(score[final], label[final])
    far = reaching(np.array(knots))
    probability = logistic(np.interp(score, far[:, 0], far[:, 1]))
    p, y, told = probability[final], label[final] == 1, rows[final]
    if recipe.kind == "hourly":
        threshold = best_threshold(told["loss"].to_numpy(), told["gain"].to_numpy(), p)
        alerts_at = _hours(told, p).budget_threshold()
        raised, highest = (float(np.quantile(p, 1 - share)) for share in (RAISED_SHARE, VERY_HIGH_SHARE))
    else:
        threshold = alerts_at = balanced_threshold(p, y)
        raised, highest = (float(y.mean() * times) for times in (RAISED_TIMES, VERY_HIGH_TIMES))
    bands = (
        Band(name="low", from_probability=0.0),
        Band(name="raised", from_probability=min(raised, alerts_at / 2)),
        Band(name="high", from_probability=alerts_at),
        Band(name="very high", from_probability=min(max(highest, 1.5 * alerts_at), (1 + alerts_at) / 2)),
    )
    choices = Choices(
        weights={name: float(weight) for name, weight in zip(recipe.members, weights, strict=True)},
        calibration=Calibration(slope=1.0, intercept=intercept, knots=knots),
        threshold=threshold,
        alert_threshold=alerts_at,
        bands=bands,
        conformal=conformal(p, y),
        spread=_spread(recipe, told, p, threshold),
    )
    return choices, probability


def blend_weights(scores: Floats, label: Floats) -> tuple[Floats, float]:
    """Weights >= 0 of members [m] and the intercept of the logistic line through held-out log-odds [n, m].

    Stacking (Wolpert 1992; non-negative: Breiman 1996): weights and calibration are found at once.
    """
    count = scores.shape[1]

    def loss(line: Floats) -> tuple[float, Floats]:
        x = scores @ line[:-1] + line[-1]
        residual = expit(x) - label
        slope = scores.T @ residual / len(label)
        return float(np.mean(np.logaddexp(0, x) - label * x)), np.append(slope, residual.mean())

    start = np.append(np.full(count, 1.0 / count), 0.0)
    fit = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * count + [(None, None)])
    return fit.x[:-1], float(fit.x[-1])


def calibration_knots(score: Floats, label: Floats) -> tuple[tuple[float, float], ...]:
    """A rising line with bends through held-out log-odds [n]: one straight line leaves the shape of the middle wrong.

    Bends lie at quantiles of the scores of those with the outcome, at most KNOTS and one for each POSITIVES_A_KNOT;
    slopes are found by likelihood, each at least LEAST_SLOPE, so that the order of patients never changes.
    """
    count = int(np.clip(label.sum() / POSITIVES_A_KNOT, 1, KNOTS)) + 1
    at = np.unique(np.quantile(score[label == 1], np.linspace(0.005, 0.995, count)))
    if len(at) < 2:  # noqa: PLR2004 - a line has two ends
        at = np.array([score.min() - 1.0, score.max() + 1.0])
    widths = np.diff(at)
    # How much of each stretch a score has passed; the first and the last go on beyond the knots.
    low = np.append(-np.inf, at[1:-1])
    high = np.append(at[1:-1], np.inf)
    passed = np.clip(score[:, None], low, high) - np.where(np.isfinite(low), low, at[0])

    def loss(line: Floats) -> tuple[float, Floats]:
        x = line[0] + passed @ line[1:]
        residual = expit(x) - label
        slope = passed.T @ residual / len(label)
        return float(np.mean(np.logaddexp(0, x) - label * x)), np.append(residual.mean(), slope)

    start = np.append(at[0], np.ones(len(widths)))
    bounds = [(None, None), *([(LEAST_SLOPE, None)] * len(widths))]
    fit = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    values = fit.x[0] + np.append(0.0, np.cumsum(fit.x[1:] * widths))
    return tuple((float(x), float(y)) for x, y in zip(at, values, strict=True))


def balanced_threshold(probability: Floats, label: NDArray[np.bool_]) -> float:
    """The probability at which the smaller of sensitivity and PPV is greatest (event 1 of the 2012 challenge)."""
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(label[order])
    ranked = probability[order]
    worth = np.minimum(hits / label.sum(), hits / np.arange(1, len(order) + 1))
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], np.True_))
    return float(ranked[ends[int(np.argmax(worth[ends]))]])


def conformal(probability: Floats, label: NDArray[np.bool_], level: float = CONFORMAL_LEVEL) -> Conformal:
    """Bounds such that, among patients like these, each label is in the set as often as `level` says.

    Label-conditional split conformal prediction: the k-th smallest probability of those with the outcome,
    k = floor((1 - level)(n + 1)), and likewise from above for those without. Hours of one stay are not independent: the
    coverage that was measured on other patients stands on the card.
    """
    with_outcome, without = np.sort(probability[label]), np.sort(probability[~label])
    low = int((1 - level) * (len(with_outcome) + 1)) - 1
    high = len(without) - int((1 - level) * (len(without) + 1))
    return Conformal(
        level=level,
        yes_from=float(with_outcome[low]) if low >= 0 else 0.0,
        no_to=float(without[high]) if high < len(without) else 1.0,
    )


def _hours(rows: pd.DataFrame, probability: Floats) -> Hours:
    stay, _ = pd.factorize(rows["stay"])
    return Hours(
        stay=stay.astype(np.int64),
        hour=rows["hour"].to_numpy(np.int64),
        probability=probability,
        label=rows["label"].to_numpy() == 1,
    )


def _spread(recipe: Recipe, rows: pd.DataFrame, probability: Floats, threshold: float) -> dict[str, list[float]]:
    fold, label = rows["fold"].to_numpy(), rows["label"].to_numpy() == 1
    told: dict[str, list[float]] = {}

    def say(name: str, value: float) -> None:
        told.setdefault(name, []).append(float(value))

    for k in range(FOLDS):
        own = fold == k
        p, y = probability[own], label[own]
        say("auroc", discrimination(Ranked.of(p), y, np.ones(len(p)))[0])
        if recipe.kind == "hourly":
            loss, gain, best = (rows[name].to_numpy()[own] for name in ("loss", "gain", "best"))
            say("utility", utility(loss, gain, best, p >= threshold))
        else:
            alarm = p >= threshold
            say("event1", min(y[alarm].mean(), alarm[y].mean()) if alarm.any() else 0.0)
    return told
