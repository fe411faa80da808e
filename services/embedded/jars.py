"""Kafka's jars: fetched by Maven as kafka/pom.xml pins them, each checked against kafka/jars.sha256, kept in a cache.

`python -m services.embedded.jars` fetches them and prints the folder. Uses the standard library only.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from services.embedded.errors import CannotStartError

HERE = Path(__file__).parent / "kafka"
VERSION = "4.3.1"


def cache() -> Path:
    """The folder for what is fetched once per user: WARDWATCH_CACHE, else ~/.cache/wardwatch."""
    return Path(os.environ.get("WARDWATCH_CACHE") or Path.home() / ".cache" / "wardwatch")


def expected(sums: Path = HERE / "jars.sha256") -> dict[str, str]:
    """SHA-256 by jar name, as committed."""
    lines = sums.read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def verify(folder: Path, sums: Path = HERE / "jars.sha256") -> None:
    """Raise CannotStartError unless `folder` holds exactly the jars of `sums` with the content stated there."""
    wanted = expected(sums)
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    wrong = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    wrong += [f"{name} is not in jars.sha256" for name in found.keys() - wanted.keys()]
    wrong += [
        f"{name} has SHA-256 {found[name]}, not {wanted[name]}"
        for name in wanted.keys() & found.keys()
        if found[name] != wanted[name]
    ]
    if wrong:
        raise CannotStartError(
            f"The jars in {folder} are not those of {sums.name}: {'; '.join(sorted(wrong))}. "
            f"Delete the folder and run make setup again; if the same line comes back, do not run these jars."
        )


def jars(folder: Path | None = None) -> Path:
    """The folder with the verified jars, fetching them first if they are not there.

    Raises CannotStartError where Maven is missing, fails, or brings other bytes than expected.
    """
    folder = folder or cache() / f"kafka-{VERSION}"
    if not folder.is_dir():
        _fetch(folder)
    verify(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStartError("Kafka's jars are fetched by Maven, which is not here: apt-get install maven")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as parent:
        fresh = Path(parent) / "jars"
        argv = (
            maven, "--batch-mode", "--file", str(HERE / "pom.xml"), "dependency:copy-dependencies",
            f"-DoutputDirectory={fresh}", "-DincludeScope=runtime",
        )  # fmt: skip
        _run(argv)
        verify(fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another process was faster; what it brought is verified by the caller
            if not folder.is_dir():
                raise


def _run(argv: tuple[str, ...]) -> None:
    said = []
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as maven:
        for line in maven.stdout or ():
            said.append(line)
            if sys.stderr.isatty() and "Downloaded from" in line:
                fetched = sum("Downloaded from" in one for one in said)
                sys.stderr.write(f"\rKafka's jars and Maven's own parts: {fetched} files fetched")
    if maven.returncode:
        raise CannotStartError(f"Maven could not fetch Kafka's jars:\n{''.join(said[-30:])}")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{jars()}\n")
    except CannotStartError as error:
        sys.exit(str(error))
