"""The open slice sets as arrays, with the patients (or what stands for them) that may never be torn apart.

Lung CT: IQ-OTH/NCCD (Mendeley Data bhmdr45bh2, CC BY 4.0), `group` a derived pseudo-patient; exact copies are dropped.
Brain MR: Cheng (figshare 1512427, CC BY 4.0); patients are unknown but lie together in `index`, so what stands for a
patient is a run of neighbours between two certain borders: a change of the tumour's kind, or slices that are not here.
"""

import csv
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold

from ray_jobs.imaging.films import Films, decoded

LUNG_CLASSES: Final = ("normal", "benign", "malignant")
BRAIN_CLASSES: Final = ("glioma", "meningioma", "pituitary")
FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices and which of FOLDS folds each is in, int64[n]; `films.patient` holds the groups.

    `box` float32[n, 4] where people drew one: its centre across and down, width, height, as shares of the slice.
    """

    films: Films
    fold: npt.NDArray[np.int64]
    box: npt.NDArray[np.float32] | None = None


def load_lung_slices(shared: Path, cache: Path) -> Slices:
    """Axial CT slices of the chest, label into LUNG_CLASSES. Raises FileNotFoundError when the set is not there."""
    folder = shared / "lung_ct_iqothnccd"
    with (folder / "labels.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["exact_duplicate"].lower() != "true"]
    rows.sort(key=lambda row: row["file"])
    label = np.array([LUNG_CLASSES.index(row["label"]) for row in rows], dtype=np.int64)
    return _slices(folder, cache, [row["file"] for row in rows], label, [row["group"] for row in rows])


def load_brain_slices(shared: Path, cache: Path) -> Slices:
    """T1 slices after contrast, label into BRAIN_CLASSES. Raises FileNotFoundError when the set is not there."""
    folder = shared / "brain_tumour_mri_cheng"
    with (folder / "labels.csv").open(newline="") as table:
        rows = sorted(csv.DictReader(table), key=lambda row: int(row["index"]))
    index = np.array([int(row["index"]) for row in rows])
    label = np.array([BRAIN_CLASSES.index(row["label"]) for row in rows], dtype=np.int64)
    border = (np.diff(index, prepend=index[0] - 1) != 1) | (np.diff(label, prepend=label[0]) != 0)
    found = _slices(folder, cache, [row["file"] for row in rows], label, [str(run) for run in np.cumsum(border)])
    sides = ("box_xc", "box_yc", "box_w", "box_h")
    return replace(found, box=np.array([[float(row[side]) for side in sides] for row in rows], dtype=np.float32))


def _slices(folder: Path, cache: Path, files: list[str], label: npt.NDArray[np.int64], groups: list[str]) -> Slices:
    key = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    pixels = decoded(folder / "images.tar", files, cache / f"{folder.name}-{key}.npy")
    cut = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    fold = np.zeros(len(files), dtype=np.int64)
    for number, (_, held) in enumerate(cut.split(label, label, groups)):
        fold[held] = number
    return Slices(Films(pixels, label, tuple(groups), tuple(files)), fold)
