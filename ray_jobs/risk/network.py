"""Train the bags of small networks that `ray_jobs.risk.nets` scores with (torch, seeded, on one thread)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import nn

from ray_jobs.risk.nets import EPSILON
from ray_jobs.risk.quantile_map import QuantileMap
from ray_jobs.risk.training.recipes import Bag

Floats = NDArray[np.float32]
QUANTILES: Final = 33
# Levels of the knots: evenly spaced, so that each thirty-second of the training data spans as much as the next.
REACH: Final = 1.7
SAMPLE: Final = 200_000
# Absence is told apart where it varies: known in all or in none of the rows it says nothing.
SELDOM: Final = 0.02


class _Net(nn.Module):
    def __init__(self, inputs: int, shape: Bag) -> None:
        super().__init__()
        self.drop = nn.Dropout(shape.drop_inputs)
        self.one, self.n1 = nn.Linear(inputs, shape.hidden), nn.LayerNorm(shape.hidden, eps=EPSILON)
        self.two, self.n2 = nn.Linear(shape.hidden, shape.second), nn.LayerNorm(shape.second, eps=EPSILON)
        self.within, self.out = nn.Dropout(shape.drop_hidden), nn.Linear(shape.second, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.within(torch.relu(self.n1(self.one(self.drop(x)))))
        out: torch.Tensor = self.out(self.within(torch.relu(self.n2(self.two(hidden)))))
        return out


def fit(
    rows: Floats,
    label: Floats,
    ever: Floats,
    weight: Floats,
    shape: Bag,
    path: Path,
    *,
    seed: int,
    excluded: NDArray[np.int64],
    progress: Callable[[int, int], None],
) -> None:
    """Fit a bag on rows [n, f] (NaN: unknown) with labels, weights and the auxiliary label; write safetensors to path.

    `excluded` features are as if unknown in every row. One step of `progress` is one network.
    """
    torch.set_num_threads(1)
    knots, levels, flags = _map(rows, seed, excluded)
    inputs = torch.from_numpy(QuantileMap(knots, levels, flags)(rows))
    targets = torch.from_numpy(np.stack([label, ever], axis=1).astype(np.float32))
    weights = torch.from_numpy((weight / weight.mean()).astype(np.float32))
    nets = []
    for k in range(shape.count):
        nets.append(_fit_one(inputs, targets, weights, shape, seed + k))
        progress(k + 1, shape.count)
    arrays: dict[str, NDArray[Any]] = {"knots": knots, "levels": levels, "flags": flags, **_arrays(nets)}
    part = path.with_suffix(".part")
    save_file(arrays, part)
    part.replace(path)


def _fit_one(
    inputs: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor,
    shape: Bag,
    seed: int,
) -> _Net:
    torch.manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    net = _Net(inputs.shape[1], shape)
    optimiser = torch.optim.AdamW(net.parameters(), lr=shape.rate, weight_decay=shape.decay)
    batches = -(-len(inputs) // shape.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, shape.rate, total_steps=shape.epochs * batches)
    share = torch.tensor([1.0, shape.auxiliary])
    for _ in range(shape.epochs):
        net.train()
        for drawn in torch.randperm(len(inputs), generator=order).split(shape.batch):
            loss = nn.functional.binary_cross_entropy_with_logits(net(inputs[drawn]), targets[drawn], reduction="none")
            optimiser.zero_grad()
            ((loss * share).sum(1) * weights[drawn]).mean().backward()
            optimiser.step()
            schedule.step()
    return net


def _map(rows: Floats, seed: int, excluded: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Knots and levels [f, QUANTILES] of each feature's map, and the features whose absence is told apart."""
    features = rows.shape[1]
    knots, levels = np.zeros((features, QUANTILES), np.float32), np.zeros((features, QUANTILES), np.float32)
    some = rows if len(rows) <= SAMPLE else rows[np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False)]
    at = np.linspace(-REACH, REACH, QUANTILES)
    flags: list[int] = []
    seen: set[bytes] = set()
    for j in range(features):
        known = some[:, j][~np.isnan(some[:, j])]
        if j in excluded or not len(known):
            continue
        quantiles = np.quantile(known, np.linspace(0, 1, QUANTILES))
        values, back = np.unique(quantiles, return_inverse=True)
        # Equal quantiles share one level, their mean, and the rest of the row repeats the last knot.
        level = np.bincount(back, weights=at) / np.bincount(back)
        knots[j], levels[j] = values[-1], level[-1]
        knots[j, : len(values)], levels[j, : len(values)] = values, level
        absent = np.isnan(some[:, j])
        pattern = np.packbits(absent).tobytes()
        if SELDOM < absent.mean() < 1 - SELDOM and pattern not in seen:
            seen.add(pattern)
            flags.append(j)
    return knots, levels, np.array(flags, dtype=np.int64)


def _arrays(nets: list[_Net]) -> dict[str, Floats]:
    def stack(tensors: list[torch.Tensor]) -> Floats:
        return np.ascontiguousarray(np.stack([t.detach().numpy() for t in tensors]))

    return {
        "w1": stack([net.one.weight.T for net in nets]),
        "b1": stack([net.one.bias for net in nets]),
        "g1": stack([net.n1.weight for net in nets]),
        "s1": stack([net.n1.bias for net in nets]),
        "w2": stack([net.two.weight.T for net in nets]),
        "b2": stack([net.two.bias for net in nets]),
        "g2": stack([net.n2.weight for net in nets]),
        "s2": stack([net.n2.bias for net in nets]),
        "w3": stack([net.out.weight[0] for net in nets]),
        "b3": stack([net.out.bias[0] for net in nets]),
    }
