"""The Ray Serve application: one door over HTTP, the trees behind it in the same replica, networks in replicas of their own.

POST /infer/{model}  safetensors in and out (`ray_jobs.wire`); errors are JSON {"error"} with 400, 404, 409, 413 or 503
GET  /infer/models   what is served, and what is absent and why
GET  /infer/health   a canary through every model; 200 while all risk models answer. /infer/health/{model} for one
"""

from __future__ import annotations

import importlib.util
import logging
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ray_jobs import registry, wire
from ray_jobs.risk.deployment import RiskModels
from ray_jobs.risk.local import MismatchError

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

ROUTE: Final = "/infer"
IMAGING: Final = "ray_jobs.imaging.deployment"
log = logging.getLogger("ray.serve")


class Placement(BaseModel):
    """How many replicas of a deployment there are, and what each may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_replicas: int = Field(default=1, ge=1)
    num_cpus: float = Field(default=0.1, ge=0)
    num_gpus: float = Field(default=0, ge=0)
    max_ongoing_requests: int = Field(default=64, ge=1)
    max_queued_requests: int = Field(default=256, ge=-1)

    def options(self) -> dict[str, Any]:
        """As Serve's deployment options."""
        return {
            "num_replicas": self.num_replicas,
            "max_ongoing_requests": self.max_ongoing_requests,
            "max_queued_requests": self.max_queued_requests,
            "ray_actor_options": {"num_cpus": self.num_cpus, "num_gpus": self.num_gpus},
        }


class Arguments(BaseModel):
    """Arguments of the application in `serve.yaml`; `models` None serves every model of the registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[registry.Name, ...] | None = None
    door: Placement = Placement()
    imaging: Placement = Placement(max_ongoing_requests=8)
    imaging_batch: int = Field(default=8, ge=1, le=256)


class Door:
    """The one door: reads requests, answers for the trees itself, passes pictures on."""

    def __init__(self, names: tuple[str, ...] | None, absent: dict[str, str], imaging: DeploymentHandle | None) -> None:
        """Load the risk models; `absent` says why a model of the registry is not served."""
        self._risk = RiskModels(names)
        self._absent = absent
        self._imaging = imaging
        self._networks = (
            {card.name: card for card in registry.list_models() if card.kind == "network"} if imaging else {}
        )

    async def __call__(self, request: Request) -> Response:
        """Route a request; what goes wrong is said in JSON."""
        path = request.url.path.removeprefix(ROUTE).strip("/")
        try:
            if request.method == "POST":
                return Response(await self._infer(path, request), media_type=wire.CONTENT_TYPE)
            if path == "models":
                return JSONResponse(self._models())
            if path == "health" or path.startswith("health/"):
                return await self._health(path.removeprefix("health").strip("/"))
            return _error(404, f"no such page: {path}")
        except KeyError:
            why = self._absent.get(path, "no such model")
            return _error(404, f"model {path}: {why}")
        except TooLargeError as error:
            return _error(413, str(error))
        except wire.WireError as error:
            return _error(400, str(error))
        except MismatchError as error:
            return _error(409, str(error))
        except (BackPressureError, RayError) as error:
            log.warning("model %s did not answer: %s", path, type(error).__name__)
            return _error(503, f"model {path} does not answer now: {type(error).__name__}")

    async def _infer(self, name: str, request: Request) -> bytes:
        if int(request.headers.get("content-length", 0)) > wire.MAX_BYTES:
            raise TooLargeError(f"more than {wire.MAX_BYTES} bytes: send fewer rows a call")
        body = await request.body()
        if name in self._networks and self._imaging is not None:
            answer: bytes = await self._imaging.infer.remote(body)
            return answer
        return await self._risk.infer(name, body)

    def _models(self) -> dict[str, Any]:
        cards = (*self._risk.cards, *self._networks.values())
        served = [
            card.model_dump(mode="json", include={"name", "version", "task", "kind", "threshold"}) for card in cards
        ]
        return {"models": served, "absent": self._absent}

    async def _health(self, name: str) -> Response:
        if name in self._networks and self._imaging is not None:
            milliseconds: float = await self._imaging.canary.remote()
            return JSONResponse({"status": "ok", "models": {name: milliseconds}})
        names = (name,) if name else tuple(card.name for card in self._risk.cards)
        return JSONResponse({"status": "ok", "models": {name: self._risk.canary(name) for name in names}})


class TooLargeError(Exception):
    """The request is larger than the wire allows."""


def _error(status: int, text: str) -> Response:
    headers = {"Retry-After": "1"} if status == 503 else None
    return JSONResponse({"error": text}, status_code=status, headers=headers)


def build(args: dict[str, Any]) -> serve.Application:
    """The application for `serve run ray_jobs.application:build`; raises pydantic's ValidationError for wrong arguments."""
    arguments = Arguments.model_validate(args)
    wanted = [card for card in registry.list_models() if arguments.models is None or card.name in arguments.models]
    known = {card.name for card in wanted}
    absent = {name: "not installed" for name in arguments.models or () if name not in known}
    imaging = None
    networks = [card.name for card in wanted if card.kind == "network"]
    if networks and importlib.util.find_spec(IMAGING) is None:
        absent |= dict.fromkeys(networks, "the imaging deployment is not installed")
    elif networks:
        from ray_jobs.imaging.deployment import ImagingDeployment

        placed = serve.deployment(ImagingDeployment, name="Imaging").options(**arguments.imaging.options())
        imaging = placed.bind()
    trees = tuple(card.name for card in wanted if card.kind == "trees")
    door = serve.deployment(Door, name="Door").options(**arguments.door.options())
    return door.bind(trees, absent, imaging)
