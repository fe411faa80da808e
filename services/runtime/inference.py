"""The models over HTTP: Ray Serve with a columnar body and a deadline (design, "The flow").

No service is a Ray driver: a driver dies 60 s after Ray's head and a dead raylet leaves its calls
hanging (measured), a connection with a deadline does neither.
"""

import contextlib
import time
from collections.abc import Iterable, Mapping

import httpx

from ray_jobs import wire
from services.runtime.errors import InferenceUnavailable
from services.runtime.ports import Tensors

CANARY_S = 1.0
"""How long an answer of the canary is believed, and how long it may take."""
FAIR_S = 0.05
"""A model that was given less than this is not blamed for its silence."""
MODELS_SHARE = 0.85
"""Of the deadline: what is left brings the others' answers back where one model is silent."""


class HttpInference:
    """POST /infer/MODEL with safetensors in and out. Safe from any thread."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, limits=httpx.Limits(max_keepalive_connections=8))
        self._believed_until, self._ready = 0.0, False
        self._resting: dict[str, float] = {}

    def infer(
        self, model: str, tensors: Tensors, metadata: Mapping[str, str], *, deadline_s: float
    ) -> tuple[Tensors, dict[str, str]]:
        """Answer for all rows, or InferenceUnavailable.

        A model that did not answer at all is left alone for a second, so that it does not cost its deadline each time;
        the others are asked as before, and the next `ready` looks again.
        """
        if time.monotonic() < self._resting.get(model, 0.0):
            msg = f"{model}: did not answer a moment ago"
            raise InferenceUnavailable(msg)
        try:
            return self._post(model, wire.encode(tensors, dict(metadata)), deadline_s)
        except (httpx.HTTPError, ValueError) as error:
            self._rest([model], error, deadline_s)
            msg = f"{model}: {_said(error)}"
            raise InferenceUnavailable(msg) from error

    def together(
        self, requests: Mapping[str, Tensors], *, deadline_s: float
    ) -> dict[str, tuple[Tensors, dict[str, str]] | InferenceUnavailable]:
        """One call for all models; the door gives up a silent one in time for the others to be heard."""
        now = time.monotonic()
        found: dict[str, tuple[Tensors, dict[str, str]] | InferenceUnavailable] = {
            model: InferenceUnavailable(f"{model}: did not answer a moment ago")
            for model in requests
            if now < self._resting.get(model, 0.0)
        }
        asked = {model: tensors for model, tensors in requests.items() if model not in found}
        try:
            parts = {model: wire.encode(tensors, {"model": model}) for model, tensors in asked.items()}
            body = wire.together(parts, {"deadline_s": f"{deadline_s * MODELS_SHARE:.4f}"})
            message = self._post(wire.TOGETHER, body, deadline_s) if asked else wire.Message({}, {})
            answers = {model: wire.decode(part) for model, part in wire.apart(message).items()}
        except (httpx.HTTPError, ValueError) as error:
            self._rest(asked, error, deadline_s)
            return found | {model: InferenceUnavailable(f"{model}: {_said(error)}") for model in asked}
        for model in asked:
            if model in answers:
                found[model] = answers[model]
                continue
            why = message.metadata.get(model, "no answer")
            if why == wire.SILENT and deadline_s >= FAIR_S:
                self._resting[model] = time.monotonic() + CANARY_S
            found[model] = InferenceUnavailable(f"{model}: {why}")
        return found

    def ready(self) -> bool:
        """Whether the canary answers; believed for a second."""
        now = time.monotonic()
        if now >= self._believed_until:
            try:
                self._ready = self._client.get("/infer/health", timeout=CANARY_S).status_code == httpx.codes.OK
            except httpx.HTTPError:
                self._ready = False
            self._believed_until = time.monotonic() + CANARY_S
        return self._ready

    def _post(self, page: str, body: bytes, deadline_s: float) -> wire.Message:
        answer = self._client.post(f"/infer/{page}", content=body, timeout=max(deadline_s, 0.001))
        answer.raise_for_status()
        return wire.decode(answer.content)

    def _rest(self, models: Iterable[str], error: Exception, deadline_s: float) -> None:
        """Leave alone for a moment what did not answer at all."""
        if isinstance(error, httpx.TransportError):
            self._believed_until = 0.0
            if deadline_s >= FAIR_S:
                self._resting |= dict.fromkeys(models, time.monotonic() + CANARY_S)


def _said(error: Exception) -> str:
    """What went wrong, in the words of the application where it answered (`{"error": …}`: shapes and versions only)."""
    if not isinstance(error, httpx.HTTPStatusError):
        return type(error).__name__
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return f"HTTP {error.response.status_code}: {str(error.response.json()['error'])[:300]}"
    return f"HTTP {error.response.status_code}"
