"""Real DICOM peers store real films, and a report about each comes out."""

import importlib.util
import io
import shutil
import subprocess
import tarfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType

import httpx
import numpy as np
import pytest
from PIL import Image

from schemas.events import AlertRaised, ImagingFindingReported
from services.embedded.system import System
from services.runtime.objects import ObjectStoreByUrl
from services.simulator import films
from tests import live
from tests.acceptance.given import inpatient, opening
from tests.acceptance.test_bad_input import stored
from tests.ray_jobs.imaging.dicoms import real, rg1

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "read_worklist.py"
RG1_PATIENT, RG1_BORN = "9RG1", 1941


def reports(system: System, number: str) -> list[ImagingFindingReported]:
    """The reports about a patient."""
    key = live.key_of(system, number)
    found = [w.event for w in live.by_patient(system, "findings", {key})[key]]
    return [event for event in found if isinstance(event, ImagingFindingReported)]


def test_the_film_of_an_adult_is_stored_and_cannot_be_assessed(system: System, epochs: live.Epochs) -> None:
    """RG1 by pynetdicom: one report, 'cannot assess: adult', with the film to look at and no number."""
    at = epochs.next()
    assert live.publisher(system).send(opening(inpatient(RG1_PATIENT, at, years=at.year - RG1_BORN)), at)
    assert stored(system, rg1()).Status == 0
    assert live.eventually(lambda: bool(reports(system, RG1_PATIENT)), 30)
    report = reports(system, RG1_PATIENT)[0]
    assert report.outcome == "cannot assess"
    assert "adult" in (report.reason or "")
    assert (report.probability, report.heatmap) == (None, None)
    assert report.picture


def test_a_reported_study_waits_in_the_reading_rooms_worklist(system: System, epochs: live.Epochs) -> None:
    """When a study has been quiet a DICOM query finds it, until somebody reads it; a stranger is not let in."""
    at = epochs.next()
    first = inpatient("acc-read-0", at, years=3)
    sender = live.publisher(system)
    assert sender.send(opening(first), at)
    drawn = films.phantom(np.random.default_rng(0), pneumonia=True)
    assert sender.store(films.film(first, at, drawn))
    assert live.eventually(lambda: bool(reports(system, first.mrn)), 30)
    study = reports(system, first.mrn)[0].study
    after = at + timedelta(minutes=5)
    assert sender.send(opening(inpatient("acc-read-1", after, years=3)), after)
    waiting, port = example().waiting, int(system.environment["WARDWATCH_WORKLIST_PORT"])
    asked = partial(waiting, "127.0.0.1", port, live.READER, StudyInstanceUID=study)
    assert live.eventually(lambda: bool(asked()), 30)
    (step,) = asked()
    assert (step.PatientID, step.ProcedureStepState) == (first.mrn, "SCHEDULED")
    with pytest.raises(ConnectionError):
        waiting("127.0.0.1", port, "STRANGER")
    told = {"decision": "finalise", "why": ""}
    bearer = {"Authorization": f"Bearer {system.tokens['admin']}"}
    seen = f"{system.url('console')}/api/findings/{reports(system, first.mrn)[0].id}/reading"
    assert live.eventually(lambda: httpx.post(seen, json=told, headers=bearer, timeout=10).status_code == 202, 20)
    assert live.eventually(lambda: asked() == [], 30)


def example() -> ModuleType:
    """The program of docs/examples that asks the worklist."""
    spec = importlib.util.spec_from_file_location("read_worklist", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.skipif(shutil.which("storescu") is None, reason="needs dcmtk (apt-get install dcmtk)")
def test_dcmtk_echoes_and_stores(system: System, epochs: live.Epochs) -> None:
    """Echoscu and storescu are content; the film sent again is the same report, in JPEG 2000 it is another."""
    at = epochs.next()
    assert live.publisher(system).send(opening(inpatient(RG1_PATIENT, at, years=at.year - RG1_BORN)), at)
    peer = ["-aec", "WARDWATCH", "127.0.0.1", str(system.address("gateway")["dicom_port"])]
    subprocess.run(["echoscu", *peer], check=True, timeout=20)
    subprocess.run(["storescu", *peer, str(real("RG1_UNCI.dcm"))], check=True, timeout=60)
    subprocess.run(["storescu", "-xv", *peer, str(real("RG1_J2KR.dcm"))], check=True, timeout=60)
    assert live.eventually(lambda: len({report.id for report in reports(system, RG1_PATIENT)}) == 2, 30)
    assert all(report.outcome == "cannot assess" for report in reports(system, RG1_PATIENT))


@pytest.mark.data
def test_the_film_of_a_child_is_read(system: System, epochs: live.Epochs, shared_data: Path) -> None:
    """A plain film of a child: an outcome, calibrated classes, and a heatmap; a finding alerts."""
    at = epochs.next()
    child = inpatient("acc-child", at, years=3)
    assert live.publisher(system).send(opening(child), at)
    pixels = picture(shared_data / "cxr_pneumonia" / "images.tar", "pneumonia")
    assert live.publisher(system).store(films.film(child, at, pixels))
    assert live.eventually(lambda: bool(reports(system, child.mrn)), 30)
    (report,) = reports(system, child.mrn)
    assert report.outcome in {"finding", "no finding", "refer"}, report.reason
    assert {c.name for c in report.classes} == {"normal", "bacteria", "virus"}
    assert sum(c.probability for c in report.classes) == pytest.approx(1, abs=1e-5)
    assert report.heatmap
    heatmap = ObjectStoreByUrl(system.settings.objects_url).get(report.heatmap)
    assert np.asarray(Image.open(io.BytesIO(heatmap))).shape == (112, 112, 4)
    if report.outcome == "finding":
        key = live.key_of(system, child.mrn)

        def alerted() -> bool:
            found = [w.event for w in live.by_patient(system, "alerts", {key})[key]]
            return any(isinstance(e, AlertRaised) and e.kind == "imaging" for e in found)

        assert live.eventually(alerted, 20)


def picture(archive: Path, word: str) -> np.ndarray:
    """The first film of the archive whose name has the word, uint8 [rows, columns]."""
    with tarfile.open(archive) as files:
        for member in files:
            stream = files.extractfile(member) if member.isfile() and word in member.name.lower() else None
            if stream is not None:
                with Image.open(io.BytesIO(stream.read())) as image:
                    return np.asarray(image.convert("L"), np.uint8)
    raise AssertionError(f"no film named {word}")
