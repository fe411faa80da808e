"""Fit one member of a recipe: which rows, what each counts, and the trees or networks learnt from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.booster import Booster
from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.nets import Nets
from ray_jobs.risk.training.mean_of_boosters import mean_of_boosters
from ray_jobs.risk.training.recipes import Bag, Recipe, Trees
from ray_jobs.risk.training.tables import Table

Floats = NDArray[np.float64]
Told = Callable[[int, int], None]


def drawn(recipe: Recipe, rows: pd.DataFrame, negative_rate: float) -> NDArray[np.bool_]:
    """Every row of stays with the outcome, and `negative_rate` of the others, always the same ones."""
    if negative_rate >= 1:
        return np.ones(len(rows), dtype=np.bool_)
    lot = np.random.default_rng(recipe.seed).random(len(rows)) < negative_rate
    return np.asarray(rows["ever"].to_numpy() | lot)


def weight(rows: pd.DataFrame, negative_rate: float, before_outcome: float = 1.0) -> Floats:
    """Drawn rows stand for those left out, so that the meaning of a probability is that of all rows.

    What an hour before the outcome's first counts is the recipe's choice: calibration sees them all again.
    """
    before = rows["ever"].to_numpy(np.bool_) & (rows["label"].to_numpy() == 0)
    share = np.where(rows["ever"], 1.0, 1.0 / min(negative_rate, 1.0)) * np.where(before, before_outcome, 1.0)
    return np.asarray(rows["weight"].to_numpy() * share)


def raw(made: Trees | Bag, weights: Path, features: NDArray[np.float32]) -> Floats:
    """Log-odds [n] by the code that serves."""
    rows = np.asarray(features, dtype=np.float64)
    return Booster(weights).raw(rows) if isinstance(made, Trees) else Nets(weights).raw(rows)


def boost(
    recipe: Recipe,
    made: Trees,
    table: Table,
    chosen: NDArray[np.bool_],
    path: Path,
    progress: Told,
) -> None:
    """Fit `made.count` boosters on the chosen rows and write their mean to path, whole and at once."""
    at = np.flatnonzero(chosen)
    features = np.asarray(table.features[at])
    # A column that is never known is never split on: the trees stay as wide as the row.
    features[:, recipe.excluded_columns] = np.nan
    rows = table.rows.iloc[at]
    parameters = {**made.parameters, "seed": recipe.seed, "num_threads": 1}
    data = lightgbm.Dataset(
        features,
        rows[made.target].to_numpy(),
        weight=weight(rows, made.negative_rate, recipe.before_outcome),
        feature_name=list(FEATURE_SETS[recipe.feature_set].features),
        params=parameters,
    )

    total, texts = made.rounds * made.count, list[str]()

    def told(state: lightgbm.callback.CallbackEnv) -> None:
        progress(len(texts) * made.rounds + state.iteration + 1, total)

    for k in range(made.count):
        seeded = {**parameters, "seed": recipe.seed + k}
        booster = lightgbm.train(seeded, data, num_boost_round=made.rounds, callbacks=[told])
        texts.append(booster.model_to_string())
    part = path.with_suffix(".part")
    part.write_text(texts[0] if made.count == 1 else mean_of_boosters(texts))
    part.replace(path)


def bag(recipe: Recipe, made: Bag, table: Table, chosen: NDArray[np.bool_], path: Path, progress: Told) -> None:
    """Fit a bag of networks on the chosen rows and write it to path (needs torch)."""
    from ray_jobs.risk.network import fit as fit_networks

    at = np.flatnonzero(chosen)
    rows = table.rows.iloc[at]
    fit_networks(
        np.asarray(table.features[at]),
        rows["label"].to_numpy(np.float32),
        rows["ever"].to_numpy(np.float32),
        weight(rows, made.negative_rate, recipe.before_outcome).astype(np.float32),
        made,
        path,
        seed=recipe.seed,
        excluded=recipe.excluded_columns,
        progress=progress,
    )
