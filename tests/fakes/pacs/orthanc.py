"""A real PACS on this machine: Orthanc on free ports, with DICOMweb where its plug-in is installed."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from services.embedded.processes import free_port

PROGRAM: Final = shutil.which("Orthanc")
PLUGIN: Final = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
WHY_NOT: Final = "needs Orthanc (apt-get install orthanc orthanc-dicomweb)"
STARTS_S: Final = 60.0
TITLE: Final = "ARCHIVE"


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running one; `url` is its REST interface."""

    url: str
    dicom_port: int
    pid: int

    def get(self, path: str) -> Any:  # noqa: ANN401 - its JSON, whatever it is
        """What it says."""
        answer = httpx.get(f"{self.url}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def instances(self) -> list[dict[str, Any]]:
        """Everything it holds, by simple tags."""
        return [self.get(f"/instances/{one}/simplified-tags") for one in self.get("/instances")]

    def file(self, modality: str) -> bytes:
        """The one object of a modality as a DICOM file."""
        named = [
            i for i in self.get("/instances") if self.get(f"/instances/{i}/simplified-tags")["Modality"] == modality
        ]
        assert len(named) == 1, f"{len(named)} of modality {modality}"
        return httpx.get(f"{self.url}/instances/{named[0]}/file", timeout=30).content


@contextmanager
def orthanc(folder: Path, *, dicom_port: int | None = None) -> Iterator[Orthanc]:
    """Started in a folder of its own, stopped by its process id."""
    assert PROGRAM is not None, WHY_NOT
    folder.mkdir(parents=True, exist_ok=True)
    http_port, dicom = free_port(), dicom_port or free_port()
    chosen = {
        "Name": "test", "StorageDirectory": str(folder), "IndexDirectory": str(folder), "HttpPort": http_port,
        "DicomPort": dicom, "DicomAet": TITLE, "DicomAlwaysAllowStore": True, "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "Plugins": [str(PLUGIN)] if PLUGIN.exists() else [],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "HttpDescribeErrors": True,
    }  # fmt: skip
    settings = folder / "orthanc.json"
    settings.write_text(json.dumps(chosen))
    with (folder / "orthanc.log").open("wb") as log:
        # The machine's own start script chooses a locale; Orthanc wants one that exists.
        child = subprocess.Popen(
            [PROGRAM, str(settings)], stdout=log, stderr=log, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
    found = Orthanc(f"http://127.0.0.1:{http_port}", dicom, child.pid)
    try:
        _wait(found, child, folder / "orthanc.log")
        yield found
    finally:
        child.terminate()
        child.wait(30)


def _wait(found: Orthanc, child: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + STARTS_S
    while time.monotonic() < end:
        assert child.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            found.get("/system")
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace")[-2000:])
