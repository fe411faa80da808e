"""Who steps back: checked in a process of its own, since nobody can step forward again."""

import subprocess
import sys
from pathlib import Path

import pytest

STEPS = """
import os
from pathlib import Path
from services.runtime.priority import step_back
step_back(7, Path({file!r}))
print(os.nice(0))
"""


@pytest.mark.parametrize("leads", [True, False])
def test_a_process_steps_back_and_takes_its_own_session_along(tmp_path: Path, leads: bool) -> None:
    """The process's niceness is 7; its session's only where it leads it: a shell that started it keeps its own."""
    file = tmp_path / "autogroup"
    file.write_text("0")
    argv = [sys.executable, "-c", STEPS.format(file=str(file))]
    said = subprocess.run(argv, start_new_session=leads, capture_output=True, text=True, check=True)
    assert int(said.stdout) >= 7
    assert file.read_text() == ("7" if leads else "0")


def test_where_sessions_do_not_count_it_still_steps_back(tmp_path: Path) -> None:
    """Without an autogroup file nothing fails."""
    argv = [sys.executable, "-c", STEPS.format(file=str(tmp_path / "none" / "autogroup"))]
    assert subprocess.run(argv, start_new_session=True, check=False).returncode == 0
