"""Films at the hospital's FHIR server: preliminary, once, until a physician has spoken."""

import pytest

from tests.services.outlets.fhir.bench import Bench, fail_at
from tests.services.outlets.fhir.care import film, findings, people


def bench() -> Bench:
    """Findings to a server in memory."""
    return Bench(make=findings, people=people())


def test_a_film_is_a_report_with_its_observation() -> None:
    """By the study's UID, with the model as the source; valid R4."""
    it = bench()
    it.say(film(), film())
    it.turns()
    (report,), (seen,), (source,) = (it.standing(k) for k in ("DiagnosticReport", "Observation", "Provenance"))
    assert report["result"] == [{"reference": f"Observation/{seen['id']}"}]
    assert report["subject"] == seen["subject"] == {"reference": "Patient/p-1"}
    assert [t["reference"].partition("/")[0] for t in source["target"]] == ["Observation", "DiagnosticReport"]
    assert source["entity"][0]["what"]["identifier"]["value"] == "urn:oid:1.2.3"
    assert it.invalid() == []


def test_a_silent_model_is_for_administrators() -> None:
    """What it saw is not written where care teams look."""
    it = bench()
    it.say(film(mode="silent"))
    it.turns()
    assert it.standing("DiagnosticReport") == []


def test_a_newer_report_of_the_same_film() -> None:
    """The same instance and model is the same resource; an older report that comes late changes nothing."""
    it = bench()
    it.say(film(10, outcome="no finding", label="normal"), film(0))
    it.turns()
    (report,) = it.standing("DiagnosticReport")
    assert report["conclusion"].startswith("no finding")


def test_a_physicians_word_stands() -> None:
    """Once it is final there, it is the hospital's."""
    it = bench()
    it.say(film())
    it.turns()
    (report,) = it.standing("DiagnosticReport")
    it.memory.standing["DiagnosticReport", report["id"]] = report | {"status": "final", "conclusion": "clear"}
    it.say(film(10))
    it.turns()
    assert it.standing("DiagnosticReport")[0]["conclusion"] == "clear"


def test_without_an_observation_the_report_names_none() -> None:
    """A refused Observation is a dead letter; the report stands without it."""
    it = bench()
    it.memory.refusing = lambda r: r["resourceType"] == "Observation"
    it.say(film())
    it.turns()
    assert "result" not in it.standing("DiagnosticReport")[0]
    assert it.buried()[0].reason.startswith("Observation: the FHIR server answered 422")


@pytest.mark.parametrize("call", range(1, 9))
def test_a_fault_at_any_call(call: int) -> None:
    """Whichever call fails first, the same stands in the end as without a fault."""
    whole, broken = bench(), bench()
    for it in (whole, broken):
        it.say(film(), film(5, instance="1.2.3.5"))
    whole.turns()
    fail_at(broken.memory, call)
    broken.turns(10, seconds=100)
    assert broken.memory.standing == whole.memory.standing
