"""A single Kafka node (KRaft: broker and controller in one, KIP-500) on the loopback interface of this machine."""

import base64
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from services.embedded import jars
from services.embedded.errors import CannotStartError
from services.embedded.java import java
from services.embedded.processes import Child, Program, free_port, wait_until

CONFIG = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # One node: everything internal has one replica, and few partitions (each costs files and memory).
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # Design rule 4: readers wait for a dead writer's transaction no longer than its timeout and this scan.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
    "group.initial.rebalance.delay.ms": 0,
    # A broker that was killed may register again when its old session has expired (9 s by default).
    "broker.session.timeout.ms": 2000,
    "broker.heartbeat.interval.ms": 500,
    # Memory: the cleaner takes its buffer from the heap at once (128 MB by default), each segment maps two indexes.
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    "log.cleaner.threads": 1,
    "log.index.size.max.bytes": 1024 * 1024,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 2,
}


class KafkaServer:
    """The broker at `address`; started again on the same folder it has the same port and the same data."""

    def __init__(
        self, data: Path, *, port: int | None = None, heap_mb: int = 256, more: Mapping[str, object] | None = None
    ) -> None:
        """`more`: Kafka's settings that stand above ours, such as a further listener."""
        self.data = data
        self._more = dict(more or {})
        self.port = port or free_port()
        self.controller_port = free_port()
        self.heap_mb = heap_mb
        self.log = data / "broker.log"
        self._child: Child | None = None

    @property
    def address(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the broker."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the broker runs."""
        return self._child is not None and self._child.alive

    def start(self, timeout_s: float = 60.0) -> Self:
        """Format the folder if it is new, start, and return when clients can connect; raises CannotStartError."""
        config = self._write_config()
        if not (self.data / "log" / "meta.properties").exists():
            self._format(config)
        said_before = self.log.stat().st_size if self.log.exists() else 0
        # C1 alone: in the minutes that a test or a demo lasts, C2 takes more of two cores than it gives back.
        options = (
            "-Xms64m", f"-Xmx{self.heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
        )  # fmt: skip
        self._child = Child(Program("Kafka", (*self._java(*options), "kafka.Kafka", str(config)), self.log))

        def ready() -> bool:
            with self.log.open("rb") as log:
                log.seek(said_before)
                return b"Kafka Server started" in log.read() and _listens(self.port)

        wait_until(ready, self._child, timeout_s)
        return self

    def kill(self) -> None:
        """SIGKILL: what it had acknowledged is in its files."""
        self._running().kill()

    def stop(self, grace_s: float = 15.0) -> None:
        """Controlled shutdown."""
        if self._child is not None:
            self._child.stop(grace_s)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _running(self) -> Child:
        if self._child is None:
            raise CannotStartError("Kafka was not started")
        return self._child

    def _java(self, *options: str) -> tuple[str, ...]:
        log4j = f"-Dlog4j2.configurationFile={jars.HERE / 'log4j2.yaml'}"
        return (str(java()), *options, log4j, "-cp", f"{jars.jars()}/*")

    def _write_config(self) -> Path:
        self.data.mkdir(parents=True, exist_ok=True)
        here = {
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "log.dirs": self.data / "log",
        }
        config = self.data / "server.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in (CONFIG | here | self._more).items()))
        return config

    def _format(self, config: Path) -> None:
        cluster = "w" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]  # a '-' in front would be an option
        options = ("-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        argv = (*self._java(*options), "kafka.tools.StorageTool", "format", "-c", str(config), "-t", cluster)
        tool = Child(Program("Kafka's storage tool", argv, self.data / "format.log"))
        if tool.wait(60.0) != 0:
            tool.kill()
            raise CannotStartError(f"Kafka's folder {self.data} could not be formatted:\n{tool.last_lines()}")


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1.0)
        return client.connect_ex(("127.0.0.1", port)) == 0
