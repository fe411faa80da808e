"""From a picture's or a DICOM object's bytes to the 224 × 224 grey film that a network reads.

DICOM: Modality LUT, then VOI LUT or window, then Presentation LUT shape (PS3.3 C.7.6.3, C.11.1–C.11.2;
the order is that of PS3.4 N.2). Pictures keep their grey values. Nothing is cropped: the training
films were stretched to the square whole, so every film is.
"""

import io
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

SIDE = 224
SMALLEST_SIDE = 128
MOST_PIXELS = 64_000_000
BLANK_SPREAD = 4.0

Grey = npt.NDArray[np.uint8]


class UnusableImageError(ValueError):
    """These bytes give no film; the text says why, for a person."""


def decode(body: bytes) -> Grey:
    """A JPEG, PNG or DICOM file → uint8[224, 224]. Raises UnusableImageError."""
    if body[128:132] == b"DICM":
        try:
            return film(dcmread(io.BytesIO(body)))
        except (InvalidDicomError, EOFError) as error:
            raise UnusableImageError(f"not a readable DICOM object: {error}") from error
    try:
        with Image.open(io.BytesIO(body)) as picture:
            check_size(picture.width, picture.height)
            return square(_grey(picture))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableImageError("not a readable JPEG, PNG or DICOM file") from error


def film(dataset: Dataset) -> Grey:
    """The first frame of a grey DICOM object as a person would see it: uint8[224, 224], bone bright.

    Raises UnusableImageError when there are no pixels, too many, or an encoding that is not read.
    """
    if "PixelData" not in dataset:
        raise UnusableImageError("the object has no pixel data")
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    check_size(columns, rows)
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise UnusableImageError("a colour image, not a film")
    try:
        stored = pixel_array(dataset, index=0)
        values = apply_voi_lut(apply_modality_lut(stored, dataset), dataset)
    except (AttributeError, ValueError, RuntimeError, NotImplementedError, KeyError) as error:
        # pydicom says with these that attributes contradict the bytes or that no decoder knows the syntax
        raise UnusableImageError(f"the pixel data cannot be decoded: {error}") from error
    shown = _to_bytes(np.asarray(values, dtype=np.float32))
    inverted = dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    inverse_shape = dataset.get("PresentationLUTShape") == "INVERSE"
    if inverted or (inverse_shape and dataset.get("PhotometricInterpretation") != "MONOCHROME1"):
        shown = 255 - shown
    return square(Image.fromarray(shown))


def square(picture: Image.Image) -> Grey:
    """A grey picture stretched to 224 × 224, averaged when it shrinks. Raises UnusableImageError when blank."""
    if picture.size != (SIDE, SIDE):
        picture = picture.resize(
            (SIDE, SIDE), Image.Resampling.BOX if min(picture.size) >= 2 * SIDE else Image.Resampling.BILINEAR
        )
    grey = np.asarray(picture, dtype=np.uint8)
    if float(grey.std()) < BLANK_SPREAD:
        raise UnusableImageError("the picture is blank")
    return grey


def check_size(width: int, height: int) -> None:
    """Refuse a thumbnail, and what would not fit in memory, before any pixel is decoded."""
    if min(width, height) < SMALLEST_SIDE:
        raise UnusableImageError(
            f"the picture is {width} × {height}; at least {SMALLEST_SIDE} pixels a side are needed"
        )
    if width * height > MOST_PIXELS:
        raise UnusableImageError(f"the picture is {width} × {height}; at most {MOST_PIXELS:,} pixels are read")


def _grey(picture: Image.Image) -> Image.Image:
    """8-bit grey; 16-bit pictures are scaled by their own range."""
    if picture.mode in {"I", "I;16", "I;16B", "F"}:
        return Image.fromarray(_to_bytes(np.asarray(picture, dtype=np.float32)))
    return picture.convert("L")


def _to_bytes(values: npt.NDArray[np.float32]) -> Grey:
    """Scale to 0..255 by the values' own range."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or high <= low:
        raise UnusableImageError("the picture is blank")
    return cast("Grey", ((values - low) * (255 / (high - low))).round().astype(np.uint8))
