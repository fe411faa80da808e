"""The ingress of the Serve application: routes a request to its model, and says in JSON what went wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ray_jobs import registry, wire
from ray_jobs.listening import Listener
from ray_jobs.risk.deployment import RiskModels
from ray_jobs.risk.local import MismatchError

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

PREFIX: Final = "/infer/"
SIDE: Final = 224
MOST_S: Final = 30.0
log = logging.getLogger("ray.serve")


class UnknownModelError(Exception):
    """No such model is served."""


class TooLargeError(Exception):
    """The request is larger than the wire allows."""


class Door:
    """The one door: answers for the trees itself, passes pictures on to the network's own replicas."""

    def __init__(
        self,
        trees: tuple[str, ...],
        networks: dict[str, DeploymentHandle[Any]],
        absent: dict[str, str],
        listen: tuple[str, int, int] | None = None,
    ) -> None:
        """Load the trees; `absent` says why a model is not served. Raises RegistryError.

        `listen`: host, port and the most requests at once, where no proxy of Serve's passes them on; raises OSError.
        """
        self._risk = RiskModels(trees)
        self._networks = networks
        self._absent = absent
        self._cards = (*self._risk.cards, *(registry.load_card(name) for name in networks))
        self._listener = Listener(self, *listen) if listen else None
        # Ray and the models stay to the end: a full search for garbage would walk them for a tenth of a second.
        gc.collect()
        gc.freeze()

    def check_health(self) -> None:
        """Asked by Serve, which replaces the replica when it raises."""
        if self._listener is not None:
            self._listener.check()

    async def __call__(self, request: Request) -> Response:
        """Answer a request; statuses as in `ray_jobs.application`."""
        page = request.url.path.removeprefix(PREFIX)
        try:
            if request.method == "POST":
                ask = self._together if page == wire.TOGETHER else partial(self._infer, page)
                return Response(await ask(await _body(request)), media_type=wire.CONTENT_TYPE)
            return JSONResponse(self._models() if page == "models" else await self._health(page))
        except tuple(STATUS) as error:
            return _error(error, page)

    async def _together(self, body: bytes) -> bytes:
        """Answers of all models asked; in the metadata, by model, why there is none. Raises WireError."""
        message = wire.decode(body)
        seconds = _seconds(message.metadata)
        tasks = {name: asyncio.ensure_future(self._infer(name, part)) for name, part in wire.apart(message).items()}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=seconds)
        answers: dict[str, bytes] = {}
        errors: dict[str, str] = {}
        for name, task in tasks.items():
            if not task.done():
                task.cancel()  # the others are not to wait for it
                errors[name] = wire.SILENT
            elif (error := task.exception()) is not None:
                status, text = _said(error, name)
                errors[name] = f"HTTP {status.value}: {text}"
            else:
                answers[name] = task.result()
        return wire.together(answers, errors)

    async def _infer(self, name: str, body: bytes) -> bytes:
        if name in self._networks:
            return await cast("Awaitable[bytes]", self._networks[name].infer.remote(body))
        if name in self._risk:
            return await self._risk.infer(name, body)
        served = ", ".join(card.name for card in self._cards) or "none"
        raise UnknownModelError(f"model {name}: {self._absent.get(name, 'unknown')}; served are: {served}")

    def _models(self) -> dict[str, Any]:
        told = {"name", "version", "task", "kind", "classes", "threshold", "horizon_hours", "population"}
        return {"models": [card.model_dump(mode="json", include=told) for card in self._cards], "absent": self._absent}

    async def _health(self, page: str) -> dict[str, Any]:
        """Milliseconds of a canary through each model asked for."""
        what, _, name = page.partition("/")
        if what != "health":
            raise UnknownModelError(f"there is no page {page}; there are models, health and health/MODEL")
        names = (name,) if name else tuple(card.name for card in self._risk.cards)
        return {"status": "ok", "models": {name: await self._canary(name) for name in names}}

    async def _canary(self, name: str) -> float:
        if name in self._risk:
            return self._risk.canary(name)
        start = time.perf_counter()
        await self._infer(name, wire.encode({"pixels": np.zeros((1, SIDE, SIDE), dtype=np.uint8)}))
        return (time.perf_counter() - start) * 1000


async def _body(request: Request) -> bytes:
    if int(request.headers.get("content-length", 0)) > wire.MAX_BYTES:
        raise TooLargeError(f"more than {wire.MAX_BYTES} bytes: send fewer rows a call")
    return await request.body()


# First fit counts.
STATUS: Final[dict[type[Exception], HTTPStatus]] = {
    UnknownModelError: HTTPStatus.NOT_FOUND,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MismatchError: HTTPStatus.CONFLICT,
    wire.WireError: HTTPStatus.BAD_REQUEST,
    BackPressureError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeploymentUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RayError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def _seconds(metadata: Mapping[str, str]) -> float:
    try:
        return min(MOST_S, max(0.0, float(metadata.get("deadline_s", MOST_S))))
    except ValueError:
        raise wire.WireError("deadline_s is no number of seconds") from None


def _error(error: Exception, page: str) -> Response:
    status, text = _said(error, page)
    headers = {"Retry-After": "1"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse({"error": text}, status_code=status, headers=headers)


def _said(error: BaseException, page: str) -> tuple[HTTPStatus, str]:
    """Status and text; raises the error itself where it is none of ours."""
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    if status is None:
        raise error
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("%s did not answer: %s", page, type(error).__name__)
        return status, f"{page} does not answer now ({type(error).__name__})"
    # From another replica an error comes as the text of its whole stack, with the error itself as its cause.
    return status, str(getattr(error, "cause", error))
