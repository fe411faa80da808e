"""Train a risk model from the data folder to the shipped folder, in stages that a second run takes up where it ended.

Patients of the outer fold take part in no choice: weights, thresholds and calibration come from five inner folds,
predicted by members that did not see its patients. Figures are of the outer fold, by members trained without it;
what is shipped to serve was fitted once more, with the same choices, on all open patients.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ray_jobs.registry import Card
from ray_jobs.risk import reference
from ray_jobs.risk.split import FOLDS, OUTER
from ray_jobs.risk.training.choosing import Choices, choose
from ray_jobs.risk.training.fitting import Job, done, fit, jobs
from ray_jobs.risk.training.recipes import RECIPES, Recipe
from ray_jobs.risk.training.referring import reference_of
from ray_jobs.risk.training.shipping import ship
from ray_jobs.risk.training.tables import Progress, Table, course_table, hourly_table

PARTS: Final = 1000
LOOK_S: Final = 1.0
Floats = NDArray[np.float64]


def load_table(recipe: Recipe, data: Path, work: Path, progress: Progress) -> Table:
    """The rows of a recipe from its data folder; raises BadTableError, OSError."""
    make = hourly_table if recipe.kind == "hourly" else course_table
    return make(recipe, data, work, progress)


def train(recipe: Recipe, data: Path, work: Path, *, threads: int, progress: Progress) -> tuple[Choices, Table, Floats]:
    """Fit every member on every set of patients and choose; returns the choices, and the table with held-out
    probabilities float64 [n] (NaN for the outer fold). Raises BadTableError, OSError.
    """
    table = load_table(recipe, data, work, progress)
    pending = [job for job in jobs(recipe, work) if not done(job)]
    if threads == 1 or len(pending) == 1:
        for job in pending:
            fit(recipe, job, table, progress)
    elif pending:
        _in_parallel(recipe, pending, data, work, threads, progress)
    fold = table.rows["fold"].to_numpy()
    inner = fold != OUTER
    scores = {member: _held_out(recipe, work, member, fold)[inner] for member in recipe.members}
    choices, probability = choose(recipe, table.rows[inner].reset_index(drop=True), scores)
    everywhere = np.full(len(fold), np.nan)
    everywhere[inner] = probability
    return choices, table, everywhere


def train_and_ship(
    recipe: Recipe, data: Path, work: Path, models: Path, *, threads: int, progress: Progress
) -> tuple[Card, Choices]:
    """From the data folder to models/NAME: weights, drift reference and `model.json`; raises as `train` does."""
    choices, table, probability = train(recipe, data, work, threads=threads, progress=progress)
    (models / recipe.name).mkdir(parents=True, exist_ok=True)
    drift = reference_of(recipe, data, table.rows, probability, choices.alert_threshold)
    reference.write(models / recipe.name, drift)
    return ship(recipe, choices, work, models), choices


def _held_out(recipe: Recipe, work: Path, member: str, fold: NDArray[np.int8]) -> Floats:
    scores = np.full(len(fold), np.nan)
    folds = tuple(f"fold{k}" for k in range(FOLDS))
    for k, job in enumerate(j for j in jobs(recipe, work, folds) if j.member == member):
        scores[fold == k] = np.load(job.predictions)
    return scores


def _in_parallel(recipe: Recipe, pending: list[Job], data: Path, work: Path, threads: int, progress: Progress) -> None:
    """Jobs as Ray tasks, as many at once as there are threads; each maps the table's file instead of copying it."""
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=threads, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        task: Any = ray.remote(num_cpus=1, max_retries=0)(_fit_in_task)
        plain = _as_values(recipe)
        waiting = [task.remote(plain, job, str(data), str(work)) for job in pending]
        while waiting:
            finished, waiting = ray.wait(waiting, timeout=LOOK_S)
            # Raises what a task raised.
            ray.get(finished)
            told = sum(PARTS if done(job) else _told(job) for job in pending)
            progress(f"{recipe.name}: {len(pending) - len(waiting)} of {len(pending)} fits", told, PARTS * len(pending))
    finally:
        ray.shutdown()


def _as_values(recipe: Recipe) -> dict[str, Any]:
    """What makes this recipe differ from the registered one of its name, in a form that travels (tests change them)."""
    return {"name": recipe.name, "members": dict(recipe.members), "landmarks": dict(recipe.landmarks)}


def _fit_in_task(values: Mapping[str, Any], job: Job, data: str, work: str) -> None:
    # Torch and LightGBM are asked for one thread; the libraries below them are told here.
    os.environ["OMP_NUM_THREADS"] = "1"
    recipe = replace(RECIPES[values["name"]], members=values["members"], landmarks=values["landmarks"])
    table = load_table(recipe, Path(data), Path(work), lambda *_: None)
    fit(recipe, job, table, lambda _, n, total: _tell(job, n, total))


def _progress_file(job: Job) -> Path:
    return job.folder / f"{job.member}-{job.patients}.progress"


_last = [0.0]


def _tell(job: Job, n: int, total: int) -> None:
    """Leave word for the bar, at most once in LOOK_S."""
    if time.monotonic() - _last[0] >= LOOK_S:
        _last[0] = time.monotonic()
        _progress_file(job).write_text(str(PARTS * n // total))


def _told(job: Job) -> int:
    try:
        return int(_progress_file(job).read_text() or 0)
    except FileNotFoundError:
        return 0
