"""Alerts, forecasts and films at a FHIR server over HTTP that is away, busy, lies, refuses, hangs or is contended."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from schemas.events import Event
from schemas.ids import digest
from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.fhir.server import Resource, ServerUnavailable
from tests.fakes.fhir import FakeFhir
from tests.fakes.fhir.server import TOKEN
from tests.fakes.grafana.faults import Fault, Hang, Reply
from tests.services.outlets.alerts import life
from tests.services.outlets.fhir.bench import Bench, Make
from tests.services.outlets.fhir.care import (
    alerts,
    encounter,
    explained,
    film,
    findings,
    forecast,
    forecasts,
    people,
    read_by,
    reported,
)
from tests.services.outlets.fhir.faults import FAULTS, named
from tests.services.outlets.fhir.plans import patient

RISING, HIGH = forecast(5, 0.2, "raised"), forecast(70, 0.4, "high")
SAID: dict[str, tuple[Make, tuple[Event, ...], dict[str, int]]] = {
    "alerts": (alerts, (*life("a1"), *life("a2", 9)), {"Flag": 2, "Task": 2, "Communication": 2}),
    "forecasts": (
        forecasts, (explained(RISING), RISING, explained(HIGH), HIGH), {"RiskAssessment": 2, "Provenance": 2},
    ),
    "findings": (
        findings, (film(), reported(), read_by()),
        {"Observation": 1, "ImagingStudy": 1, "DiagnosticReport": 1, "Task": 1, "Provenance": 2},
    ),
}  # fmt: skip
TASK = digest("main", "Task", "a1")


def bench(fake: FakeFhir, make: Make = alerts, timeout_s: float = 0.3) -> Bench:
    """A destination over HTTP, and the one patient."""
    fake.store.write(patient("p-1"))
    fake.store.write(encounter())
    return Bench(HttpFhirServer(fake.url, TOKEN, timeout_s=timeout_s), make, people())


def standing(fake: FakeFhir) -> dict[tuple[str, str], Resource]:
    """What the server holds, without the server's own version numbers."""
    found = {key: fake.store.now(*key) for key in fake.store.versions}
    return {key: {k: v for k, v in r.items() if k != "meta"} for key, r in found.items() if r is not None}


@pytest.fixture(scope="module")
def whole() -> dict[str, dict[tuple[str, str], Resource]]:
    """What stands when nothing goes wrong."""
    found = {}
    for name, (make, said, _) in SAID.items():
        with FakeFhir() as fake:
            it = bench(fake, make, 5)
            it.say(*said)
            it.turns(4)
            found[name] = standing(fake)
    return found


@pytest.mark.parametrize(
    ("name", "fault"),
    [(n, f) for n in SAID for f in (FAULTS if n == "alerts" else FAULTS[::3])],
    ids=lambda p: named(p) if isinstance(p, Fault) else p,
)
def test_faults_over_http(name: str, fault: Fault, whole: dict[str, dict[tuple[str, str], Resource]]) -> None:
    """Busy, broken, lying, cut short, hung, answer lost: in the end the same stands as without."""
    make, said, counts = SAID[name]
    with FakeFhir() as fake:
        it = bench(fake, make)
        fake.fail(fault)
        it.say(*said)
        it.turns(8, seconds=100)
        assert standing(fake) == whole[name]
        assert {kind: len(fake.store.all(kind)) for kind in counts} == counts
        assert it.buried() == []


def test_down_for_an_hour(whole: dict[str, dict[tuple[str, str], Resource]]) -> None:
    """Nobody listens for an hour: everything missed is delivered afterwards, in order, each resource once."""
    with FakeFhir() as fake:
        it = bench(fake, timeout_s=2)
        first, *missed = SAID["alerts"][1]
        it.say(first)
        it.turns(1)
        fake.stop()
        for n, event in enumerate(missed):
            it.say(event)
            it.turns(1 + n % 3, seconds=120)
        assert it.outlet.waiting > 0
        fake.start()
        it.turns(4, seconds=31)
        assert standing(fake) == whole["alerts"]
        versions = fake.store.versions["Flag", digest("main", "Flag", "a1")]
        assert [v["status"] for v in versions if v is not None] == ["active"] * 3 + ["inactive"]


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(status: int, dated: bool) -> None:
    """A busy server is left alone for as long as it says, in seconds or until a date (RFC 9110, 10.2.3)."""
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    with FakeFhir() as fake:
        it = bench(fake, timeout_s=2)
        fake.fail(Fault(Reply(status, headers=(("Retry-After", then if dated else "600"),))))
        it.say(*life())
        it.turns(1)
        asked = len(fake.calls)
        it.time = 500
        it.turns(2)
        assert (len(fake.calls), fake.store.all("Flag")) == (asked, [])
        it.time = 601
        it.turns(4)
        assert fake.store.all("Flag")[0]["status"] == "inactive"


def test_a_refusal_is_kept_with_its_reason() -> None:
    """422: a dead letter for each event that was refused, without the server's words; nobody else is held up."""
    with FakeFhir() as fake:
        it = bench(fake, timeout_s=2)
        fake.store.refused.add(TASK)
        it.say(*life("a1"), *life("a2", 9))
        it.turns(4)
        assert [letter.reason for letter in it.buried()] == ["Task: the FHIR server answered 422: business-rule"] * len(
            life()
        )
        assert [len(fake.store.all(kind)) for kind in ("Flag", "Task", "Communication")] == [2, 1, 2]


@pytest.mark.parametrize("status", [409, 412])
def test_somebody_else_writes_too(status: int) -> None:
    """A conflict is read again at once; one that never ends waits for its turn like a server that is down."""
    with FakeFhir() as fake:
        it = bench(fake, timeout_s=2)
        conflict = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "conflict"}]}
        fake.fail(Fault(Reply(status, conflict), times=2, method="PUT"))
        it.say(life()[0])
        it.turns(1)
        assert len(fake.store.all("Task")) == 1
        fake.fail(Fault(Reply(status, conflict), times=3, method="PUT"))
        it.say(*life()[1:])
        it.turns(1)
        assert fake.store.all("Task")[0]["status"] == "requested"
        it.turns(4, seconds=31)
        assert (fake.store.all("Task")[0]["status"], it.buried()) == ("completed", [])


def test_a_hung_server_does_not_hold_the_caller() -> None:
    """A connection that says nothing is given up after the time allowed for a whole answer."""
    with FakeFhir() as fake:
        fake.fail(Fault(Hang(5.0)))
        server = HttpFhirServer(fake.url, TOKEN, timeout_s=0.2)
        begun = time.monotonic()
        with pytest.raises(ServerUnavailable, match="did not answer"):
            server.read("Patient", "p-1")
        assert time.monotonic() - begun < 4


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9999", "Wed, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing(text: str) -> None:
    """What cannot be read is no reason to wait longer, or for ever."""
    with FakeFhir() as fake:
        fake.fail(Fault(Reply(503, headers=(("Retry-After", text),))))
        with pytest.raises(ServerUnavailable) as raised:
            HttpFhirServer(fake.url, TOKEN, timeout_s=2).read("Patient", "p-1")
        assert raised.value.retry_after_s == 0
        assert httpx.get(f"{fake.url}/Patient/p-1", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404
