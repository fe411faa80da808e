"""The film model in a real Ray Serve, through the HTTP adapter that the imaging service uses."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ray_jobs.imaging.model import ImagingModel
from services.embedded.ray_server import RayServer
from services.runtime.errors import InferenceUnavailable
from services.runtime.inference import HttpInference

pytestmark = pytest.mark.servers
FILMS = np.random.default_rng(3).integers(0, 255, (6, 224, 224), dtype=np.uint8)


def test_served_answers_are_those_of_the_model(serve_stack: RayServer):
    """Concurrent requests, read in shared batches, get each the answer that the model alone gives."""
    inference = HttpInference(serve_stack.url)
    model = ImagingModel()

    def ask(film: np.ndarray) -> tuple[np.ndarray, str]:
        tensors, metadata = inference.infer("chest-pneumonia", {"pixels": film[np.newaxis]}, {}, deadline_s=30)
        return tensors["probability"][0], metadata["version"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, FILMS))
    expected = model.infer({"pixels": FILMS}, {})["probability"]
    assert np.abs(np.stack([probability for probability, _ in answers]) - expected).max() < 1e-5
    assert {version for _, version in answers} == {model.card.version}


def test_a_wrong_request_is_an_error_and_the_next_is_answered(serve_stack: RayServer):
    """Pixels of another size are refused; the replica goes on."""
    inference = HttpInference(serve_stack.url)
    with pytest.raises(InferenceUnavailable):
        inference.infer("chest-pneumonia", {"pixels": np.zeros((1, 9, 9), dtype=np.uint8)}, {}, deadline_s=30)
    tensors, _ = inference.infer("chest-pneumonia", {"pixels": FILMS[:1]}, {}, deadline_s=30)
    assert tensors["heatmap"].shape == (1, 7, 7)
