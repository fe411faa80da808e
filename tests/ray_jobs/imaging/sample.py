"""A small fixed sample of the public chest films' outer patients, without decoding the rest."""

import csv
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.films import CLASSES, Part, part_of
from ray_jobs.imaging.pixels import decode


def outer_sample(folder: Path, per_class: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], tuple[str, ...]]:
    """Pixels uint8[n, 224, 224], label int64[n] and patients of the first films of each class."""
    with (folder / "labels.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if part_of(row["patient"]) is Part.OUTER]
    chosen = [row for kind in CLASSES for row in [r for r in rows if r["subtype"] == kind][:per_class]]
    bodies: dict[str, bytes] = {}
    wanted = {row["path"] for row in chosen}
    with tarfile.open(folder / "images.tar") as archive:
        for member in archive:
            if member.name in wanted and (source := archive.extractfile(member)) is not None:
                bodies[member.name] = source.read()
    return (
        np.stack([decode(bodies[row["path"]]).pixels for row in chosen]),
        np.array([CLASSES.index(row["subtype"]) for row in chosen]),
        tuple(row["patient"] for row in chosen),
    )
