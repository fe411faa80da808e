"""Alerts at the hospital's FHIR server: what stands there, once, in order, and as the hospital's own patient."""

from collections.abc import Mapping

import pytest

from schemas.events import AlertAcknowledged, AlertEscalated, AlertMerged, AlertRaised, AlertResolved, AlertSuppressed
from schemas.ids import digest
from services.outlets.delivery import Outcome
from services.outlets.fhir.alerts import write
from services.outlets.fhir.batch import Desk
from services.outlets.fhir.server import Put, Resource, Revise, ServerMisconfigured, ServerUnavailable
from tests.services.outlets.alerts import event, life
from tests.services.outlets.fhir.bench import Bench, fail_at
from tests.services.outlets.fhir.care import alerts, audit, audited, encounter, people

KINDS = ("Flag", "Task", "Communication")


def bench() -> Bench:
    """Alerts to a server in memory."""
    return Bench(make=alerts, people=people())


def test_an_alert_is_three_resources() -> None:
    """Flag, Task and Communication about the hospital's own patient, with ids that anybody can compute; valid R4."""
    it = bench()
    it.say(event(AlertRaised, 0))
    it.turns()
    for kind in KINDS:
        (found,) = it.standing(kind)
        assert found["id"] == digest("main", kind, "a1")
        assert {"reference": "Patient/p-1"} in (found.get("subject"), found.get("for"))
    (task,), (flag,) = it.standing("Task"), it.standing("Flag")
    assert task["focus"] == {"reference": f"Flag/{flag['id']}"}
    assert (flag["status"], flag["code"]["coding"][0]["code"]) == ("active", "sepsis-amber")
    assert task["reasonReference"]["type"] == "RiskAssessment"
    (source,) = it.standing("Provenance")
    assert {t["reference"].partition("/")[0] for t in source["target"]} == set(KINDS)
    assert [e["what"]["identifier"]["value"] for e in source["entity"]] == [
        task["reasonReference"]["identifier"]["value"], "s1",
    ]  # fmt: skip
    assert it.invalid() == []


def test_its_whole_life() -> None:
    """In the end the flag is inactive with its period, the task done by whoever took it."""
    it = bench()
    it.say(*life())
    it.turns()
    (flag,), (task,), (told,) = (it.standing(kind) for kind in KINDS)
    assert flag["period"] == {"start": "2026-03-01T08:00:00.000+00:00", "end": "2026-03-01T09:00:00.000+00:00"}
    assert (flag["status"], task["status"], told["status"]) == ("inactive", "completed", "completed")
    assert (task["priority"], task["owner"]["identifier"]["value"]) == ("stat", "Sister Example")
    assert [n["text"].partition(":")[0] for n in told["note"]] == ["raised", "escalated", "acknowledged", "resolved"]
    assert (told["sent"], told["received"]) == ("2026-03-01T08:05:00.000+00:00", "2026-03-01T08:07:00.000+00:00")
    assert it.invalid() == []


def test_a_repeat_is_the_same_resource() -> None:
    """The whole log again: nothing is written, and nothing older overwrites what is newer."""
    it = bench()
    it.say(*life())
    it.turns()
    before = dict(it.memory.standing)
    it.log.offsets.clear()
    it.memory.puts.clear()
    it.start()
    it.turns()
    assert it.memory.standing == before
    assert {done for _, _, done in it.memory.puts} == {Put.UNCHANGED}


def test_two_alerts_are_two_of_each() -> None:
    """Resources are one for an alert, not one for a patient."""
    it = bench()
    it.say(*life("a1"), event(AlertRaised, 90, alert="a2"))
    it.turns()
    assert [len(it.standing(kind)) for kind in KINDS] == [2, 2, 2]
    assert sorted(f["status"] for f in it.standing("Flag")) == ["active", "inactive"]


def test_a_merge_ends_it() -> None:
    """The flag of the record that is no more is inactive, and nobody need act on it."""
    it = bench()
    it.say(event(AlertRaised, 0), event(AlertMerged, 5))
    it.turns()
    assert (it.standing("Flag")[0]["status"], it.standing("Task")[0]["status"]) == ("inactive", "cancelled")


def test_what_was_withheld_is_not_written() -> None:
    """An alert that a care limit forbade from the first never comes to the hospital's server."""
    it = bench()
    it.say(event(AlertSuppressed, 0))
    it.turns()
    assert [it.standing(kind) for kind in KINDS] == [[], [], []]


def test_a_refusal_holds_up_nobody() -> None:
    """A Task that the server will not take: a dead letter says so, Flag and Communication stand, the next too."""
    it = bench()
    it.memory.refusing = lambda r: r["resourceType"] == "Task" and r["status"] == "accepted"
    it.say(*life())
    it.turns()
    (letter,) = it.buried()
    assert letter.reason == "Task: the FHIR server answered 422: business-rule"
    assert (it.standing("Flag")[0]["status"], it.standing("Task")[0]["status"]) == ("inactive", "completed")


def test_without_a_flag_the_task_names_none() -> None:
    """A server with referential integrity would refuse a Task about a Flag that it refused."""
    it = bench()
    it.memory.refusing = lambda r: r["resourceType"] == "Flag"
    it.say(event(AlertRaised, 0))
    it.turns()
    assert "focus" not in it.standing("Task")[0]
    assert "about" not in it.standing("Communication")[0]


def test_somebody_never_registered() -> None:
    """An alert about a key that the identity store does not know is a dead letter, and the next is delivered."""
    it = bench()
    it.say(event(AlertRaised, 0, patient="key-of-a-stranger"), event(AlertRaised, 1, alert="a2"))
    it.turns()
    assert [letter.reason for letter in it.buried()] == ["nobody is registered under this patient key"]
    assert len(it.standing("Flag")) == 1


@pytest.mark.parametrize("error", [ServerUnavailable("down"), ServerMisconfigured("403")])
def test_an_hour_without_a_server(error: Exception) -> None:
    """All that was missed is delivered afterwards, in order, one resource for each id."""
    it = bench()
    it.memory.failing = [error] * 60
    it.say(*life("a1"), *life("a2", 20))
    it.turns(70, seconds=61)
    it.turns(10)
    assert [len(it.standing(kind)) for kind in KINDS] == [2, 2, 2]
    assert {f["status"] for f in it.standing("Flag")} == {"inactive"}
    created = [(kind, id_) for kind, id_, did in it.memory.puts if did is Put.CREATED]
    assert len(created) == len(set(created))
    assert it.buried() == []


@pytest.mark.parametrize("call", range(1, 18))
def test_a_fault_at_any_call(call: int) -> None:
    """Whichever call fails first, the same stands in the end as without a fault."""
    whole, broken = bench(), bench()
    said = (event(AlertRaised, 0), event(AlertEscalated, 3, severity="red"), event(AlertAcknowledged, 5), *life()[-1:])
    for it in (whole, broken):
        it.say(*said)
    whole.turns()
    fail_at(broken.memory, call)
    broken.turns(10, seconds=100)
    assert broken.memory.standing == whole.memory.standing


def test_retry_after() -> None:
    """A server that says when to come again is left alone until then."""
    it = bench()
    it.memory.failing = [ServerUnavailable("busy", 120.0)]
    it.say(event(AlertRaised, 0))
    it.turns(1)
    it.time = 119
    it.turns(2)
    assert it.standing("Flag") == []
    it.time = 121
    it.turns(2)
    assert len(it.standing("Flag")) == 1


def test_the_audit_trail() -> None:
    """One AuditEvent for each event that wrote something, with what it wrote; a repeat adds none."""
    it = Bench(make=audited, people=people())
    it.say(event(AlertRaised, 0), event(AlertResolved, 5))
    it.turns()
    assert len(it.standing("AuditEvent")) == 2
    it.log.offsets.clear()
    it.start()
    it.turns()
    found = it.standing("AuditEvent")
    assert len(found) == 2
    assert sorted(len(r["entity"]) for r in found) == [4, 5]
    assert it.invalid() == []


def test_a_server_that_takes_no_audit() -> None:
    """It is not asked again, and nothing becomes a dead letter for it."""
    it = Bench(make=audited, people=people())
    it.memory.refusing = lambda r: r["resourceType"] == "AuditEvent"
    it.say(*life())
    it.turns()
    assert (it.buried(), it.standing("AuditEvent")) == ([], [])
    assert [kind for kind, _, _ in it.memory.puts if kind == "AuditEvent"] == []
    assert it.standing("Flag")[0]["status"] == "inactive"


def test_a_slow_server_gets_its_time() -> None:
    """An attempt ends after half a minute, and the next goes on where it was: nothing is asked or written twice."""
    it, clock = bench(), [0.0]
    inner, raised = it.memory.put, event(AlertRaised, 0)

    def slow(kind: str, id_: str, revise: Revise) -> Put:
        clock[0] += 40
        return inner(kind, id_, revise)

    it.memory.put = slow  # type: ignore[method-assign]  # a slow server, at the port
    desk = Desk(it.memory, it.people, audit(), monotonic=lambda: clock[0])
    outcomes = [desk.attempt(raised, lambda batch: write(batch, raised)).outcome for _ in range(4)]
    assert outcomes == [Outcome.UNAVAILABLE] * 3 + [Outcome.DELIVERED]
    assert [kind for kind, _, _ in it.memory.puts] == [*KINDS, "Provenance"]


@pytest.mark.parametrize(
    ("stays", "wanted"),
    [
        ((encounter(),), "Encounter/e-1"),
        ((encounter(), encounter("e-0") | {"status": "finished"}), "Encounter/e-1"),
        ((encounter(), encounter("e-2") | {"class": {"code": "AMB"}}), "Encounter/e-1"),
        ((encounter(), encounter("e-2")), None),
        ((), None),
    ],
)
def test_the_stay_under_way(stays: tuple[Resource, ...], wanted: str | None) -> None:
    """The hospital's own stay, where there is one alone; it stays with the alert to the end."""
    it = bench()
    for found in stays:
        it.memory.standing["Encounter", found["id"]] = found
    it.say(*life())
    it.turns()
    assert {r.get("encounter", {}).get("reference") for kind in KINDS for r in it.standing(kind)} == {wanted}


def test_without_the_right_to_see_stays() -> None:
    """A token that may not search Encounter writes alerts all the same."""
    it = bench()

    def forbidden(kind: str, parameters: Mapping[str, str]) -> list[Resource]:
        raise ServerMisconfigured(f"403: {kind} {sorted(parameters)}")

    it.memory.search = forbidden  # type: ignore[method-assign]  # a right that is missing, at the port
    it.say(*life())
    it.turns()
    assert it.standing("Flag")[0]["status"] == "inactive"
