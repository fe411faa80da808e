"""The FHIR outlet on the log in memory: what stands on the server after decisions, faults, repeats and crashes."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.envelope import decode
from schemas.events import Assignment, Event, Quarantined
from schemas.fhir.library import validate
from services.outlets.fhir.http_server import HttpFhirServer
from services.outlets.fhir.outlet import HospitalServer
from services.outlets.fhir.remember import remembered
from services.outlets.fhir.server import MemoryServer, Put, Resource, ServerMisconfigured, ServerUnavailable
from services.outlets.loop import Outlet
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from tests.fakes.fhir import FakeFhir
from tests.fakes.fhir.server import TOKEN
from tests.fakes.grafana.faults import CutShort, Drop, Fault, Hang, Lose, Reply
from tests.services.outlets.fhir.plans import NOW, PATIENTS, booking, decide, hospital, identity, plan

FIRST = plan("first", booking(1, 6), booking(2, 7, who="p-2"), moves=1)
SECOND = plan("second", booking(1, 8, 13, theatre="OR-2"), booking(2, None, who="p-2"), moves=1)
KINDS = ("Appointment", "ServiceRequest", "Task", "Provenance")


class Bench:
    """An outlet on a log in memory whose time is a number that a test moves."""

    def __init__(self, server: MemoryServer | HttpFhirServer | None = None) -> None:
        self.log = FakeLog()
        self.memory = MemoryServer()
        for resource in hospital():
            self.memory.standing[resource["resourceType"], resource["id"]] = resource
        self.server = server or self.memory
        self.people = identity()
        self.time = 0.0
        self.start()

    def start(self) -> None:
        """A new process in the same slot, as after a kill."""
        destination = HospitalServer(
            self.server, self.people, lambda p, n: remembered(self.log.reader(), p, n), monotonic=lambda: self.time
        )
        worker = self.log.worker("outlets-fhir", HospitalServer.topics)
        self.outlet = Outlet(worker, destination, monotonic=lambda: self.time, jitter=lambda: 0.0)
        self.outlet.turn(0.0)

    def say(self, *events: Event) -> None:
        """What operations and the console write; then enough turns to deliver it."""
        self.log.append([outgoing(e, source="console", partitions=4) for e in events])

    def turns(self, count: int = 3, seconds: float = 0.0) -> None:
        """That many turns, with time between them."""
        for _ in range(count):
            self.outlet.turn(0.0)
            self.time += seconds

    def standing(self, kind: str) -> list[Resource]:
        """The resources of a type in memory."""
        return [r for (k, _), r in sorted(self.memory.standing.items()) if k == kind]

    def buried(self) -> list[Quarantined]:
        """The dead letters."""
        records = [r for p, batch in self.log.records.items() if p.topic == "quarantine" for r in batch]
        events = [decode(r.value, r.headers).event for r in records]
        return [e for e in events if isinstance(e, Quarantined)]


def times(resources: list[Resource]) -> list[tuple[Any, Any]]:
    """Status and start of appointments."""
    return sorted((r["status"], r.get("start")) for r in resources)


def test_an_approved_plan_stands_at_the_hospital() -> None:
    """Appointments, the requests' planned times, a task for the change, and who approved; all valid R4."""
    bench = Bench()
    bench.say(FIRST, decide("first", why="looks right"))
    bench.turns()
    assert times(bench.standing("Appointment")) == [
        ("booked", "2026-01-06T09:00:00+00:00"), ("booked", "2026-01-07T09:00:00+00:00"),
    ]  # fmt: skip
    appointment = bench.standing("Appointment")[0]
    actors = [p["actor"]["reference"] for p in appointment["participant"]]
    assert actors[0] in {"Patient/p-1", "Patient/p-2"}
    assert actors[1:] == ["PractitionerRole/surgeon-7", "Location/OR-1"]
    assert appointment["basedOn"][0]["reference"] in {"ServiceRequest/op-1", "ServiceRequest/op-2"}
    task = next(t for t in bench.standing("Task") if t["for"] == {"reference": "Patient/p-1"})
    assert (task["status"], task["for"], task["description"]) == (
        "requested", {"reference": "Patient/p-1"}, "to 2026-01-06 in OR-1",
    )  # fmt: skip
    (provenance,) = bench.standing("Provenance")
    assert provenance["entity"][0]["what"]["identifier"]["value"] == "first"
    assert provenance["agent"][0]["who"]["identifier"]["value"] == "admin"
    assert {t["reference"].split("/")[0] for t in provenance["target"]} == {"Appointment", "ServiceRequest", "Task"}
    assert [r for kind in KINDS for r in bench.standing(kind) if validate(r) is not None] == []


def test_the_request_keeps_what_was_asked() -> None:
    """The planned time is the request's occurrence; the time allowed and the hospital's own words stay beside it."""
    bench = Bench()
    bench.say(FIRST, decide("first"))
    bench.turns()
    request = bench.memory.standing["ServiceRequest", "op-1"]
    assert request["occurrencePeriod"]["start"] == "2026-01-06T09:00:00+00:00"
    assert request["extension"][0]["valuePeriod"] == {"start": "2026-01-05", "end": "2026-01-12"}
    assert request["note"] == [{"text": "the hospital's own"}]


def test_undo_puts_everything_back() -> None:
    """Appointments cancelled with the reason, requests as they were asked, the task called off."""
    bench = Bench()
    bench.say(FIRST, decide("first"), decide("first", "undo", minutes=2, why="wrong list"))
    bench.turns()
    assert {a["status"] for a in bench.standing("Appointment")} == {"cancelled"}
    assert "wrong list" in bench.standing("Appointment")[0]["cancelationReason"]["text"]
    assert bench.standing("ServiceRequest") == [r for r in hospital() if r["resourceType"] == "ServiceRequest"]
    tasks = sorted((t["status"], t["description"].partition(";")[0]) for t in bench.standing("Task"))
    assert tasks == [
        ("cancelled", "new: Wed 07 Jan 09:00, OR-1"), ("cancelled", "to 2026-01-06 in OR-1"),
        ("requested", "no longer planned"), ("requested", "no longer planned"),
    ]  # fmt: skip
    assert [r for kind in KINDS for r in bench.standing(kind) if validate(r) is not None] == []


def test_a_replacement_moves_the_same_appointment() -> None:
    """One appointment for each request, whatever the number of plans; who is left out is cancelled."""
    bench = Bench()
    bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
    bench.turns()
    assert times(bench.standing("Appointment")) == [
        ("booked", "2026-01-08T13:00:00+00:00"), ("cancelled", "2026-01-07T09:00:00+00:00"),
    ]  # fmt: skip
    moved = next(a for a in bench.standing("Appointment") if a["status"] == "booked")
    assert [p["actor"]["reference"] for p in moved["participant"]].count("Location/OR-2") == 1
    assert not any(p["actor"]["reference"] == "Location/OR-1" for p in moved["participant"])
    assert sorted(t["status"] for t in bench.standing("Task")) == ["cancelled"] * 2 + ["requested"] * 2


def test_the_hospitals_own_words_are_kept() -> None:
    """An answer and an anaesthetist added there stay while the time stays; what was carried on with is left alone."""
    bench = Bench()
    bench.say(FIRST, decide("first"))
    bench.turns()
    one, two = bench.standing("Appointment")
    one["participant"][0]["status"] = "accepted"
    one["participant"].append({"actor": {"reference": "Practitioner/gas-1"}, "status": "accepted"})
    two["status"] = "arrived"
    again = plan("again", *FIRST.bookings)
    bench.say(
        again, decide("again", minutes=9), decide("again", "undo", minutes=10), decide("first", "undo", minutes=11)
    )
    bench.turns()
    assert [p["status"] for p in one["participant"]] == ["accepted", "needs-action", "accepted", "accepted"]
    kept = {a["id"]: a for a in bench.standing("Appointment")}
    assert kept[two["id"]]["status"] == "arrived"
    assert kept[one["id"]]["status"] == "cancelled"
    assert any(p["actor"]["reference"] == "Practitioner/gas-1" for p in kept[one["id"]]["participant"])


def test_who_has_come_in_is_not_cancelled() -> None:
    """A plan leaves out whoever is admitted: the operation of today stands, and nobody is told otherwise."""
    bench = Bench()
    today = plan("today", booking(1, 5, 15), booking(2, 5, 16, who="p-2"))
    bench.say(today, decide("today"))
    bench.turns()
    bench.memory.standing["ServiceRequest", "op-1"]["status"] = "completed"
    bench.memory.standing["ServiceRequest", "op-2"]["status"] = "revoked"
    bench.say(plan("rest"), decide("rest", minutes=60))
    bench.turns()
    assert times(bench.standing("Appointment")) == [
        ("booked", "2026-01-05T15:00:00+00:00"), ("cancelled", "2026-01-05T16:00:00+00:00"),
    ]  # fmt: skip
    told = [t["for"]["reference"] for t in bench.standing("Task") if t["description"].startswith("no longer")]
    assert told == ["Patient/p-2"]


def test_an_hour_that_is_over() -> None:
    """What has begun is not cancelled; an emergency proposed for today, whose hour was never fixed, is."""
    bench = Bench()
    today = plan("today", booking(1, 5, 13))
    late = plan("late", booking(1, 5, 13), booking(2, 5, 9, who="p-2"))
    bench.say(today, decide("today"), late, decide("late", minutes=90), decide("late", "undo", minutes=95))
    bench.say(decide("today", "undo", minutes=99))
    bench.turns()
    assert sorted(a["status"] for a in bench.standing("Appointment")) == ["booked", "cancelled"]


def test_a_kept_bed() -> None:
    """Beds that are approved are tasks to keep them; once the patient lies there nobody is told anything."""
    bench = Bench()
    kept = Assignment(request="r-1", patient=PATIENTS["p-1"], bed="5A-01A", ward="5A", reason="")
    first = plan("beds", at=NOW).model_copy(update={"kind": "beds", "assignments": (kept,)})
    bench.say(first, decide("beds"), plan("next").model_copy(update={"kind": "beds"}), decide("next", minutes=9))
    bench.turns()
    assert [(t["status"], t["description"]) for t in bench.standing("Task")] == [("requested", "new: 5A-01A, ward 5A")]
    assert bench.standing("Appointment") == []


def test_an_hour_not_known_yet() -> None:
    """A booking without an hour is proposed for its day."""
    bench = Bench()
    bench.say(plan("day", booking(1, 6, None)), decide("day"))
    bench.turns()
    (appointment,) = bench.standing("Appointment")
    assert (appointment["status"], appointment["requestedPeriod"]) == (
        "proposed",
        [{"start": "2026-01-06", "end": "2026-01-06"}],
    )
    assert validate(appointment) is None


def test_somebody_the_server_does_not_have() -> None:
    """A patient known by number only is named by it; the request, which cannot be found then, is left alone."""
    bench = Bench()
    bench.say(plan("p", booking(3, 6, who="p-3")), decide("p"))
    bench.turns()
    (appointment,) = bench.standing("Appointment")
    assert appointment["participant"][0]["actor"] == {"type": "Patient", "identifier": {"value": "4712"}}
    assert "basedOn" not in appointment
    assert validate(appointment) is None


def test_a_refusal_holds_up_nobody() -> None:
    """One resource the server will not take: a dead letter says which and why; all others stand, and the next plan."""
    bench = Bench()
    bench.memory.refusing = lambda r: r["resourceType"] == "Appointment" and "p-2" in str(r["participant"])
    bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
    bench.turns()
    assert times(bench.standing("Appointment")) == [("booked", "2026-01-08T13:00:00+00:00")]
    (letter,) = bench.buried()
    assert letter.reason.startswith(f"Book {booking(2, 7).request}: the FHIR server answered 422")
    assert "Doe" not in letter.reason
    assert len(bench.standing("Provenance")) == 2


def test_an_unknown_proposal_is_a_dead_letter() -> None:
    """A decision about what nobody proposed cannot be written."""
    bench = Bench()
    bench.say(decide("unheard"), FIRST, decide("first"))
    bench.turns()
    assert len(bench.buried()) == 1
    assert len(bench.standing("Appointment")) == 2


@pytest.mark.parametrize("error", [ServerUnavailable("down"), ServerMisconfigured("401")])
def test_nothing_is_lost_while_the_server_is_away(error: Exception) -> None:
    """What waits is delivered in order when it is back, each resource once."""
    bench = Bench()
    bench.memory.failing = [error] * 4
    bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
    bench.turns(3, seconds=0.1)
    assert bench.standing("Appointment") == []
    bench.turns(30, seconds=61)
    assert times(bench.standing("Appointment"))[0] == ("booked", "2026-01-08T13:00:00+00:00")
    created = [(kind, id_) for kind, id_, did in bench.memory.puts if did is Put.CREATED]
    assert len(created) == len(set(created))
    assert bench.buried() == []


@pytest.mark.parametrize("calls", range(1, 25))
def test_a_fault_at_any_call(calls: int) -> None:
    """Whichever call fails first, the same stands in the end as without a fault."""
    whole, broken = Bench(), Bench()
    for bench in (whole, broken):
        bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5), decide("second", "undo", minutes=6))
    whole.turns()
    fail_at(broken.memory, calls)
    broken.turns(10, seconds=100)
    assert broken.memory.standing == whole.memory.standing


def fail_at(server: MemoryServer, call: int) -> None:
    """Make the nth read or search from now fail once."""
    calls = 0

    def counting(inner: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:  # noqa: ANN401 - passes them on
            nonlocal calls
            calls += 1
            if calls == call:
                raise ServerUnavailable("just now")
            return inner(*arguments)

        return counted

    server.read = counting(server.read)  # type: ignore[method-assign]  # a fault, injected at the port
    server.search = counting(server.search)  # type: ignore[method-assign]


def test_a_new_process_knows_what_stands() -> None:
    """After a kill the plan beneath is remembered from the log: undo restores it, a repeat changes nothing."""
    bench = Bench()
    bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
    bench.turns()
    before = dict(bench.memory.standing)
    bench.log.offsets = {key: offset - 1 for key, offset in bench.log.offsets.items()}  # the last commit was lost
    bench.start()
    bench.turns()
    assert bench.memory.standing == before
    bench.say(decide("second", "undo", minutes=7))
    bench.turns()
    assert times(bench.standing("Appointment")) == [
        ("booked", "2026-01-06T09:00:00+00:00"), ("booked", "2026-01-07T09:00:00+00:00"),
    ]  # fmt: skip


FAULTS = [
    Fault(Reply(429, headers=(("Retry-After", "1"),)), times=2),
    Fault(Reply(503), times=2),
    Fault(Reply(500, {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal", "code": "exception"}]})),
    Fault(Reply(200, b"<html>sign in</html>", "text/html")),
    Fault(Drop()), Fault(CutShort(), method="GET"), Fault(Lose(), method="PUT", times=2), Fault(Hang(2.0)),
    Fault(Hang(2.0, worked=True), method="PUT"),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{type(f.how).__name__}-{getattr(f.how, 'status', '')}")
def test_faults_over_http(fault: Fault) -> None:
    """Busy, broken, lying, cut short, hung, answer lost: delivered afterwards, exactly one resource for each key."""
    with FakeFhir() as fake:
        for resource in hospital():
            fake.store.write(resource)
        bench = Bench(HttpFhirServer(fake.url, TOKEN, timeout_s=0.3))
        fake.fail(fault)
        bench.say(FIRST, decide("first"), SECOND, decide("second", minutes=5))
        bench.turns(8, seconds=100)
        assert times(fake.store.all("Appointment")) == [
            ("booked", "2026-01-08T13:00:00+00:00"), ("cancelled", "2026-01-07T09:00:00+00:00"),
        ]  # fmt: skip
        assert len(fake.store.all("Provenance")) == 2
        # Each appointment was written once by each decision that changed it, however often it was tried.
        assert {len(v) for (kind, _), v in fake.store.versions.items() if kind == "Appointment"} == {2}
        assert bench.buried() == []


def test_a_wrong_token_waits_for_an_operator() -> None:
    """Nothing becomes a dead letter because of a token; with the right one everything is delivered."""
    with FakeFhir() as fake:
        bench = Bench(HttpFhirServer(fake.url, "wrong", timeout_s=1))
        bench.say(FIRST, decide("first"))
        bench.turns(3, seconds=100)
        assert (bench.buried(), fake.store.all("Appointment")) == ([], [])
        assert bench.outlet.waiting > 0


def test_a_slow_server_gets_its_time() -> None:
    """An attempt ends after a minute, and the next goes on where it was: nothing is written twice."""
    bench = Bench()
    inner = bench.memory.put

    def slow(kind: str, id_: str, revise: Any) -> Put:  # noqa: ANN401 - passes it on
        bench.time += 40
        return inner(kind, id_, revise)

    bench.memory.put = slow  # type: ignore[method-assign]  # a slow server, at the port
    bench.say(FIRST, decide("first"))
    bench.turns(20, seconds=60)
    assert len(bench.standing("Provenance")) == 1
    assert len(bench.memory.puts) == len({(k, i) for k, i, _ in bench.memory.puts})
