"""The whole system on this machine: the stack, the topics, every service as a supervised process."""

import contextlib
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.embedded.errors import CannotStartError
from services.embedded.processes import Program, Supervised, free_port
from services.embedded.stack import Stack, StackOptions
from services.runtime.kafka_log import create_topics
from services.runtime.settings import Settings

SERVICES = ("gateway", "watch", "imaging", "alerting", "operations", "drift", "console", "outlets", "outlets-fhir")
"""Every service there is; the simulator is none. `a-b` is the process of `services/a/b`."""
DEMO_MODES = {
    "sepsis": {"*": "silent", "ICU": "live"},
    "deterioration": {"*": "silent", "ICU": "live"},
    "chest-pneumonia": {"*": "live"},
}
"""The demo shows models that are live on one ward and silent on the others (design rule 9)."""
READY_S = 90.0


def configured(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The services of one machine: an outlet without a server to write to would only take its place in memory."""
    without = set() if environment.get("WARDWATCH_FHIR_SERVER_URL") else {"outlets-fhir"}
    return tuple(name for name in SERVICES if name not in without)


@dataclass(frozen=True)
class SystemOptions:
    """What to run and how."""

    services: tuple[str, ...] = field(default_factory=lambda: configured(os.environ))
    stack: StackOptions = field(default_factory=StackOptions)
    told: bool = True
    partitions: int = 4
    modes: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: DEMO_MODES)
    console_port: int = 8080
    gateway_port: int = 8090
    environment: Mapping[str, str] = field(default_factory=dict)
    """More WARDWATCH_* settings."""


class System:
    """Runs between `start` and `stop`; every process can be killed by name, and comes back."""

    def __init__(self, options: SystemOptions | None = None, console: Console | None = None) -> None:
        self.options = options or SystemOptions()
        self._console = console or Console(stderr=True)
        self.stack = Stack(self.options.stack, self._console)
        self.tokens = {name: secrets.token_urlsafe(18) for name in ("simulator", "care", "admin")}
        self.processes: dict[str, Supervised] = {}
        self.run_dir = self.stack.run_dir / "run"
        self.settings = Settings()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every service."""
        scopes = {
            "simulator": ["publish", "replay"],
            "care": ["read", "read:identity", "decide"],
            "admin": ["admin"],
        }
        tokens = {self.tokens[name]: {"name": name, "scopes": held} for name, held in scopes.items()}
        ours = {
            "WARDWATCH_CLOCK": "told" if self.options.told else "system",
            "WARDWATCH_PARTITIONS": str(self.options.partitions),
            "WARDWATCH_MODES": json.dumps(self.options.modes),
            "WARDWATCH_TOKENS": json.dumps(tokens),
            "WARDWATCH_GATEWAY_PORT": str(free_or_other(self.options.gateway_port)),
            "WARDWATCH_CONSOLE_PORT": str(free_or_other(self.options.console_port)),
            "WARDWATCH_DICOM_PORT": str(free_or_other(11112)),
            "WARDWATCH_MLLP_PORT": str(free_or_other(2575)),
            "WARDWATCH_MLLP_SENDERS": "*",  # of this machine only: the port is bound to 127.0.0.1
            "WARDWATCH_RUN_DIR": str(self.run_dir),
            "PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))),
            # Each service is one thread of work; more BLAS or numba threads would only take turns on the cores.
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
        }
        return {**os.environ, **self.stack.environment, **ours, **self.options.environment}

    def start(self) -> Self:
        """Return when every service is ready; raises CannotStartError, and then leaves nothing running."""
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self.stack.start(meanwhile=self._launch_all)
            self._await_all()
            undo.pop_all()
        return self

    def _launch_all(self) -> None:
        create_topics(self.stack.kafka.address, self.options.partitions)
        self._environment = self.environment
        ours = {k.removeprefix("WARDWATCH_").lower(): v for k, v in self._environment.items() if "WARDWATCH_" in k}
        self.settings = Settings.model_validate(ours)
        for name in self.options.services:
            self.launch(name)

    def launch(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Supervised:
        """Start `wardwatch up NAME` (or `wardwatch ARGUMENTS`) as a supervised process called `name`."""
        argv = (sys.executable, "-m", "services.cli.main", *(arguments or ("up", name)))
        log = self.stack.run_dir / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        program = Program(name, argv, log, {**self._environment, **(environment or {})})
        self.processes[name] = Supervised(program)
        return self.processes[name]

    def address(self, name: str) -> dict[str, int | str]:
        """What a process announced of itself: pid, ports. Empty while it has not."""
        for file in (self.run_dir / f"{name}.json", self.run_dir / f"{name}-0.json"):
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                found: dict[str, int | str] = json.loads(file.read_text())
                return found
        return {}

    def url(self, name: str) -> str:
        """Where a service's web server listens."""
        return f"http://127.0.0.1:{self.address(name).get('port', 0)}"

    def problems(self, name: str) -> dict[str, str]:
        """Why a service is not ready; empty when it is."""
        try:
            answer = httpx.get(f"{self.url(name)}/health/ready", timeout=3.0)
        except httpx.HTTPError:
            return {"process": "does not answer yet"}
        found: dict[str, str] = answer.json()["problems"]
        return found

    def stop(self) -> None:
        """Stop the services, then what they stand on."""
        with ThreadPoolExecutor(max(1, len(self.processes))) as pool:
            for _ in pool.map(lambda process: process.stop(), self.processes.values()):
                pass
        self.processes.clear()
        self.stack.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _await_all(self, timeout_s: float = READY_S) -> None:
        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            tasks = {name: progress.add_task(name, total=1) for name in self.options.services}
            deadline = time.monotonic() + timeout_s
            waiting = dict.fromkeys(tasks, "")
            while waiting:
                for name in list(waiting):
                    problems = self.problems(name)
                    if not problems:
                        progress.update(tasks[name], completed=1)
                        del waiting[name]
                    else:
                        waiting[name] = "; ".join(f"{k}: {v}" for k, v in problems.items())
                if waiting and time.monotonic() > deadline:
                    raise CannotStartError(self._complaint(waiting))
                time.sleep(0.1)

    def _complaint(self, waiting: Mapping[str, str]) -> str:
        lines = [f"not ready after {READY_S:.0f} s:"]
        for name, why in waiting.items():
            log = self.stack.run_dir / "logs" / f"{name}.log"
            tail = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
            lines += [f"  {name}: {why}", *(f"    {line[:300]}" for line in tail)]
        return "\n".join(lines)


@contextlib.contextmanager
def running(options: SystemOptions | None = None) -> Iterator[System]:
    """A started system, stopped at the end."""
    system = System(options)
    with system:
        yield system


def free_or_other(port: int) -> int:
    """The port, if nobody listens there; else, and for 0, any free one."""
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
    return port
