"""The shipped chest film model against the public films: a fixed sample of the outer patients."""

import json
from pathlib import Path

import numpy as np
import pytest

from ray_jobs.imaging import figures
from ray_jobs.imaging.evaluate import read_all
from ray_jobs.imaging.films import CLASSES, part_of
from ray_jobs.imaging.model import ImagingModel
from ray_jobs.registry import load_model
from tests.ray_jobs.imaging.sample import outer_sample

pytestmark = pytest.mark.data


def test_the_card_keeps_its_word_on_a_sample(shared_data: Path):
    """On 60 outer films recall, specificity and refusals lie where the card says, within what 60 films allow."""
    pixels, label, patients = outer_sample(shared_data / "cxr_pneumonia", 20)
    assert {part_of(patient) for patient in patients} == {"outer"}
    model = ImagingModel()
    found = read_all(model, pixels)
    ill = label > 0
    probability = found.probability[:, 1:].sum(1).astype(np.float64)
    written = json.loads(load_model("chest-pneumonia").file("metrics.json").read_text())["outer"]
    assert figures.auroc(ill, probability) > written["auroc"]["low"] - 0.02
    called = probability >= model.card.threshold
    assert figures.recall(ill, called) > written["recall"]["low"] - 0.08
    assert figures.specificity(ill, called) > written["specificity"]["low"] - 0.15
    assert (found.ood > 1).mean() < 0.05


def test_other_pictures_are_refused(shared_data: Path):
    """Films on their side, in negative or under noise are unlike films; so is a blank one."""
    pixels, _, _ = outer_sample(shared_data / "cxr_pneumonia", 4)
    noise = np.random.default_rng(0).normal(0, 60, pixels.shape)
    model = ImagingModel()
    for spoilt in (np.rot90(pixels, axes=(1, 2)), 255 - pixels, np.clip(pixels + noise, 0, 255).astype(np.uint8)):
        assert (read_all(model, np.ascontiguousarray(spoilt)).ood > 1).mean() > 0.8


def test_the_card_names_its_classes_and_children():
    """Classes are those of the data; the population is children, so an adult is outside."""
    card = load_model("chest-pneumonia").card
    assert card.classes == CLASSES
    assert (card.population.min_age, card.population.unit) == (1, "a")
    assert card.population.max_age < 18
