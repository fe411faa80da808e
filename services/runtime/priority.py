"""Which processes step back while the processors are busy, so that nothing comes before an alert."""

import contextlib
import os
from pathlib import Path


def step_back(niceness: int, autogroup: Path = Path("/proc/self/autogroup")) -> None:
    """Lower this process's priority by `niceness` (0 to 19).

    Linux shares processors between sessions first (sched(7), "The autogroup feature"): a niceness of a session's leader
    counts for nothing against other sessions unless the session has it too. Where there is no autogroup (a container, a
    kernel without it) the process's own is enough.
    """
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            autogroup.write_text(str(niceness))
