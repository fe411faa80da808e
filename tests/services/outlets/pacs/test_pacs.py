"""Reports in a real PACS: each study's exactly one, whatever is killed, repeated or down; and what its answers mean."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydicom import Dataset

from schemas.events import Event, ImagingStudyReported
from services.embedded.processes import free_port
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.pacs.outlet import PacsReports
from services.outlets.pacs.sending import DicomPacs, Pacs, WebPacs, _answered, _status, pacs_at
from tests.fakes.pacs.orthanc import PLUGIN, PROGRAM, TITLE, WHY_NOT, Orthanc, orthanc
from tests.services.imaging.studies import finding, report_of
from tests.services.outlets.pacs import validated
from tests.services.outlets.pacs.given import NUMBER, Register, pictures

REPORT = report_of(finding())


def sender(pacs: Pacs) -> PacsReports:
    """The outlet before a PACS."""
    return PacsReports(pacs, Register(), pictures())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """One real PACS for the module."""
    with orthanc(tmp_path_factory.mktemp("orthanc")) as found:
        yield found


def by_dicom(archive: Orthanc) -> Pacs:
    """C-STORE."""
    return pacs_at(f"dicom://{TITLE}@127.0.0.1:{archive.dicom_port}", "", "WARDWATCH")


def by_web(archive: Orthanc) -> Pacs:
    """STOW-RS."""
    if not PLUGIN.exists():
        pytest.skip(WHY_NOT)
    return pacs_at(f"{archive.url}/dicom-web", "", "WARDWATCH")


@pytest.mark.parametrize(("number", "way"), [(1, by_dicom), (2, by_web)])
@pytest.mark.servers
@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
def test_a_report_lies_in_the_pacs_exactly_once(archive: Orthanc, number: int, way: Callable[[Orthanc], Pacs]) -> None:
    """Sent, sent again, and sent by a new process after a kill: one SR and one overlay, under patient and study."""
    report = report_of(finding(study=f"1.2.826.0.1.{number}"))
    for _ in range(3):
        assert sender(way(archive)).deliver(report) == Attempt(Outcome.DELIVERED)
    found = [one for one in archive.instances() if one["StudyInstanceUID"] == report.study]
    assert sorted(one["Modality"] for one in found) == ["OT", "SR"]
    assert {one["PatientID"] for one in found} == {NUMBER}


@pytest.mark.servers
@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
def test_a_kill_between_the_two_objects_leaves_one_of_each(archive: Orthanc) -> None:
    """The SR alone was sent: the next attempt brings the overlay and no second SR."""
    report = report_of(finding(study="1.2.826.0.1.3"))

    class Dying:
        """Sends the first object only."""

        def store(self, objects: list[Dataset]) -> Attempt:
            by_dicom(archive).store(objects[:1])
            return Attempt(Outcome.UNAVAILABLE)

    assert sender(Dying()).deliver(report).outcome is Outcome.UNAVAILABLE  # type: ignore[arg-type]
    assert sender(by_dicom(archive)).deliver(report).outcome is Outcome.DELIVERED
    found = [one for one in archive.instances() if one["StudyInstanceUID"] == report.study]
    assert sorted(one["Modality"] for one in found) == ["OT", "SR"]


@pytest.mark.servers
@pytest.mark.skipif(PROGRAM is None or validated.PROGRAM is None, reason=f"{WHY_NOT}; {validated.WHY_NOT}")
def test_what_comes_out_of_the_pacs_is_valid(tmp_path: Path) -> None:
    """The SR as the PACS gives it back has no error by dciodvfy; down before, it took it when it was up."""
    port = free_port()
    pacs = pacs_at(f"dicom://{TITLE}@127.0.0.1:{port}", "", "WARDWATCH")
    assert sender(pacs).deliver(REPORT).outcome is Outcome.UNAVAILABLE
    with orthanc(tmp_path / "archive", dicom_port=port) as archive:
        assert sender(pacs).deliver(REPORT).outcome is Outcome.DELIVERED
        assert validated.errors(archive.file("SR"), tmp_path) == []


def test_a_silent_report_and_another_event_are_not_sent() -> None:
    """What is no live report of a study is none of the PACS's business."""

    class Never:
        """Takes nothing."""

        def store(self, objects: list[Dataset]) -> Attempt:
            raise AssertionError(objects)

    events: list[Event] = [finding(), REPORT.model_copy(update={"mode": "silent"})]
    for event in events:
        assert sender(Never()).deliver(event).outcome is Outcome.SKIPPED  # type: ignore[arg-type]
    assert isinstance(REPORT, ImagingStudyReported)
    stranger = REPORT.model_copy(update={"patient": "nobody-here"})
    assert sender(Never()).deliver(stranger).outcome is Outcome.REFUSED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x0000, Outcome.DELIVERED), (0xB000, Outcome.DELIVERED), (0x0111, Outcome.DELIVERED),
        (0xA700, Outcome.UNAVAILABLE), (0x0110, Outcome.UNAVAILABLE), (None, Outcome.UNAVAILABLE),
        (0x0124, Outcome.MISCONFIGURED), (0xA900, Outcome.REFUSED), (0xC000, Outcome.REFUSED),
    ],
)  # fmt: skip
def test_what_a_store_status_means(status: int | None, outcome: Outcome) -> None:
    """PS3.4 B.2.3: warnings are stored, no room comes again, the rest is final."""
    assert _status(status).outcome is outcome


@pytest.mark.parametrize(
    ("code", "body", "outcome"),
    [
        (200, {}, Outcome.DELIVERED), (503, {}, Outcome.UNAVAILABLE), (429, {}, Outcome.UNAVAILABLE),
        (401, {}, Outcome.MISCONFIGURED), (404, {}, Outcome.MISCONFIGURED), (400, {}, Outcome.REFUSED),
        (409, {"00081198": {"Value": [{"00081197": {"Value": [0x0111]}}]}}, Outcome.DELIVERED),
        (202, {"00081198": {"Value": [{"00081197": {"Value": [0xC000]}}]}}, Outcome.REFUSED),
        (409, {"00081198": {"Value": [{"00081197": {"Value": [0xA700]}}]}}, Outcome.UNAVAILABLE),
        (409, {"00081198": {"Value": [{}]}}, Outcome.REFUSED),
    ],
)  # fmt: skip
def test_what_a_web_answer_means(code: int, body: dict[str, object], outcome: Outcome) -> None:
    """PS3.18 10.5.3: the reasons of each object decide; who may not is for an operator; busy comes again."""
    assert _answered(httpx.Response(code, json=body)).outcome is outcome


def test_the_address_chooses_the_way() -> None:
    """dicom:// is C-STORE, http(s):// is STOW-RS; a web PACS that is not there is waited for."""
    assert isinstance(pacs_at("dicom://A@h:104", "", "W"), DicomPacs)
    web = pacs_at(f"http://127.0.0.1:{free_port()}/dicom-web", "name:word", "W")
    assert isinstance(web, WebPacs)
    assert sender(web).deliver(REPORT).outcome is Outcome.UNAVAILABLE
