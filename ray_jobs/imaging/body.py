"""A CT slice without what is not the patient: table, air and the scanner's circle are made black.

In the open set slices of the ill and the well differ around the body (docs/benchmarks/imaging.md): a network that sees
the air tells them apart by it. What it cannot see it cannot learn.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Grey = npt.NDArray[np.uint8]
SMALLEST: Final = 0.08
"""Share of the picture below which what was found is no body: then the picture is left as it is."""
RIM: Final = 2
"""Pixels of skin that are given up, so that none of the air beside it is left."""
DARK: Final = 0.02
"""Share of the pixels inside that become black, and as many white: the window of the picture is no sign of illness."""


def body_only(slices: Grey) -> Grey:
    """uint8[n, h, w] → the same, black outside the largest bright region with its holes filled, greys stretched."""
    return np.stack([_one(slice_) for slice_ in slices]) if len(slices) else slices


def _one(slice_: Grey) -> Grey:
    inside = body(slice_)
    if inside.mean() < SMALLEST:
        return slice_
    low, high = np.quantile(slice_[inside], [DARK, 1 - DARK])
    if high <= low:
        return slice_
    stretched = np.clip((slice_.astype(np.float32) - low) * (255 / (high - low)), 0, 255)
    found: Grey = np.where(inside, stretched, 0).astype(np.uint8)
    return found


def body(slice_: Grey) -> npt.NDArray[np.bool_]:
    """bool[h, w]: the patient. Lungs are dark as air, and inside: holes of what is bright."""
    bright = ndimage.gaussian_filter(slice_.astype(np.float32), 1.0) > _otsu(slice_)
    opened = ndimage.binary_opening(bright, iterations=3)
    regions, count = ndimage.label(opened)
    if not count:
        return np.zeros(slice_.shape, dtype=np.bool_)
    largest = regions == 1 + int(np.argmax(np.bincount(regions.ravel())[1:]))
    # Arms and a body cut by the picture's edge leave the ring open: it is closed before it is filled.
    closed = ndimage.binary_closing(np.pad(largest, 12), iterations=10)[12:-12, 12:-12]
    filled = ndimage.binary_fill_holes(closed | largest)
    found: npt.NDArray[np.bool_] = ndimage.binary_erosion(filled, iterations=RIM)
    return found


def _otsu(slice_: Grey) -> float:
    """The threshold that parts dark from bright best (Otsu 1979)."""
    counts = np.bincount(slice_.ravel(), minlength=256).astype(np.float64)
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    found = np.nan_to_num(between)
    # The middle of all that part as well: the lowest of them would lie at the dark side's own grey.
    return float(np.flatnonzero(found >= found.max() * (1 - 1e-9)).mean())


PREPARATIONS: Final[Mapping[str, Callable[[Grey], Grey]]] = {"": lambda pixels: pixels, "body": body_only}
"""What is done to a model's pictures before its network sees them, by the name on its card."""


def prepared(how: str, pixels: Grey) -> Grey:
    """uint8[n, h, w] → the same. Raises KeyError for a preparation that is not known."""
    return PREPARATIONS[how](pixels)
