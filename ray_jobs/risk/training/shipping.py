"""Put a trained model into the registry: its weights, those that never saw the outer fold, the reference, the card."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

from ray_jobs import registry
from ray_jobs.risk import reference
from ray_jobs.risk.feature_sets import FEATURE_SETS
from ray_jobs.risk.training.choosing import Choices
from ray_jobs.risk.training.fitting import Job, jobs
from ray_jobs.risk.training.recipes import Bag, Recipe

HELD_OUT: Final = "held-out-"


def ship(recipe: Recipe, choices: Choices, work: Path, models: Path) -> registry.Card:
    """Copy the weights of a recipe's finished jobs beside the reference in models/NAME and write its `model.json`."""
    folder = models / recipe.name
    folder.mkdir(parents=True, exist_ok=True)
    members = []
    for name, made in recipe.members.items():
        suffix = ".safetensors" if isinstance(made, Bag) else ".txt"
        file, held_out = f"{name}{suffix}", f"{HELD_OUT}{name}{suffix}"
        for which, target in (("all", file), ("held-out", held_out)):
            shutil.copyfile(_job(recipe, work, name, which).weights, folder / target)
        members.append(
            registry.Member(
                file=file,
                kind="nets" if isinstance(made, Bag) else "trees",
                weight=choices.weights[name],
                held_out=held_out,
            )
        )
    files = tuple(f for m in members for f in (m.file, m.held_out or ""))
    features = FEATURE_SETS[recipe.feature_set]
    card = registry.Card(
        name=recipe.name,
        version=f"2.0+{_digest(folder, files, choices)}",
        task="risk",
        kind="blend",
        live=recipe.live,
        outcome=recipe.outcome,
        feature_set=recipe.feature_set,
        features=features.features,
        features_sha=features.sha,
        threshold=choices.threshold,
        alert_threshold=choices.alert_threshold,
        horizon_hours=recipe.horizon_hours,
        max_hours=recipe.max_hours,
        min_vitals=recipe.min_vitals,
        bands=choices.bands,
        conformal=choices.conformal,
        population=recipe.population,
        input=recipe.input,
        calibration=choices.calibration,
        members=tuple(members),
        licence=recipe.licence,
        extra={f"{name}_fold_{k + 1}": value for name, told in choices.spread.items() for k, value in enumerate(told)},
        files={},
    )
    return registry.write_card(folder, card, (*files, reference.NAME))


def _job(recipe: Recipe, work: Path, member: str, patients: str) -> Job:
    return next(job for job in jobs(recipe, work, (patients,)) if job.member == member)


def _digest(folder: Path, files: tuple[str, ...], choices: Choices) -> str:
    """What makes two versions differ: weights and choices."""
    told = [*(registry.sha256(folder / file) for file in sorted(files)), repr(choices)]
    return hashlib.sha256(" ".join(told).encode()).hexdigest()[:8]
