"""The planner as a port: a question in, an answer out, from a process of its own that may be late or crash.

The process is started when first asked and kept; one that is late or dead is killed, and the next question starts
another (docs/decisions/0120-planning-process.md).
"""

import os
import selectors
import subprocess
import sys
import threading
import time
from typing import Protocol

from ray_jobs.scheduling.tasks import PlanAnswer, PlanTask, PriceAnswer, PriceTask, Reply, Request
from services.runtime.errors import BadInputError, DependencyError

START_S = 180.0
"""Compiling the search for the first time takes a minute on a busy machine; later starts read it from its cache."""
GRACE_S = 20.0
"""Beyond the search itself: conflicts, simulation, and a machine that has other things to do."""
READ_BYTES = 1 << 20


class PlannerUnavailable(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The planning process could not be started, died, or was late."""


class Planner(Protocol):
    """What answers; called from any thread, one question at a time."""

    def plan(self, task: PlanTask) -> PlanAnswer:
        """Raises PlannerUnavailable, and BadInputError for a task that contradicts itself."""
        ...

    def price(self, task: PriceTask) -> PriceAnswer:
        """Raises as `plan` does."""
        ...


class PlannerProcess:
    """`python -m ray_jobs.scheduling.process`, spoken to through its standard input and output."""

    def __init__(self, argv: tuple[str, ...] = (sys.executable, "-m", "ray_jobs.scheduling.process")) -> None:
        self._argv = argv
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        self._closed = False
        self._rest = b""

    def plan(self, task: PlanTask) -> PlanAnswer:
        """A plan."""
        reply = self._ask(Request(plan=task), task.budget.seconds + GRACE_S)
        if reply.plan is None:
            raise PlannerUnavailable("the planning process answered something else than a plan")
        return reply.plan

    def price(self, task: PriceTask) -> PriceAnswer:
        """A price."""
        reply = self._ask(Request(price=task), task.budget.seconds + GRACE_S)
        if reply.price is None:
            raise PlannerUnavailable("the planning process answered something else than a price")
        return reply.price

    def close(self) -> None:
        """Kill the process; nobody asks again."""
        self._closed = True
        self._kill()

    def _ask(self, request: Request, seconds: float) -> Reply:
        with self._turn:
            process = self._running()
            until = time.monotonic() + seconds
            try:
                self._write(process, request.model_dump_json().encode() + b"\n")
                reply = self._read(process, until)
            except (OSError, PlannerUnavailable) as error:
                self._kill()
                raise PlannerUnavailable(f"planning: {error}") from error
        if reply.refused:
            raise BadInputError(f"planning: {reply.refused}")
        return reply

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._closed:
            raise PlannerUnavailable("planning has ended")
        if self._process is None or self._process.poll() is not None:
            self._kill()
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            try:
                ready = self._read(self._process, time.monotonic() + START_S).ready
            except PlannerUnavailable:
                self._kill()
                raise
            if not ready:
                self._kill()
                raise PlannerUnavailable("the planning process did not say that it is ready")
        return self._process

    @staticmethod
    def _write(process: "subprocess.Popen[bytes]", line: bytes) -> None:
        if process.stdin is None:
            raise PlannerUnavailable("the planning process has no input")
        process.stdin.write(line)
        process.stdin.flush()

    def _read(self, process: "subprocess.Popen[bytes]", until: float) -> Reply:
        """The next line; raises PlannerUnavailable when it does not come in time, or never will."""
        if process.stdout is None:
            raise PlannerUnavailable("the planning process has no output")
        parts = [self._rest]
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in parts[-1]:
                if not ready.select(max(0.0, until - time.monotonic())):
                    raise PlannerUnavailable("no answer in time")
                got = os.read(process.stdout.fileno(), READ_BYTES)
                if not got:
                    raise PlannerUnavailable(f"the process ended with status {process.poll()}")
                parts.append(got)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return Reply.model_validate_json(line)

    def _kill(self) -> None:
        process, self._process, self._rest = self._process, None, b""
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
