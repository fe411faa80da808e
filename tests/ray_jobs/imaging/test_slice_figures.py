"""Figures of the slice models from held-out answers, and what is said of their slices."""

import json

import numpy as np
import pytest

from ray_jobs.imaging.slice_figures import accuracy, best_threshold, evaluate_slices, macro_f1, tempered
from ray_jobs.imaging.verdict import findings, verdict
from ray_jobs.registry import load_card, load_model

SLICE_MODELS = ("lung-ct", "brain-mri")


def test_macro_f1_counts_every_class_alike():
    """A class of one slice that is missed costs half of two classes' mean."""
    label, said = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert accuracy(label, said) == 0.75
    assert macro_f1(label, said) == pytest.approx((6 / 7 + 0) / 2)


def test_the_threshold_lies_between_the_separable():
    """Where ill and well do not overlap the threshold is in the gap."""
    threshold = best_threshold(np.array([True, True, False, False]), np.array([0.9, 0.8, 0.3, 0.1]))
    assert 0.3 < threshold <= 0.8


def test_temperature_moves_no_order():
    """A temperature makes probabilities flatter, sums stay one, the likeliest class stays."""
    logits = np.array([[2.0, 0.0, -1.0], [0.0, 3.0, 1.0]])
    flat, sharp = tempered(logits, 3.0), tempered(logits, 1.0)
    assert np.allclose(flat.sum(1), 1)
    assert (flat.argmax(1) == sharp.argmax(1)).all()
    assert (flat.max(1) < sharp.max(1)).all()


@pytest.mark.parametrize("name", SLICE_MODELS)
def test_the_card_names_figures_that_its_table_gives(name: str):
    """The held-out table that ships gives the figures of metrics.json again."""
    written = json.loads(load_model(name).file("metrics.json").read_text())
    assert evaluate_slices(name)["confusion"] == written["confusion"]
    assert evaluate_slices(name)["outer"] == written["outer"]


def test_a_tumour_model_names_the_likeliest_and_a_lung_model_says_whether():
    """Every class of brain-mri is a finding; of lung-ct malignant alone is."""
    brain, lung = load_card("brain-mri"), load_card("lung-ct")
    assert findings(brain) == (0, 1, 2)
    assert findings(lung) == (2,)
    said = verdict(brain, np.array([0.0, 1.0, 0.0], dtype=np.float32), 0.1)
    assert (said.label, said.decision) == ("meningioma", "finding")
    assert verdict(lung, np.array([0.0, 0.0, 1.0], dtype=np.float32), 0.1).label == "malignant"
    well = verdict(lung, np.array([0.0, 1.0, 0.0], dtype=np.float32), 0.1)
    assert (well.label, well.decision) == ("benign", "no finding")
    assert not verdict(lung, np.array([0.0, 0.0, 1.0], dtype=np.float32), 1.1).assessable
