"""The film model as a Ray Serve deployment: films of different requests are read in one batch."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from ray import serve

from ray_jobs.imaging.model import ImagingModel, RuntimeName, arrays, films_of
from ray_jobs.imaging.reading import Readings
from ray_jobs.wire import decode, encode

Grey = npt.NDArray[np.uint8]
BEHIND = 10
"""Niceness of a replica: a batch of films takes a core for a second, and vital signs are not to wait for it."""


@serve.deployment
class ImagingDeployment:
    """One replica of one film model. Replicas, CPUs and GPUs are the application's choice, through `.options`."""

    def __init__(
        self,
        name: str = "chest-pneumonia",
        runtime: RuntimeName = "onnx",
        batch_size: int = 8,
        batch_wait_s: float = 0.01,
    ) -> None:
        os.nice(BEHIND)
        self._model = ImagingModel(name, runtime)
        batching = cast("Any", self._read)
        batching.set_max_batch_size(batch_size)
        batching.set_batch_wait_timeout_s(batch_wait_s)

    async def infer(self, body: bytes) -> bytes:
        """A request's safetensors bytes → the answer's. Raises WireError for what is no request."""
        message = decode(body)
        pixels = films_of(message, self._model.card.version)
        read = cast("Callable[[Grey], Awaitable[Readings]]", self._read)
        parts = await asyncio.gather(*(read(film) for film in pixels))
        answer = Readings(
            np.stack([part.probability for part in parts]),
            np.stack([part.heatmap for part in parts]),
            np.stack([part.ood for part in parts]),
        )
        return encode(arrays(answer), self._model.described())

    @serve.batch
    async def _read(self, films: list[Grey]) -> list[Readings]:
        """Films of several requests in one call, off the event loop so that the replica goes on answering."""
        found = await asyncio.to_thread(self._model.read, np.stack(films))
        return [Readings(found.probability[i], found.heatmap[i], found.ood[i]) for i in range(len(films))]

    def check_health(self) -> None:
        """Raises when the model no longer answers; Serve then replaces the replica."""
        self._model.read(np.zeros((1, 224, 224), dtype=np.uint8))
