"""Fit the members of a recipe: a job is one member on one set of patients, and a finished job is never done again.

Jobs are Ray tasks, each on one thread: two at once on two cores take less time than one on two threads, and the
arithmetic of one thread is the same every time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.booster import Booster
from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.nets import Nets
from ray_jobs.risk.split import FOLDS, OUTER
from ray_jobs.risk.training.recipes import Bag, Recipe, Trees
from ray_jobs.risk.training.tables import Progress, Table

# Patients each set of fits may see: all but an inner fold and the outer one; all but the outer one; all.
SETS: Final = (*(f"fold{k}" for k in range(FOLDS)), "held-out", "all")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Job:
    """One member on one set of patients; its weights go to `weights`, a fold's predictions to `predictions`."""

    member: str
    patients: str
    folder: Path

    @property
    def weights(self) -> Path:
        """File of the weights; its suffix says what reads it."""
        return self.folder / f"{self.member}-{self.patients}"

    @property
    def predictions(self) -> Path:
        """Log-odds of the rows of the fold left out, float64, in the table's order."""
        return self.folder / f"{self.member}-{self.patients}.npy"


def stamp(recipe: Recipe, member: str) -> str:
    """What would make a fit differ: parameters, features, data, seed."""
    made = recipe.members[member]
    values = asdict(made)
    if values.get("target") == "label":
        # Named only where it is another: fits made before there was a choice are still good.
        del values["target"]
    told = [
        recipe.name,
        recipe.data,
        recipe.excluded,
        recipe.seed,
        dict(recipe.landmarks),
        type(made).__name__,
        values,
    ]
    return hashlib.sha256(
        json.dumps([*told, FEATURE_SETS[recipe.feature_set].sha], sort_keys=True).encode()
    ).hexdigest()[:10]


def jobs(recipe: Recipe, work: Path, patients: tuple[str, ...] = SETS) -> list[Job]:
    """All fits of a recipe, folds first; each member in a folder that names its choices."""
    return [
        Job(member, which, work / recipe.name / f"{member}-{stamp(recipe, member)}")
        for which in patients
        for member in recipe.members
    ]


def fit(recipe: Recipe, job: Job, table: Table, progress: Progress) -> None:
    """Do one job, unless its files are there."""
    if done(job):
        return
    job.folder.mkdir(parents=True, exist_ok=True)
    made = recipe.members[job.member]
    fold = table.rows["fold"].to_numpy()
    chosen = drawn(recipe, table.rows, made.negative_rate) & seen(fold, job.patients)
    what = f"{recipe.name}: {job.member}, {job.patients}"
    if isinstance(made, Trees):
        _boost(recipe, made, table, chosen, job.weights, lambda n, total: progress(what, n, total))
    else:
        _bag(recipe, made, table, chosen, job.weights, lambda n, total: progress(what, n, total))
    if job.patients.startswith("fold"):
        left_out = np.flatnonzero(fold == int(job.patients.removeprefix("fold")))
        part = job.predictions.with_suffix(".part.npy")
        np.save(part, raw(made, job.weights, table.features[left_out]))
        part.replace(job.predictions)


def done(job: Job) -> bool:
    """Whether the files of a job are there; each appears whole and at once."""
    return job.weights.exists() and (not job.patients.startswith("fold") or job.predictions.exists())


def seen(fold: NDArray[np.int8], patients: str) -> NDArray[np.bool_]:
    """Which rows a set of patients has."""
    if patients == "all":
        return np.ones(len(fold), dtype=np.bool_)
    inner: NDArray[np.bool_] = fold != OUTER
    return inner if patients == "held-out" else inner & (fold != int(patients.removeprefix("fold")))


def drawn(recipe: Recipe, rows: pd.DataFrame, negative_rate: float) -> NDArray[np.bool_]:
    """Every row of stays with the outcome, and `negative_rate` of the others, always the same ones."""
    if negative_rate >= 1:
        return np.ones(len(rows), dtype=np.bool_)
    lot = np.random.default_rng(recipe.seed).random(len(rows)) < negative_rate
    return np.asarray(rows["ever"].to_numpy() | lot)


def weight(rows: pd.DataFrame, negative_rate: float) -> Floats:
    """Drawn rows stand for those left out, so that the meaning of a probability is that of all rows."""
    return np.asarray(rows["weight"].to_numpy() * np.where(rows["ever"], 1.0, 1.0 / min(negative_rate, 1.0)))


def raw(made: Trees | Bag, weights: Path, features: NDArray[np.float32]) -> Floats:
    """Log-odds [n] by the code that serves."""
    rows = np.asarray(features, dtype=np.float64)
    return Booster(weights).raw(rows) if isinstance(made, Trees) else Nets(weights).raw(rows)


def _boost(
    recipe: Recipe,
    made: Trees,
    table: Table,
    chosen: NDArray[np.bool_],
    path: Path,
    progress: Callable[[int, int], None],
) -> None:
    at = np.flatnonzero(chosen)
    features = np.asarray(table.features[at])
    # A column that is never known is never split on: the trees stay as wide as the row.
    features[:, recipe.excluded_columns] = np.nan
    rows = table.rows.iloc[at]
    parameters = {**made.parameters, "seed": recipe.seed, "num_threads": 1}
    data = lightgbm.Dataset(
        features,
        rows[made.target].to_numpy(),
        weight=weight(rows, made.negative_rate),
        feature_name=list(FEATURE_SETS[recipe.feature_set].features),
        params=parameters,
    )

    def told(state: lightgbm.callback.CallbackEnv) -> None:
        progress(state.iteration + 1, made.rounds)

    booster = lightgbm.train(parameters, data, num_boost_round=made.rounds, callbacks=[told])
    part = path.with_suffix(".part")
    booster.save_model(str(part))
    part.replace(path)


def _bag(
    recipe: Recipe, made: Bag, table: Table, chosen: NDArray[np.bool_], path: Path, progress: Callable[[int, int], None]
) -> None:
    from ray_jobs.risk.network import fit as fit_networks

    at = np.flatnonzero(chosen)
    rows = table.rows.iloc[at]
    fit_networks(
        np.asarray(table.features[at]),
        rows["label"].to_numpy(np.float32),
        rows["ever"].to_numpy(np.float32),
        weight(rows, made.negative_rate).astype(np.float32),
        made,
        path,
        seed=recipe.seed,
        excluded=recipe.excluded_columns,
        progress=progress,
    )
