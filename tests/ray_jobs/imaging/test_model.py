"""The shipped chest film model through both runtimes."""

import numpy as np
import pytest

from ray_jobs.imaging.model import ImagingModel
from ray_jobs.imaging.pixels import film
from ray_jobs.imaging.verdict import verdict
from ray_jobs.registry import load_card
from ray_jobs.wire import WireError
from tests.ray_jobs.imaging.dicoms import rg1

FILMS = np.stack(
    [
        np.random.default_rng(0).integers(0, 255, (224, 224), dtype=np.uint8),
        np.add.outer(np.arange(224), np.arange(224)).astype(np.uint8),
        np.zeros((224, 224), dtype=np.uint8),
    ]
)


@pytest.fixture(scope="module")
def model() -> ImagingModel:
    """The model as a CPU replica holds it."""
    return ImagingModel()


def test_answers_have_their_shapes(model: ImagingModel):
    """For n films there are n rows of class probabilities that sum to one, 7 × 7 evidence and doubt."""
    answer = model.infer({"pixels": FILMS}, {})
    assert {name: (array.dtype.name, array.shape) for name, array in answer.items()} == {
        "probability": ("float32", (3, 3)),
        "heatmap": ("float32", (3, 7, 7)),
        "ood": ("float32", (3,)),
    }
    assert np.allclose(answer["probability"].sum(1), 1, atol=1e-5)
    assert all(np.isfinite(array).all() for array in answer.values())


def test_a_film_is_read_alike_in_any_company(model: ImagingModel):
    """A batch changes nothing beyond the arithmetic's last digits."""
    together = model.infer({"pixels": FILMS}, {})["probability"]
    alone = np.concatenate([model.infer({"pixels": film[np.newaxis]}, {})["probability"] for film in FILMS])
    assert np.abs(together - alone).max() < 1e-5


def test_both_runtimes_answer_alike(model: ImagingModel):
    """PyTorch and ONNX Runtime agree to 1e-4 on probabilities, from one weights file."""
    pytest.importorskip("torch", reason="torch is not installed here: a slim installation serves with ONNX Runtime")
    films = np.concatenate([FILMS, film(rg1()).pixels[np.newaxis]])
    other = ImagingModel(runtime="torch").infer({"pixels": films}, {})
    own = model.infer({"pixels": films}, {})
    assert np.abs(own["probability"] - other["probability"]).max() < 1e-4
    assert np.abs(own["heatmap"] - other["heatmap"]).max() < 1e-2
    assert np.allclose(own["ood"], other["ood"], rtol=1e-3)


def test_the_heatmap_moves_with_the_film(model: ImagingModel):
    """Evidence is about places: a mirrored film gives another map than the film itself."""
    ramp = np.tile(np.linspace(0, 255, 224).astype(np.uint8), (224, 1))
    films = np.stack([ramp, ramp[:, ::-1]])
    heat = model.infer({"pixels": films}, {})["heatmap"]
    assert np.abs(heat[0] - heat[1]).max() > 0.01


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 100, 100), dtype=np.uint8),
        np.zeros((1, 224, 224), dtype=np.float32),
        np.zeros((0, 224, 224), np.uint8),
    ],
)
def test_other_shapes_are_refused(model: ImagingModel, pixels: np.ndarray):
    """Another size, type or an empty batch is a WireError."""
    with pytest.raises(WireError):
        model.infer({"pixels": pixels}, {})


def test_another_version_is_refused(model: ImagingModel):
    """A caller that wants another version gets no answer of this one."""
    with pytest.raises(WireError, match="version"):
        model.infer({"pixels": FILMS}, {"version": "no such"})


def test_a_verdict_follows_the_card():
    """Threshold, referral band and doubt decide, in this order from the last."""
    card = load_card("chest-pneumonia")

    def of(ill: float, ood: float = 0.1) -> tuple[str, str, bool]:
        found = verdict(card, np.array([1 - ill, ill, 0], dtype=np.float32), ood)
        return found.label, found.decision, found.assessable

    assert of(0.0) == ("normal", "no finding", True)
    assert of(1.0) == ("pneumonia", "finding", True)
    assert of(card.threshold)[0] == "pneumonia"
    assert of((float(card.extra["refer_low"]) + float(card.extra["refer_high"])) / 2)[1] == "refer"
    assert of(1.0, ood=1.01) == ("pneumonia", "refer", False)
