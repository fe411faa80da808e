"""The DICOM door over real associations: pynetdicom's SCU and dcmtk's programs against the real SCP."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pynetdicom import AE

from schemas.events import ImagingInstanceStored
from services.gateway.dicom import DicomServer
from services.gateway.dicom_store import Status
from tests.ray_jobs.imaging.dicoms import as_bytes, real, rg1, small
from tests.services.gateway.test_dicom_store import Door

pytestmark = pytest.mark.servers


@pytest.fixture
def door() -> Iterator[tuple[Door, DicomServer]]:
    """A door on fakes behind a listening application entity, RG1's patient registered."""
    found = Door()
    found.register("9RG1")
    server = DicomServer(found.door)
    server.start()
    yield found, server
    server.stop()


def send(server: DicomServer, dataset: Dataset) -> Dataset:
    """C-STORE by pynetdicom; the response."""
    entity = AE("TESTSCU")
    entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", server.port, ae_title="WARDWATCH")
    assert association.is_established
    try:
        return association.send_c_store(dataset)
    finally:
        association.release()


def test_a_real_film_is_stored_over_an_association(door: tuple[Door, DicomServer]):
    """C-STORE of RG1 ends with 0000 and an event that tells an adult's age."""
    found, server = door
    assert send(server, rg1()).Status == 0
    (event,) = found.events("imaging")
    assert isinstance(event, ImagingInstanceStored)
    assert (event.rows, event.columns) == (1955, 1841)
    assert event.age_years is not None
    assert event.age_years > 50


def test_a_failure_says_why(door: tuple[Door, DicomServer]):
    """An unknown patient is a Cxxx status with a comment that names nobody."""
    found, server = door
    response = send(server, small(np.eye(200, dtype=np.uint8) * 200, PatientID="4711"))
    assert response.Status == Status.UNKNOWN_PATIENT
    assert "registered" in response.ErrorComment
    assert "4711" not in response.ErrorComment
    assert len(found.events("quarantine")) == 1


@pytest.mark.skipif(shutil.which("storescu") is None, reason="needs dcmtk (apt-get install dcmtk)")
def test_dcmtk_stores_and_echoes(door: tuple[Door, DicomServer], tmp_path: Path):
    """Echoscu and storescu are content: the real film plain and in JPEG 2000; one without pixels is refused."""
    found, server = door
    peer = ["-aec", "WARDWATCH", "127.0.0.1", str(server.port)]
    subprocess.run(["echoscu", *peer], check=True, timeout=20)
    subprocess.run(["storescu", *peer, str(real("RG1_UNCI.dcm"))], check=True, timeout=60)
    subprocess.run(["storescu", "-xv", *peer, str(real("RG1_J2KR.dcm"))], check=True, timeout=60)
    assert len(found.events("imaging")) == 2
    empty = small(np.eye(200, dtype=np.uint8) * 200, PatientID="9RG1")
    del empty.PixelData
    file = tmp_path / "empty.dcm"
    file.write_bytes(as_bytes(empty))
    refused = subprocess.run(["storescu", "-v", *peer, str(file)], capture_output=True, timeout=20, check=False)
    assert b"CannotUnderstand" in refused.stdout + refused.stderr
    assert len(found.events("quarantine")) == 1
