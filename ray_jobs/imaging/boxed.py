"""Train a slice network that learns from boxes where to look: all but the lowest blocks, on random views.

Seeded and resumable: each epoch's order, views and dropout hang on (seed, epoch) alone, each ends in a checkpoint, and
the network of a set of folds is kept when it is done.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from torch import Tensor, nn
from torch.nn import functional

from ray_jobs.imaging.attention import AttentiveNetwork
from ray_jobs.imaging.augment import boxed_views
from ray_jobs.imaging.checkpoints import one_cycle, resume, save_whole, write_checkpoint
from ray_jobs.imaging.crossfit import Rows, class_weights
from ray_jobs.imaging.slices import Slices
from ray_jobs.imaging.train import follow

WARM = 0.15
"""Of the steps, on the way up to the peak rate."""
CELL = 16
"""Pixels of a view a side for one place of attention."""


@dataclass(frozen=True, slots=True)
class BoxedRecipe:
    """The fixed choices. `view`: pixels a side of a random view; slices are read at 224."""

    seed: int = 0
    epochs: int = 6
    batch: int = 32
    view: int = 192
    peak_rate: float = 5e-4
    head_rate: float = 2e-3
    decay: float = 0.05
    smoothing: float = 0.1
    looking: float = 0.5
    """Weight of the box's loss."""
    average: float = 0.99
    threads: int = 1


def fit_boxed(
    slices: Slices, rows: Rows, recipe: BoxedRecipe, store: Path, progress: Progress, *, wanted: Rows
) -> Tensor:
    """Train on `rows`; returns logits float[m, classes] of the `wanted` slices. The state dict is kept in `store`.

    Raises ValueError when the set has no boxes.
    """
    if slices.box is None:
        raise ValueError("this set has no boxes to learn from")
    torch.set_num_threads(recipe.threads)
    classes = int(slices.films.label.max()) + 1
    average = AttentiveNetwork.from_imagenet(classes)
    if not store.exists():
        _fit(slices, slices.box, rows, recipe, store, average, progress)
    average.load_state_dict(torch.load(store, weights_only=True))
    average.eval()
    with torch.no_grad():
        parts = [
            average.logits(torch.from_numpy(slices.films.pixels[wanted[start : start + 16]]).float())
            for start in range(0, len(wanted), 16)
        ]
    return torch.cat([torch.zeros((0, classes)), *parts])


def _fit(
    slices: Slices, box: npt.NDArray[np.float32], rows: Rows, recipe: BoxedRecipe, store: Path,
    average: AttentiveNetwork, progress: Progress,
) -> None:  # fmt: skip
    torch.manual_seed(recipe.seed)
    classes = int(slices.films.label.max()) + 1
    network = AttentiveNetwork.from_imagenet(classes)
    network.freeze()
    average.load_state_dict(network.state_dict())
    network.to(memory_format=torch.channels_last)  # a third faster on a processor
    body = [value for name, value in network.named_parameters() if name.startswith("body.") and value.requires_grad]
    heads = [value for name, value in network.named_parameters() if not name.startswith("body.")]
    optimiser = torch.optim.AdamW([{"params": body}, {"params": heads}], weight_decay=recipe.decay)
    checkpoint = store.with_suffix(".checkpoint")
    first = resume(checkpoint, network, average, optimiser)
    task = progress.add_task(store.stem, total=recipe.epochs * len(rows), completed=first * len(rows))
    criterion = nn.CrossEntropyLoss(class_weights(slices.films.label[rows]), label_smoothing=recipe.smoothing)
    steps = recipe.epochs * -(-len(rows) // recipe.batch)
    for epoch in range(first, recipe.epochs):
        torch.manual_seed(recipe.seed * 1000 + epoch)
        generator = torch.Generator().manual_seed(recipe.seed * 1000 + epoch)
        order = np.random.default_rng([recipe.seed, epoch]).permutation(rows)
        network.train()
        for number, start in enumerate(range(0, len(order), recipe.batch)):
            step = epoch * -(-len(rows) // recipe.batch) + number
            _rates(optimiser, recipe, step / steps)
            batch = order[start : start + recipe.batch]
            pixels = torch.from_numpy(np.ascontiguousarray(slices.films.pixels[batch])).float()
            views, inside = boxed_views(pixels, torch.from_numpy(box[batch]), generator, recipe.view)
            seen = network.seen(views)
            share = functional.adaptive_avg_pool2d(inside.unsqueeze(1), recipe.view // CELL).flatten(1)
            looked = -(share / share.sum(1, keepdim=True).clamp_min(1e-3) * seen.log_attention).sum(1).mean()
            loss = criterion(seen.logits, torch.from_numpy(slices.films.label[batch])) + recipe.looking * looked
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            follow(average, network, min(recipe.average, (step + 1) / (step + 11)))
            progress.advance(task, len(batch))
        write_checkpoint(checkpoint, network, average, optimiser, epoch)
    save_whole(average.state_dict(), store)
    checkpoint.unlink(missing_ok=True)


def _rates(optimiser: torch.optim.Optimizer, recipe: BoxedRecipe, share: float) -> None:
    """One cycle: up over the first seventh, then a half cosine to nothing; the new layers learn faster."""
    now = one_cycle(share, WARM)
    for group, peak in zip(optimiser.param_groups, (recipe.peak_rate, recipe.head_rate), strict=True):
        group["lr"] = peak * max(now, 1e-3)
