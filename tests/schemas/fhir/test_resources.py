"""The other resources → events."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.codes import SNOMED
from schemas.events import (
    AdmissionRequested,
    AppointmentBooked,
    BedStatusChanged,
    ConditionRecorded,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    LocationDefined,
    MedicationAdministered,
    OxygenTargetPrescribed,
    Place,
)
from schemas.fhir.facts import Events, Ignored, Refused
from schemas.fhir.patient import read_patient, who
from schemas.fhir.resources import fact
from tests.schemas.fhir.documents import CONTEXT, Json, coding, encounter, patient, quantity


def events(content: Json) -> tuple[Event, ...]:
    """The events; fails when the resource is not applied."""
    found = fact(content, CONTEXT)
    assert isinstance(found, Events), found
    return found.events


def at(hour: int) -> datetime:
    """An hour of the first of January."""
    return datetime(2026, 1, 1, hour, tzinfo=UTC)


def stop(name: str, level: str, begin: int, end: int | None = None) -> Json:
    """Encounter.location[]."""
    period = {"start": at(begin).isoformat()} | ({"end": at(end).isoformat()} if end else {})
    return {"location": {"reference": f"Location/{name}"}, "physicalType": coding(level, "urn:p"), "period": period}


TOMORROW = stop("5B", "wa", 8) | {"period": {"start": "2027-01-01T00:00:00Z"}}


def test_a_stay_under_way() -> None:
    """An encounter in progress started, somewhere; its number is hashed."""
    (started,) = events(encounter(location=[stop("5B", "wa", 8), stop("5B-03", "bd", 8)]))
    assert isinstance(started, EncounterStarted)
    assert (started.started, started.kind, started.place) == (at(8), "inpatient", Place(ward="5B", bed="5B-03"))
    assert "e-1" not in started.encounter


def test_the_whole_life_of_a_stay() -> None:
    """One resource tells start, moves and end, in order; what has not changed keeps its id."""
    moves = [stop("ED", "wa", 8, 10), stop("5B", "wa", 10), stop("5B-03", "bd", 10, 12), stop("5B-04", "bd", 12)]
    end = {"dischargeDisposition": {"coding": [{"code": "home"}]}}
    period = {"start": at(8).isoformat(), "end": at(14).isoformat()}
    life = events(encounter(location=moves, status="finished", period=period, hospitalization=end))
    assert [type(e) for e in life] == [EncounterStarted, EncounterTransferred, EncounterTransferred, EncounterEnded]
    assert [e.place for e in life if isinstance(e, EncounterStarted | EncounterTransferred)] == [
        Place(ward="ED"), Place(ward="5B", bed="5B-03"), Place(ward="5B", bed="5B-04"),
    ]  # fmt: skip
    assert isinstance(life[-1], EncounterEnded)
    assert life[-1].outcome == "home"
    sooner = events(encounter(location=moves[:3]))
    assert [e.id for e in sooner] == [e.id for e in life[:2]]


def test_an_intensive_care_stay() -> None:
    """The unit comes from serviceType, the hospital's own admission from statusHistory."""
    history = [{"status": "arrived", "period": {"start": at(3).isoformat()}}]
    (started,) = events(encounter(serviceType=coding("418433008", SNOMED), statusHistory=history))
    assert isinstance(started, EncounterStarted)
    assert (started.icu, started.admitted) == ("surgical", at(3))


@pytest.mark.parametrize(
    ("code", "unit"),
    [("441994008", "medical"), ("1030-6", "surgical"), ("CCU", "coronary"), ("1032-2", "cardiac_surgical")],
)
def test_the_kind_of_intensive_care(code: str, unit: str) -> None:
    """SNOMED CT, HL7's RoleCode and the NHSN's location codes each name a kind of unit."""
    (started,) = events(encounter(type=[coding(code, "urn:any")]))
    assert isinstance(started, EncounterStarted)
    assert started.icu == unit


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_stay_that_never_was(status: str) -> None:
    """Cancelled or entered in error: the stay is taken back."""
    (event,) = events(encounter(status=status))
    assert isinstance(event, EncounterCancelled)


def test_an_end_without_a_beginning() -> None:
    """A discharge of a stay whose beginning was told before: that alone."""
    (over,) = events(encounter(status="finished", period={"end": "2026-01-01T09:00:00Z"}))
    assert isinstance(over, EncounterEnded)
    assert over.ended is not None


def test_a_stay_that_goes_on_after_its_end() -> None:
    """In progress, and finished before by its history: the end is taken back, at every time by a fact of its own."""
    past = [{"status": "finished", "period": {"start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z"}}]
    again = [*past, {"status": "finished", "period": {"start": "2026-01-01T12:00:00Z", "end": "2026-01-01T13:00:00Z"}}]
    first, second = (events(encounter(statusHistory=history))[-1] for history in (past, again))
    assert isinstance(first, EncounterEnded)
    assert isinstance(second, EncounterEnded)
    assert (first.ended, second.ended) == (None, None)
    assert first.id != second.id
    assert first.id == events(encounter(statusHistory=past))[-1].id


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": "planned"}, Ignored),
        ({"status": "unknown"}, Refused),
        ({"status": "finished"}, Refused),
        ({"period": {"start": "2026-01-01"}}, Refused),
        ({"period": {"start": "2027-01-01T00:00:00Z"}}, Refused),
        ({"location": [TOMORROW]}, Refused),
        ({"location": [TOMORROW | {"status": "planned"}]}, Events),
        ({"period": {"start": "2026-01-01T08:00:00Z", "end": "2026-01-01T07:00:00Z"}}, Refused),
        ({"subject": {"reference": "Patient/nobody"}}, Refused),
        ({"class": None}, Refused),
        ({"unheard": 1}, Refused),
    ],
)
def test_odd_encounters(change: Json, expected: type[Any]) -> None:
    """Each way of being odd has its own answer."""
    content = {k: v for k, v in (encounter() | change).items() if v is not None}
    assert isinstance(fact(content, CONTEXT), expected)


def test_a_bed() -> None:
    """Location with physicalType bd: the bed exists, and its operationalStatus."""
    content = {
        "resourceType": "Location", "id": "5B-03", "status": "active", "name": "Bed 3", "physicalType": coding("bd"),
        "partOf": {"reference": "Location/5B"}, "operationalStatus": {"code": "K"}, "type": [coding("ISOL")],
    }  # fmt: skip
    defined, status = events(content)
    assert isinstance(defined, LocationDefined)
    assert (defined.location, defined.kind, defined.within, defined.isolation) == ("5B-03", "bed", "5B", True)
    assert isinstance(status, BedStatusChanged)
    assert status.status == "cleaning"


def test_a_location_that_is_no_place_to_lie() -> None:
    """A vehicle or a corridor is ignored."""
    assert isinstance(fact({"resourceType": "Location", "id": "x", "physicalType": coding("ve")}, CONTEXT), Ignored)


def test_someone_waits_for_a_bed() -> None:
    """ServiceRequest for an admission, with priority, specialty, isolation and expected stay."""
    content = {
        "resourceType": "ServiceRequest", "id": "r-1", "status": "active", "intent": "order", "priority": "urgent",
        "code": coding("32485007", SNOMED), "subject": {"reference": "Patient/p-1"},
        "authoredOn": "2026-01-02T10:00:00Z", "performerType": coding("cardiology", "urn:s"),
        "orderDetail": [coding("40174006", SNOMED)],
        "occurrencePeriod": {"start": "2026-01-02T12:00:00Z", "end": "2026-01-04T12:00:00Z"},
    }  # fmt: skip
    (event,) = events(content)
    assert isinstance(event, AdmissionRequested)
    assert (event.priority, event.specialty, event.isolation, event.expected_stay_hours, event.sex) == (
        3, "cardiology", True, 48.0, "female",
    )  # fmt: skip
    (done,) = events(content | {"status": "completed"})
    assert isinstance(done, AdmissionRequested)
    assert (done.request, done.status) == (event.request, "fulfilled")
    assert isinstance(fact(content | {"code": coding("1", SNOMED)}, CONTEXT), Ignored)


@pytest.mark.parametrize(
    ("low", "high", "status", "scale"),
    [(88, 92, "active", 2), (94, 98, "active", 1), (88, 93, "active", 1), (88, 92, "cancelled", 1)],
)
def test_oxygen_target(low: float, high: float, status: str, scale: int) -> None:
    """Only a pursued target of exactly 88-92 % puts the patient on scale 2."""
    content = goal(low, high) | {"lifecycleStatus": status}
    (event,) = events(content)
    assert isinstance(event, OxygenTargetPrescribed)
    assert (event.scale, event.low_percent, event.high_percent) == (scale, low, high)


def goal(low: float, high: float, unit: str = "%") -> Json:
    """A Goal for saturation."""
    bounds = {"low": quantity(low, unit), "high": quantity(high, unit)}
    return {
        "resourceType": "Goal", "id": "g-1", "lifecycleStatus": "active", "description": {"text": "oxygen"},
        "subject": {"reference": "Patient/p-1"}, "target": [{"measure": coding("59408-5"), "detailRange": bounds}],
    }  # fmt: skip


def test_odd_oxygen_targets() -> None:
    """A target in another unit, upside down, or about something else is not used."""
    assert isinstance(fact(goal(0.88, 0.92, "1"), CONTEXT), Refused)
    assert isinstance(fact(goal(92, 88), CONTEXT), Refused)
    other = goal(88, 92)
    other["target"][0]["measure"] = coding("8867-4")
    assert isinstance(fact(other, CONTEXT), Ignored)


def test_condition_medication_and_appointment() -> None:
    """A diagnosis, a dose and a booking become one event each."""
    subject = {"reference": "Patient/p-1"}
    (diagnosis,) = events({
        "resourceType": "Condition", "id": "c-1", "subject": subject, "code": coding("91302008", SNOMED),
        "clinicalStatus": coding("active"), "onsetDateTime": "2026-01-01T00:00:00Z",
    })  # fmt: skip
    assert isinstance(diagnosis, ConditionRecorded)
    assert (diagnosis.code, diagnosis.active) == ("91302008", True)
    (dose,) = events({
        "resourceType": "MedicationAdministration", "id": "m-1", "status": "completed", "subject": subject,
        "medicationCodeableConcept": coding("J01", "urn:atc"), "effectiveDateTime": "2026-01-02T10:00:00Z",
    })  # fmt: skip
    assert isinstance(dose, MedicationAdministered)
    (booking,) = events({
        "resourceType": "Appointment", "id": "a-1", "status": "booked", "start": "2026-02-01T10:00:00Z",
        "end": "2026-02-01T10:30:00Z", "participant": [{"actor": subject, "status": "accepted"}],
        "serviceType": [coding("xray", "urn:s")],
    })  # fmt: skip
    assert isinstance(booking, AppointmentBooked)
    assert (booking.service, booking.status) == ("xray", "booked")


def test_who_a_patient_is() -> None:
    """Logical id and record number identify; a social security number does not; the words are kept for the people."""
    ssn = {"type": coding("SS"), "system": "urn:ssn", "value": "999-99-9999"}
    content = patient()
    content["identifier"].append(ssn)
    person = who(read_patient(content), None)
    assert person.identifiers == (("fhir", "p-1"), ("mrn", "4711"))
    assert (person.family, person.given, person.born, person.sex, person.mrn) == (
        "Doe", "Jane", date(1950, 2, 3), "female", "4711",
    )  # fmt: skip


def test_a_birth_year_is_not_a_birth_date() -> None:
    """A partial birth date is not completed by guessing."""
    assert who(read_patient(patient(birthDate="1950")), None).born is None


def test_types() -> None:
    """FHIR types that are not used here are ignored by name; what is no FHIR type is refused."""
    assert fact({"resourceType": "Claim"}, CONTEXT) == Ignored("Claim is not used here")
    assert isinstance(fact({"resourceType": "Banana"}, CONTEXT), Refused)
    assert isinstance(fact({}, CONTEXT), Refused)
