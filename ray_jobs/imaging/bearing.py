"""Which way up: a small network on the fixed blocks' features says how surely a picture was turned or flipped.

Distance from the training pictures does not tell it of brains, which look much alike from above and from below. What
is asked here is learnt from the set itself: its own slices as they came against the same ones turned by quarters or
stood on their heads (self-supervised rotation, Gidaris et al. 2018; for outliers, Hendrycks et al. 2019).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYOUT = 640
"""40 channels of the fifth block at 4 × 4 places."""
REACH = 5.0
"""Features beyond so many spreads count as that many: a picture of another kind must not drive the answer."""


class Bearing(nn.Module):
    """Standardised layout float[n, 640] → float[n]; above 1: not the way up of the training pictures."""

    limit: Tensor

    def __init__(self, hidden: int = 96) -> None:
        """Random weights; the limit is of no use until `fit_bearing` has set it."""
        super().__init__()
        self.one, self.two = nn.Linear(LAYOUT, hidden), nn.Linear(hidden, 1)
        self.before, self.within = nn.Dropout(0.3), nn.Dropout(0.5)
        self.register_buffer("limit", torch.zeros(1))

    def forward(self, layout: Tensor) -> Tensor:
        """Log-odds of being turned, moved so that 1 is the limit, and no less than 0."""
        return functional.relu(1 + self.turned(layout) - self.limit)

    def turned(self, layout: Tensor) -> Tensor:
        """Log-odds of being turned, float[n]."""
        hidden = functional.relu(self.one(self.before(layout.clamp(-REACH, REACH))))
        odds: Tensor = self.two(self.within(hidden))[:, 0]
        return odds


@dataclass(frozen=True, slots=True)
class BearingRecipe:
    """The fixed choices. `refused`: share of the calibration slices that may be called turned although they are not."""

    seed: int = 0
    hidden: int = 96
    epochs: int = 12
    batch: int = 128
    rate: float = 4e-3
    decay: float = 0.1
    refused: float = 0.005


def fit_bearing(upright: Tensor, turns: Tensor, calibration: Tensor, recipe: BearingRecipe | None = None) -> Bearing:
    """Learn from standardised layouts float[n, 640] and float[m, 640]; the limit from others, float[k, 640]."""
    recipe = recipe or BearingRecipe()
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    network = Bearing(recipe.hidden)
    layouts = torch.cat([upright, turns])
    wanted = torch.cat([torch.zeros(len(upright)), torch.ones(len(turns))])
    weight = torch.where(wanted > 0, len(upright) / len(turns), 1.0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    steps = recipe.epochs * -(-len(layouts) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    for _ in range(recipe.epochs):
        for drawn in torch.randperm(len(layouts)).split(recipe.batch):
            odds = network.turned(layouts[drawn])
            optimiser.zero_grad()
            functional.binary_cross_entropy_with_logits(odds, wanted[drawn], weight=weight[drawn]).backward()
            optimiser.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        network.limit.copy_(torch.quantile(network.turned(calibration), 1 - recipe.refused))
    return network
