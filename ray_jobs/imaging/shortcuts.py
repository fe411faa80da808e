"""How far the lung slices can be told apart without looking at a lung: what a network may have learnt instead.

`python -m ray_jobs.imaging.shortcuts`. Logistic regressions on what says nothing of a nodule: the grey levels without
their places, the rim of the picture, its mean and spread. An AUROC far from 0.5 means that scanner, window or how the
slice was cut out differ between the classes in this set, so that any model's figures on it promise too much elsewhere.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ray_jobs.imaging.body import prepared
from ray_jobs.imaging.films import shared_data
from ray_jobs.imaging.slices import FOLDS, LUNG_CLASSES, Slices, load_lung_slices

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

RIM: Final = 12
"""Rows at the top and at the bottom: table, air, a shoulder; no lung."""
BINS: Final = 32


def histogram(pixels: "Floats") -> "Floats":
    """float[n, h, w] → float[n, 32]: how often each grey level occurs."""
    counts = [np.histogram(one, bins=BINS, range=(0, 256))[0] for one in pixels]
    return np.log1p(np.array(counts, dtype=np.float64))


def rim(pixels: "Floats") -> "Floats":
    """float[n, h, w] → float[n, m]: every eighth pixel of the first and last rows."""
    return np.concatenate([part.reshape(len(pixels), -1)[:, ::8] for part in (pixels[:, :RIM], pixels[:, -RIM:])], 1)


def moments(pixels: "Floats") -> "Floats":
    """float[n, h, w] → float[n, 2]: mean and spread."""
    return np.stack([pixels.mean((1, 2)), pixels.std((1, 2))], 1)


VIEWS: Final[Mapping[str, Callable[["Floats"], "Floats"]]] = {
    "grey levels without their places": histogram,
    "rows at the rim": rim,
    "mean and spread": moments,
}


def told_apart(slices: Slices, prepare: str = "") -> dict[str, float]:
    """AUROC of malignant for each view, every slice judged by a regression that saw none of its group."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    malignant = slices.films.label == LUNG_CLASSES.index("malignant")
    pixels = prepared(prepare, np.asarray(slices.films.pixels)).astype(np.float64)
    found = {}
    for name, view in VIEWS.items():
        seen, said = view(pixels), np.zeros(len(malignant))
        for fold in range(FOLDS):
            held = slices.fold == fold
            fit = LogisticRegression(C=0.05, max_iter=2000, class_weight="balanced")
            fitted = make_pipeline(StandardScaler(), fit).fit(seen[~held], malignant[~held])
            said[held] = fitted.predict_proba(seen[held])[:, 1]
        found[name] = float(roc_auc_score(malignant, said))
    return found


if __name__ == "__main__":
    cache = Path.home() / ".cache" / "wardwatch" / "imaging"
    loaded = load_lung_slices(shared_data(), cache)
    for prepare, seen in (("", "the slice as it is"), ("body", "the body alone")):
        for what, auroc in told_apart(loaded, prepare).items():
            sys.stdout.write(f"{auroc:.3f}  {seen}: {what}\n")
