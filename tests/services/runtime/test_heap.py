"""What a process keeps to its end is left out of the search for garbage."""

import subprocess
import sys

SETTLED = """
import gc
from services.runtime.heap import settle
kept = [[n] for n in range(1000)]
settle()
print(gc.get_freeze_count() > 1000, any(one is kept[0] for one in gc.get_objects()))
"""


def test_what_was_loaded_is_not_searched_again() -> None:
    """After settling nothing of before is among what a collection walks (in a process of its own: it is for good)."""
    done = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
