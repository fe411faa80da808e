"""A slice network that looks at one place: attention over 14 × 14 places, learnt from the boxes that people drew.

A mean over the whole slice forgets where a tumour lies and drowns its texture in that of the brain around it. Here the
classes are read from the place that attention points at (Ilse et al. 2018), from where that place is, and from the
whole slice; training tells attention what the box holds. Without boxes it would learn where to look from classes alone.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ray_jobs.imaging.network import FEATURES, FilmNetwork

CUT = 11
"""Blocks below the finer of the two maps: 112 channels at a sixteenth of the picture's side."""
MIDDLE = 112
WIDTH = 192
PLACES = 49
"""Cells of the heatmap, whose mean is the evidence."""


class Seen(NamedTuple):
    """Uncalibrated logits float[n, classes]; log of attention float[n, h × w], which sums to 1 over a slice."""

    logits: Tensor
    log_attention: Tensor


class AttentiveNetwork(FilmNetwork):
    """As FilmNetwork, with attention; `head` reads the whole slice, `local` the place, `position` where it is."""

    def __init__(self, classes: int = 3, *, frozen_blocks: int = 5, finding: tuple[int, ...] = ()) -> None:
        """Random weights; `from_imagenet` gives the start of training."""
        super().__init__(classes, frozen_blocks=frozen_blocks, finding=finding)
        self.fine, self.coarse = nn.Conv2d(MIDDLE, WIDTH, 1), nn.Conv2d(FEATURES, WIDTH, 1)
        self.norm, self.attention = nn.BatchNorm2d(WIDTH), nn.Conv2d(WIDTH, 1, 1)
        self.local = nn.Linear(WIDTH, classes)
        self.position = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, classes))
        nn.init.zeros_(self.head.weight)

    def seen(self, pixels: Tensor) -> Seen:
        """float[n, h, w] in 0..255 → logits and where it looked."""
        middle = self.middle(pixels, CUT)
        return self._seen(middle, self.above(middle, CUT))[0]

    def logits(self, pixels: Tensor) -> Tensor:
        """float[n, h, w] → float[n, classes], uncalibrated."""
        return self.seen(pixels).logits

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As FilmNetwork's: the heatmap is the evidence of the place attended to, and of the whole slice."""
        lower = self._lower(pixels.float())
        middle = self._between(lower, CUT)
        maps = self.above(middle, CUT)
        seen, local = self._seen(middle, maps)
        probability = torch.softmax(seen.logits / self.temperature, 1)
        whole = torch.einsum("nchw,nc->nhw", maps, self._towards(probability))
        there = torch.einsum("nchw,nc->nhw", local, self._towards(probability, self.local.weight))
        weighted = there * seen.log_attention.exp().reshape_as(there)
        # four cells of the finer map lie in one of the heatmap, whose mean, not sum, is the evidence
        heatmap = whole + PLACES * 4 * functional.avg_pool2d(weighted.unsqueeze(1), 2).squeeze(1)
        return probability, heatmap, self._doubt(lower)

    def _seen(self, middle: Tensor, maps: Tensor) -> tuple[Seen, Tensor]:
        """Also the local features float[n, WIDTH, h, w]."""
        height, width = middle.shape[2:]
        above = functional.interpolate(self.coarse(maps), size=(height, width), mode="bilinear", align_corners=False)
        local = functional.relu(self.norm(self.fine(middle) + above))
        log_attention = self.attention(local).flatten(1).log_softmax(1)
        share = log_attention.exp()
        there = torch.einsum("np,ncp->nc", share, local.flatten(2))
        logits = self.local(self.dropout(there)) + self.head(self.dropout(maps.mean((2, 3))))
        return Seen(logits + self.position(_position(share, height, width)), log_attention), local


def _position(share: Tensor, height: int, width: int) -> Tensor:
    """Where attention lies, float[n, 4]: distance from the midline, height, and its spread across and down."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    places = torch.stack([across.flatten(), down.flatten()], 1).to(share)
    middle = share @ places
    spread = (share @ places.square() - middle.square()).clamp_min(1e-4).sqrt()
    return torch.cat([middle[:, :1].abs(), middle[:, 1:], spread], 1)
