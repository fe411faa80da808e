"""The Ray Serve application: one door over HTTP with the trees in the same replica, networks in replicas of their own.

POST /infer/{model}  safetensors in and out (`ray_jobs.wire`); errors are JSON {"error"} with 400, 404, 409, 413 or 503
POST /infer/together requests to several models in one; answers by model, in the metadata why there is none
GET  /infer/models   what is served, and what is absent and why
GET  /infer/health   a canary through every risk model; /infer/health/{model} through one model of any kind

docs/decisions/0101-trees-in-the-door.md says why risk has no replica of its own.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from ray import serve

from ray_jobs import registry
from ray_jobs.door import Door

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

IMAGING: Final = "ray_jobs.imaging.deployment"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Placement(_Frozen):
    """How many replicas of a deployment there are, and what each may use."""

    num_replicas: int = Field(default=1, ge=1)
    num_cpus: float = Field(default=0.1, ge=0)
    num_gpus: float = Field(default=0, ge=0)
    max_ongoing_requests: int = Field(default=64, ge=1)
    # Beyond these the door answers 503 with Retry-After: overload slows the sender down.
    max_queued_requests: int = Field(default=256, ge=-1)

    def options(self) -> dict[str, Any]:
        """As Serve's deployment options."""
        return {
            "num_replicas": self.num_replicas,
            "max_ongoing_requests": self.max_ongoing_requests,
            "max_queued_requests": self.max_queued_requests,
            "ray_actor_options": {"num_cpus": self.num_cpus, "num_gpus": self.num_gpus},
        }


class Entrance(Placement):
    """The door; with a port it listens itself, and asks nothing of Serve's proxies."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)

    @property
    def listen(self) -> tuple[str, int, int] | None:
        """Host, port and the most requests at once; None: behind a proxy."""
        most = self.max_ongoing_requests + max(0, self.max_queued_requests)
        return (self.host, self.port, most) if self.port else None


class Imaging(Placement):
    """Replicas of each network; `runtime` None is ONNX Runtime, or torch where a GPU is asked for."""

    max_ongoing_requests: int = Field(default=16, ge=1)
    runtime: str | None = Field(default=None, pattern="^(onnx|torch)$")
    batch_size: int = Field(default=8, ge=1, le=256)
    batch_wait_s: float = Field(default=0.01, ge=0, le=1)


class Arguments(_Frozen):
    """Arguments of the application (`serve.yaml`); `models` None serves every live model of the registry."""

    models: tuple[registry.Name, ...] | None = None
    door: Entrance = Entrance()
    imaging: Imaging = Imaging()


def build(args: dict[str, Any]) -> serve.Application:
    """The application, for `serve.run` or `serve deploy`; raises ValidationError for wrong arguments, RegistryError."""
    arguments = Arguments.model_validate(args)
    cards = [card for card in registry.list_models() if arguments.models is None or card.name in arguments.models]
    known = {card.name for card in cards}
    absent = {name: "it is not in the registry" for name in arguments.models or () if name not in known}
    networks = tuple(card.name for card in cards if card.kind == "network")
    if networks and importlib.util.find_spec(IMAGING) is None:
        absent |= dict.fromkeys(networks, "its deployment is not installed")
        networks = ()
    door: Any = serve.deployment(Door)
    bound: serve.Application = door.options(name="Door", **arguments.door.options()).bind(
        tuple(card.name for card in cards if card.task == "risk" and (card.live or arguments.models)),
        {name: _network(name, arguments.imaging) for name in networks},
        absent,
        arguments.door.listen,
    )
    return bound


def _network(name: str, imaging: Imaging) -> DeploymentHandle[Any]:
    from ray_jobs.imaging.deployment import ImagingDeployment

    deployment: Any = ImagingDeployment
    runtime = imaging.runtime or ("torch" if imaging.num_gpus else "onnx")
    handle: DeploymentHandle[Any] = deployment.options(name=f"Imaging-{name}", **imaging.options()).bind(
        name=name, runtime=runtime, batch_size=imaging.batch_size, batch_wait_s=imaging.batch_wait_s
    )
    return handle
