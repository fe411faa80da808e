"""The reading worklist over a real association: what waits, in which order, and who may ask."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import UnifiedProcedureStepQuery, Verification  # type: ignore[attr-defined]

from schemas.events import Event, ImagingReportRead, ImagingStudyReported
from services.outlets.worklist import ReadingTasks, WorklistServer, follow
from services.outlets.worklist.workitem import STEP, comment, workitem
from services.runtime.errors import StoreUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from services.runtime.ports import Person
from tests.services.imaging.studies import T0, finding, report_of
from tests.services.outlets.pacs.given import NUMBER, Register

ASKER = "READER"


def report(study: str, minutes: int = 0, **changed: object) -> ImagingStudyReported:
    """A report of a study, so many minutes after the first."""
    made = report_of(finding(study=study))
    return made.model_copy(update={"known": T0 + timedelta(minutes=minutes), "study": study} | changed)


def read(study: str) -> ImagingReportRead:
    """A physician read the study."""
    return ImagingReportRead(
        id=f"read-{study}", site="main", patient="patient-key", known=T0, study=study, model="chest-pneumonia",
        version="1", decision="finalise", by="Dr Who", at=T0,
    )  # fmt: skip


class Names:
    """The identity store, which may be away."""

    away = False

    def person(self, key: str) -> Person | None:
        """The child, if it is there."""
        if self.away:
            raise StoreUnavailable("away")
        return Register().person(key)


@dataclass
class Room:
    """A running worklist and a reading room that asks it."""

    tasks: ReadingTasks
    names: Names
    server: WorklistServer

    def ask(self, title: str = ASKER, **keys: object) -> list[tuple[int, Dataset | None]]:
        """Every answer of a C-FIND, the last status included; [] where the association is refused."""
        entity = AE(title)
        entity.add_requested_context(UnifiedProcedureStepQuery)
        peer = entity.associate("127.0.0.1", self.server.port)
        if not peer.is_established:
            return []
        wanted = Dataset()
        for keyword, value in keys.items():
            setattr(wanted, keyword, value)
        try:
            found = peer.send_c_find(wanted, UnifiedProcedureStepQuery)
            return [(int(status.Status), step) for status, step in found]
        finally:
            peer.release()


@pytest.fixture
def room() -> Iterator[Room]:
    """A worklist that has caught up."""
    tasks, names = ReadingTasks("main"), Names()
    made = Room(tasks, names, WorklistServer(tasks, names.person, [ASKER], port=0))
    tasks.caught_up(whole=True)
    made.server.start()
    try:
        yield made
    finally:
        made.server.stop()


def test_urgent_studies_come_first_then_who_waited_longest(room: Room) -> None:
    """The list is in the order in which studies should be read, each with its priority and whose it is."""
    for study, minutes, priority in (("1.1", 0, "routine"), ("1.2", 5, "urgent"), ("1.3", 1, "urgent")):
        room.tasks.fold(report(study, minutes, priority=priority))
    *steps, (last, nothing) = room.ask(
        StudyInstanceUID="", ScheduledProcedureStepPriority="", PatientID="", PatientName="", ProcedureStepState=""
    )
    assert (last, nothing) == (0x0000, None)
    assert [status for status, _ in steps] == [0xFF00] * 3
    found = [step for _, step in steps if step is not None]
    assert [(s.StudyInstanceUID, s.ScheduledProcedureStepPriority) for s in found] == [
        ("1.3", "HIGH"),
        ("1.2", "HIGH"),
        ("1.1", "MEDIUM"),
    ]
    assert {(s.PatientID, str(s.PatientName), s.ProcedureStepState) for s in found} == {
        (NUMBER, "Small^Sam", "SCHEDULED")
    }


def test_who_read_a_study_ends_its_task_in_any_order(room: Room) -> None:
    """Read after the report, or told before it: it waits no more. Silent models and other sites make no task."""
    events: list[Event] = [
        report("1.1"), read("1.1"), read("1.2"), report("1.2"), report("1.3", mode="silent"),
        report("1.4", site="other"), report("1.5"),
    ]  # fmt: skip
    for event in events:
        room.tasks.fold(event)
    assert [one.study for one in room.tasks.waiting()] == ["1.5"]


def test_keys_choose_and_unknown_keys_are_told(room: Room) -> None:
    """A priority, a patient; a key that no step has makes the status a warning (FF01)."""
    room.tasks.fold(report("1.1", priority="urgent"))
    room.tasks.fold(report("1.2", priority="routine"))
    high = room.ask(StudyInstanceUID="", ScheduledProcedureStepPriority="HIGH")
    assert [step.StudyInstanceUID for _, step in high if step is not None] == ["1.1"]
    assert [status for status, _ in room.ask(PatientID="0")] == [0x0000]
    assert [status for status, _ in room.ask(StudyInstanceUID="1.1", BodyPartExamined="")] == [0xFF01, 0x0000]


def test_only_those_who_are_named_may_ask(room: Room) -> None:
    """Another title's association is rejected; a named one may also see whether we are there (C-ECHO)."""
    room.tasks.fold(report("1.1"))
    assert room.ask("STRANGER", PatientName="") == []
    entity = AE(ASKER)
    entity.add_requested_context(Verification)
    peer = entity.associate("127.0.0.1", room.server.port)
    assert peer.send_c_echo().Status == 0x0000
    peer.release()


def test_half_a_list_is_not_told(room: Room) -> None:
    """While the log is still being read, and while names cannot be had, the answer is A700 with the reason."""
    room.tasks.fold(report("1.1"))
    room.names.away = True
    assert [status for status, _ in room.ask(PatientName="")] == [0xA700]
    room.names.away = False
    room.tasks.caught_up(whole=False)
    assert [status for status, _ in room.ask(PatientName="")] == [0xA700]
    room.tasks.caught_up(whole=True)
    assert [status for status, _ in room.ask(PatientName="")] == [0xFF00, 0x0000]


def test_the_log_is_followed_from_its_beginning_and_through_an_absence() -> None:
    """What lay there is folded before the list counts as whole; an absence of the log keeps what is known."""
    log, tasks, stop, said = FakeLog(2), ReadingTasks("main"), threading.Event(), list[str]()
    log.append([outgoing(event, source="test", partitions=2) for event in (report("1.1"), report("1.2"))])
    thread = threading.Thread(target=follow, args=(tasks, log.reader, stop, said.append))
    thread.start()
    try:
        _until(lambda: tasks.whole and len(tasks.waiting()) == 2)
        log.down = True
        _until(lambda: said[-1] != "")
        assert len(tasks.waiting()) == 2
        log.down = False
        log.append([outgoing(read("1.1"), source="test", partitions=2)])
        _until(lambda: [one.study for one in tasks.waiting()] == ["1.2"])
        _until(lambda: said[-1] == "")
    finally:
        stop.set()
        thread.join(5)


def test_a_step_says_what_is_to_be_read_and_what_the_model_said() -> None:
    """Of the class all steps are of, an interpretation, with every instance; always the same object for a study."""
    said = report("1.1", priority="urgent")
    step = workitem(said, Register().child)
    assert (step.SOPClassUID, step.SOPInstanceUID) == (STEP, workitem(said, None).SOPInstanceUID)
    assert step.ScheduledWorkitemCodeSequence[0].CodeValue == "110005"
    named = [
        one.ReferencedSOPInstanceUID for item in step.InputInformationSequence for one in item.ReferencedSOPSequence
    ]
    assert sorted(named) == sorted(one.instance for one in said.instances)
    assert said.model in step.CommentsOnTheScheduledProcedureStep
    assert comment(said).endswith("finding; pneumonia, probability 0.90")
    refused = said.model_copy(
        update={"probability": None, "outcome": "cannot assess", "reason": "cannot assess: adult"}
    )
    assert comment(refused) == f"Preliminary, {said.model} {said.version}: cannot assess: adult"
    unknown = workitem(said, None)
    assert (unknown.PatientID, unknown.PatientName, unknown.StudyInstanceUID) == ("", "", "1.1")


def _until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
