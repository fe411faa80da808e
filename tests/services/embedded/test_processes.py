"""Children end when told, when killed, and with their parent; a supervised one comes back."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.embedded.errors import CannotStartError
from services.embedded.processes import Child, Program, Supervised, wait_until

CHECKOUT = Path(__file__).parents[3]
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


def program(tmp_path: Path, code: str) -> Program:
    """A Python program under test."""
    return Program("sample", (sys.executable, "-c", code), tmp_path / "sample.log")


def eventually(happened: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it happened in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.02)
    return False


def gone(pid: int) -> bool:
    """Whether no process with this id runs (a zombie does not run)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_what_it_says_is_in_its_log(tmp_path: Path) -> None:
    """Output and errors of a child are in its file, in order."""
    child = Child(program(tmp_path, "import sys; print('out', flush=True); sys.exit('err')"))
    assert child.wait(10) == 1
    assert child.last_lines() == "out\nerr"


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """After the grace SIGTERM becomes SIGKILL."""
    child = Child(program(tmp_path, STUBBORN))
    assert eventually(lambda: "deaf" in child.last_lines())
    assert child.stop(grace_s=0.1) == -signal.SIGKILL
    assert not child.alive


def test_a_group_ends_with_its_leader(tmp_path: Path) -> None:
    """Whatever a child started goes with it."""
    child = Child(
        program(tmp_path, f"import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); {STUBBORN}")
    )
    assert eventually(lambda: child.last_lines().count("\n") == 1)
    grandchild = int(child.last_lines().split()[0])
    child.kill()
    assert eventually(lambda: gone(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    """A kill -9 of the demo leaves nothing running."""
    code = (
        "import sys, time; from pathlib import Path; from services.embedded.processes import Child, Program;"
        f"child = Child(Program('sleeper', ('sleep', '60'), Path({str(tmp_path / 'log')!r})));"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=CHECKOUT, text=True)
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    # It is tied to its parent before it becomes the program, so that is what to wait for.
    assert eventually(lambda: Path(f"/proc/{orphan}/comm").read_text().strip() == "sleep")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: gone(orphan))


def test_a_supervised_program_comes_back_until_it_is_stopped(tmp_path: Path) -> None:
    """A kill -9 brings a new incarnation; stop does not."""
    with Supervised(program(tmp_path, "import time; time.sleep(60)")) as supervised:
        first = supervised.kill()
        assert eventually(lambda: supervised.restarts == 1 and supervised.alive)
        assert supervised.pid != first
    assert not supervised.alive
    assert supervised.restarts == 1


def test_a_program_that_ends_while_starting_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    """Whoever waits for a server reads why it did not come up."""
    child = Child(program(tmp_path, "import sys; sys.exit('no port for me')"))
    with pytest.raises(CannotStartError, match="no port for me"):
        wait_until(lambda: False, child, timeout_s=10)


def test_a_program_that_is_never_ready_is_an_error(tmp_path: Path) -> None:
    """Waiting has an end."""
    child = Child(program(tmp_path, "import time; time.sleep(60)"))
    with pytest.raises(CannotStartError, match="not ready"):
        wait_until(lambda: False, child, timeout_s=0.1)
    child.kill()
