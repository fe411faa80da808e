"""A film model behind the wire: named arrays in, named arrays out; a plain object, testable without Ray."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging.pixels import SIDE
from ray_jobs.imaging.reading import OnnxRuntime, Readings, Runtime, TorchRuntime
from ray_jobs.registry import load_model
from ray_jobs.wire import Message, Tensors, WireError, tensor

MOST_FILMS: Final = 256
RuntimeName = Literal["onnx", "torch"]


class ImagingModel:
    """One registered film model, its hashes checked when it is loaded, warmed up with an empty film."""

    def __init__(
        self, name: str = "chest-pneumonia", runtime: RuntimeName = "onnx", *, models: Path | None = None
    ) -> None:
        model = load_model(name, models)
        self.card = model.card
        self._runtime: Runtime = TorchRuntime(model) if runtime == "torch" else OnnxRuntime(model)
        self._runtime.read(np.zeros((1, SIDE, SIDE), dtype=np.uint8))

    def infer(self, tensors: Tensors, metadata: Mapping[str, str]) -> dict[str, npt.NDArray[np.generic]]:
        """{"pixels": uint8[n, 224, 224]} → probability float32[n, classes], heatmap float32[n, 7, 7], ood float32[n].

        Raises WireError for other shapes or types, and when another version than ours is asked for.
        """
        return arrays(self.read(films_of(Message(dict(tensors), dict(metadata)), self.card.version)))

    def read(self, pixels: npt.NDArray[np.uint8]) -> Readings:
        """uint8[n, 224, 224] → readings."""
        return self._runtime.read(pixels)

    def described(self) -> dict[str, str]:
        """Which model answered; travels with every answer."""
        return {"model": self.card.name, "version": self.card.version, "classes": ",".join(self.card.classes)}


def films_of(message: Message, version: str) -> npt.NDArray[np.uint8]:
    """The checked pixels of a request. Raises WireError."""
    wanted = message.metadata.get("version", version)
    if wanted != version:
        raise WireError(f"version {wanted!r} was asked for, {version!r} is served")
    pixels = tensor(message, "pixels", np.uint8, (None, SIDE, SIDE))
    if not 0 < len(pixels) <= MOST_FILMS:
        raise WireError(f"{len(pixels)} films in one request; 1 to {MOST_FILMS} are read")
    return pixels.astype(np.uint8, copy=False)


def arrays(readings: Readings) -> dict[str, npt.NDArray[np.generic]]:
    """Readings by the names that travel."""
    return {"probability": readings.probability, "heatmap": readings.heatmap, "ood": readings.ood}
