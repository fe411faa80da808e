"""The open chest film set as arrays: Kermany et al. 2018 (Mendeley rscbjbr9sj, CC BY 4.0), split by patient.

Files show the same film twice under two names, so a film is kept once by its hash; a patient is
wholly in one fold, which a hash of the patient decides, so that the order of the table does not.
"""

import csv
import hashlib
import os
import tarfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.pixels import decode

CLASSES = ("normal", "bacteria", "virus")
FOLDS = 8


class Part(StrEnum):
    """What a patient's films are used for."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    OUTER = "outer"


@dataclass(frozen=True, slots=True)
class Films:
    """Films and what is known of them: pixels uint8[n, 224, 224], label int64[n] into CLASSES."""

    pixels: npt.NDArray[np.uint8]
    label: npt.NDArray[np.int64]
    patient: tuple[str, ...]
    path: tuple[str, ...]

    def part(self, part: Part) -> "Films":
        """The films of the patients of one part."""
        return self.chosen(np.array([part_of(patient) is part for patient in self.patient], dtype=np.bool_))

    def chosen(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "Films":
        """The films that a mask or places name."""
        keep = np.flatnonzero(which) if which.dtype == np.bool_ else which
        return Films(
            self.pixels[keep],
            self.label[keep],
            tuple(self.patient[i] for i in keep),
            tuple(self.path[i] for i in keep),
        )


def part_of(patient: str) -> Part:
    """One eighth of the patients is for the card's figures, one for thresholds, the rest trains."""
    fold = int(hashlib.sha256(f"fold/{patient}".encode()).hexdigest()[:8], 16) % FOLDS
    return {0: Part.OUTER, 1: Part.CALIBRATE}.get(fold, Part.TRAIN)


def shared_data() -> Path:
    """The folder of open data: WARDWATCH_SHARED, else `shared` beside the checkout."""
    root = os.environ.get("WARDWATCH_SHARED")
    return (Path(root) if root else Path(__file__).resolve().parents[3] / "shared") / "data"


def load_chest_films(folder: Path, cache: Path) -> Films:
    """Read labels.csv and images.tar; decoded pixels are kept in `cache` for the next run.

    Raises FileNotFoundError when the set is not there.
    """
    with (folder / "labels.csv").open(newline="") as table:
        by_hash = {row["sha256"]: row for row in reversed(list(csv.DictReader(table)))}
    rows = sorted(by_hash.values(), key=lambda row: row["path"])
    key = hashlib.sha256("\n".join(row["path"] for row in rows).encode()).hexdigest()[:12]
    store = cache / f"chest-films-{key}.npy"
    return Films(
        decoded(folder / "images.tar", [row["path"] for row in rows], store),
        np.array([CLASSES.index(row["subtype"]) for row in rows], dtype=np.int64),
        tuple(row["patient"] for row in rows),
        tuple(row["path"] for row in rows),
    )


def decoded(archive: Path, paths: list[str], store: Path) -> npt.NDArray[np.uint8]:
    """uint8[n, 224, 224] in the order of `paths`: decoded once, published in one step, mapped from `store` after."""
    if store.exists():
        return cast("npt.NDArray[np.uint8]", np.load(store, mmap_mode="r"))
    store.parent.mkdir(parents=True, exist_ok=True)
    place = {path: index for index, path in enumerate(paths)}
    pixels = np.zeros((len(paths), 224, 224), dtype=np.uint8)
    with tarfile.open(archive) as films:
        for member in films:
            source = films.extractfile(member) if member.name in place else None
            if source is not None:
                pixels[place[member.name]] = decode(source.read()).pixels
    partial = store.with_suffix(".partial.npy")
    np.save(partial, pixels)
    partial.rename(store)
    return pixels
