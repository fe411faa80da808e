"""Ray Serve on this machine: a small head, the Serve application on it, both kept alive by `ray_keeper`.

No service is a Ray driver, nor imports ray: they speak HTTP to `url`. Linux only (/proc, prctl).
"""

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.request import urlopen

from services.embedded.errors import CannotStartError
from services.embedded.processes import Child, Program, free_port, wait_until
from services.embedded.ray_plan import HeadPlan, RayPlan, read_state

ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",  # else any user of this machine who reaches the head's port runs code here
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too: the loopback interface only
    "RAY_USAGE_STATS_ENABLED": "0",
    # On a busy machine Python's imports alone take half a minute: rather late than tried again from the start.
    "RAY_raylet_start_wait_time_s": "60",
    "RAY_agent_register_timeout_ms": "120000",
    "RAY_worker_register_timeout_seconds": "120",
    "RAY_enable_metrics_collection": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # the workers run in this environment, whatever started us
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.25",  # idle CPU
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "RAY_worker_niceness": "0",  # 15 by default: behind everything else, while an alert waits for the answer
    "OPENBLAS_NUM_THREADS": "1",  # two threads wait for each other five times as long as one computes (measured)
    # The door computes in its own pool: a second event loop per replica only costs (11.1 to 8.2 ms a call, measured).
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc's arenas grow in Ray's many-threaded processes
}


@dataclass(frozen=True)
class RayOptions:
    """How much Ray may take, and what it serves."""

    num_cpus: int = 2
    num_gpus: int = 0
    object_store_mb: int = 100
    application: str = "ray_jobs.application:build"
    args: Mapping[str, Any] | None = None
    """Of the application; None: those of ray_jobs/serve.yaml."""
    http_port: int | None = None
    proxy: bool = False
    """Whether Serve's proxy stands before the application: for one that does not listen itself."""
    pythonpath: tuple[Path, ...] = ()
    """Folders beside this checkout in which the application is found."""


class RayServer:
    """The models at `url`, restarted and redeployed without our doing when Ray's head dies."""

    def __init__(self, folder: Path, options: RayOptions | None = None) -> None:
        self.folder = folder
        self.options = options or RayOptions()
        self.http_port = self.options.http_port or free_port()
        self._state = folder / "ray.json"
        self._temporary = Path(tempfile.mkdtemp(prefix="ww-ray-"))
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Of the application, or of Serve's proxy before it."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self) -> int:
        """Process id of the keeper."""
        return self._running().pid

    @property
    def starts(self) -> int:
        """How often the head was started; 1 when nothing died."""
        return int((self.folder / "starts").read_text())

    @property
    def deployed(self) -> bool:
        """Whether the application was deployed on the present head."""
        return bool(read_state(self._state).get("deployed", False))

    def launch(self) -> Self:
        """Begin to start, and return at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._state.unlink(missing_ok=True)
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps(self._plan().to_json()))
        path = os.pathsep.join(str(p) for p in (*self.options.pythonpath, Path(__file__).parents[2]))
        token = {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
        argv = (sys.executable, "-m", "services.embedded.ray_keeper", str(plan))
        environment = {**os.environ, **ENVIRONMENT, **token, "PYTHONPATH": path}
        self._child = Child(Program("Ray", argv, self.folder / "ray.log", environment, orphaned=signal.SIGTERM))
        return self

    def start(self, timeout_s: float = 240.0) -> Self:
        """Return when the application is deployed and answers; raises CannotStartError."""
        if self._child is None or not self._child.alive:
            self.launch()
        wait_until(lambda: self.deployed and self.answers(), self._running(), timeout_s)
        return self

    def answers(self) -> bool:
        """Whether who listens at `url` says that it is healthy."""
        try:
            with urlopen(f"{self.url}/-/healthz", timeout=2.0) as answer:  # noqa: S310 - our own http URL
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP OK
        except OSError:
            return False

    def kill_head(self) -> None:
        """SIGKILL to Ray's head (GCS and raylet); the keeper brings it back. Returns when both are gone."""
        vital = read_state(self._state).get("vital", [])
        if not vital:
            raise CannotStartError("Ray's head is not up")
        for pid in vital:
            os.kill(pid, signal.SIGKILL)
        while any(Path(f"/proc/{pid}").exists() for pid in vital):
            time.sleep(0.01)

    def stop(self, grace_s: float = 10.0) -> None:
        """End the keeper and everything it started."""
        if self._child is not None:
            self._child.stop(grace_s)
        shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> Child:
        if self._child is None:
            raise CannotStartError("Ray was not started")
        return self._child

    def _plan(self) -> RayPlan:
        head = HeadPlan(
            port=free_port(),
            agent_ports=(free_port(), free_port(), free_port(), free_port()),
            temporary=str(self._temporary),
            num_cpus=self.options.num_cpus,
            num_gpus=self.options.num_gpus,
            object_store_mb=self.options.object_store_mb,
        )
        return RayPlan(
            address=f"127.0.0.1:{head.port}",
            state=str(self._state),
            head=head,
            application=self.options.application,
            args=self.options.args,
            http_port=self.http_port,
            proxy=self.options.proxy,
        )
