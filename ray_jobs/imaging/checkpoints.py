"""What the trainings of networks share: where one stands, as a file, and how fast it learns at each step."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn


def resume(file: Path, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """The next epoch: 0 where there is no file, else what the file says, with all states as they were then."""
    if not file.exists():
        return 0
    saved = torch.load(file, weights_only=True)
    network.load_state_dict(saved["network"])
    average.load_state_dict(saved["average"])
    optimiser.load_state_dict(saved["optimiser"])
    return int(saved["epoch"]) + 1


def write_checkpoint(
    file: Path, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer, epoch: int
) -> None:
    """What `resume` goes on from, at the end of an epoch."""
    save_whole(
        {
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": epoch,
        },
        file,
    )


def save_whole(state: Mapping[str, Any], file: Path) -> None:
    """Write a state whole and at once."""
    fresh = file.with_suffix(".new")
    torch.save(state, fresh)
    fresh.rename(file)


def one_cycle(share: float, warm: float) -> float:
    """After `share` of the steps, the share of the peak rate: up over the first `warm`, then a half cosine to 0."""
    return share / warm if share < warm else 0.5 * (1 + math.cos(math.pi * (share - warm) / (1 - warm)))
