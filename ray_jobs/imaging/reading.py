"""What a film model answers, and the two runtimes that answer alike: ONNX Runtime, and torch for GPUs.

Nothing here imports torch unless the torch runtime is asked for, so that a replica without a GPU stays small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.body import prepared
from ray_jobs.registry import Model

WEIGHTS = "weights.safetensors"
GRAPH = "network.onnx"


@dataclass(frozen=True, slots=True)
class Readings:
    """Answers for n films: probability float32[n, classes], heatmap float32[n, 7, 7], ood float32[n]."""

    probability: npt.NDArray[np.float32]
    heatmap: npt.NDArray[np.float32]
    ood: npt.NDArray[np.float32]


class Runtime(Protocol):
    """Pixels to readings."""

    def read(self, pixels: npt.NDArray[np.uint8]) -> Readings:
        """uint8[n, 224, 224] → readings."""
        ...


class OnnxRuntime:
    """The model on a CPU, one thread a replica: replicas share the machine, threads would fight for it."""

    def __init__(self, model: Model) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._prepare = str(model.card.extra.get("prepare", ""))
        self._session = onnxruntime.InferenceSession(model.file(GRAPH), options, providers=["CPUExecutionProvider"])

    def read(self, pixels: npt.NDArray[np.uint8]) -> Readings:
        """uint8[n, 224, 224] → readings."""
        return _prepared(self._answer, self._prepare, pixels)

    def _answer(self, pixels: npt.NDArray[np.uint8]) -> Readings:
        return Readings(*self._session.run(["probability", "heatmap", "ood"], {"pixels": pixels}))


class TorchRuntime:
    """The model in torch, on the GPU where there is one."""

    def __init__(self, model: Model) -> None:
        import torch

        from ray_jobs.imaging.ship import load_weights
        from ray_jobs.imaging.verdict import findings

        self._prepare = str(model.card.extra.get("prepare", ""))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = load_weights(model.file(WEIGHTS).parent, findings(model.card)).to(self._device)

    def read(self, pixels: npt.NDArray[np.uint8]) -> Readings:
        """uint8[n, 224, 224] → readings."""
        return _prepared(self._answer, self._prepare, pixels)

    def _answer(self, pixels: npt.NDArray[np.uint8]) -> Readings:
        import torch

        with torch.inference_mode():
            answers = self._network(torch.from_numpy(pixels).to(self._device))
        return Readings(*(answer.float().cpu().numpy() for answer in answers))


def _prepared(answer: Callable[[npt.NDArray[np.uint8]], Readings], how: str, pixels: npt.NDArray[np.uint8]) -> Readings:
    """Read what is prepared; doubt looks at the picture as it came, and no heat is shown where all was made black."""
    if not how:
        return answer(pixels)
    seen = prepared(how, pixels)
    found = answer(seen)
    side = found.heatmap.shape[1]
    cell = seen.shape[1] // side
    inside = (seen > 0).reshape(len(seen), side, cell, side, cell).mean((2, 4), dtype=np.float32)
    return Readings(found.probability, found.heatmap * inside, answer(pixels).ood)
