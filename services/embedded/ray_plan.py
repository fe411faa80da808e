"""What `ray_server` asks of the processes it starts, and what they tell: two small JSON files.

Standard library only: the keeper, which is always there, weighs 15 MB.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class HeadPlan:
    """A Ray head on the loopback interface of this machine."""

    port: int
    agent_ports: tuple[int, int, int, int]
    """Dashboard agent's HTTP and gRPC, metrics, runtime environment agent; none of them 0."""
    temporary: str
    """Folder for Ray's sockets and logs; short, since a Unix socket's path may have 107 bytes."""
    num_cpus: int = 2
    num_gpus: int = 0
    object_store_mb: int = 100


@dataclass(frozen=True)
class RayPlan:
    """Which application goes where; `head` None: onto the Ray at `address` that others run."""

    address: str
    state: str
    """File in which the starter tells how far it came."""
    head: HeadPlan | None = None
    application: str = "ray_jobs.application:build"
    """module:function; the function takes `args` and gives a Serve application."""
    args: Mapping[str, Any] | None = None
    """None: those of the first application of `serve.yaml`, beside its module."""
    host: str = "127.0.0.1"
    http_port: int = 8000
    proxy: bool = True
    """Whether Serve's proxy listens there; else the application itself, told so in `args.door`."""

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The opposite of `to_json`."""
        head = document.pop("head")
        if head:
            head["agent_ports"] = tuple(head["agent_ports"])
        return cls(head=HeadPlan(**head) if head else None, **document)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def write_state(plan: RayPlan, **facts: object) -> None:
    """Tell; a reader sees the old facts or the new ones, never half of them."""
    fresh = Path(f"{plan.state}.new")
    fresh.write_text(json.dumps(facts))
    fresh.rename(plan.state)


def read_state(file: Path) -> dict[str, Any]:
    """What was told last; empty before anything was."""
    try:
        facts: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return facts
