"""Many pictures as one volume: slices in the order in which they lie in the body, frames decoded one by one.

Memory is bounded by what is kept, never by what came: each frame is shrunk before the next is decoded, and of too many
a sample is read, spread evenly. Order of slices: PS3.3 C.7.6.2.1.1, the position along the normal of the plane.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from ray_jobs.imaging.pixels import PER_FRAME, Grey, UnusableImageError, film

MOST_SLICES: Final = 512
"""Kept of one volume: 26 MB."""


class Slice(NamedTuple):
    """One picture of a volume: which object, which of its frames, where it lies along the normal (mm)."""

    source: int
    frame: int
    depth: float


class Volume(NamedTuple):
    """uint8[slices, 224, 224] from one end to the other, where each came from, and among how many it was chosen.

    `problem` says why slices are missing, '' when none is; `unfit` of each why it cannot be assessed, '' when it can.
    """

    pixels: Grey
    slices: tuple[Slice, ...]
    among: int
    problem: str = ""
    unfit: tuple[str, ...] = ()


def volume(objects: Sequence[Dataset], *, most: int = MOST_SLICES) -> Volume:
    """Objects of one series → its volume; a slice that cannot be decoded is left out and told.

    Raises UnusableImageError when no slice can be read.
    """
    ordered = order(objects)
    chosen = [ordered[place] for place in sample(len(ordered), most)]
    kept: list[Slice] = []
    pixels: list[npt.NDArray[np.uint8]] = []
    problems: list[str] = []
    unfit: list[str] = []
    for one in chosen:
        try:
            found = film(objects[one.source], one.frame)
            pixels.append(found.pixels)
            unfit.append(found.unfit)
            kept.append(one)
        except UnusableImageError as error:
            problems.append(str(error))
    if not kept:
        raise UnusableImageError(problems[0] if problems else "the series has no pictures")
    problem = f"{len(problems)} of {len(chosen)} slices cannot be read: {problems[0]}" if problems else ""
    return Volume(np.stack(pixels), tuple(kept), len(ordered), problem, tuple(unfit))


def order(objects: Sequence[Dataset]) -> list[Slice]:
    """All frames of all objects by their place along the normal; without places by instance number, then as given."""
    found = [one for source, dataset in enumerate(objects) for one in _frames(source, dataset)]
    placed = [one for one in found if np.isfinite(one.depth)]
    if len(placed) == len(found) and len({one.depth for one in found}) > 1:
        return sorted(found, key=lambda one: one.depth)
    number = [int(dataset.get("InstanceNumber") or 0) for dataset in objects]
    return sorted(found, key=lambda one: (number[one.source], one.source, one.frame))


def sample(count: int, most: int) -> list[int]:
    """Up to `most` of 0..count-1, spread evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [int(place) for place in np.linspace(0, count - 1, most).round()]


def _frames(source: int, dataset: Dataset) -> Iterator[Slice]:
    """Each frame of an object with its depth; NaN where the object does not say."""
    count = max(1, int(dataset.get("NumberOfFrames") or 1))
    if count == 1 and PER_FRAME not in dataset:
        yield Slice(source, 0, _depth(dataset.get("ImageOrientationPatient"), dataset.get("ImagePositionPatient")))
        return
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    groups = list(dataset.get(PER_FRAME) or [])[:count]
    for frame in range(count):
        group = groups[frame] if frame < len(groups) else Dataset()
        plane = _first(group, "PlaneOrientationSequence") or _first(shared, "PlaneOrientationSequence")
        place = _first(group, "PlanePositionSequence")
        yield Slice(source, frame, _depth(plane.get("ImageOrientationPatient"), place.get("ImagePositionPatient")))


def _first(dataset: Dataset, name: str) -> Dataset:
    items: list[Dataset] = list(dataset.get(name) or [])[:1]
    return items[0] if items else Dataset()


def _depth(orientation: Sequence[float] | None, position: Sequence[float] | None) -> float:
    """The position along the normal of the plane, in millimetres; NaN where it is not told."""
    if orientation is None or position is None or len(orientation) != 6 or len(position) != 3:  # noqa: PLR2004 - VM 6, 3
        return float("nan")
    across, down = np.asarray(orientation[:3], dtype=np.float64), np.asarray(orientation[3:], dtype=np.float64)
    return float(np.cross(across, down) @ np.asarray(position, dtype=np.float64))
