"""A real FHIR server for tests: HAPI FHIR 7.4.5 on Jetty, its jars fetched once by `python -m tests.servers.hapi`."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.embedded.jars import cache, verify

HERE = Path(__file__).parent
JARS = cache() / "hapi-fhir-7.4.5"
LISTENING = re.compile(r"listening on (\d+)")


def fetch() -> Path:
    """The folder with the jars (46 MB), fetched by Maven if they are not there."""
    if not JARS.is_dir():
        JARS.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=JARS.parent, prefix="fetch-") as parent:
            fresh = Path(parent) / "jars"
            argv = [
                "mvn", "--batch-mode", "--file", str(HERE / "pom.xml"), "dependency:copy-dependencies",
                f"-DoutputDirectory={fresh}", "-DincludeScope=runtime",
            ]  # fmt: skip
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
            verify(fresh, HERE / "jars.sha256")
            fresh.rename(JARS)
    return JARS


def real_server() -> Iterator[str]:
    """The base URL of a real server until the generator is closed; skips, with the reason, where none can be had."""
    if url := os.environ.get("WARDWATCH_TEST_FHIR_SERVER"):
        yield url
        return
    if not JARS.is_dir():
        pytest.skip("no FHIR server: run `python -m tests.servers.hapi`, or set WARDWATCH_TEST_FHIR_SERVER to a URL")
    verify(JARS, HERE / "jars.sha256")
    if shutil.which("javac") is None:
        pytest.skip("HAPI FHIR is started from its source file, which needs a JDK ≥ 17")
    argv = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/*", str(HERE / "Main.java")]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as server:
        try:
            found = next((m for line in server.stdout or () if (m := LISTENING.search(line))), None)
            assert found is not None, "HAPI FHIR ended before it listened"
            yield f"http://127.0.0.1:{found[1]}/fhir"
        finally:
            server.terminate()
