"""Fit the members of a recipe: a job is one member on one set of patients, and a finished job is never done again.

Jobs are Ray tasks, each on one thread: two at once on two cores take less time than one on two threads, and the
arithmetic of one thread is the same every time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.split import FOLDS, OUTER
from ray_jobs.risk.training.members import bag, boost, drawn, raw
from ray_jobs.risk.training.recipes import Recipe, Trees
from ray_jobs.risk.training.tables import Progress, Table

# Patients each set of fits may see: all but an inner fold and the outer one; all but the outer one; all.
SETS: Final = (*(f"fold{k}" for k in range(FOLDS)), "held-out", "all")


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
    # Named only where they are others: fits made before there was a choice are still good.
    if values.get("target") == "label":
        del values["target"]
    if isinstance(made, Trees) and made.count == 1:
        del values["count"]
    told = [
        recipe.name,
        recipe.data,
        recipe.excluded,
        recipe.seed,
        dict(recipe.landmarks),
        type(made).__name__,
        values,
    ]
    if recipe.before_outcome != 1.0:
        told.append(recipe.before_outcome)
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
        boost(recipe, made, table, chosen, job.weights, lambda n, total: progress(what, n, total))
    else:
        bag(recipe, made, table, chosen, job.weights, lambda n, total: progress(what, n, total))
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
