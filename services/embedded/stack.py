"""The servers Wardwatch stands on, all three started on this machine at once, and the settings that lead to them."""

import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.embedded.errors import CannotStartError
from services.embedded.kafka_server import KafkaServer
from services.embedded.ray_server import RayOptions, RayServer
from services.embedded.redis_server import RedisServer


@dataclass(frozen=True)
class StackOptions:
    """What to start, and where its files go."""

    run_dir: Path | None = None
    """Kept afterwards where given; None: a temporary folder that goes with the stack."""
    ray: RayOptions | None = field(default_factory=RayOptions)
    """None: no Ray, and no serve_url in the settings."""
    kafka_heap_mb: int = 256
    redis_max_mb: int = 256


class Stack:
    """Kafka, Redis and Ray Serve between `start` and `stop`; each can be killed and started by itself."""

    def __init__(self, options: StackOptions | None = None, console: Console | None = None) -> None:
        self.options = options or StackOptions()
        self.run_dir = self.options.run_dir or Path(tempfile.mkdtemp(prefix="wardwatch-"))
        self.kafka = KafkaServer(self.run_dir / "kafka", heap_mb=self.options.kafka_heap_mb)
        self.redis = RedisServer(self.run_dir / "redis", max_mb=self.options.redis_max_mb)
        self.ray = RayServer(self.run_dir / "ray", self.options.ray) if self.options.ray else None
        self.seconds: dict[str, float] = {}
        """How long each server took to be ready."""
        self._console = console or Console(stderr=True)

    @property
    def environment(self) -> dict[str, str]:
        """WARDWATCH_* for every process that uses this stack (names of services.runtime.settings)."""
        found = {
            "WARDWATCH_KAFKA": self.kafka.address,
            "WARDWATCH_REDIS_URL": self.redis.url,
            "WARDWATCH_OBJECTS_URL": f"file://{self.run_dir / 'objects'}",
            "WARDWATCH_IDENTITY_URL": f"sqlite:///{self.run_dir / 'identity.db'}",
            "WARDWATCH_CONSOLE_DB_URL": f"sqlite:///{self.run_dir / 'console.db'}",
        }
        return found | ({"WARDWATCH_SERVE_URL": self.ray.url} if self.ray else {})

    def start(self, meanwhile: Callable[[], None] | None = None) -> Self:
        """Start all at once and return when all are ready; raises CannotStartError, and then leaves none running.

        `meanwhile` is called when Kafka and Redis are ready: Ray takes the longest, and most can start without it.
        """
        parts: dict[str, Callable[[], object]] = {"Redis": self.redis.start, "Kafka": self.kafka.start}
        (self.run_dir / "objects").mkdir(parents=True, exist_ok=True)
        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
        with ExitStack() as undo:
            undo.callback(self.stop)
            with Progress(*columns, console=self._console) as progress, ThreadPoolExecutor(len(parts)) as pool:

                def run(name: str, begin: Callable[[], object]) -> None:
                    task = progress.add_task(name, total=1)
                    began = time.monotonic()
                    begin()
                    self.seconds[name] = time.monotonic() - began
                    progress.update(task, completed=1)

                if self.ray:
                    self.ray.launch()
                for started in [pool.submit(run, name, begin) for name, begin in parts.items()]:
                    started.result()
                if meanwhile:
                    meanwhile()
                if self.ray:
                    run("Ray Serve and the models", self.ray.start)
            undo.pop_all()
        return self

    def stop(self) -> None:
        """Stop all at once; the temporary folder goes too."""
        servers = [server for server in (self.kafka, self.redis, self.ray) if server]
        with ThreadPoolExecutor(len(servers)) as pool:
            stopped = [pool.submit(server.stop) for server in servers]
        for one in stopped:
            one.result()
        if self.options.run_dir is None:
            shutil.rmtree(self.run_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


__all__ = ["CannotStartError", "RayOptions", "Stack", "StackOptions"]
