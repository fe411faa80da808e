"""Train the chest film network: head first on fixed features, then the upper blocks on random views.

Seeded and resumable: a step's data, views and dropout depend on (seed, epoch) alone, and each epoch
ends in a checkpoint, so a run that was cut off goes on as if it had not been.
"""

import ctypes
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from torch import Tensor, nn

from ray_jobs.imaging.augment import augment
from ray_jobs.imaging.checkpoints import one_cycle, resume, write_checkpoint
from ray_jobs.imaging.films import CLASSES, Films, Part, load_chest_films
from ray_jobs.imaging.network import FilmNetwork

WARM = 0.1
"""Of the steps, on the way up to the peak rate."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The fixed choices; searched once, recorded on the card."""

    seed: int = 0
    epochs: int = 5
    stop: int = 3
    """Epochs of the schedule that are run: what ships is the average after the third."""
    films_per_class: int = 1000
    batch: int = 32
    head_steps: int = 200
    peak_rate: float = 8e-4
    decay: float = 1e-2
    smoothing: float = 0.05
    average: float = 0.99
    threads: int = 2


def train(shared: Path, work: Path, recipe: Recipe | None = None) -> Path:
    """Train on the TRAIN patients; returns the file of averaged weights (a torch state dict).

    `shared` holds cxr_pneumonia; `work` receives the pixel cache, checkpoints and log.jsonl.
    """
    recipe = recipe or Recipe()
    torch.set_num_threads(recipe.threads)
    keep_memory()
    work.mkdir(parents=True, exist_ok=True)
    films = load_chest_films(shared / "cxr_pneumonia", work).part(Part.TRAIN)
    torch.manual_seed(recipe.seed)  # the head starts at random
    network, average = FilmNetwork.from_imagenet(), FilmNetwork.from_imagenet()
    network.freeze()
    trained = [value for value in network.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.peak_rate, weight_decay=recipe.decay)
    checkpoint = work / "checkpoint.pt"
    first = 0
    with Progress() as progress:
        if checkpoint.exists():
            first = resume(checkpoint, network, average, optimiser)
        else:
            _fit_head(network, films, recipe, progress)
            average.load_state_dict(network.state_dict())
        for epoch in range(first, recipe.stop):
            loss = _epoch(network, average, optimiser, films, epoch, recipe, progress)
            write_checkpoint(checkpoint, network, average, optimiser, epoch)
            with (work / "log.jsonl").open("a") as log:
                log.write(json.dumps({"epoch": epoch, "loss": loss, **asdict(recipe)}) + "\n")
    weights = work / "weights.pt"
    torch.save(average.state_dict(), weights)
    return weights


def keep_memory() -> None:
    """Keep freed memory in this process (glibc mallopt(3)): giving it back and faulting it in cost half of the time."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        trim_threshold, top_pad, mmap_max = -1, -2, -4
        for option, value in ((mmap_max, 0), (trim_threshold, 2**31 - 1), (top_pad, 64 * 1024 * 1024)):
            library.mallopt(option, value)


def _fit_head(network: FilmNetwork, films: Films, recipe: Recipe, progress: Progress) -> None:
    """A linear head on the features that ImageNet gives, so that fine-tuning starts from sense."""
    generator = torch.Generator().manual_seed(recipe.seed)
    order = _balanced(films.label, recipe.films_per_class // 2, seed=recipe.seed, epoch=-1)
    task = progress.add_task("features", total=len(order))
    network.eval()
    pooled = []
    with torch.no_grad():
        for batch in _batches(order, recipe.batch):
            views = augment(torch.from_numpy(films.pixels[batch]), generator)
            pooled.append(network.feature_map(views).mean((2, 3)))
            progress.advance(task, len(batch))
    features, labels = torch.cat(pooled), torch.from_numpy(films.label[order])
    optimiser = torch.optim.AdamW(network.head.parameters(), lr=3e-3, weight_decay=1e-2)
    for _ in range(recipe.head_steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(network.head(features), labels).backward()
        optimiser.step()


def _epoch(
    network: FilmNetwork,
    average: FilmNetwork,
    optimiser: torch.optim.Optimizer,
    films: Films,
    epoch: int,
    recipe: Recipe,
    progress: Progress,
) -> float:
    """One pass over a balanced draw; the average follows each step. Returns the mean loss."""
    torch.manual_seed(recipe.seed * 1000 + epoch)
    generator = torch.Generator().manual_seed(recipe.seed * 1000 + epoch)
    order = _balanced(films.label, recipe.films_per_class, seed=recipe.seed, epoch=epoch)
    steps = math.ceil(len(order) / recipe.batch)
    task = progress.add_task(f"epoch {epoch + 1} of {recipe.stop}", total=steps)
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    network.train()
    total = 0.0
    for step, batch in enumerate(_batches(order, recipe.batch)):
        share = (epoch * steps + step) / (recipe.epochs * steps)
        for group in optimiser.param_groups:
            group["lr"] = recipe.peak_rate * one_cycle(share, WARM)
        views = augment(torch.from_numpy(films.pixels[batch]), generator)
        loss: Tensor = criterion(network.logits(views), torch.from_numpy(films.label[batch]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        follow(average, network, recipe.average)
        total += float(loss.detach())
        progress.advance(task)
    return total / steps


def follow(average: FilmNetwork, network: FilmNetwork, keep: float) -> None:
    """Exponential average of weights and batch statistics: steadier on films unlike the last batch."""
    with torch.no_grad():
        current = network.state_dict()
        for name, value in average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(current[name], 1 - keep)


def _balanced(label: npt.NDArray[np.int64], per_class: int, *, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The same number of films of every class, in random order: the test part has another mix."""
    random = np.random.default_rng([seed, epoch + 1])
    drawn = [random.choice(np.flatnonzero(label == index), per_class, replace=False) for index in range(len(CLASSES))]
    return random.permutation(np.concatenate(drawn))


def _batches(order: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Cut an order into batches; the last may be short."""
    for start in range(0, len(order), size):
        yield order[start : start + size]
