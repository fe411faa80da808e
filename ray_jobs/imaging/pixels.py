"""From a picture's or a DICOM object's bytes to the 224 × 224 grey film that a network reads.

DICOM: Modality LUT, then VOI LUT or window, then Presentation LUT shape (PS3.3 C.7.6.3, C.11.1–C.11.2;
the order is that of PS3.4 N.2). Pictures keep their grey values. Nothing is cropped: the training
films were stretched to the square whole, so every film is.
"""

import io
from typing import NamedTuple, cast

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
MAGIC = slice(128, 132)
"""Where a DICOM file says that it is one (PS3.10 7.1)."""

Grey = npt.NDArray[np.uint8]


class UnusableImageError(ValueError):
    """These bytes give no film; the text says why, for a person."""


class Film(NamedTuple):
    """uint8[224, 224], bone bright, and why it cannot be assessed ('' when it can)."""

    pixels: Grey
    unfit: str = ""


def decode(body: bytes) -> Film:
    """A JPEG, PNG or DICOM file → a film. Raises UnusableImageError when there are no pixels to be had."""
    if is_dicom(body):
        try:
            return film(dcmread(io.BytesIO(body)))
        except (InvalidDicomError, EOFError) as error:
            raise UnusableImageError(f"not a readable DICOM object: {error}") from error
    try:
        with Image.open(io.BytesIO(body)) as picture:
            _bounded(picture.width, picture.height)
            return _film(_grey(picture))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableImageError("not a readable JPEG, PNG or DICOM file") from error


def is_dicom(body: bytes) -> bool:
    """Whether the bytes are a DICOM file by their own word."""
    return body[MAGIC] == b"DICM"


def film(dataset: Dataset) -> Film:
    """The first frame of a grey DICOM object as a person would see it.

    Raises UnusableImageError when there are no pixels, too many, or an encoding that is not read.
    """
    if "PixelData" not in dataset:
        raise UnusableImageError("the object has no pixel data")
    _bounded(int(dataset.get("Columns") or 0), int(dataset.get("Rows") or 0))
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise UnusableImageError("a colour image, not a film")
    try:
        stored = pixel_array(dataset, index=0)
        values = apply_voi_lut(apply_modality_lut(stored, dataset), dataset)
    except (AttributeError, ValueError, RuntimeError, NotImplementedError, KeyError) as error:
        # pydicom says with these that attributes contradict the bytes or that no decoder knows the syntax
        raise UnusableImageError(f"the pixel data cannot be decoded: {error}") from error
    shown = _to_bytes(np.asarray(values, dtype=np.float32))
    # A Presentation LUT Shape overrides the photometric interpretation (C.11.6.1); CR has the latter only.
    shape = dataset.get("PresentationLUTShape")
    inverse = shape == "INVERSE" if shape else dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    return _film(Image.fromarray(255 - shown if inverse else shown))


def _film(picture: Image.Image) -> Film:
    """A grey picture stretched to the square, averaged where it shrinks."""
    unfit = ""
    if min(picture.size) < SMALLEST_SIDE:
        size = f"{picture.width} × {picture.height}"
        unfit = f"cannot assess: the picture is {size}; at least {SMALLEST_SIDE} pixels a side are needed"
    if picture.size != (SIDE, SIDE):
        shrinks = min(picture.size) >= 2 * SIDE
        picture = picture.resize((SIDE, SIDE), Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR)
    grey = np.asarray(picture, dtype=np.uint8)
    if float(grey.std()) < BLANK_SPREAD:
        unfit = unfit or "cannot assess: the picture is blank"
    return Film(grey, unfit)


def _bounded(width: int, height: int) -> None:
    """Refuse what would not fit in memory, before any pixel is decoded."""
    if width < 1 or height < 1:
        raise UnusableImageError("the picture has no size")
    if width * height > MOST_PIXELS:
        raise UnusableImageError(f"the picture is {width} × {height}; at most {MOST_PIXELS:,} pixels are read")


def _grey(picture: Image.Image) -> Image.Image:
    """8-bit grey; 16-bit pictures are scaled by their own range."""
    if picture.mode in {"I", "I;16", "I;16B", "F"}:
        return Image.fromarray(_to_bytes(np.asarray(picture, dtype=np.float32)))
    return picture.convert("L")


def _to_bytes(values: npt.NDArray[np.float32]) -> Grey:
    """Scale to 0..255 by the values' own range; black when they are all alike."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or high <= low:
        return np.zeros(values.shape, dtype=np.uint8)
    return cast("Grey", ((values - low) * (255 / (high - low))).round().astype(np.uint8))
