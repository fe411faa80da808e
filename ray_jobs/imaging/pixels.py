"""From a picture's or a DICOM object's bytes to the 224 × 224 grey film that a network reads.

DICOM: Modality LUT, then VOI LUT or window, then Presentation LUT shape (PS3.3 C.7.6.3, C.11.1–C.11.2;
the order is that of PS3.4 N.2); those of an enhanced object are its frame's (PS3.3 C.7.6.16). Padding is
no tissue (C.7.5.1.1.2): it is shown black and stretches no range. Pictures keep their grey values. Nothing is
cropped: the training films were stretched to the square whole, so every film is.
"""

import io
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydicom import Dataset, dcmread
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array

SIDE = 224
SMALLEST_SIDE = 128
MOST_PIXELS = 36_000_000
"""The largest detectors have 26 million; decoding takes some 20 bytes for each."""
BLANK_SPREAD = 4.0
MOST_VALUES = 65_536
CACHED_ROWS = 16
NO_SIZE = "the picture has no size"
GREYS = frozenset({"MONOCHROME1", "MONOCHROME2"})
COLOURS = frozenset({"PALETTE COLOR", "RGB", "HSV", "ARGB", "CMYK", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
DEPTHS = frozenset({1, 8, 16, 32})
PER_FRAME = "PerFrameFunctionalGroupsSequence"
VIEW = (
    "BitsStored", "PixelRepresentation", "RescaleIntercept", "RescaleSlope", "RescaleType", "ModalityLUTSequence",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "PhotometricInterpretation", "Modality",
    "SOPClassUID",
)  # fmt: skip
"""Attributes that `pydicom` needs to apply the two tables."""
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
        return film(opened(body))
    try:
        with Image.open(io.BytesIO(body)) as picture:
            _bounded(picture.width, picture.height)
            return _film(_grey(picture))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnusableImageError("not a readable JPEG, PNG or DICOM file") from error


def is_dicom(body: bytes) -> bool:
    """Whether the bytes are a DICOM file by their own word."""
    return body[MAGIC] == b"DICM"


def opened(body: bytes) -> Dataset:
    """A DICOM file's attributes. Raises UnusableImageError when it is none."""
    try:
        return dcmread(io.BytesIO(body))
    except Exception as error:
        # bytes from outside: pydicom raises anything from struct.error to RecursionError on them
        raise UnusableImageError(f"not a readable DICOM object: {error}"[:500]) from error


def film(dataset: Dataset, frame: int = 0) -> Film:
    """One frame of a grey DICOM object as a person would see it.

    Raises UnusableImageError when there are no pixels, too many, or an encoding that is not read; what the header
    alone refuses is refused before a pixel is decoded.
    """
    return _film(Image.fromarray(shown(dataset, frame)))


def refused(dataset: Dataset) -> str:
    """Why the header alone says that nothing can be read; '' when it does not."""
    columns, rows = int(dataset.get("Columns") or 0), int(dataset.get("Rows") or 0)
    photometric = str(dataset.get("PhotometricInterpretation") or "")
    colour = int(dataset.get("SamplesPerPixel") or 1) != 1 or photometric in COLOURS
    whys = (
        ("PixelData" not in dataset, "the object has no pixel data"),
        (columns < 1 or rows < 1, NO_SIZE),
        (columns * rows > MOST_PIXELS, f"the picture is {columns} × {rows}; at most {MOST_PIXELS:,} pixels are read"),
        (colour, "a colour image, not a film"),
        (photometric not in GREYS, f"the photometric interpretation {photometric[:32] or '(none)'} is not a grey one"),
        (int(dataset.get("BitsAllocated") or 0) not in DEPTHS, f"{dataset.get('BitsAllocated')} bits a pixel"),
    )
    return next((why for wrong, why in whys if wrong), "")


def shown(dataset: Dataset, frame: int = 0) -> Grey:
    """One frame, uint8[rows, columns] with bone bright, in its own size. Raises UnusableImageError."""
    why = refused(dataset)
    if why:
        raise UnusableImageError(why)
    try:
        stored = _stored(dataset, frame)
        tissue = _tissue(stored, dataset)
        grey = _greys(stored, tissue, of_frame(dataset, frame))
    except Exception as error:
        # bytes from outside: pydicom and the decoders raise anything from struct.error to MemoryError on them
        raise UnusableImageError(f"the pixel data cannot be decoded: {error}"[:500]) from error
    # A Presentation LUT Shape overrides the photometric interpretation (C.11.6.1); CR has the latter only.
    shape = dataset.get("PresentationLUTShape")
    inverse = shape == "INVERSE" if shape else dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    if not inverse:
        return grey
    return 255 - grey if tissue is None else np.where(tissue, 255 - grey, 0).astype(np.uint8)


def _stored(dataset: Dataset, frame: int) -> npt.NDArray[np.integer]:
    """The values as they lie in the object, not copied; made whole only where bits outside BitsStored are in use."""
    found = pixel_array(dataset, index=frame, view_only=True, correct_unused_bits=False)
    bits, signed = int(dataset.get("BitsStored") or 0), int(dataset.get("PixelRepresentation") or 0) == 1
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed and bits else (0, (1 << bits) - 1)
    if found.size and low <= int(found.min()) and int(found.max()) <= high:
        return found
    return pixel_array(dataset, index=frame)


def _greys(stored: npt.NDArray[np.integer], tissue: npt.NDArray[np.bool_] | None, seen: Dataset) -> Grey:
    """Both tables and the scaling. They treat each pixel by itself, so they are worked out once for each stored value.

    Only the range of what is shown hangs on the values that occur: where the tables rise (or fall) throughout, it is
    that of the ends, which do occur; else the picture is taken as a whole.
    """
    low, high = int(stored.min()), int(stored.max())
    if tissue is None and stored.dtype.kind in "iu" and high - low < min(MOST_VALUES, stored.size):
        values = _through(np.arange(low, high + 1, dtype=stored.dtype), seen)
        steps = np.diff(values)
        if (steps >= 0).all() or (steps <= 0).all():
            return _looked_up(_to_bytes(values), stored, low)
    return _to_bytes(_through(stored, seen), tissue)


def _through(stored: npt.NDArray[np.integer], seen: Dataset) -> npt.NDArray[np.float32]:
    return np.asarray(apply_voi_lut(apply_modality_lut(stored, seen), seen), dtype=np.float32)


def _looked_up(table: Grey, stored: npt.NDArray[np.integer], low: int) -> Grey:
    """table[stored - low], a few rows at a time: they stay in the processor's cache."""
    found = np.empty(stored.shape, dtype=np.uint8)
    for row in range(0, len(stored), CACHED_ROWS):
        place = stored[row : row + CACHED_ROWS].astype(np.int32)
        place -= low
        np.take(table, place, out=found[row : row + CACHED_ROWS], mode="clip")
    return found


def of_frame(dataset: Dataset, frame: int) -> Dataset:
    """What turns stored values into shown ones: the object's own attributes, else its frame's (C.7.6.16.2.9, .10)."""
    found = Dataset()
    for name in VIEW:
        if name in dataset:
            found[name] = dataset[name]
    for group in (*_items(dataset, "SharedFunctionalGroupsSequence", 0), *_items(dataset, PER_FRAME, frame)):
        for sequence in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            for item in _items(group, sequence, 0):
                found.update(item)
    return found


def _items(dataset: Dataset, name: str, place: int) -> list[Dataset]:
    """The item at a place of a sequence, or none."""
    return list((dataset.get(name) or [])[place : place + 1])


def _tissue(stored: npt.NDArray[np.integer], dataset: Dataset) -> npt.NDArray[np.bool_] | None:
    """Where the detector saw something: all but the padding value, or range of values (C.7.5.1.1.2); None: all."""
    padding = dataset.get("PixelPaddingValue")
    if padding is None:
        return None
    limit = dataset.get("PixelPaddingRangeLimit", padding)
    low, high = sorted((int(padding), int(limit)))
    return (stored < low) | (stored > high)


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
        raise UnusableImageError(NO_SIZE)
    if width * height > MOST_PIXELS:
        raise UnusableImageError(f"the picture is {width} × {height}; at most {MOST_PIXELS:,} pixels are read")


def _grey(picture: Image.Image) -> Image.Image:
    """8-bit grey; 16-bit pictures are scaled by their own range."""
    if picture.mode in {"I", "I;16", "I;16B", "F"}:
        return Image.fromarray(_to_bytes(np.asarray(picture, dtype=np.float32)))
    return picture.convert("L")


def _to_bytes(values: npt.NDArray[np.float32], tissue: npt.NDArray[np.bool_] | None = None) -> Grey:
    """Scale to 0..255 by the range of the values that are tissue; black elsewhere, and when they are all alike."""
    inside = values if tissue is None else values[tissue]
    low, high = (float(inside.min()), float(inside.max())) if inside.size else (0.0, 0.0)
    if not np.isfinite(high - low) or high <= low:
        return np.zeros(values.shape, dtype=np.uint8)
    scaled = ((values - low) * (255 / (high - low))).clip(0, 255).round()
    return cast("Grey", (scaled if tissue is None else np.where(tissue, scaled, 0)).astype(np.uint8))
