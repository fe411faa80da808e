"""Train a sepsis model from the data folder to the shipped folder, in stages that a second run takes up where it ended.

Patients of the outer fold are never read here beyond their features; every choice (number of trees, calibration, alarm
level) is made on predictions of the five inner folds, each by trees that did not see its patients.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from ray_jobs.risk.dataset import Dataset, Progress, load
from ray_jobs.risk.metrics import Hours
from ray_jobs.risk.names import FEATURES, features_sha
from ray_jobs.risk.split import FOLDS, OUTER, SEED
from ray_jobs.risk.trees import logistic
from ray_jobs.risk.utility import best_threshold, utility

STEP: Final = 100
MAX_TREES: Final = 600
# Hours of patients who never become septic are drawn at this rate and weighted by its inverse, so that the sum of
# weights, and with it the meaning of a probability, is that of all hours.
NEGATIVE_RATE: Final = 0.3
PARAMETERS: Final[dict[str, object]] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_data_in_leaf": 150,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "max_bin": 127,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
MODELS: Final[dict[str, tuple[str, ...]]] = {"sepsis": ("a", "b"), "sepsis-a": ("a",), "sepsis-b": ("b",)}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the inner folds decided, and how the held-out folds did under it."""

    trees: int
    slope: float
    intercept: float
    threshold: float
    alert_threshold: float
    log_loss_by_trees: dict[int, float]
    utility: float


def train(name: str, data: Path, work: Path, *, threads: int, progress: Progress) -> tuple[Path, Choices]:
    """Train model `name` (a key of MODELS) on data/hospital_*.parquet; returns LightGBM's text file and the choices."""
    dataset = load(data, work, MODELS[name], progress)
    stamp = hashlib.sha256(json.dumps([PARAMETERS, MAX_TREES, NEGATIVE_RATE, features_sha()], sort_keys=True).encode())
    folder = work / f"{name}-{stamp.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    fold = dataset.hours["fold"].to_numpy()
    held_out = np.full((len(fold), MAX_TREES // STEP), np.nan)
    for k in range(FOLDS):
        held_out[fold == k] = _fold(dataset, k, folder / f"fold{k}.npy", threads, progress)
    choices = choose(dataset.hours, held_out)
    (folder / "choices.json").write_text(json.dumps(asdict(choices), indent=2) + "\n")
    final = folder / f"final-{choices.trees}.txt"
    if not final.exists():
        booster = _boost(dataset, fold != OUTER, choices.trees, threads, progress, "final trees")
        booster.save_model(str(final.with_suffix(".part")))
        final.with_suffix(".part").replace(final)
    return final, choices


def _fold(dataset: Dataset, k: int, cache: Path, threads: int, progress: Progress) -> NDArray[np.float64]:
    """Raw scores [hours of fold k, MAX_TREES / STEP] by trees grown on the other inner folds, after each STEP trees."""
    if cache.exists():
        return np.asarray(np.load(cache))
    fold = dataset.hours["fold"].to_numpy()
    booster = _boost(dataset, (fold != OUTER) & (fold != k), MAX_TREES, threads, progress, f"fold {k + 1} of {FOLDS}")
    rows = np.asarray(dataset.features[fold == k])
    steps = [
        np.asarray(booster.predict(rows, raw_score=True, start_iteration=at, num_iteration=STEP, num_threads=threads))
        for at in range(0, MAX_TREES, STEP)
    ]
    scores = np.cumsum(np.stack(steps, axis=1), axis=1)
    np.save(cache.with_suffix(".part.npy"), scores)
    cache.with_suffix(".part.npy").replace(cache)
    return scores


def _boost(
    dataset: Dataset, chosen: NDArray[np.bool_], trees: int, threads: int, progress: Progress, what: str
) -> lightgbm.Booster:
    septic = dataset.hours["septic"].to_numpy()
    drawn = np.random.default_rng(SEED).random(len(septic)) < NEGATIVE_RATE
    rows = np.flatnonzero(chosen & (septic | drawn))
    weight = np.where(septic[rows], 1.0, 1.0 / NEGATIVE_RATE)
    label = dataset.hours["label"].to_numpy()[rows]
    parameters = {**PARAMETERS, "num_threads": threads}
    table = lightgbm.Dataset(
        dataset.features[rows], label, weight=weight, feature_name=list(FEATURES), params=parameters
    )

    def told(state: lightgbm.callback.CallbackEnv) -> None:
        progress(what, state.iteration + 1, trees)

    return lightgbm.train(parameters, table, num_boost_round=trees, callbacks=[told])


def choose(hours: pd.DataFrame, held_out: NDArray[np.float64]) -> Choices:
    """Trees by log loss, Platt's line (Platt 1999) on held-out scores, thresholds by utility and by bearable alerts."""
    inner = hours["fold"].to_numpy() != OUTER
    label = hours["label"].to_numpy()[inner].astype(np.float64)
    scores = held_out[inner]
    fits = [_platt(scores[:, i], label) for i in range(scores.shape[1])]
    best = int(np.argmin([loss for _, _, loss in fits]))
    slope, intercept, _ = fits[best]
    probability = logistic(slope * scores[:, best] + intercept)
    loss, gain, ideal = (hours[column].to_numpy()[inner] for column in ("loss", "gain", "best"))
    threshold = best_threshold(loss, gain, probability)
    return Choices(
        trees=(best + 1) * STEP,
        slope=slope,
        intercept=intercept,
        threshold=threshold,
        alert_threshold=_alert_threshold(hours[inner], probability),
        log_loss_by_trees={(i + 1) * STEP: fit[2] for i, fit in enumerate(fits)},
        utility=utility(loss, gain, ideal, probability >= threshold),
    )


def _alert_threshold(hours: pd.DataFrame, probability: NDArray[np.float64]) -> float:
    """The lowest probability at which alerts stay within one in 12 bed-days."""
    stay, _ = pd.factorize(hours["patient"])
    return Hours(
        stay=stay.astype(np.int64),
        hour=hours["iculos"].to_numpy(np.int64),
        probability=probability,
        label=hours["label"].to_numpy() == 1,
    ).budget_threshold()


def _platt(score: NDArray[np.float64], label: NDArray[np.float64]) -> tuple[float, float, float]:
    """Slope, intercept and mean log loss of the logistic line through held-out scores."""

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        x = line[0] * score + line[1]
        residual = expit(x) - label
        return float(np.mean(np.logaddexp(0, x) - label * x)), np.array([np.mean(residual * score), np.mean(residual)])

    fit = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    return float(fit.x[0]), float(fit.x[1]), float(fit.fun)
