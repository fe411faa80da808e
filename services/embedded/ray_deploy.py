"""Puts the Serve application on Ray and leaves; where the plan says so, starts Ray's head on this machine first.

`python -m services.embedded.ray_deploy FILE`, FILE being a `RayPlan` as JSON. Nothing else in services imports ray.
The head is built as `ray start` builds it (ray.scripts.scripts.start), less what it insists on and nobody here asks:
the dashboard's server and the client server, 230 MB and 6 s of CPU.
"""

import importlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import ray
import yaml
from ray._private import ray_constants
from ray._private.node import Node
from ray._private.parameter import RayParams
from ray._raylet import (  # type: ignore[attr-defined] # compiled; its stub lists a part
    DASHBOARD_AGENT_LISTEN_PORT_NAME,
    METRICS_AGENT_PORT_NAME,
    METRICS_EXPORT_PORT_NAME,
    RUNTIME_ENV_AGENT_PORT_NAME,
    persist_port,
)

from services.embedded.ray_plan import HeadPlan, RayPlan, write_state


class Head(Node):
    """Ray's processes of a head node: GCS, raylet and its two agents.

    The raylet waits 15 s for each file in which an agent tells its port, and dies without it; on a busy machine Python
    takes longer to import an agent. The ports are given here, so the files are written before the raylet looks.
    """

    def start_raylet(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on as they are
        """Tell the agents' ports, then start."""
        for name, port in (
            (DASHBOARD_AGENT_LISTEN_PORT_NAME, self._ray_params.dashboard_agent_listen_port),
            (METRICS_AGENT_PORT_NAME, self._ray_params.metrics_agent_port),
            (METRICS_EXPORT_PORT_NAME, self._ray_params.metrics_export_port),
            (RUNTIME_ENV_AGENT_PORT_NAME, self._ray_params.runtime_env_agent_port),
        ):
            persist_port(self._session_dir, self._node_id, name, port)
        super().start_raylet(*arguments, **options)

    def start_api_server(self, *, include_dashboard: bool | None, raise_on_failure: bool) -> None:
        """No dashboard."""


def start_head(plan: HeadPlan) -> list[int]:
    """Start the processes, which go on when this one ends; gives the pids of GCS and raylet."""
    http, grpc, metrics, environment = plan.agent_ports
    params = RayParams(
        node_ip_address="127.0.0.1",
        node_name="wardwatch",
        gcs_server_port=plan.port,
        num_cpus=plan.num_cpus,
        num_gpus=plan.num_gpus,
        object_store_memory=plan.object_store_mb * 1024 * 1024,
        temp_dir=plan.temporary,
        include_dashboard=False,
        include_log_monitor=False,  # type: ignore[arg-type] # annotated as text, read as a truth value
        no_monitor=True,
        # 0: any free port, so that several Rays fit on one machine
        min_worker_port=0,
        max_worker_port=0,
        dashboard_agent_listen_port=http,
        metrics_agent_port=grpc,
        metrics_export_port=metrics,
        runtime_env_agent_port=environment,
    )
    params.update_if_absent(num_redis_shards=None, redis_max_clients=None)
    node = Head(params, head=True, shutdown_at_exit=False, spawn_reaper=False)
    vital = (ray_constants.PROCESS_TYPE_GCS_SERVER, ray_constants.PROCESS_TYPE_RAYLET)
    return [node.all_processes[kind][0].process.pid for kind in vital]


def deploy(plan: RayPlan) -> None:
    """Return when every deployment of the application is healthy; raises what Ray raises."""
    from ray import serve  # noqa: PLC0415 - it takes 2 s, in which the head starts

    name, function = plan.application.split(":")
    module = importlib.import_module(name)
    args = plan.args
    if args is None:
        config = Path(str(module.__file__)).with_name("serve.yaml")
        args = yaml.safe_load(config.read_text())["applications"][0]["args"]
    args = dict(args)
    if not plan.proxy:
        args["door"] = {**args.get("door", {}), "host": plan.host, "port": plan.http_port}
    ray.init(address=plan.address, namespace="serve", log_to_driver=False)
    serve.start(
        proxy_location="HeadOnly" if plan.proxy else "Disabled",
        http_options={"host": plan.host, "port": plan.http_port, "keep_alive_timeout_s": 75},
    )
    serve.run(getattr(module, function)(args), name="wardwatch", route_prefix="/")


def main(file: Path) -> None:
    """Start what the plan says, telling in its state file how far it came."""
    plan = RayPlan.from_json(json.loads(file.read_text()))
    began = time.monotonic()
    vital: list[int] = []
    if plan.head is not None:
        importing = threading.Thread(target=importlib.import_module, args=("ray.serve",))
        importing.start()
        vital = start_head(plan.head)
        write_state(plan, vital=vital, deployed=False)
        importing.join()
    deploy(plan)
    write_state(plan, vital=vital, deployed=True)
    sys.stderr.write(f"deployed {plan.application} after {time.monotonic() - began:.1f} s\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
