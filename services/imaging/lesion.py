"""A box around the evidence where it is compact; none where it is spread: a box round half a film points at nothing."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from schemas.events.findings import Box

FAINT: Final = 3.0
"""Evidence (log-odds a cell) below which nothing is pointed at: as in pictures.py."""
OF_THE_PEAK: Final = 0.5
MOST_OF_THE_FILM: Final = 0.25
"""A region larger than this share of the film is not compact."""
MOST_OF_THE_EVIDENCE: Final = 0.6
"""The region must hold this share of all evidence, else there are several places and a box would hide the others."""


def lesion_box(heat: npt.NDArray[np.float32]) -> Box | None:
    """float32[h, w] evidence for disease → the box of its one compact region, in shares of the film; None without one.

    The film was stretched to a square, so shares of the square are shares of the film.
    """
    positive = np.maximum(heat.astype(np.float64) - FAINT, 0)
    if not np.isfinite(positive).all() or positive.max() <= 0:
        return None
    regions, _ = ndimage.label(positive >= OF_THE_PEAK * positive.max())
    peak = regions[np.unravel_index(int(positive.argmax()), positive.shape)]
    inside = regions == peak
    if inside.mean() > MOST_OF_THE_FILM or positive[inside].sum() < MOST_OF_THE_EVIDENCE * positive.sum():
        return None
    rows, columns = np.nonzero(inside.any(1))[0], np.nonzero(inside.any(0))[0]
    height, width = heat.shape
    return Box(
        left=float(columns[0] / width), top=float(rows[0] / height),
        right=float((columns[-1] + 1) / width), bottom=float((rows[-1] + 1) / height),
    )  # fmt: skip
