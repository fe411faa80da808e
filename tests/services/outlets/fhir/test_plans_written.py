"""Plans at the hospital's FHIR server: what stands there after decisions."""

from schemas.events import Assignment
from schemas.fhir.library import validate
from services.outlets.fhir.outlet import HospitalServer
from services.outlets.fhir.plans import Plans
from tests.services.outlets.fhir.bench import Bench, times
from tests.services.outlets.fhir.care import audit
from tests.services.outlets.fhir.plans import NOW, PATIENTS, booking, decide, hospital, plan

FIRST = plan("first", booking(1, 6), booking(2, 7, who="p-2"), moves=1)
SECOND = plan("second", booking(1, 8, 13, theatre="OR-2"), booking(2, None, who="p-2"), moves=1)


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
    assert bench.invalid() == []


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
    assert bench.invalid() == []


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


def test_the_audit_trail() -> None:
    """One AuditEvent for a decision, with all that it wrote."""
    bench = Bench(make=lambda it: HospitalServer(it.server, it.people, lambda *_: Plans(), audit=audit(wanted=True)))
    bench.say(FIRST, decide("first"))
    bench.turns()
    (found,) = bench.standing("AuditEvent")
    assert len(found["entity"]) == len(bench.standing("Provenance")[0]["target"]) + 1
    assert bench.invalid() == []
