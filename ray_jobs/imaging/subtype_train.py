"""Train the branch that tells bacterial from viral on films of the ill, and weigh it against the first branch.

Seeded and resumable, as `train.py`: an epoch's data, views and dropout hang on (seed, epoch) alone, and each ends in a
checkpoint.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from scipy.optimize import minimize
from torch import Tensor, nn

from ray_jobs.imaging.augment import augment
from ray_jobs.imaging.checkpoints import one_cycle, resume, save_whole, write_checkpoint
from ray_jobs.imaging.films import Films, Part, load_chest_films
from ray_jobs.imaging.network import FilmNetwork
from ray_jobs.imaging.subtype import VIRUS, SubtypedNetwork
from ray_jobs.imaging.train import follow

WARM = 0.15
"""Of the steps, on the way up to the peak rate."""
SMOOTHED = 0.05
"""How far a label is from certain: files were named by a laboratory's finding, which misses some."""


@dataclass(frozen=True, slots=True)
class SubtypeRecipe:
    """The fixed choices; searched once, recorded in docs/benchmarks/imaging.md."""

    seed: int = 0
    epochs: int = 6
    batch: int = 32
    view: int = 192
    """Pixels a side of a view; films are read at 224."""
    peak_rate: float = 6e-4
    head_rate: float = 3e-3
    decay: float = 0.05
    average: float = 0.995
    threads: int = 2


def train_branch(weights: Path, shared: Path, work: Path, recipe: SubtypeRecipe) -> Path:
    """Train the branch beside the network in file `weights` on the TRAIN patients of cxr_pneumonia in `shared`."""
    first = FilmNetwork()
    first.load_state_dict(torch.load(weights, weights_only=True))
    return train_subtype(first, load_chest_films(shared / "cxr_pneumonia", work).part(Part.TRAIN), work, recipe)


def train_subtype(first: FilmNetwork, films: Films, work: Path, recipe: SubtypeRecipe) -> Path:
    """Train the branch beside `first` on the ill of `films`; returns the file of the whole network's state dict."""
    store = work / "subtype.pt"
    if store.exists():
        return store
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    network, average = SubtypedNetwork.of(first), SubtypedNetwork()
    average.load_state_dict(network.state_dict())
    network.freeze()
    network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        [{"params": list(network.other.parameters())}, {"params": list(network.other_head.parameters())}],
        weight_decay=recipe.decay,
    )
    checkpoint = work / "subtype-checkpoint.pt"
    start = resume(checkpoint, network, average, optimiser)
    ill = np.flatnonzero(films.label > 0)
    with Progress() as progress:
        task = progress.add_task("bacterial or viral", total=recipe.epochs * len(ill), completed=start * len(ill))
        for epoch in range(start, recipe.epochs):
            loss = _epoch(network, average, optimiser, films, ill, epoch, recipe, lambda n: progress.advance(task, n))
            write_checkpoint(checkpoint, network, average, optimiser, epoch)
            with (work / "log.jsonl").open("a") as log:
                log.write(json.dumps({"subtype epoch": epoch, "loss": loss, **asdict(recipe)}) + "\n")
    save_whole(average.state_dict(), store)
    return store


def _epoch(
    network: SubtypedNetwork, average: SubtypedNetwork, optimiser: torch.optim.Optimizer, films: Films,
    ill: npt.NDArray[np.int64], epoch: int, recipe: SubtypeRecipe, told: Callable[[int], None],
) -> float:  # fmt: skip
    """One pass over the ill; the average follows each step. Returns the mean loss."""
    torch.manual_seed(recipe.seed * 1000 + epoch)
    generator = torch.Generator().manual_seed(recipe.seed * 1000 + epoch)
    order = np.random.default_rng([recipe.seed, epoch]).permutation(ill)
    per_epoch = math.ceil(len(order) / recipe.batch)
    network.train()
    total = 0.0
    for number, start in enumerate(range(0, len(order), recipe.batch)):
        step = epoch * per_epoch + number
        _rates(optimiser, recipe, step / (recipe.epochs * per_epoch))
        batch = order[start : start + recipe.batch]
        views = augment(torch.from_numpy(np.ascontiguousarray(films.pixels[batch])), generator, recipe.view)
        target = torch.from_numpy(np.where(films.label[batch] == VIRUS, 1 - SMOOTHED, SMOOTHED)).float()
        loss: Tensor = nn.functional.binary_cross_entropy_with_logits(network.subtype(views), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        follow(average, network, min(recipe.average, (step + 1) / (step + 11)))
        total += float(loss.detach()) * len(batch)
        told(len(batch))
    return total / len(order)


def _rates(optimiser: torch.optim.Optimizer, recipe: SubtypeRecipe, share: float) -> None:
    now = one_cycle(share, WARM)
    for group, peak in zip(optimiser.param_groups, (recipe.peak_rate, recipe.head_rate), strict=True):
        group["lr"] = peak * max(now, 1e-3)


def mixing(evidence: npt.NDArray[np.float64], viral: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Weights of both log-odds float[n, 2], not negative, and a constant, by log-likelihood on calibration films."""

    def loss(weights: npt.NDArray[np.float64]) -> float:
        logit = evidence @ weights[:2] + weights[2]
        return float(np.mean(np.logaddexp(0, logit) - viral * logit))

    found = minimize(loss, np.array([1.0, 0.1, 0.0]), bounds=[(0, None), (0, None), (None, None)], method="L-BFGS-B").x
    return float(found[0]), float(found[1]), float(found[2])
