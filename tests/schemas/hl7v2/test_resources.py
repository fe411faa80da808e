"""Messages → FHIR resources: what is said, no more; valid FHIR."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import orjson
import pytest

from schemas.codes import UCUM
from schemas.fhir.library import validate
from schemas.hl7v2.bundle import bundle, understood
from schemas.hl7v2.delimiters import Delimiters
from schemas.hl7v2.message import Field, MessageError, parse
from schemas.hl7v2.types import Element, Site, identifier, moment, places
from tests.schemas.hl7v2.messages import ADMIT, BOOKED, RESULTS, message

HERE = Site(ZoneInfo("Europe/Berlin"), {"MAIN": "urn:main"}, "urn:mrn")
MARKS = Delimiters()


def made(content: bytes, site: Site = HERE) -> list[Element]:
    """The resources of a message, every one of them valid."""
    found = understood(parse(content), site)
    resources = [part for part in found.parts if not isinstance(part, MessageError)]
    assert [validate(resource) for resource in resources] == [None] * len(resources)
    return resources


def wrong(content: bytes) -> list[str]:
    """Where a message could not be read."""
    return [part.where for part in understood(parse(content), HERE).parts if isinstance(part, MessageError)]


def test_an_admission_is_a_person_and_a_stay() -> None:
    """Numbers with their authority, name, birth, sex; class, visit number, place on three levels, start."""
    person, stay = made(ADMIT.encode())
    assert person["identifier"][0]["system"] == "urn:main"
    assert person["identifier"][1]["system"] == "urn:hl7v2:USSSA"
    assert (person["name"][0]["family"], person["birthDate"], person["gender"]) == ("Okafor", "1955-04-12", "female")
    assert (stay["class"]["code"], stay["status"]) == ("IMP", "in-progress")
    assert stay["identifier"] == [{"value": "V900", "system": "urn:main"}]
    assert stay["period"] == {"start": "2026-03-01T10:00:00+01:00"}
    assert [e["location"]["reference"] for e in stay["location"]] == [
        "Location/5B", "Location/5B-12", "Location/5B-12-A",
    ]  # fmt: skip


def test_a_transfer_says_where_from_where_to_and_when() -> None:
    """A02: PV1-6 until the event, PV1-3 from then on."""
    moved = ADMIT.replace("A01", "A02").replace("5B^12^A^MAIN|||", "ICU^1^2|||5B^12^A").replace("101500", "150000")
    stay = made(moved.encode())[1]
    places_of = {e["location"]["reference"]: e["period"] for e in stay["location"]}
    assert places_of["Location/5B"] == {"end": "2026-03-01T15:00:00+01:00"}
    assert places_of["Location/ICU-1-2"] == {"start": "2026-03-01T15:00:00+01:00"}


def test_a_discharge_has_an_end_and_a_way_out() -> None:
    """A03: PV1-45, else the event; PV1-36 as FHIR's disposition, or as it was written."""
    gone = ADMIT.replace("A01", "A03").replace("V900^^^MAIN^VN" + "|" * 17, "V900^^^MAIN^VN" + "|" * 17 + "20")
    stay = made(gone.encode())[1]
    assert stay["status"] == "finished"
    assert stay["period"]["end"] == "2026-03-01T10:15:00+01:00"
    assert stay["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "exp"


def test_results_are_observations_with_value_unit_time_and_name() -> None:
    """UCUM as it is, a common spelling as UCUM, a bound with its comparator; the order names each."""
    _, lactate, pulse, crp = made(RESULTS.encode())
    assert lactate["valueQuantity"] == {"value": 3.1, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"}
    assert pulse["valueQuantity"]["code"] == "/min"
    assert crp["valueQuantity"]["comparator"] == "<"
    assert lactate["effectiveDateTime"] == "2026-03-01T11:30:00+01:00"
    assert lactate["identifier"][0]["value"] == "F77/2524-7//2026-03-01T11:30:00+01:00"
    assert lactate["encounter"] == {"identifier": {"value": "V900", "system": "urn:main"}}
    assert lactate["category"][0]["coding"][0]["code"] == "laboratory"


@pytest.mark.parametrize(("said", "status"), [("C", "corrected"), ("W", "entered-in-error"), ("X", "cancelled")])
def test_a_corrected_or_withdrawn_result_keeps_its_name(said: str, status: str) -> None:
    """OBX-11 changes the status and nothing else, so that the earlier one is found."""
    first, again = made(RESULTS.encode())[1], made(RESULTS.replace("|||F|", f"|||{said}|").encode())[1]
    assert again["status"] == status
    assert again["identifier"] == first["identifier"]


def test_one_bad_result_is_told_and_the_others_count() -> None:
    """A number that is none, a status nobody knows: an error with its place in the order of the results."""
    bad = RESULTS.replace("||3.1|", "||high|").replace("bpm|||||F", "bpm|||||?")
    assert wrong(bad.encode()) == ["OBX-5", "OBX-11"]
    assert len(made(bad.encode())) == 2


@pytest.mark.parametrize("kind", ["NM", "SN"])
def test_several_numbers_in_one_result_are_an_error(kind: str) -> None:
    """OBX-5 repeats: none of them is the reading, and the first is no better than the last."""
    assert wrong(RESULTS.replace("|NM|8867-4", f"|{kind}|8867-4").replace("||112|", "||60~120|").encode()) == ["OBX-5"]


def test_an_offset_of_no_clock_in_the_header_is_an_error() -> None:
    """MSH-7 rules all other times, so nothing of the message can be placed."""
    for offset in ("+9900", "+0060"):
        with pytest.raises(MessageError) as error:
            made(RESULTS.replace("120000+0100", f"120000{offset}").encode())
        assert error.value.where == "MSH-7"


def test_digits_of_other_scripts_are_no_number_and_no_time() -> None:
    """Arabic-Indic digits would be read by Python and by nobody after us."""
    assert wrong(RESULTS.replace("||112|", "||١١٢|").encode()) == ["OBX-5"]
    with pytest.raises(MessageError):
        moment("٢٠٢٦", HERE, "PID-7")


def test_a_stay_that_is_planned_is_only_that() -> None:
    """A05: a pre-admission has a number and no beginning yet."""
    stay = made(ADMIT.replace("A01", "A05").replace("20260301100000+0100\r", "\r").encode())[1]
    assert stay["status"] == "planned"
    assert "period" not in stay


def test_a_change_of_class_with_a_place_before_is_a_move() -> None:
    """A06 from the emergency room to a ward: PV1-6 until the event, PV1-3 from then on."""
    changed = ADMIT.replace("A01", "A06").replace("5B^12^A^MAIN|||", "5B^12^A|||ED^1^1").replace("101500", "150000")
    places_of = {e["location"]["reference"]: e["period"] for e in made(changed.encode())[1]["location"]}
    assert places_of["Location/ED"] == {"end": "2026-03-01T15:00:00+01:00"}
    assert places_of["Location/5B"] == {"start": "2026-03-01T15:00:00+01:00"}


def test_every_merge_of_a_message_is_told() -> None:
    """A40 repeats PID and MRG; one of them that cannot be read leaves the others."""
    people = [s for n in "23" for s in (f"PID|1||{n}^^^MAIN^MR||A^B", f"MRG|1{n}^^^MAIN^MR")]
    content = message("ADT^A40", *people, "PID|1||9^^^MAIN^MR||A^B", "MRG|")
    pairs = [
        (found["identifier"][0]["value"], found["link"][0]["other"]["identifier"]["value"])
        for found in made(content)
        if "link" in found
    ]
    assert pairs == [("12", "2"), ("13", "3")]
    assert wrong(content) == ["MRG-1"]


def test_a_merge_names_who_is_given_up_for_whom() -> None:
    """A40: MRG-1 is replaced by PID-3."""
    survivor, given_up = made(message("ADT^A40", "PID|1||2^^^MAIN^MR||A^B", "MRG|1^^^MAIN^MR"))
    assert given_up["identifier"][0]["value"] == "1"
    assert given_up["link"][0]["other"]["identifier"] == {"system": "urn:main", "value": "2"}
    assert survivor["identifier"][0]["value"] == "2"


@pytest.mark.parametrize(
    ("kind", "segments", "where"),
    [
        ("ADT^A01", ("PV1|1|I",), "PID"),
        ("ADT^A01", ("PID|1||||A^B", "PV1|1|I"), "PID-3"),
        ("ADT^A28", ("PID|1||1^^^M^MR||A^B||19551399",), "PID-7"),
    ],
)
def test_a_message_about_nobody_is_refused_whole(kind: str, segments: tuple[str, ...], where: str) -> None:
    """Without a person, a number, or with a birthday on no calendar, nothing of it is used."""
    with pytest.raises(MessageError) as error:
        understood(parse(message(kind, *segments)), HERE)
    assert error.value.where == where


@pytest.mark.parametrize(
    ("segments", "where"),
    [
        (("PID|1||1^^^M^MR||A^B", "PV1|1|I|5B"), "PV1-19"),
        (("PID|1||1^^^M^MR||A^B",), "PV1"),
        (("PID|1||1^^^M^MR||A^B", "PV1|1|I|5B" + "|" * 16 + "V1" + "|" * 25 + "yesterday"), "PV1-44"),
    ],
)
def test_a_stay_that_cannot_be_told_leaves_the_person(segments: tuple[str, ...], where: str) -> None:
    """No number, no PV1, no start: the person is known all the same, and the error says where."""
    content = message("ADT^A01", *segments)
    assert wrong(content) == [where]
    assert [resource["resourceType"] for resource in made(content)] == ["Patient"]


def test_only_an_admission_may_leave_its_beginning_to_the_event() -> None:
    """Without PV1-44, A01 began when it happened; all others tell of their own event, and of no beginning."""
    bare = ADMIT.replace("20260301100000+0100\r", "\r")
    assert made(bare.encode())[1]["period"] == {"start": "2026-03-01T10:15:00+01:00"}
    assert made(bare.replace("A01", "A03").encode())[1]["period"] == {"end": "2026-03-01T10:15:00+01:00"}
    back = made(bare.replace("A01", "A13").encode())[1]
    assert "period" not in back
    assert back["statusHistory"] == [{"status": "finished", "period": {"end": "2026-03-01T10:15:00+01:00"}}]
    timeless = bare.replace("20260301101500+0100", "20260301")
    assert wrong(timeless.replace("A01", "A02").encode()) == ["EVN-2"]


def test_a_booking_says_who_comes_when_and_for_what() -> None:
    """SIU^S12: the filler's number, SCH-11, AIS-3."""
    booking = made(BOOKED.encode())[1]
    assert booking["identifier"] == [{"value": "F1", "system": "urn:hl7v2:SCHED"}]
    assert (booking["start"], booking["end"]) == ("2026-03-02T09:00:00+01:00", "2026-03-02T09:45:00+01:00")
    assert booking["serviceType"][0]["coding"][0]["code"] == "24558-9"
    assert booking["participant"][0]["actor"]["identifier"]["value"] == "4711"


@pytest.mark.parametrize(
    ("event", "said", "status"),
    [
        ("S12", "BOOKED", "booked"), ("S13", "", "booked"), ("S14", "Complete", "fulfilled"),
        ("S15", "BOOKED", "cancelled"), ("S17", "", "entered-in-error"), ("S26", "BOOKED", "noshow"),
        ("S12", "PENDING", "pending"),
    ],
)  # fmt: skip
def test_what_happened_rules_over_what_was_said(event: str, said: str, status: str) -> None:
    """The trigger event first, then SCH-25, else it is booked."""
    content = BOOKED.replace("S12", event).replace("||BOOKED\r", f"||{said}\r")
    assert made(content.encode())[1]["status"] == status


def test_an_appointment_ends_when_it_is_said_to_or_after_its_length() -> None:
    """AIS-4 and AIS-7 where SCH-11 is empty; a unit that nobody listed is no length."""
    bare = BOOKED.replace("^^^20260302090000+0100^20260302094500+0100", "")
    assert made(bare.encode())[1]["end"] == "2026-03-02T09:30:00+01:00"
    assert wrong(bare.replace("|30|min", "|30|fortnight").encode()) == ["SCH-11"]
    assert wrong(bare.replace("|20260302090000+0100|", "|20260302|").encode()) == ["SCH-11"]
    assert wrong(BOOKED.replace("|P1|F1^SCHED|", "|||").encode()) == ["SCH-2"]


def test_other_messages_are_nothing_for_us_and_say_so() -> None:
    """A financial message holds nothing to watch a patient by."""
    found = understood(parse(message("DFT^P03", "PID|1||1")), HERE)
    assert found.parts == ()
    assert found.ignored == "DFT^P03 is not used here"
    assert bundle(found) == {"resourceType": "Bundle", "type": "collection"}


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("20260301101500.1234+0530", None, "2026-03-01T10:15:00.123400+05:30"),
        ("202607011015", ZoneInfo("Europe/Berlin"), "2026-07-01T10:15:00+02:00"),
        ("20260301", None, "2026-03-01"),
        ("2026", None, "2026"),
        ("", None, None),
    ],
)
def test_times_are_as_exact_as_they_were_written(text: str, zone: ZoneInfo | None, expected: str | None) -> None:
    """Fractions, summer time of the site's zone, days and years."""
    assert moment(text, Site(zone), "OBX-14") == expected


@pytest.mark.parametrize(
    "text", ["202603011015", "20260230101500+0100", "20260301256000+0100", "now", "20260301101500+9900"]
)
def test_a_time_that_cannot_be_placed_is_an_error(text: str) -> None:
    """No offset and no zone, no such day, hour or offset: never a guess."""
    with pytest.raises(MessageError):
        moment(text, Site(), "OBX-14")


def test_an_offset_in_the_header_holds_for_the_message() -> None:
    """Times without offset are read by MSH-7's, before the site's zone."""
    bare = RESULTS.replace("113000+0100", "113000")
    assert made(bare.encode(), Site(UTC))[1]["effectiveDateTime"] == "2026-03-01T11:30:00+01:00"


@pytest.mark.parametrize(
    ("cx", "system"),
    [
        ("1^^^MAIN", "urn:main"), ("1^^^&1.2.3&ISO", "urn:oid:1.2.3"), ("1^^^LAB", "urn:hl7v2:LAB"), ("1", "urn:mrn"),
        ("1^^^X&http://a/b&URI", "http://a/b"),
    ],
)  # fmt: skip
def test_an_authority_is_called_as_fhir_senders_call_it(cx: str, system: str) -> None:
    """By the site's table, by OID, by its own name, and the site's own where none is named."""
    found = identifier(Field(cx, MARKS), HERE)
    assert found is not None
    assert found["system"] == system


def test_rooms_and_beds_hold_the_name_of_their_ward() -> None:
    """A bed without room, and characters that a FHIR id cannot have."""
    assert places(Field("HUH AE/OMU^^Bed 03", MARKS)) == [("wa", "HUH-AE-OMU"), ("bd", "HUH-AE-OMU-Bed-03")]


def test_real_messages_agree_with_the_reference_converter(shared_data: Path) -> None:
    """People, stays and bookings say what Microsoft's converter makes of them; `AGREED` holds that none says less."""
    agreed: Counter[str] = Counter()
    for file in sorted((shared_data / "hl7v2").glob("*.hl7")):
        expected_file = file.with_suffix(".expected.json")
        mine = made(file.read_bytes(), Site(UTC))  # none of them is a fault, all are valid FHIR
        if not expected_file.exists():
            continue
        expected = [entry["resource"] for entry in orjson.loads(expected_file.read_bytes())["entry"]]
        for resource in mine:
            kind = resource["resourceType"]
            theirs = [facts(one) for one in expected if one["resourceType"] == kind]
            if not theirs or "link" in resource:
                continue  # of merges it makes no Patient
            for name, said in facts(resource).items():
                assert any(said <= other[name] for other in theirs), (file.name, name)
                agreed[f"{kind}.{name}"] += bool(said)
    assert agreed == AGREED


AGREED: Final = Counter(
    {
        "Appointment.end": 4,
        "Appointment.number": 4,
        "Appointment.start": 4,
        "Appointment.status": 4,
        "Encounter.class": 14,
        "Encounter.end": 0,
        "Encounter.start": 12,
        "Encounter.status": 14,
        "Patient.birthDate": 19,
        "Patient.family": 19,
        "Patient.gender": 19,
        "Patient.given": 19,
        "Patient.number": 19,
    }
)
"""How many of them say each fact."""


def facts(resource: Element) -> dict[str, frozenset[str]]:
    """What matters of a resource: instants, not how they are written; empty where nothing is said."""
    match resource["resourceType"]:
        case "Patient":
            found = {
                "number": [number.get("value", "") for number in resource.get("identifier", ())],
                "family": [name["family"] for name in resource.get("name", ()) if "family" in name],
                "given": [part for name in resource.get("name", ()) for part in name.get("given", ())],
                "birthDate": [resource.get("birthDate", "")],
                "gender": [resource.get("gender", "")],
            }
        case "Encounter":
            period = resource.get("period", {})
            found = {
                "class": [resource["class"]["code"]], "status": [resource["status"]],
                "start": [instant(period.get("start"))], "end": [instant(period.get("end"))],
            }  # fmt: skip
        case _:
            found = {
                "status": [resource["status"]],
                "start": [instant(resource.get("start"))], "end": [instant(resource.get("end"))],
                "number": [number["value"] for number in resource["identifier"]],
            }  # fmt: skip
    return {name: frozenset(filter(None, said)) for name, said in found.items()}


def instant(text: str | None) -> str:
    """A FHIR dateTime in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat() if text else ""
