"""Random views of a film: the ways in which another machine, operator or scanner would have taken it.

The hidden risk of the training set is that normal films carry black collimated edges and steep
contrast while ill children were filmed lying, washed out and cut close: the edges, exposure, crop,
rotation and markers are therefore varied until none of them tells the classes apart.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

VIEW = 192
NEARLY_WHOLE = 0.3
MIRRORED = 0.5


def augment(films: Tensor, generator: torch.Generator, side: int = VIEW) -> Tensor:
    """uint8[n, 224, 224] → float[n, side, side] in 0..255: one random view of each film."""
    draw = _Draw(len(films), generator)
    views = _geometry(films.float().unsqueeze(1) / 255, draw, side)
    views = _edges(views, draw)
    views = _exposure(views, draw)
    views = _sharpness(views, draw)
    views = _markers(views, draw)
    return views.squeeze(1).clamp(0, 1) * 255


def slice_views(slices: Tensor, generator: torch.Generator) -> Tensor:
    """float[n, 224, 224] in 0..255 → the same: turned up to 12°, nearer or farther, mirrored, another window, blurred.

    A slice has no collimator and no markers, and its place in the picture is the scanner's: shifts are small.
    """
    draw = _Draw(len(slices), generator)
    return _shown(_turned(slices.unsqueeze(1) / 255, draw, slices.shape[-1]), draw)


def boxed_views(slices: Tensor, box: Tensor, generator: torch.Generator, side: int) -> tuple[Tensor, Tensor]:
    """As `slice_views`, float[n, side, side], and how much of each pixel the turned box holds, float[n, side, side].

    `box` float[n, 4]: centre across and down, width, height, as shares of the slice.
    """
    draw = _Draw(len(slices), generator)
    line = (torch.arange(slices.shape[-1]) + 0.5) / slices.shape[-1]
    half = box[:, 2:, None] / 2
    across = (line - box[:, 0, None]).abs() <= half[:, 0]
    down = (line - box[:, 1, None]).abs() <= half[:, 1]
    inside = (across[:, None, :] & down[:, :, None]).float()
    both = _turned(torch.stack([slices / 255, inside], 1), draw, side)
    return _shown(both[:, :1], draw), both[:, 1]


def _turned(planes: Tensor, draw: "_Draw", side: int) -> Tensor:
    """float[n, c, h, w] → float[n, c, side, side]: turned, nearer or farther, mirrored, shifted a little."""
    angle = draw.uniform(-12, 12) * math.pi / 180
    zoom, aspect = draw.uniform(0.82, 1.08), torch.exp(draw.uniform(-0.08, 0.08))
    mirror = torch.where(draw.uniform(0, 1) < MIRRORED, -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across = torch.stack([cos * aspect * mirror, -sin, draw.uniform(-0.06, 0.06)], -1)
    down = torch.stack([sin * mirror, cos / aspect, draw.uniform(-0.06, 0.06)], -1)
    grid = functional.affine_grid(torch.stack([across, down], 1), [draw.count, 1, side, side], align_corners=False)
    return functional.grid_sample(planes, grid, align_corners=False)


def _shown(views: Tensor, draw: "_Draw") -> Tensor:
    """float[n, 1, h, w] in 0..1 → float[n, h, w] in 0..255 through another window, blurred, sharpened or noisy."""
    views = views.clamp(1e-3, 1) ** torch.exp(draw.wide(-0.35, 0.35))
    views = views * draw.wide(0.8, 1.2) + draw.wide(-0.05, 0.05)
    return _sharpness(views, draw).squeeze(1).clamp(0, 1) * 255


class _Draw:
    """Uniform numbers, one a film, from one seeded source."""

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count = count
        self.generator = generator

    def uniform(self, low: float, high: float) -> Tensor:
        """float[n] between low and high."""
        return torch.rand(self.count, generator=self.generator) * (high - low) + low

    def chance(self, share: float) -> Tensor:
        """float[n, 1, 1, 1]: 1 for about `share` of the films."""
        return (self.uniform(0, 1) < share).float().view(-1, 1, 1, 1)

    def wide(self, low: float, high: float) -> Tensor:
        """The same as `uniform`, shaped for a batch of films."""
        return self.uniform(low, high).view(-1, 1, 1, 1)


def _geometry(films: Tensor, draw: _Draw, side: int) -> Tensor:
    """Rotation ±12°, zoom 0.75–1.1, aspect ±12 %, shift, mirror; outside is black or the edge's grey."""
    angle = draw.uniform(-12, 12) * math.pi / 180
    zoom = draw.uniform(0.75, 1.1) * side / films.shape[-1]
    zoom = torch.where(draw.uniform(0, 1) < NEARLY_WHOLE, draw.uniform(0.95, 1.05), zoom)
    aspect = torch.exp(draw.uniform(-0.12, 0.12))
    mirror = torch.where(draw.uniform(0, 1) < MIRRORED, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    shift = 0.6 * (1 - zoom).abs() + 0.04
    theta = torch.stack(
        [
            torch.stack([cos * zoom * aspect * mirror, -sin * zoom, draw.uniform(-1, 1) * shift], -1),
            torch.stack([sin * zoom * mirror, cos * zoom / aspect, draw.uniform(-1, 1) * shift], -1),
        ],
        1,
    )
    grid = functional.affine_grid(theta, [draw.count, 1, side, side], align_corners=False)
    half = draw.count // 2
    return torch.cat(
        [
            functional.grid_sample(films[:half], grid[:half], align_corners=False),
            functional.grid_sample(films[half:], grid[half:], padding_mode="border", align_corners=False),
        ]
    )


def _edges(views: Tensor, draw: _Draw) -> Tensor:
    """Collimator: up to 16 % of each side black on a third of the films."""
    line = torch.linspace(0, 1, views.shape[-1])
    across, down = line.view(1, 1, 1, -1), line.view(1, 1, -1, 1)
    inside = (across > draw.wide(-0.1, 0.16)) & (across < draw.wide(0.84, 1.1))
    inside = inside & (down > draw.wide(-0.2, 0.1)) & (down < draw.wide(0.9, 1.2))
    keep = 1 - draw.chance(0.35) * (1 - inside.float())
    return views * keep + (1 - keep) * draw.wide(0, 0.08)


def _exposure(views: Tensor, draw: _Draw) -> Tensor:
    """Gamma 0.55–1.8, contrast 0.55–1.4, brightness ±0.12, and on a fifth an equalising curve."""
    views = views.clamp(1e-3, 1) ** torch.exp(draw.wide(-0.6, 0.6))
    mean = views.mean((1, 2, 3), keepdim=True)
    curve = torch.sigmoid((views - mean) * draw.wide(3, 8))
    pick = draw.chance(0.2)
    views = pick * curve + (1 - pick) * views
    return (views - mean) * draw.wide(0.55, 1.4) + mean + draw.wide(-0.12, 0.12)


def _sharpness(views: Tensor, draw: _Draw) -> Tensor:
    """A third blurred, a fifth sharpened, a third noisy."""
    soft = functional.avg_pool2d(views, 3, 1, 1)
    amount = draw.chance(0.3) * draw.wide(0.3, 1) - draw.chance(0.2) * draw.wide(0.3, 1)
    views = views + amount * (soft - views)
    noise = torch.randn(views.shape, generator=draw.generator)
    return views + draw.chance(0.3) * draw.wide(0, 0.03) * noise


def _markers(views: Tensor, draw: _Draw) -> Tensor:
    """A bright marker on a third, a grey patch over up to a fifth of the width on a third."""
    line = torch.linspace(0, 1, views.shape[-1])
    across, down = line.view(1, 1, 1, -1), line.view(1, 1, -1, 1)

    def box(size: Tensor) -> Tensor:
        left, top = draw.wide(-0.05, 1), draw.wide(-0.05, 1)
        return ((across > left) & (across < left + size) & (down > top) & (down < top + size)).float()

    for size, level, share in (
        (draw.wide(0.02, 0.07), draw.wide(0.7, 1), 0.3),
        (draw.wide(0.05, 0.2), draw.wide(0, 0.6), 0.3),
    ):
        patch = box(size) * draw.chance(share)
        views = views * (1 - patch) + patch * level
    return views
