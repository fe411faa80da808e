"""The measurement of shortcuts finds one where there is one, and none where there is none."""

import numpy as np

from ray_jobs.imaging.films import Films
from ray_jobs.imaging.shortcuts import told_apart
from ray_jobs.imaging.slices import FOLDS, Slices


def slices(brighter: int) -> Slices:
    """Noise in a hundred slices of twenty-five groups; every second group is malignant, and so much brighter."""
    group = np.repeat(np.arange(25), 4)
    label = np.where(group % 2 == 1, 2, 0)
    noise = np.random.default_rng(5).integers(60, 120, (len(group), 64, 64))
    pixels = (noise + brighter * (label == 2)[:, None, None]).astype(np.uint8)
    names = tuple(map(str, group))
    return Slices(Films(pixels, label, names, names), group % FOLDS)


def test_a_brighter_scanner_gives_the_class_away() -> None:
    """Every view tells the classes apart when one of them is brighter throughout."""
    assert min(told_apart(slices(20)).values()) > 0.99


def test_noise_gives_nothing_away() -> None:
    """Where the classes do not differ no view finds them."""
    assert all(0.25 < auroc < 0.75 for auroc in told_apart(slices(0)).values())
