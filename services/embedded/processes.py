"""Child processes that write to a log file, are ended as a group, die with their parent and can be kept alive.

Linux ties the parent-death signal to the parent's *thread* (prctl(2), PR_SET_PDEATHSIG), so every child is forked by
one thread that lives as long as this process.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from services.embedded.errors import CannotStartError

_FORKING_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fork")
_SETPRIV = shutil.which("setpriv")


@dataclass(frozen=True)
class Program:
    """What to run: argument vector, the whole environment, working folder, and the file that takes its output."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    orphaned: signal.Signals = signal.SIGKILL
    """Sent to the program when the process that started it dies; Linux only."""


class Child:
    """One running program, leader of its own session."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process = _FORKING_THREAD.submit(_spawn, program).result()

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its process group and session."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.returncode is None

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit status, or None if it still runs after `timeout` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """SIGKILL to the whole group, now."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self, grace_s: float = 10.0) -> int:
        """SIGTERM, after `grace_s` seconds SIGKILL, to the whole group; gives the exit status."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGTERM)
        self.wait(grace_s)
        self.kill()
        return self._process.wait()

    def last_lines(self, count: int = 20) -> str:
        """The end of its log, for an error's text."""
        return "\n".join(self.program.log.read_text(errors="replace").splitlines()[-count:])


def _spawn(program: Program) -> "subprocess.Popen[bytes]":
    leash = (_SETPRIV, "--pdeathsig", program.orphaned.name.removeprefix("SIG"), "--") if _SETPRIV else ()
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            (*leash, *program.argv),
            env=dict(program.env),
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


class Supervised:
    """A program that is started again whenever it ends, until it is told to stop.

    The first restart comes at once; each further one within 30 s waits twice as long as the last, 5 s at most.
    """

    def __init__(self, program: Program, *, settled_s: float = 30.0, longest_wait_s: float = 5.0) -> None:
        self.program = program
        self.restarts = 0
        self._settled_s = settled_s
        self._longest_wait_s = longest_wait_s
        self._stopping = threading.Event()
        self._child = Child(program)
        self._thread = threading.Thread(target=self._watch, name=f"supervise-{program.name}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Process id of the present incarnation."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the present incarnation runs."""
        return self._child.alive

    def kill(self) -> int:
        """SIGKILL the present incarnation and give its pid; the supervisor brings up the next."""
        pid = self._child.pid
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return pid

    def stop(self, grace_s: float = 10.0) -> int:
        """End it for good; gives the exit status of the last incarnation."""
        self._stopping.set()
        self._thread.join()
        return self._child.stop(grace_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _watch(self) -> None:
        wait_s = 0.0
        while not self._stopping.is_set():
            born = time.monotonic()
            while self._child.alive:
                if self._stopping.wait(0.1):
                    return
            wait_s = 0.0 if time.monotonic() - born > self._settled_s else wait_s
            if self._stopping.wait(wait_s):
                return
            wait_s = min(self._longest_wait_s, max(0.1, wait_s * 2))
            self._child.kill()  # what the dead leader left of its group
            self._child = Child(self.program)
            self.restarts += 1


def free_port() -> int:
    """A TCP port of the loopback interface on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], child: Child, timeout_s: float) -> None:
    """Return once `ready()`; raise CannotStartError if `child` ends first or `timeout_s` seconds pass."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if not child.alive:
            raise CannotStartError(
                f"{child.program.name} ended with status {child.returncode} while starting; the end of its log "
                f"{child.program.log}:\n{child.last_lines()}"
            )
        if time.monotonic() > deadline:
            raise CannotStartError(
                f"{child.program.name} was not ready after {timeout_s:.0f} s; the end of its log "
                f"{child.program.log}:\n{child.last_lines()}"
            )
        time.sleep(0.05)
