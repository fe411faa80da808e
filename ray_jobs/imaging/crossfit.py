"""Train a slice network: the upper blocks and the head, on kept features of views, for some of the patients.

Seeded; the network of a set of folds is kept when it is done, so a run that was cut off goes on with the next one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ray_jobs.imaging.features import CUT, Features
from ray_jobs.imaging.network import FilmNetwork
from ray_jobs.imaging.train import follow

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class UpperRecipe:
    """The fixed choices of a slice model."""

    seed: int = 0
    epochs: int = 4
    batch: int = 32
    head_steps: int = 200
    peak_rate: float = 6e-4
    decay: float = 0.05
    smoothing: float = 0.1
    average: float = 0.97
    threads: int = 1


def fit(
    views: list[Features], label: npt.NDArray[np.int64], rows: Rows, recipe: UpperRecipe, store: Path, *, wanted: Rows
) -> Tensor:
    """Train on `rows`; returns logits float[m, classes] of the `wanted` slices. The state dict is kept in `store`."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    classes = int(label.max()) + 1
    network, average = FilmNetwork.from_imagenet(classes), FilmNetwork.from_imagenet(classes)
    if not store.exists():
        for block in network.body._blocks[:CUT]:  # noqa: SLF001 - see network.py
            block.requires_grad_(requires_grad=False)
        network.freeze()
        _fit_head(network, views, label, rows, recipe)
        average.load_state_dict(network.state_dict())
        _tune(network, average, views, label, rows, recipe)
        torch.save(average.state_dict(), store.with_suffix(".new"))
        store.with_suffix(".new").rename(store)
    average.load_state_dict(torch.load(store, weights_only=True))
    return logits_of(average.eval(), views[0].middle[wanted])


def logits_of(network: FilmNetwork, middle: npt.NDArray[np.float16]) -> Tensor:
    """Logits float[n, classes] from what the fixed blocks answered."""
    with torch.no_grad():
        return network.head(_pooled(network, middle))  # type: ignore[no-any-return]


def _pooled(network: FilmNetwork, middle: npt.NDArray[np.float16]) -> Tensor:
    with torch.no_grad():
        parts = [
            network.above(torch.from_numpy(middle[start : start + 16]).float(), CUT).mean((2, 3))
            for start in range(0, len(middle), 16)
        ]
    return torch.cat(parts)


def class_weights(label: npt.NDArray[np.int64]) -> Tensor:
    """Rare classes count more, by the root of how rare they are."""
    weight = 1 / np.sqrt(np.bincount(label))
    return torch.from_numpy(weight / weight.mean()).float()


def _fit_head(
    network: FilmNetwork, views: list[Features], label: npt.NDArray[np.int64], rows: Rows, recipe: UpperRecipe
) -> None:
    """A linear head on what ImageNet gives, so that tuning starts from sense."""
    network.eval()
    pooled, target = _pooled(network, views[1].middle[rows]), torch.from_numpy(label[rows])
    optimiser = torch.optim.AdamW(network.head.parameters(), lr=3e-3, weight_decay=0.1)
    for _ in range(recipe.head_steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(network.head(pooled), target, class_weights(label[rows])).backward()
        optimiser.step()


def _tune(
    network: FilmNetwork,
    average: FilmNetwork,
    views: list[Features],
    label: npt.NDArray[np.int64],
    rows: Rows,
    recipe: UpperRecipe,
) -> None:
    """Each epoch another view of every slice; the average follows each step."""
    trained = [value for value in network.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.peak_rate, weight_decay=recipe.decay)
    steps = recipe.epochs * -(-len(rows) // recipe.batch)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.peak_rate, total_steps=steps, pct_start=0.15)
    criterion = nn.CrossEntropyLoss(class_weights(label[rows]), label_smoothing=recipe.smoothing)
    network.train()
    for block in network.body._blocks[:CUT]:  # noqa: SLF001 - see network.py
        block.eval()
    for epoch in range(recipe.epochs):
        order = np.random.default_rng([recipe.seed, epoch]).permutation(rows)
        view = views[(epoch + 1) % len(views)]
        for start in range(0, len(order), recipe.batch):
            batch = order[start : start + recipe.batch]
            values = torch.from_numpy(view.middle[batch]).float()
            pooled = network.dropout(network.above(values, CUT).mean((2, 3)))
            loss = criterion(network.head(pooled), torch.from_numpy(label[batch]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
            follow(average, network, recipe.average)
