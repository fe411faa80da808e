"""Which part of the picture? RISE (Petsiuk et al. 2018): cover random parts, see what the probability loses.

It asks the network as a black box, so that it can be held against the class heatmap, which the network draws itself.
On demand: some hundred pictures for one answer. What is covered shows the film blurred, for black patches are nothing
that the network ever saw. Limits: a map says where the network's answer hangs on, not where the illness is; it is as
coarse as its grid (7 × 7 cells); and it says little of a film whose probability no cover moves.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ray_jobs.imaging.pixels import SIDE, Grey

MASKS: Final = 240
GRID: Final = 7
SHOWN: Final = 0.5
"""Share of the cells that a mask shows."""
BLUR: Final = 14.0
BATCH: Final = 16
STEPS: Final = 14

Map = npt.NDArray[np.float32]
Ask = Callable[[Grey], npt.NDArray[np.float32]]
"""uint8[n, 224, 224] → probability float32[n] of what is to be explained."""


class Deletion(NamedTuple):
    """Probability float32[steps + 1] while the most important pixels are covered first, and the area under it."""

    curve: npt.NDArray[np.float32]
    area: float


def rise(ask: Ask, film: Grey, *, seed: int = 0, masks: int = MASKS) -> Map:
    """Importance float32[224, 224], mean 0: by how much the probability is above its mean when a pixel shows."""
    chance = np.random.default_rng(seed)
    covered = blurred(film)
    total, shown = np.zeros((SIDE, SIDE), dtype=np.float64), np.zeros((SIDE, SIDE), dtype=np.float64)
    done, summed = 0, 0.0
    while done < masks:
        some = np.stack([_mask(chance) for _ in range(min(BATCH, masks - done))])
        pictures = some * film + (1 - some) * covered
        probability = ask(pictures.round().astype(np.uint8)).astype(np.float64)
        total += np.einsum("n,nhw->hw", probability, some)
        shown += some.sum(0)
        summed += float(probability.sum())
        done += len(some)
    found = total / np.maximum(shown, 1e-9) - summed / masks
    return cast("Map", (found - found.mean()).astype(np.float32))


def blurred(film: Grey) -> Grey:
    """The film without its detail: what a cover shows."""
    return np.asarray(Image.fromarray(film).filter(ImageFilter.GaussianBlur(BLUR)), dtype=np.uint8)


def deletion(ask: Ask, film: Grey, importance: Map, *, steps: int = STEPS) -> Deletion:
    """Cover the most important pixels first, in equal steps: the faster the probability falls, the better the map."""
    order = np.argsort(-importance.ravel(), kind="stable")
    covered, present = blurred(film).ravel(), film.ravel().copy()
    pictures = [present.reshape(SIDE, SIDE).copy()]
    for part in np.array_split(order, steps):
        present[part] = covered[part]
        pictures.append(present.reshape(SIDE, SIDE).copy())
    curve = ask(np.stack(pictures)).astype(np.float32)
    return Deletion(curve, float(((curve[1:] + curve[:-1]) / 2).mean()))


def by_chance(chance: np.random.Generator) -> Map:
    """A map that knows nothing, as coarse as the others: what a good one must be better than."""
    return enlarged(chance.random((GRID, GRID), dtype=np.float32))


def enlarged(coarse: Map) -> Map:
    """float32[h, w] → float32[224, 224], smoothly."""
    picture = Image.fromarray(coarse.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(picture, dtype=np.float32)


def alike(one: Map, other: Map) -> float:
    """Rank correlation (Spearman) of two maps: 1 the same, 0 nothing in common."""
    ranks = [np.argsort(np.argsort(values.ravel(), kind="stable")).astype(np.float64) for values in (one, other)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _mask(chance: np.random.Generator) -> npt.NDArray[np.float32]:
    """A smooth mask float32[224, 224] in 0..1, its grid shifted by a part of a cell (paper, 3.2)."""
    cell = SIDE // GRID
    cells = (chance.random((GRID + 1, GRID + 1)) < SHOWN).astype(np.float32)
    side = (GRID + 1) * cell
    large = np.asarray(Image.fromarray(cells).resize((side, side), Image.Resampling.BILINEAR), dtype=np.float32)
    down, across = chance.integers(0, cell, 2)
    return large[down : down + SIDE, across : across + SIDE]
