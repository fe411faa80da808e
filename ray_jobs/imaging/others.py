"""Pictures that a model must refuse: other modalities where the sets are at hand, its own turned or spoilt."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.pixels import UnusableImageError, decode

Pictures = npt.NDArray[np.uint8]
SLICES = {
    "brain MR slices": ("brain-mri", "brain_tumour_mri_cheng"),
    "lung CT slices": ("lung-ct", "lung_ct_iqothnccd"),
    "chest films": ("chest-pneumonia", "cxr_pneumonia"),
}
MOST = 60
TURNS = 4
"""Ways of not being upright that are told apart: on its head, and turned by one, two or three quarters."""


def other_pictures(shared: Path, films: Pictures, *, not_of: str = "chest-pneumonia") -> Iterator[tuple[str, Pictures]]:
    """Kind of picture and uint8[n, 224, 224]: not what model `not_of` reads; sets that are not there are left out."""
    for kind, (model, folder) in SLICES.items():
        archive = shared / folder / "images.tar"
        if model != not_of and archive.exists():
            yield kind, _from_archive(archive)
    random = np.random.default_rng(0)
    yield "noise", random.integers(0, 256, (MOST, 224, 224), dtype=np.uint8)
    yield "text pages", np.stack([_text_page(random) for _ in range(MOST)])
    alternating = np.arange(len(films)) % 2
    yield "films on their side", turned(films, 1 + 2 * alternating)
    yield "films upside down", turned(films, 2 * alternating)
    yield "negative films", 255 - films
    yield "films with noise burnt in", np.clip(films + random.normal(0, 60, films.shape), 0, 255).astype(np.uint8)


def turned(pictures: Pictures, turns: npt.NDArray[np.int64]) -> Pictures:
    """uint8[n, h, h], each stood on its head (0) or turned by 1 to 3 quarters.

    Of every four places the first two are mirrored as well where the quarters are odd: two alternating turns come in
    both forms.
    """
    moved = np.empty_like(pictures)
    for index, (picture, turn) in enumerate(zip(pictures, turns, strict=True)):
        moved[index] = np.rot90(picture, turn) if turn else picture[::-1]
        if turn % 2 and index // 2 % 2 == 0:
            moved[index] = moved[index, :, ::-1]
    return moved


def _from_archive(archive: Path) -> Pictures:
    """The first pictures of an archive, spread over it."""
    with tarfile.open(archive) as files:
        members = [member for member in files.getmembers() if member.name.lower().endswith((".jpg", ".jpeg", ".png"))]
        found = []
        for member in members[:: max(1, len(members) // MOST)]:
            source = files.extractfile(member)
            try:
                found.append(decode(source.read() if source else b"").pixels)
            except UnusableImageError:
                continue
    return np.stack(found[:MOST])


def _text_page(random: np.random.Generator) -> Pictures:
    """A white page with lines of dark blocks, as a scanned letter looks at this size."""
    page = np.full((224, 224), 245, dtype=np.uint8)
    for line in range(14, 210, 8):
        start = 12
        while start < 200:  # noqa: PLR2004 - the right margin
            width = int(random.integers(4, 22))
            page[line : line + 4, start : start + width] = int(random.integers(10, 80))
            start += width + 4
    return page
