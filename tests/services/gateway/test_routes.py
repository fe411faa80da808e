"""The gateway over HTTP: answers, statuses, and what is in the log when an answer is given."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from schemas.events import ObservationsRecorded, Quarantined
from services.gateway.quarantine import MOST_BYTES
from tests.schemas.fhir.documents import KNOWN, Json, bundle, observation, patient, vitals
from tests.services.gateway.conftest import Door

FHIR = "application/fhir+json"


def post(door: Door, content: Json | bytes, path: str = "/fhir", **headers: str) -> httpx.Response:
    """POST a document."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return door.http.post(path, content=body, headers=headers)


def outcome(answer: httpx.Response) -> str:
    """The text of the answer's OperationOutcome, which must be one."""
    assert answer.headers["content-type"] == FHIR
    OperationOutcome.model_validate(answer.json())
    return str(answer.json()["issue"][0]["diagnostics"])


def test_a_bundle_is_answered_entry_by_entry(door: Door) -> None:
    """A transaction-response with a status for each entry, and the counts in a header."""
    answer = post(door, bundle(patient(), *vitals(), observation(value=-1, id_="bad"), {"resourceType": "Claim"}))
    assert answer.status_code == 200
    Bundle.model_validate(answer.json())
    responses = [entry["response"] for entry in answer.json()["entry"]]
    assert [r["status"][:3] for r in responses] == ["201"] * 9 + ["422", "200"]
    assert responses[-1]["outcome"]["issue"][0]["diagnostics"] == "ignored: Claim is not used here"
    assert answer.headers["X-Wardwatch-Outcome"] == "applied=9;ignored=1;quarantined=1;readings=8"


def test_what_is_acknowledged_is_in_the_log(door: Door) -> None:
    """When the answer is there, so are the events, on the partition of the patient."""
    post(door, bundle(patient(), *vitals()))
    (recorded,) = (e for e in door.written() if isinstance(e, ObservationsRecorded))
    assert len(recorded.readings) == 8
    assert recorded.known == KNOWN


def test_without_the_log_nothing_is_acknowledged(door: Door) -> None:
    """Kafka away: 503 with Retry-After, and a repeat later writes it once."""
    post(door, bundle(patient()))
    door.log.down = True
    answer = post(door, bundle(*vitals()))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "send it again" in outcome(answer)
    door.log.down = False
    assert post(door, bundle(*vitals())).status_code == 200
    assert sum(isinstance(e, ObservationsRecorded) for e in door.written()) == 1


def test_a_single_resource(door: Door) -> None:
    """POST creates (201), PUT updates (200), an unused type is ignored (200), a stranger is refused (422)."""
    assert post(door, patient(), "/fhir/Patient").status_code == 201
    assert door.http.put("/fhir/Patient/p-1", content=orjson.dumps(patient())).status_code == 200
    assert post(door, observation(), "/fhir/Observation").status_code == 201
    assert outcome(post(door, {"resourceType": "Claim"}, "/fhir/Claim")) == "ignored: Claim is not used here"
    stranger = post(door, observation(subject={"reference": "Patient/nobody"}), "/fhir/Observation")
    assert stranger.status_code == 422
    assert "never registered" in outcome(stranger)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/fhir", b'{"resourceType": "Bundle", "entry": [', 400),
        ("/fhir", b"[]", 400),
        ("/fhir/Observation", b'{"resourceType": "Patient"}', 400),
        ("/fhir/Banana", b"{}", 404),
        ("/fhir", b'{"resourceType": "Bundle", "type": "history"}', 422),
    ],
)
def test_what_is_refused_whole(door: Door, path: str, body: bytes, status: int) -> None:
    """A clear answer at the door, and the stream goes on."""
    answer = post(door, body, path)
    assert answer.status_code == status
    outcome(answer)
    assert post(door, bundle(patient(), *vitals())).status_code == 200


def test_a_truncated_document_is_kept(door: Door) -> None:
    """Bytes that are no JSON go to quarantine as they came, with the reason."""
    post(door, b'{"resourceType": "Bun')
    (event,) = door.written("quarantine")
    assert isinstance(event, Quarantined)
    assert (event.content, event.source, event.origin) == ('{"resourceType": "Bun', "sender", "fhir")
    assert "not JSON" in event.reason


def test_a_large_unusable_document_lies_in_the_object_store(door: Door) -> None:
    """The event carries the beginning and names the object that holds it all; a broken character is cut off."""
    body = b'{"x": "' + "é".encode() * MOST_BYTES
    post(door, body)
    (event,) = door.written("quarantine")
    assert isinstance(event, Quarantined)
    assert event.truncated
    assert event.object is not None
    assert door.gateway.objects.get(event.object) == body
    assert body.startswith(event.content.encode())


def test_a_bad_entry_is_quarantined_with_its_bytes(door: Door) -> None:
    """What could not be used of a bundle lies in quarantine, resource by resource."""
    bad = observation(value=-5, id_="bad")
    post(door, bundle(patient(), bad))
    (event,) = door.written("quarantine")
    assert isinstance(event, Quarantined)
    assert orjson.loads(event.content) == bad
    assert "heart_rate" in event.reason


def test_too_large(make_door: Callable[..., Door]) -> None:
    """Over the limit: 413, whether the length is declared or only felt."""
    door = make_door(limit=10_000)
    declared = post(door, b" " * 10_001)
    assert declared.status_code == 413
    assert "in parts" in outcome(declared)
    felt = door.http.post("/fhir", content=(b" " * 1000 for _ in range(50)))
    assert felt.status_code == 413


def test_only_fhir_json(door: Door) -> None:
    """Another media type is answered with what to send."""
    answer = post(door, b"<Bundle/>", **{"Content-Type": "application/fhir+xml"})
    assert answer.status_code == 415
    assert FHIR in outcome(answer)


@pytest.mark.parametrize(("authorization", "status"), [("", 401), ("Bearer wrong", 401), ("Bearer reader", 403)])
def test_who_may_publish(door: Door, authorization: str, status: int) -> None:
    """No token, a wrong one, or one without the scope: refused before anything is read."""
    answer = post(door, bundle(*vitals()), Authorization=authorization)
    assert answer.status_code == status
    outcome(answer)
    assert door.written() == []


def test_a_clock_that_is_told(make_door: Callable[..., Door]) -> None:
    """With scope replay the header becomes `known` and moves the clock; without it, it is refused."""
    door = make_door(told=True)
    later = "2026-01-02T13:00:00+00:00"
    assert post(door, bundle(patient()), **{"X-Wardwatch-Now": later}).status_code == 403
    answer = post(door, bundle(patient()), **{"X-Wardwatch-Now": later, "Authorization": "Bearer replayer"})
    assert answer.status_code == 200
    assert door.written()[0].known == datetime.fromisoformat(later)
    assert door.gateway.clock.now() == datetime.fromisoformat(later)
    for odd in ("yesterday", "2026-01-02T13:00:00"):
        answer = post(door, bundle(patient()), **{"X-Wardwatch-Now": odd, "Authorization": "Bearer replayer"})
        assert answer.status_code == 400


def test_a_clock_nobody_has_told_yet(make_door: Callable[..., Door]) -> None:
    """Before the replay spoke, other senders wait: there is no time to know their facts by."""
    door = make_door(told=True, now=datetime(1970, 1, 1, tzinfo=UTC))
    assert post(door, bundle(patient())).status_code == 503
    told = {"X-Wardwatch-Now": "2026-01-02T13:00:00Z", "Authorization": "Bearer replayer"}
    assert post(door, bundle(patient()), **told).status_code == 200
    assert post(door, bundle(patient())).status_code == 200


def test_a_clock_of_its_own_is_not_told(door: Door) -> None:
    """A gateway with the system's clock refuses the header."""
    headers = {"X-Wardwatch-Now": "2026-01-02T13:00:00Z", "Authorization": "Bearer replayer"}
    assert post(door, bundle(patient()), **headers).status_code == 400


def test_a_source_that_talks_nonsense_waits(door: Door) -> None:
    """More than 5 % of 200 resources unusable: 503 with Retry-After; another source is still heard."""
    post(door, bundle(patient()))
    post(door, bundle(*(observation(value=-1, id_=f"o-{n}") for n in range(200))))
    answer = post(door, bundle(*vitals()))
    assert answer.status_code == 503
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert post(door, bundle(*vitals()), Authorization="Bearer replayer").status_code == 200


def test_metadata_is_true(door: Door) -> None:
    """The CapabilityStatement is valid and names what is taken."""
    answer = door.http.get("/fhir/metadata")
    CapabilityStatement.model_validate(answer.json())
    kinds = {r["type"] for r in answer.json()["rest"][0]["resource"]}
    assert {"Patient", "Encounter", "Observation", "Location", "ServiceRequest", "Goal"} <= kinds


def test_nothing_of_a_person_is_logged(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was sent and refused, its words are not in the logs."""
    post(door, bundle(patient(gender=["x"]), observation(subject={"display": "Jane Doe"})))
    post(door, b'{"Jane Doe')
    said = capsys.readouterr()
    assert "Doe" not in said.out + said.err


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/fhir/Patient/p-1"), ("GET", "/fhir"), ("PUT", "/fhir"), ("POST", "/fhir/Patient/p-1/extra")],
)
def test_what_is_not_offered_is_said(door: Door, method: str, path: str) -> None:
    """Another method or depth is 405 as an OperationOutcome that names the CapabilityStatement."""
    answer = door.http.request(method, path, content=b"{}")
    assert answer.status_code == 405
    assert "metadata" in outcome(answer)


def test_a_fault_of_ours_costs_one_request(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error nobody foresaw is answered with 500 and no detail of it, and the next document is taken."""

    def broken(_: object) -> None:
        raise ZeroDivisionError("a name: Ben Weiss")

    monkeypatch.setattr("services.gateway.gateway._count", broken)
    answer = post(door, bundle(patient()))
    assert answer.status_code == 500
    assert "Weiss" not in outcome(answer)
    monkeypatch.undo()
    assert post(door, bundle(patient(), *vitals())).status_code == 200


def test_the_other_pages_are_still_there(door: Door) -> None:
    """Health and metrics answer beside the FHIR routes."""
    assert door.http.get("/health/live").json() == {"live": True}
    assert door.http.get("/fhirs").status_code == 404
