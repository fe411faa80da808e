"""Observation → readings."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import SNOMED
from schemas.fhir.facts import Fact, Ignored, Readings, Refused, Retraction
from schemas.fhir.observation_profile import read_bundle, read_observation
from schemas.fhir.resources import fact
from tests.schemas.fhir.documents import CONTEXT, Json, bundle, coding, observation, quantity


def readings(content: Json) -> dict[str, float]:
    """Values by code; fails when the Observation is not applied."""
    found = fact(content, CONTEXT)
    assert isinstance(found, Readings), found
    return {reading.code: reading.value for reading in found.readings}


def panel(systolic: float = 120, diastolic: float = 70, **more: str) -> Json:
    """A blood pressure panel, 85354-9."""
    content = observation("systolic_bp", 0, **more)
    del content["valueQuantity"]
    content["code"] = coding("85354-9")
    content["component"] = [
        {"code": coding("8480-6"), "valueQuantity": quantity(systolic, "mm[Hg]")},
        {"code": coding("8462-4"), "valueQuantity": quantity(diastolic, "mm[Hg]")},
    ]
    return content


def test_a_reading() -> None:
    """Code, value, unit, time and patient come through; the source names the Observation, not its version."""
    found = fact(observation(encounter={"reference": "Encounter/e-1"}, device={"reference": "Device/m-7"}), CONTEXT)
    assert isinstance(found, Readings)
    (reading,) = found.readings
    assert (found.patient, reading.code, reading.value, reading.unit, reading.device) == (
        "key-of-p-1", "heart_rate", 80.0, "/min", "m-7",
    )  # fmt: skip
    assert reading.taken == datetime(2026, 1, 2, 11, 58, tzinfo=UTC)
    assert found.encounter is not None
    assert "e-1" not in found.encounter


def test_a_panel_gives_a_reading_for_each_component() -> None:
    """85354-9 gives systolic and diastolic pressure."""
    assert readings(panel()) == {"systolic_bp": 120, "diastolic_bp": 70}


def test_one_impossible_component_refuses_the_panel() -> None:
    """A resource is one fact: nothing of an impossible panel is used."""
    assert isinstance(fact(panel(diastolic=-1), CONTEXT), Refused)


def test_pulse_oximetry_panel() -> None:
    """US Core sends 59408-5 and 2708-6 together, flow and concentration as components; all three are read."""
    content = observation("spo2", 92)
    content["code"]["coding"].append({"system": "http://loinc.org", "code": "2708-6"})
    content["component"] = [
        {"code": coding("3151-8"), "valueQuantity": quantity(6, "L/min")},
        {"code": coding("3150-6"), "valueQuantity": quantity(40, "%")},
    ]
    assert readings(content) == {"spo2": 92, "supplemental_oxygen": 1, "fio2": 0.4}


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [("http://loinc.org", "LA9340-6", 0), ("http://loinc.org", "LA6560-2", 1), (SNOMED, "450847001", 1), ("", "U", 1)],
)
def test_consciousness(system: str, code: str, expected: float) -> None:
    """ACVPU answers in LOINC, SNOMED CT or bare letters score 0 or 1."""
    content = observation("consciousness")
    del content["valueQuantity"]
    answer = {"code": code} | ({"system": system} if system else {})
    assert readings(content | {"valueCodeableConcept": {"coding": [answer]}}) == {"consciousness": expected}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [({"valueBoolean": True}, 1), ({"valueCodeableConcept": coding("LA32-8")}, 0)],
)
def test_mechanical_ventilation(answer: Json, expected: float) -> None:
    """Patient ventilated (SNOMED CT 371820004) is answered by yes or no, coded or not."""
    content = observation() | {"code": coding("371820004", SNOMED)}
    del content["valueQuantity"]
    assert readings(content | answer) == {"mechanical_ventilation": expected}


def test_an_unknown_answer_is_never_guessed() -> None:
    """An answer that is not in the table is refused, and so is a bare number."""
    content = observation("consciousness", 1)
    assert isinstance(fact(content, CONTEXT), Refused)
    del content["valueQuantity"]
    assert isinstance(fact(content | {"valueCodeableConcept": coding("LA1-1")}, CONTEXT), Refused)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_retraction(status: str) -> None:
    """A retraction names the same sources as the readings did."""
    for content in (observation(), panel()):
        told, taken_back = fact(content, CONTEXT), fact(content | {"status": status}, CONTEXT)
        assert isinstance(told, Readings)
        assert isinstance(taken_back, Retraction)
        assert {r.source for r in told.readings} == set(taken_back.sources)


def test_a_retracted_panel_without_its_components() -> None:
    """A panel stripped of its components still takes back what it may have said."""
    told = fact(panel(), CONTEXT)
    stripped = panel(status="entered-in-error")
    del stripped["component"]
    taken_back = fact(stripped, CONTEXT)
    assert isinstance(told, Readings)
    assert isinstance(taken_back, Retraction)
    assert {r.source for r in told.readings} <= set(taken_back.sources)


def test_a_correction_has_the_same_source_and_another_id() -> None:
    """`corrected` and `amended` replace: same source, new id; the same again is the same id."""
    first, second = fact(observation(), CONTEXT), fact(observation(value=90, status="corrected"), CONTEXT)
    assert isinstance(first, Readings)
    assert isinstance(second, Readings)
    assert first.readings[0].source == second.readings[0].source
    assert first.readings[0].id != second.readings[0].id
    assert fact(observation(), CONTEXT) == first


def test_versions_that_return_to_an_old_value_differ() -> None:
    """80, then 90, then 80 again are three versions when the sender numbers them."""
    ids = set()
    for version, value in (("1", 80), ("2", 90), ("3", 80)):
        found = fact(observation(value=value, meta={"versionId": version}), CONTEXT)
        assert isinstance(found, Readings)
        ids.add(found.readings[0].id)
    assert len(ids) == 3


def test_a_source_system_has_its_own_ids() -> None:
    """The same id from another Meta.source is another Observation; the request in its fragment does not matter."""
    sources = []
    for source in ("urn:lab", "urn:monitor#1", "urn:monitor#2"):
        found = fact(observation(meta={"source": source}), CONTEXT)
        assert isinstance(found, Readings)
        sources.append(found.readings[0].source)
    assert sources[0] != sources[1] == sources[2]


def test_without_any_id_the_content_names_it() -> None:
    """A reading without id is known by what it says: a resend is the same, another value another."""
    one, same, other = (fact(observation(value=v, id_=None), CONTEXT) for v in (80, 80, 81))
    assert isinstance(one, Readings)
    assert isinstance(other, Readings)
    assert one == same
    assert one.readings[0].source != other.readings[0].source


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": "registered"}, Ignored),
        ({"status": "unknown"}, Refused),
        ({"status": "banana"}, Refused),
        ({"subject": {"reference": "Patient/nobody"}}, Refused),
        ({"subject": None}, Refused),
        ({"effectiveDateTime": "2026-01-02"}, Refused),
        ({"effectiveDateTime": "2026-01-02T12:04:59Z"}, Readings),
        ({"effectiveDateTime": "2026-01-02T12:05:01Z"}, Refused),
        ({"effectiveDateTime": "1952-12-11T05:29:14+01:00"}, Readings),
        ({"effectiveDateTime": "2026-01-02T25:00:00Z"}, Refused),
        ({"effectiveDateTime": None, "issued": "2026-01-02T11:00:00Z"}, Readings),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-02T11:00:00Z"}}, Readings),
        ({"valueQuantity": quantity(-5, "/min")}, Refused),
        ({"valueQuantity": {"value": "80", "code": "/min"}}, Refused),
        ({"valueQuantity": quantity(5, "/min") | {"comparator": "<"}}, Ignored),
        ({"valueQuantity": None}, Refused),
        ({"valueQuantity": None, "dataAbsentReason": coding("unknown")}, Ignored),
        ({"valueQuantity": None, "valueString": "eighty"}, Refused),
        ({"code": coding("8280-0")}, Ignored),
        ({"modifierExtension": [{"url": "urn:not-really", "valueBoolean": True}]}, Refused),
        ({"extension": [{"url": "urn:harmless", "valueBoolean": True}]}, Readings),
    ],
)
def test_fate(change: Json, expected: type[Fact]) -> None:
    """Each way of being odd has its own answer."""
    content = {k: v for k, v in (observation() | change).items() if v is not None}
    assert isinstance(fact(content, CONTEXT), expected)


def test_reasons_hold_nothing_of_a_person() -> None:
    """What the sender wrote about a person is in no reason and no path."""
    content = observation(subject={"reference": "Patient/nobody", "display": "Jane Doe"})
    for broken in (content, content | {"Jane Doe": 1}, content | {"status": ["Jane Doe"]}):
        assert "Jane" not in str(fact(broken, CONTEXT))


@given(st.floats(0, 400))
def test_a_value_is_read_to_the_bit(value: float) -> None:
    """From JSON text to reading no bit changes, on the fast way and on the slow one."""
    content = observation(value=value)
    quick = read_bundle(orjson.dumps(bundle(content)))
    slow = read_observation(orjson.loads(orjson.dumps(content | {"language": "en"})))
    assert quick is not None
    assert quick["entry"][0]["resource"]["valueQuantity"]["value"] == value
    assert isinstance(slow, dict)
    assert slow["valueQuantity"]["value"] == value
