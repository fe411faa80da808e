"""The contract of the FHIR server port, held by the one in memory, by HTTP against the fake, and by a real server.

The real one is the HAPI FHIR that `python -m tests.servers.hapi` fetched, or any that WARDWATCH_TEST_FHIR_SERVER
names.
"""

import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from schemas.events import ScheduleDecided
from schemas.fhir.facts import encounter_id
from schemas.fhir.service_request import request_id
from schemas.ids import digest
from services.outlets.delivery import Outcome
from services.outlets.fhir.alerts import AlertRecords
from services.outlets.fhir.batch import Audit
from services.outlets.fhir.findings import FindingRecords
from services.outlets.fhir.forecasts import ForecastRecords, assessment_id
from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.fhir.outlet import HospitalServer
from services.outlets.fhir.plans import Plans
from services.outlets.fhir.server import FhirServer, MemoryServer, Put, Resource
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier
from tests.fakes.fhir import FakeFhir
from tests.fakes.fhir.server import TOKEN
from tests.servers.hapi import real_server
from tests.services.outlets.alerts import PATIENT, life
from tests.services.outlets.fhir.care import (
    SITE,
    START,
    WROTE,
    encounter,
    explained,
    film,
    forecast,
    observation,
    read_by,
    reported,
)
from tests.services.outlets.fhir.plans import booking, decide, plan


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    """The address of a real server."""
    yield from real_server()


@pytest.fixture(params=["memory", "fake", pytest.param("real", marks=pytest.mark.servers)])
def server(request: pytest.FixtureRequest) -> Iterator[FhirServer]:
    """A server of each kind."""
    if request.param == "memory":
        yield MemoryServer()
    elif request.param == "fake":
        with FakeFhir() as fake:
            yield HttpFhirServer(fake.url, TOKEN, timeout_s=5)
    else:
        yield HttpFhirServer(request.getfixturevalue("real"), "", timeout_s=20)


@pytest.fixture
def name() -> Callable[[str], str]:
    """Ids that no other run used: a real server keeps what it was given."""
    run = uuid.uuid4().hex[:12]
    return lambda of: f"{of}-{run}"


def to(wanted: Resource | None) -> Callable[[Resource | None], Resource | None]:
    """A revision that does not ask what stands."""
    return lambda _: wanted


def patient(id_: str, **more: object) -> Resource:
    """A Patient."""
    return {"resourceType": "Patient", "id": id_, "active": True} | more


def request(id_: str, subject: str) -> Resource:
    """A ServiceRequest about a patient."""
    return {
        "resourceType": "ServiceRequest", "id": id_, "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{subject}"},
    }  # fmt: skip


def test_what_was_never_there(server: FhirServer, name: Callable[[str], str]) -> None:
    """What was never put is not found, and its revision is given None."""
    assert server.read("Patient", name("nobody")) is None
    assert server.put("Patient", name("nobody"), to(None)) is Put.UNCHANGED
    assert server.read("Patient", name("nobody")) is None


def test_a_put_is_found(server: FhirServer, name: Callable[[str], str]) -> None:
    """What was put is found under our id, created once."""
    wanted = patient(name("a"), gender="female")
    assert server.put("Patient", name("a"), to(wanted)) is Put.CREATED
    found = server.read("Patient", name("a"))
    assert found is not None
    assert {k: found[k] for k in wanted} == wanted


def test_a_repeat_changes_nothing(server: FhirServer, name: Callable[[str], str]) -> None:
    """A revision that changes nothing of what stands writes nothing."""
    server.put("Patient", name("a"), to(patient(name("a"))))
    ours = {"active": True}
    assert server.put("Patient", name("a"), lambda found: (found or {}) | ours) is Put.UNCHANGED


def test_an_update_keeps_what_others_wrote(server: FhirServer, name: Callable[[str], str]) -> None:
    """The revision sees what stands, with elements of others."""
    server.put("Patient", name("a"), to(patient(name("a"), gender="male")))
    assert server.put("Patient", name("a"), lambda found: (found or {}) | {"active": False}) is Put.UPDATED
    found = server.read("Patient", name("a"))
    assert found is not None
    assert (found["active"], found["gender"]) == (False, "male")


def test_a_write_between_read_and_put_is_not_lost(server: FhirServer, name: Callable[[str], str]) -> None:
    """Somebody else writes while we think: we are asked again about what they wrote."""
    if isinstance(server, MemoryServer):
        pytest.skip("nobody else writes into this process")
    server.put("Patient", name("a"), to(patient(name("a"))))
    asked: list[str | None] = []

    def revise(found: Resource | None) -> Resource:
        asked.append((found or {}).get("gender"))
        if len(asked) == 1:
            server.put("Patient", name("a"), lambda it: (it or {}) | {"gender": "other"})
        return (found or {}) | {"active": False}

    assert server.put("Patient", name("a"), revise) is Put.UPDATED
    found = server.read("Patient", name("a"))
    assert found is not None
    assert (asked, found["gender"], found["active"]) == ([None, "other"], "other", False)


def test_requests_of_a_patient(server: FhirServer, name: Callable[[str], str]) -> None:
    """The search finds all of a patient's requests, over all pages, and nobody else's."""
    for who in ("p", "q"):
        server.put("Patient", name(who), to(patient(name(who))))
    wanted = sorted(name(f"r{n}") for n in range(12))
    for id_ in wanted:
        server.put("ServiceRequest", id_, to(request(id_, name("p"))))
    server.put("ServiceRequest", name("other"), to(request(name("other"), name("q"))))
    found = server.search("ServiceRequest", {"patient": name("p")})
    assert sorted(r["id"] for r in found) == wanted
    assert server.search("ServiceRequest", {"patient": name("nobody")}) == []


def test_a_whole_plan_is_taken(server: FhirServer, name: Callable[[str], str]) -> None:
    """Approved, repeated and taken back: every resource of the outlet is one that the server takes, and finds again."""
    site, key = name("site"), "key-000001"
    people = FakeIdentity(lambda: key)
    people.register(site, [Identifier("fhir", name("p"))])
    server.put("Patient", name("p"), to(patient(name("p"))))
    asked = {"occurrencePeriod": {"start": "2026-01-05", "end": "2026-01-12"}}
    server.put("ServiceRequest", name("op"), to(request(name("op"), name("p")) | asked))
    plans = HospitalServer(server, people, lambda _, __: Plans())
    wanted = booking(1, 6).model_copy(update={"request": request_id(site, name("op")), "patient": key})
    ours = {"site": site}
    for event in (plan("it", wanted), decide("it"), decide("it"), decide("it", "undo", minutes=2, why="wrong list")):
        assert plans.deliver(event.model_copy(update=ours)).outcome is Outcome.DELIVERED
        if isinstance(event, ScheduleDecided) and event.decision == "approve":
            found = server.read("Appointment", digest(site, "Appointment", wanted.request))
            assert found is not None
            assert found["status"] == "booked"
            assert found["basedOn"] == [{"reference": f"ServiceRequest/{name('op')}"}]
            there = server.read("ServiceRequest", name("op"))
            assert there is not None
            assert there["occurrencePeriod"]["start"] == found["start"]
    found = server.read("Appointment", digest(site, "Appointment", wanted.request))
    assert found is not None
    assert (found["status"], found["cancelationReason"]["text"].endswith("wrong list")) == ("cancelled", True)
    there = server.read("ServiceRequest", name("op"))
    assert there is not None
    assert there["occurrencePeriod"] == asked["occurrencePeriod"]
    for decision in (decide("it"), decide("it", "undo", minutes=2)):
        assert server.read("Provenance", digest(site, "Provenance", decision.id)) is not None
        assert server.read("Task", digest(site, "Task", decision.id, wanted.request)) is not None


def care(server: FhirServer, name: Callable[[str], str]) -> FakeIdentity:
    """The patient, the stay and a reading at the server, under ids of this run."""
    people = FakeIdentity(lambda: PATIENT)
    people.register(SITE, [Identifier("fhir", name("p"))])
    subject = {"subject": {"reference": f"Patient/{name('p')}"}}
    lactate = observation(name("lac"), "2524-7", 4.1, "mmol/L", START - timedelta(minutes=10))
    server.put("Patient", name("p"), to(patient(name("p"))))
    server.put("Encounter", name("e"), to(encounter(name("e")) | subject))
    server.put("Observation", name("lac"), to(lactate | subject))
    return people


def test_an_alerts_whole_life_is_taken(server: FhirServer, name: Callable[[str], str]) -> None:
    """Every resource of every transition is taken, and a repeat of them all changes nothing."""
    people, alert = care(server, name), name("alert")
    told = AlertRecords(server, people, Audit(lambda: WROTE))
    for event in (said := life(alert)):
        assert told.deliver(event).outcome is Outcome.DELIVERED
    ids = {kind: digest(SITE, kind, alert) for kind in ("Flag", "Task", "Communication")}
    stands = {kind: server.read(kind, id_) for kind, id_ in ids.items()}
    assert [(r or {}).get("status") for r in stands.values()] == ["inactive", "completed", "completed"]
    for event in said:
        assert told.deliver(event).outcome is Outcome.DELIVERED
    assert {kind: server.read(kind, id_) for kind, id_ in ids.items()} == stands
    assert server.read("AuditEvent", digest(SITE, "AuditEvent", said[0].id)) is not None


def test_a_forecast_is_taken(server: FhirServer, name: Callable[[str], str]) -> None:
    """With the server's own stay and reading as what it is about and made from."""
    people = care(server, name)
    told = ForecastRecords(server, people, Audit(lambda: WROTE), lambda *_: None)
    stay, at = encounter_id(SITE, name("e")), START + timedelta(days=secrets.randbelow(300_000))
    risen = forecast(5, 0.2, "raised", encounter=stay, as_of=at)
    for event in (explained(risen), risen, risen):
        assert told.deliver(event).outcome is Outcome.DELIVERED
    id_ = assessment_id(SITE, PATIENT, "sepsis", at)
    found = server.read("RiskAssessment", id_)
    assert found is not None
    assert found["encounter"] == {"reference": f"Encounter/{name('e')}"}
    assert found["basis"][0] == {"reference": f"Observation/{name('lac')}"}
    assert found["prediction"][0]["probabilityDecimal"] == 0.2
    assert server.read("Provenance", digest(SITE, "Provenance", id_)) is not None


def test_a_film_is_taken(server: FhirServer, name: Callable[[str], str]) -> None:
    """A finding, a film that the model may not read, the study's report, and who made it final."""
    people, instance = care(server, name), f"2.25.{secrets.randbits(100)}"
    told = FindingRecords(server, people, Audit(lambda: WROTE))
    names = (instance, "chest-pneumonia", "1.0")
    for event in (film(instance=instance), film(9, instance=instance, outcome="cannot assess", probability=None)):
        assert told.deliver(event).outcome is Outcome.DELIVERED
    uid = f"{instance}.1"
    shown = [one.model_copy(update={"instance": instance}) for one in reported().instances]
    for said in (reported(study=uid, instances=shown), read_by(study=uid)):
        assert told.deliver(said).outcome is Outcome.DELIVERED
    report = server.read("DiagnosticReport", digest(SITE, "DiagnosticReport", "study", uid))
    seen = server.read("Observation", digest(SITE, "Observation", *names))
    assert report is not None
    assert seen is not None
    assert report["status"] == "final"
    assert (report["result"], "dataAbsentReason" in seen) == ([{"reference": f"Observation/{seen['id']}"}], True)
