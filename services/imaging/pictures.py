"""Pictures for people: the film as a PNG, and the heatmap as a see-through PNG to lay over it."""

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE: Final = 112
"""Of the heatmap, 7 × 7 underneath: whoever lays it over a film stretches it anyway."""
FAINT_HEAT: Final = 3.0
FULL_HEAT: Final = 18.0
"""Evidence (log-odds a cell) that begins to show, and that is red: scaled by itself a healthy film would look ill."""
MOST_OPAQUE: Final = 150


def film_png(film: npt.NDArray[np.uint8]) -> bytes:
    """uint8[h, w] → a grey PNG."""
    return _png(Image.fromarray(film))


def heatmap_png(heat: npt.NDArray[np.float32]) -> bytes:
    """float32[7, 7] evidence for disease → RGBA PNG 112 × 112, yellow to red; clear where little speaks for it."""
    positive = np.clip((heat.astype(np.float32) - FAINT_HEAT) / (FULL_HEAT - FAINT_HEAT), 0, 1)
    smooth = Image.fromarray(positive).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    share = np.clip(np.asarray(smooth, dtype=np.float32), 0, 1)
    overlay = np.zeros((SIDE, SIDE, 4), dtype=np.uint8)
    overlay[..., 0] = 255
    overlay[..., 1] = ((1 - share) * 220).astype(np.uint8)
    overlay[..., 3] = (np.sqrt(share) * MOST_OPAQUE).astype(np.uint8)
    return _png(Image.fromarray(overlay, "RGBA"))


def _png(picture: Image.Image) -> bytes:
    body = io.BytesIO()
    picture.save(body, "PNG", compress_level=1)
    return body.getvalue()
