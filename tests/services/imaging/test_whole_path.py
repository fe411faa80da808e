"""From a real association to a report that a validator accepts: good films, real ones, odd ones and broken ones."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE

from ray_jobs.imaging.model import ImagingModel
from ray_jobs.imaging.pixels import decode
from schemas.events import ImagingFindingReported, ImagingInstanceStored, ImagingStudyReported
from services.gateway.dicom import DicomServer
from services.imaging.job import ImagingJob
from services.imaging.stage import StudyStage
from services.outlets.pacs.naming import whose
from services.outlets.pacs.sending import encoded
from services.outlets.pacs.structured_report import structured_report
from services.runtime.fakes import FakeInference
from services.runtime.modes import Modes
from services.runtime.ports import Person, Tensors
from tests.ray_jobs.imaging.dicoms import real, small
from tests.services.gateway.test_dicom_store import Door
from tests.services.imaging.studies import QUIET, after
from tests.services.outlets.pacs import validated

pytestmark = pytest.mark.servers
REAL = {
    "RG1_UNCI.dcm": "adult", "RG3_UNCR.dcm": "extremity", "CT_small.dcm": "child", "MR_small.dcm": "echo time",
    "emri_small.dcm": "child", "MR_small_RLE.dcm": "echo time",
}  # fmt: skip
"""Real objects of pydicom-data, and a word of why the model of their modality may not read them."""
RAMP = np.add.outer(np.arange(400), np.arange(300)).astype(np.uint16)
MADE: dict[str, dict[str, object]] = {
    "lateral": {"ViewPosition": "LL"}, "knee": {"BodyPartExamined": "KNEE"}, "adult": {"PatientAge": "060Y"},
    "frames": {"NumberOfFrames": 50, "PixelData": RAMP.tobytes() * 50}, "MONOCHROME3": {
        "PhotometricInterpretation": "MONOCHROME3"},
    "colour": {"PhotometricInterpretation": "PALETTE COLOR"},
}  # fmt: skip
"""Made-up objects by the word of why not."""


class WholePath:
    """The door before a listening application entity, the job with the shipped network, the stage, the SR."""

    def __init__(self) -> None:
        self.door = Door()
        self.server = DicomServer(self.door.door)
        self.server.start()
        model = ImagingModel("chest-pneumonia")

        def read(name: str, tensors: Tensors) -> Tensors:
            assert name == "chest-pneumonia"
            return model.infer(tensors, {})

        self.inference = FakeInference(read)
        modes = Modes.parse('{"chest-pneumonia": {"*": "live"}}')
        self.job = ImagingJob(self.inference, self.door.objects, modes)

    def sent(self, *objects: Dataset) -> list[int]:
        """Statuses of a C-STORE of each in one association."""
        entity = AE("MODALITY")
        for one in objects:
            entity.add_requested_context(one.SOPClassUID, one.file_meta.TransferSyntaxUID)
        peer = entity.associate("127.0.0.1", self.server.port, ae_title="WARDWATCH")
        assert peer.is_established
        try:
            return [int(peer.send_c_store(one).Status) for one in objects]
        finally:
            peer.release()

    def reports(self) -> dict[str, ImagingStudyReported]:
        """The one report of each study that was stored."""
        found: dict[str, ImagingStudyReported] = {}
        by_study: dict[str, list[ImagingFindingReported]] = {}
        for event in self.door.events("imaging"):
            assert isinstance(event, ImagingInstanceStored)
            for finding in self.job(event):
                assert isinstance(finding, ImagingFindingReported)
                by_study.setdefault(event.study, []).append(finding)
        for study, findings in by_study.items():
            _, said = after(StudyStage(QUIET), *findings, max(one.known for one in findings) + QUIET)
            (found[study],) = [event for event in said if isinstance(event, ImagingStudyReported)]
        return found


@pytest.fixture
def path() -> Iterator[WholePath]:
    """A fresh one."""
    found = WholePath()
    yield found
    found.server.stop()


def own_study(one: Dataset, number: int, patient: str = "7") -> Dataset:
    """The object as a study of its own of a patient who is known."""
    one.StudyInstanceUID = f"1.2.826.0.2.{number}"
    one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["path", str(number)])
    one.PatientID, one.IssuerOfPatientID = patient, ""
    return one


def valid(report: ImagingStudyReported, folder: Path) -> list[str]:
    """What the validator finds wrong with the SR of a report."""
    who = whose(report, Person(report.patient, "main", "Small", "Sam", mrn="7"))
    assert who is not None
    return validated.errors(encoded(structured_report(report, who)), folder)


@pytest.mark.skipif(validated.PROGRAM is None, reason=validated.WHY_NOT)
def test_every_object_ends_as_one_valid_report_and_the_queue_goes_on(path: WholePath, tmp_path: Path) -> None:
    """Real and made-up objects that the model may not read: each one report, the reason in it, the SR valid."""
    path.door.register()
    sent: dict[str, Dataset] = {name: dcmread(real(name)) for name in REAL}
    sent |= {word: small(RAMP, **attributes) for word, attributes in MADE.items()}
    sent |= {"128": small(RAMP[:1, :1]), "blank": small(np.full((300, 300), 7, dtype=np.uint16))}
    words = REAL | {word: word for word in (*MADE, "128", "blank")}
    studies = {f"1.2.826.0.2.{place}": name for place, name in enumerate(sent)}
    assert path.sent(*(own_study(one, place) for place, one in enumerate(sent.values()))) == [0] * len(sent)
    reports = path.reports()
    assert {studies[uid] for uid in reports} == set(sent)
    for uid, report in reports.items():
        assert report.outcome == "cannot assess", studies[uid]
        assert words[studies[uid]].lower() in (report.reason or "").lower(), (studies[uid], report.reason)
    assert path.inference.calls == 0, "refused before any network"
    for uid in list(reports)[::5]:
        assert valid(reports[uid], tmp_path) == []


def test_what_is_no_picture_is_answered_at_the_door(path: WholePath) -> None:
    """Truncated, without pixels, of 20,000 × 20,000: a failure status each, kept with the reason; the next is taken."""
    path.door.register()
    short, empty, huge, good = (own_study(small(RAMP), place) for place in range(4))
    short.PixelData = short.PixelData[:1000]
    del empty.PixelData
    huge.Rows = huge.Columns = 20_000
    statuses = path.sent(short, empty, huge, good)
    assert [hex(status)[:3] for status in statuses] == ["0xc", "0xc", "0xc", "0x0"]
    assert len(path.door.events("quarantine")) == 3
    assert set(path.reports()) == {good.StudyInstanceUID}


@pytest.mark.data
@pytest.mark.skipif(validated.PROGRAM is None, reason=validated.WHY_NOT)
def test_films_as_dicom_are_read(path: WholePath, tmp_path: Path, shared_data: Path) -> None:
    """Films of children as DICOM objects: outcome and probability, heatmap, one valid report each."""
    path.door.register()
    films = pictures(shared_data / "cxr_pneumonia" / "images.tar", 4)
    assert path.sent(*(own_study(small(one), place) for place, one in enumerate(films))) == [0] * len(films)
    reports = list(path.reports().values())
    assert len(reports) == len(films)
    read = [report for report in reports if report.outcome != "cannot assess"]
    assert len(read) >= len(films) - 1
    for report in read:
        assert report.probability is not None
        assert report.heatmap is not None
    assert valid(read[0], tmp_path) == []


def pictures(archive: Path, count: int) -> list[np.ndarray]:
    """The first films of the archive, uint8[224, 224]."""
    found: list[np.ndarray] = []
    with tarfile.open(archive) as files:
        for member in files:
            source = files.extractfile(member) if member.name.endswith((".jpeg", ".jpg", ".png")) else None
            if source is not None:
                found.append(decode(source.read()).pixels)
            if len(found) == count:
                break
    return found
