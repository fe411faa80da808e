"""Theatres, slots and operations → events: what planning needs to know, and every way of saying it wrongly."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import AdmissionRequested, LocationDefined, Surgery
from schemas.fhir.facts import Events, Ignored, Opening, Openings, Refused
from schemas.fhir.resources import fact
from tests.schemas.fhir.documents import CONTEXT, Json, coding

SNOMED = "http://snomed.info/sct"


def theatre(**more: object) -> Json:
    """An operating theatre."""
    return {
        "resourceType": "Location", "id": "OR-1", "name": "Theatre 1", "physicalType": coding("ro", "urn:p"),
        "type": [coding("225738002", SNOMED)],
    } | more  # fmt: skip


def contained(actor: str = "Location/OR-1", *, category: str = "", skill: object = 1, load: object = 10) -> Json:
    """A Schedule inside a Slot; a nurse's with the two extensions."""
    found: Json = {"resourceType": "Schedule", "id": "s", "actor": [{"reference": actor}]}
    if category:
        found["serviceCategory"] = [coding(category, SNOMED)]
    if category == "106292003":
        told = (("urn:wardwatch:nurse-skill", skill), ("urn:wardwatch:nurse-most-workload", load))
        found["extension"] = [{"url": url, "valueInteger": value} for url, value in told if value is not None]
    return found


def slot(start: str = "2026-01-05T08:00:00+01:00", end: str = "2026-01-05T16:00:00+01:00", **more: object) -> Json:
    """A free Slot with its Schedule contained."""
    return {
        "resourceType": "Slot", "id": "sl-1", "contained": [contained()], "schedule": {"reference": "#s"},
        "status": "free", "start": start, "end": end,
    } | more  # fmt: skip


def operation(**more: object) -> Json:
    """An elective operation of 90 minutes in January by one surgeon, with three days in hospital."""
    return {
        "resourceType": "ServiceRequest", "id": "op-1", "status": "active", "intent": "order", "priority": "routine",
        "category": [coding("387713003", SNOMED)], "code": coding("80146002", SNOMED),
        "subject": {"reference": "Patient/p-1"}, "authoredOn": "2026-01-02T10:00:00Z",
        "occurrencePeriod": {"start": "2026-01-05", "end": "2026-01-12"},
        "performer": [{"reference": "Practitioner/dr-7"}], "performerType": coding("394609007", SNOMED),
        "quantityQuantity": {"value": 90, "unit": "min", "system": "http://unitsofmeasure.org", "code": "min"},
        "extension": [
            {"url": "urn:wardwatch:expected-stay",
             "valueDuration": {"value": 3, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}}
        ],
    } | more  # fmt: skip


def asked(content: Json) -> AdmissionRequested:
    """The request; fails when it is not applied."""
    found = fact(content, CONTEXT)
    assert isinstance(found, Events), found
    (event,) = found.events
    assert isinstance(event, AdmissionRequested)
    return event


def openings(content: Json) -> tuple[Opening, ...]:
    """What a Slot opens; fails when it is not applied."""
    found = fact(content, CONTEXT)
    assert isinstance(found, Openings), found
    return found.openings


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"type": [coding("1096-7", "urn:oid:2.16.840.1.113883.6.259")]},
        {"type": [coding("O", "http://terminology.hl7.org/CodeSystem/v2-0260")]},
        {"physicalType": None},
    ],
)
def test_a_theatre(said: Json) -> None:
    """A room whose type says operating room, in any of three code systems, is a theatre."""
    content = {k: v for k, v in (theatre() | said).items() if v is not None}
    found = fact(content, CONTEXT)
    assert isinstance(found, Events)
    (event,) = found.events
    assert isinstance(event, LocationDefined)
    assert (event.kind, event.location, event.specialty, event.active) == ("theatre", "OR-1", None, True)


def test_a_room_is_no_theatre() -> None:
    """The letter O of another code system makes no theatre, and a ward stays a ward whatever its type."""
    for said in ({"type": [coding("O", "urn:ours")]}, {"physicalType": coding("wa", "urn:p")}):
        found = fact(theatre(**said), CONTEXT)
        assert isinstance(found, Events)
        assert [e.kind for e in found.events if isinstance(e, LocationDefined)] in (["room"], ["ward"])


def test_a_theatres_day() -> None:
    """A free slot opens the theatre on the day on which it starts where it was written."""
    (opened,) = openings(slot("2026-01-05T00:30:00+02:00", "2026-01-05T08:00:00+02:00"))
    assert (opened.role, opened.location, opened.day, opened.shift) == ("theatre", "OR-1", date(2026, 1, 5), None)
    assert opened.free


@pytest.mark.parametrize("status", ["busy", "busy-unavailable", "busy-tentative", "entered-in-error"])
def test_what_is_not_free_cannot_be_planned(status: str) -> None:
    """Every status but free takes the time away, and so does a Schedule that is not active."""
    assert not openings(slot(status=status))[0].free
    assert not openings(slot(contained=[contained() | {"active": False}]))[0].free


def test_a_surgeon_by_specialty() -> None:
    """A practitioner of a surgical specialty is a surgeon, known by the identifier alone."""
    whose = contained("Practitioner/dr-7") | {"specialty": [coding("394801008", SNOMED)]}
    whose["actor"][0]["display"] = "Dr Jane Doe"
    (opened,) = openings(slot(contained=[whose]))
    assert (opened.role, opened.location, opened.specialty) == ("surgeon", "dr-7", "394801008")
    assert "Doe" not in repr(opened)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-01-05T06:45:00+01:00", "2026-01-05T15:15:00+01:00", [(5, "early")]),
        ("2026-01-05T07:00:00+01:00", "2026-01-05T19:00:00+01:00", [(5, "early"), (5, "late")]),
        ("2026-01-05T22:45:00+01:00", "2026-01-06T07:15:00+01:00", [(5, "night")]),
        ("2026-01-06T00:00:00+01:00", "2026-01-06T07:00:00+01:00", [(5, "night")]),
    ],
)
def test_a_nurses_shifts(start: str, end: str, expected: list[tuple[int, str]]) -> None:
    """A nurse's slot is every shift that it covers by half; a night belongs to the day on which it began."""
    opened = openings(slot(start, end, contained=[contained("Practitioner/n-1", category="106292003")]))
    assert [(o.day.day, o.shift) for o in opened] == expected
    assert {(o.role, o.skill, o.most_workload) for o in opened} == {("nurse", 1, 10)}


def test_a_nurses_ward() -> None:
    """A place beside the nurse in Schedule.actor is the ward."""
    whose = contained("Practitioner/n-1", category="106292003")
    whose["actor"].append({"reference": "Location/5A"})
    assert openings(slot(contained=[whose]))[0].ward == "5A"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"end": "2026-01-05T07:00:00+01:00"}, Refused),
        ({"end": "2026-01-05T08:00:00+01:00"}, Refused),
        ({"end": "2026-01-07T08:00:00+01:00"}, Refused),
        ({"start": "2029-01-05T08:00:00Z", "end": "2029-01-05T16:00:00Z"}, Refused),
        ({"start": "0001-01-01T00:00:00Z", "end": "0001-01-01T08:00:00Z"}, Refused),
        ({"start": "2026-01-05"}, Refused),
        ({"schedule": {"reference": "Schedule/elsewhere"}}, Refused),
        ({"contained": [contained("Practitioner/dr-1")]}, Ignored),
        ({"contained": [contained("Patient/p-1")]}, Ignored),
        ({"contained": [contained() | {"actor": []}]}, Refused),
        ({"contained": [contained() | {"actor": [{"display": "Dr Doe"}]}]}, Refused),
        ({"contained": [contained("Practitioner/n", category="106292003", skill=None)]}, Refused),
        ({"contained": [contained("Practitioner/n", category="106292003", skill=12)]}, Refused),
        ({"contained": [contained("Practitioner/n", category="106292003", load=-1)]}, Refused),
        ({"contained": [contained("Practitioner/n", category="106292003")], "start": "2026-01-05T14:00:00+01:00",
          "end": "2026-01-05T17:00:00+01:00"}, Refused),
        ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, Refused),
    ],
)  # fmt: skip
def test_odd_slots(change: Json, expected: type[Any]) -> None:
    """Each way of being odd has its own answer, and none becomes time that can be planned."""
    assert isinstance(fact(slot() | change, CONTEXT), expected)


def test_an_elective_operation() -> None:
    """The period's start is the earliest day; its end does not bind what is routine."""
    event = asked(operation())
    assert event.surgery == Surgery(minutes=90, surgeon="dr-7", release=date(2026, 1, 5))
    assert (event.expected_stay_hours, event.specialty, event.priority) == (72.0, "394609007", 4)


def test_a_mandatory_operation() -> None:
    """What is urgent and ordered must be done by the period's end; what is only proposed need not."""
    surgery = asked(operation(priority="urgent")).surgery
    assert surgery is not None
    assert surgery.due == date(2026, 1, 12)
    proposed = asked(operation(priority="urgent", intent="proposal")).surgery
    assert proposed is not None
    assert proposed.due is None


def test_an_emergency() -> None:
    """A stat request without an end is due on the day on which it may begin."""
    surgery = asked(operation(priority="stat", occurrencePeriod={"start": "2026-01-03T01:00:00+02:00"})).surgery
    assert surgery is not None
    assert (surgery.release, surgery.due) == (date(2026, 1, 3), date(2026, 1, 3))


def test_our_own_words_come_back() -> None:
    """Once the outlet wrote the planned time, the time that was asked for still counts."""
    kept = {"url": "urn:wardwatch:asked-occurrence", "valuePeriod": {"start": "2026-01-05", "end": "2026-01-12"}}
    content = operation(occurrencePeriod={"start": "2026-01-08T09:00:00Z", "end": "2026-01-08T10:30:00Z"})
    content["extension"].append(kept)
    assert asked(content) == asked(operation())


def test_a_withdrawn_operation() -> None:
    """What was withdrawn is told even where nothing else can be understood any more."""
    event = asked(operation(status="revoked", quantityQuantity={"value": -1, "unit": "min"}))
    assert (event.status, event.surgery) == ("withdrawn", None)


@pytest.mark.parametrize(
    "change",
    [
        {"occurrencePeriod": {"start": "2026-01-12", "end": "2026-01-05"}, "priority": "urgent"},
        {"occurrencePeriod": {"start": "2026-01-12", "end": "2026-01-05"}},
        {"occurrencePeriod": {"start": "2026-01-12"}, "priority": "urgent"},
        {"occurrencePeriod": {"start": "2026-01"}},
        {"occurrencePeriod": {"start": "2031-01-12"}},
        {"quantityQuantity": {"value": -30, "unit": "min"}},
        {"quantityQuantity": {"value": 0, "unit": "min"}},
        {"quantityQuantity": {"value": 5000, "unit": "min"}},
        {"quantityQuantity": {"value": 2, "unit": "pieces"}},
        {"quantityQuantity": None},
        {"performer": None},
        {"performer": [{"display": "Dr Doe"}]},
        {"subject": {"reference": "Patient/nobody"}},
        {"authoredOn": "2027-01-01T00:00:00Z"},
        {"extension": [{"url": "urn:wardwatch:expected-stay", "valueDuration": {"value": -3, "code": "d"}}]},
        {"extension": [{"url": "urn:wardwatch:expected-stay", "valueDuration": {"value": 4000, "code": "d"}}]},
    ],
)
def test_odd_operations(change: Json) -> None:
    """Contradictory dates, impossible durations and missing people go to quarantine with a reason."""
    content = {k: v for k, v in (operation() | change).items() if v is not None}
    found = fact(content, CONTEXT)
    assert isinstance(found, Refused)
    assert found.reason
    assert "Doe" not in found.reason


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
ELEMENTS = (
    "quantityQuantity",
    "occurrencePeriod",
    "occurrenceDateTime",
    "performer",
    "extension",
    "priority",
    "intent",
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ELEMENTS), junk)
def test_junk_is_an_answer(element: str, value: object) -> None:
    """Whatever stands in one element, there is an answer, and no operation without a day and minutes."""
    found = fact(operation() | {element: value}, CONTEXT)
    if isinstance(found, Events):
        (event,) = found.events
        assert isinstance(event, AdmissionRequested)
        assert event.surgery is not None


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["min", "h"]))
def test_any_number_of_minutes(value: float, unit: str) -> None:
    """Minutes are whole, from 1 to a day, or the request is refused."""
    found = fact(operation(quantityQuantity={"value": value, "code": unit}), CONTEXT)
    if isinstance(found, Events):
        (event,) = found.events
        assert isinstance(event, AdmissionRequested)
        assert event.surgery is not None
        assert 1 <= event.surgery.minutes <= 1440
