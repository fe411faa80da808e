"""Bad input gets a clear answer at the door or a place in quarantine with the reason, and the stream goes on."""

import contextlib
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from pydicom import Dataset
from pynetdicom import AE

from schemas.events import Quarantined
from schemas.topics import partition_of
from services.embedded.system import System
from services.runtime.kafka_log import KafkaPublisher
from services.runtime.ports import Outgoing
from services.simulator import resources as fhir
from tests import live
from tests.acceptance.given import WELL, chart, good_bundle_flows, inpatient, opening
from tests.ray_jobs.imaging.dicoms import small

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
TOO_LARGE = 50_000_000


@pytest.fixture(scope="module")
def sender(system: System) -> Iterator[httpx.Client]:
    """A source of its own, so that its mistakes are not counted against the simulated hospital's."""
    headers = {"Authorization": f"Bearer {system.tokens['admin']}", "Content-Type": "application/fhir+json"}
    with httpx.Client(base_url=system.url("gateway"), headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def nothing_died(system: System) -> Iterator[None]:
    """No process was restarted by anything in this file."""
    before = {name: process.restarts for name, process in system.processes.items()}
    yield
    assert {name: process.restarts for name, process in system.processes.items()} == before


def quarantined(system: System, reason: str) -> list[Quarantined]:
    """Entries whose reason says this."""
    found = [w.event for w in live.written(system, "quarantine")]
    return [event for event in found if isinstance(event, Quarantined) and reason in event.reason]


def said(answer: httpx.Response) -> str:
    """What the OperationOutcome says."""
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return str(outcome["issue"][0]["diagnostics"])


def test_truncated_json_is_refused_and_kept(system: System, epochs: live.Epochs, sender: httpx.Client) -> None:
    """400 with the byte where it breaks, the bytes in quarantine, and the next bundle flows."""
    who = inpatient("acc-cut", epochs.next())
    whole = httpx.Request("POST", "http://x", json=fhir.bundle(opening(who))).content
    answer = sender.post("/fhir", content=whole[: len(whole) // 2])
    assert answer.status_code == 400
    assert "not JSON" in said(answer)
    assert live.eventually(lambda: bool(quarantined(system, "not JSON")), 10)
    assert any(entry.content.startswith('{"resourceType"') for entry in quarantined(system, "not JSON"))
    good_bundle_flows(system, epochs, "acc-after-cut")


def test_the_wrong_resource_is_refused(sender: httpx.Client, epochs: live.Epochs) -> None:
    """A Patient at the Observations' address: 400; an address that names no resource type: 404."""
    patient = fhir.patient(inpatient("acc-wrong", epochs.next()))
    answer = sender.post("/fhir/Observation", json=patient)
    assert answer.status_code == 400
    assert "Observation" in said(answer)
    assert sender.post("/fhir/Cheese", json=patient).status_code == 404


def test_a_negative_heart_rate_is_quarantined_and_its_neighbours_are_not(
    system: System, epochs: live.Epochs, sender: httpx.Client
) -> None:
    """Of one chart's Observations only the impossible one is refused, with the reason; the others are scored."""
    at = epochs.next()
    who = inpatient("acc-negative", at)
    now = {"X-Wardwatch-Now": at.isoformat()}
    assert sender.post("/fhir", json=fhir.bundle(opening(who)), headers=now).status_code == 200
    answer = sender.post("/fhir", json=fhir.bundle(chart(who, at, WELL | {"heart_rate": -74.0})), headers=now)
    assert answer.status_code == 200
    status = [entry["response"]["status"] for entry in answer.json()["entry"]]
    assert [s.startswith("422") for s in status].count(True) == 1
    assert answer.headers["X-Wardwatch-Outcome"] == "applied=6;ignored=0;quarantined=1;readings=7"
    key = live.key_of(system, who.mrn)
    assert live.eventually(lambda: bool(live.by_patient(system, "risk", {key})[key]), 20)
    kept = [w.event for w in live.written(system, "quarantine")]
    (entry,) = [e for e in kept if isinstance(e, Quarantined) and "-74" in e.content]
    assert entry.reason
    assert entry.known == at


def test_fifty_megabytes_are_refused_unread(sender: httpx.Client) -> None:
    """413 with what to do, whether the length is declared or found out on the way."""
    answer = sender.post("/fhir", content=b" " * TOO_LARGE)
    assert answer.status_code == 413
    assert "in parts" in said(answer)
    chunks = (b" " * 1_000_000 for _ in range(TOO_LARGE // 1_000_000))
    # Answered before all was sent, as RFC 9110 15.5.14 allows: a sender that does not look sees a closed connection.
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):
        assert sender.post("/fhir", content=chunks).status_code == 413
    assert sender.get("/fhir/metadata").status_code == 200


def test_a_patient_never_registered_is_quarantined(system: System, epochs: live.Epochs, sender: httpx.Client) -> None:
    """422 that names the rule and not the person; the reading waits in quarantine."""
    at = epochs.next()
    stranger = inpatient("acc-stranger", at)
    reading = chart(stranger, at, WELL)[0]
    answer = sender.post("/fhir/Observation", json=reading, headers={"X-Wardwatch-Now": at.isoformat()})
    assert answer.status_code == 422
    assert "never registered" in said(answer)
    assert stranger.mrn not in answer.text
    assert live.eventually(lambda: any(stranger.mrn in e.content for e in quarantined(system, "never registered")), 10)
    good_bundle_flows(system, epochs, "acc-after-stranger")


def test_a_dicom_object_without_pixels_is_refused_and_kept(system: System, epochs: live.Epochs) -> None:
    """C-STORE ends with C002 and a comment; object and reason are in quarantine."""
    at = epochs.next()
    who = inpatient("acc-blank", at)
    assert live.publisher(system).send(opening(who), at)
    blank = small(np.eye(200, dtype=np.uint8), PatientID=who.mrn)
    del blank.PixelData
    answer = stored(system, blank)
    assert answer.Status == 0xC002
    assert "pixel" in answer.ErrorComment
    assert live.eventually(lambda: bool(quarantined(system, "no pixel data")), 10)
    assert all(entry.object for entry in quarantined(system, "no pixel data"))


def test_garbage_on_the_log_itself_stops_nobody(system: System, epochs: live.Epochs) -> None:
    """No envelope, no JSON, an event of tomorrow, a tombstone: watch quarantines each and goes on, so do the others."""
    at = epochs.next()
    who = inpatient("acc-garbage", at)
    assert live.publisher(system).send(opening(who), at)
    key = f"{system.settings.site}/{live.key_of(system, who.mrn)}"
    place = partition_of(key, system.settings.partitions)
    named = (("ce_specversion", b"1.0"), ("ce_type", b"wardwatch.ObservationsRecorded.v1"))
    later = (("ce_specversion", b"1.0"), ("ce_type", b"wardwatch.PatientTeleported.v1"))
    publisher = KafkaPublisher(system.stack.kafka.address)
    publisher.publish(
        [
            Outgoing("clinical", key, b"\x00\xff garbage", (), place),
            Outgoing("clinical", key, b"{not json", named, place),
            Outgoing("clinical", key, b"{}", later, place),
            Outgoing("clinical", key, None, named, place),
        ]
    ).result(10)
    publisher.close()

    def by_watch() -> int:
        found = [w.event for w in live.written(system, "quarantine")]
        return sum(isinstance(e, Quarantined) and e.origin == "watch" for e in found)

    assert live.eventually(lambda: by_watch() == 4, 20), by_watch()
    assert live.publisher(system).send(chart(who, at, WELL), at)
    mine = live.key_of(system, who.mrn)
    assert live.eventually(lambda: len(live.by_patient(system, "risk", {mine})[mine]) > 1, 20)
    assert live.eventually(lambda: not any(map(system.problems, ("watch", "operations", "console", "alerting"))), 20)


def stored(system: System, dataset: Dataset) -> Dataset:
    """C-STORE by pynetdicom; the response."""
    entity = AE("TESTSCU")
    entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", int(system.address("gateway")["dicom_port"]), ae_title="WARDWATCH")
    assert association.is_established
    try:
        return association.send_c_store(dataset)
    finally:
        association.release()
