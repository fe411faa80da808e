"""Keeps a Ray head and its Serve application alive: when a part of the head dies, all of it goes and comes again.

`python -m services.embedded.ray_keeper FILE`, FILE being a `RayPlan` as JSON. The starter's daemons outlive it; this
process is their subreaper (prctl(2), PR_SET_CHILD_SUBREAPER), so none of them is ever left to init. Standard library
only: 15 MB, where `ray start --block` takes 230.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from services.embedded.ray_plan import RayPlan, read_state, write_state

PR_SET_CHILD_SUBREAPER = 36
LONGEST_WAIT_S = 10
SETTLED_S = 30
"""Whoever lived longer than this starts again at once; after that each try waits a second longer."""


class Stopped(Exception):  # noqa: N818 - an order, not an error
    """We were told to end."""


def keep(file: Path) -> None:
    """Start, wait for a death that matters, clear away, and again, until told to stop."""
    plan = RayPlan.from_json(json.loads(file.read_text()))
    failures, starts = 0, 0
    while True:
        starts += 1
        born = time.monotonic()
        write_state(plan, vital=[], deployed=False)
        (file.parent / "starts").write_text(str(starts))
        starter = subprocess.Popen(
            (sys.executable, "-m", "services.embedded.ray_deploy", str(file)),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        try:
            _wait_for_death(plan, starter)
        finally:
            write_state(plan, vital=[], deployed=False)
            end_session(starter.pid)
        failures = 0 if time.monotonic() - born > SETTLED_S else failures + 1
        time.sleep(min(LONGEST_WAIT_S, max(0, failures - 1)))


def _wait_for_death(plan: RayPlan, starter: "subprocess.Popen[bytes]") -> None:
    while True:
        status = starter.poll()
        if status:
            sys.stderr.write(f"Ray could not be started (status {status}): trying again\n")
            return
        dead = [pid for pid in read_state(Path(plan.state)).get("vital", []) if not _runs(pid)]
        if dead:
            sys.stderr.write(f"Ray's head died (process {dead}): starting it again\n")
            return
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    """Whether the process is there and no zombie; reaps it where it is ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def session(leader: int) -> list[int]:
    """Process ids of a session's members."""
    members = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(ValueError, ProcessLookupError):
            if os.getsid(int(folder.name)) == leader:
                members.append(int(folder.name))
    return members


def end_session(leader: int) -> None:
    """SIGKILL to every process of the session, again until none is left."""
    while members := session(leader):
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        keep(Path(sys.argv[1]))
    except Stopped:
        sys.exit(0)
