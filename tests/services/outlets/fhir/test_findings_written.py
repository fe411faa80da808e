"""Films at the hospital's FHIR server: preliminary, once, until a physician has spoken."""

import pytest

from tests.services.outlets.fhir.bench import Bench, fail_at
from tests.services.outlets.fhir.care import film, findings, people, read_by, reported


def bench() -> Bench:
    """Findings to a server in memory."""
    return Bench(make=findings, people=people())


def test_a_film_is_an_observation_and_a_study_one_report() -> None:
    """By the study's UID, with the model as the source and a task to read it; valid R4; said twice, written once."""
    it = bench()
    it.say(film(), film(), reported(), reported())
    it.turns()
    (report,), (seen,), (study,), (task,) = (
        it.standing(k) for k in ("DiagnosticReport", "Observation", "ImagingStudy", "Task")
    )
    assert report["result"] == [{"reference": f"Observation/{seen['id']}"}]
    assert report["imagingStudy"] == [{"reference": f"ImagingStudy/{study['id']}"}]
    assert report["subject"] == seen["subject"] == {"reference": "Patient/p-1"}
    assert (report["status"], study["numberOfInstances"]) == ("preliminary", 1)
    assert (task["status"], task["priority"], task["focus"]["reference"]) == (
        "requested", "urgent", f"DiagnosticReport/{report['id']}",
    )  # fmt: skip
    assert {s["entity"][0]["what"]["identifier"]["value"] for s in it.standing("Provenance")} == {"urn:oid:1.2.3"}
    assert film().id in {name["value"] for name in report["identifier"]}
    assert it.invalid() == []


def test_a_silent_model_is_for_administrators() -> None:
    """What it saw is not written where care teams look."""
    it = bench()
    it.say(film(mode="silent"), reported(mode="silent"))
    it.turns()
    assert it.standing("DiagnosticReport") == it.standing("Observation") == []


def test_a_newer_reading_of_the_same_film() -> None:
    """The same instance and model is the same resource; an older one that comes late changes nothing."""
    it = bench()
    it.say(film(10, outcome="no finding", label="normal"), film(0))
    it.turns()
    (seen,) = it.standing("Observation")
    assert seen["valueCodeableConcept"]["text"].startswith("no finding")


def test_only_a_person_makes_the_report_final() -> None:
    """Confirmed: final, by whom; a later word amends it; the task is done, and no model changes it any more."""
    it = bench()
    it.say(film(), reported(), read_by())
    it.turns()
    (report,), (task,) = it.standing("DiagnosticReport"), it.standing("Task")
    assert (report["status"], report["resultsInterpreter"][0]["identifier"]["value"]) == ("final", "dr-roe")
    assert report["conclusion"].startswith("Read and confirmed: finding: pneumonia")
    assert (task["status"], task["owner"]["identifier"]["value"]) == ("completed", "dr-roe")
    it.say(reported(30), read_by(40, decision="override", impression="Atelectasis, no pneumonia"))
    it.turns()
    (report,) = it.standing("DiagnosticReport")
    assert report["status"] == "amended"
    assert report["conclusion"].startswith("Atelectasis, no pneumonia (the model had said:")
    assert it.invalid() == []


def test_a_persons_word_before_the_report_is_kept() -> None:
    """Whatever the order of the topics: the report is final, in the person's words."""
    it = bench()
    it.say(read_by(decision="override", impression="Clear"))
    it.turns()
    it.say(film(), reported())
    it.turns()
    (report,) = it.standing("DiagnosticReport")
    assert report["status"] == "final"
    assert report["conclusion"].startswith("Clear (the model had said: finding: pneumonia")
    assert it.invalid() == []


def test_a_word_told_twice_amends_nothing() -> None:
    """The same word again, as after a lost answer: the report stays final, in the same words."""
    it = bench()
    it.say(film(), reported(), read_by())
    it.turns()
    before = it.standing("DiagnosticReport")
    it.say(read_by())
    it.turns()
    assert it.standing("DiagnosticReport") == before
    assert before[0]["status"] == "final"


@pytest.mark.parametrize("more", [{}, {"impression": "Right lower lobe"}, {"decision": "override", "impression": "No"}])
def test_report_and_word_give_the_same_in_any_order(more: dict[str, str]) -> None:
    """Which topic is read first changes nothing of what stands."""
    found = []
    for told in ((reported(), read_by(**more)), (read_by(**more), reported())):
        it = bench()
        for event in (film(), *told):
            it.say(event)
            it.turns()
        stands = [*it.standing("DiagnosticReport"), *it.standing("Task")]
        found.append([{name: value for name, value in one.items() if name != "meta"} for one in stands])
    assert found[0] == found[1]


def test_the_hospitals_word_stands() -> None:
    """What its own workflow made final there is the hospital's."""
    it = bench()
    it.say(film(), reported())
    it.turns()
    (report,) = it.standing("DiagnosticReport")
    it.memory.standing["DiagnosticReport", report["id"]] = report | {"status": "final", "conclusion": "clear"}
    it.say(reported(10))
    it.turns()
    assert it.standing("DiagnosticReport")[0]["conclusion"] == "clear"


def test_without_an_observation_the_report_names_none() -> None:
    """A refused Observation is a dead letter; the report stands without it."""
    it = bench()
    it.memory.refusing = lambda r: r["resourceType"] == "Observation"
    it.say(film(), reported())
    it.turns()
    assert "result" not in it.standing("DiagnosticReport")[0]
    assert it.buried()[0].reason.startswith("Observation: the FHIR server answered 422")


@pytest.mark.parametrize("call", range(1, 14))
def test_a_fault_at_any_call(call: int) -> None:
    """Whichever call fails first, the same stands in the end as without a fault."""
    whole, broken = bench(), bench()
    for it in (whole, broken):
        it.say(film(), reported(), read_by())
    whole.turns()
    fail_at(broken.memory, call)
    broken.turns(10, seconds=100)
    assert broken.memory.standing == whole.memory.standing
