"""HL7 v2 over real sockets: what is acknowledged lies in the log, once; everything else is answered and kept."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ray_jobs.beds.census import Census
from schemas.events import (
    AppointmentBooked,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    ObservationsRecorded,
    PatientMerged,
    PatientRegistered,
    Quarantined,
    ReadingsRetracted,
)
from schemas.hl7v2.types import Site
from services.gateway.accept import Asked
from services.gateway.accept_hl7v2 import MessageCore
from services.gateway.main import mllp
from services.gateway.messages import MessageDoor
from services.gateway.mllp import MllpServer
from services.runtime import web
from services.runtime.errors import BadInputError, LogUnavailable
from services.runtime.ports import Identifier
from services.runtime.settings import Settings
from services.watch.course import SlowFact, course, keep
from tests.schemas.hl7v2.messages import ADMIT, BOOKED, RESULTS, message
from tests.services.gateway.conftest import Door
from tests.services.gateway.mllp_client import END, START, Sender

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MOST = 20_000
JUNK = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=12),
    st.text("0123456789+-.^~&\\", max_size=24),
    st.sampled_from(["20260301101500+9900", "20260301101500+0060", "00010101000000+1400", "9" * 400, "60~120", '""']),
)


class Listening(Protocol):
    """Starts a server on a door and connects to it."""

    def __call__(
        self, door: Door, *, senders: frozenset[str] | None = None, patience_s: float = 5.0, idle_s: float = 60.0
    ) -> Sender: ...


@pytest.fixture
def door(make_door: Callable[..., Door]) -> Door:
    """A gateway at noon of the day of the messages."""
    return make_door(now=NOON)


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Servers in an event loop of their own, stopped at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened: list[Sender] = []
    servers: list[MllpServer] = []

    def start(
        door: Door, *, senders: frozenset[str] | None = None, patience_s: float = 5.0, idle_s: float = 60.0
    ) -> Sender:
        core = MessageCore(Site(UTC, {"MAIN": "urn:main"}))
        server = MllpServer(MessageDoor(door.gateway, core, senders, most_bytes=MOST, patience_s=patience_s), idle_s)
        listener = web.bind("127.0.0.1", 0)
        asyncio.run_coroutine_threadsafe(server.start(listener), loop).result(5)
        servers.append(server)
        opened.append(Sender(listener.getsockname()[1]))
        return opened[-1]

    yield start
    for sender in opened:
        sender.close()
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def test_an_admission_and_results_are_events_when_they_are_acknowledged(door: Door, listening: Listening) -> None:
    """AA, the message's own number, and person, stay and readings in the log; results do not tell the person again."""
    sender = listening(door)
    answer = sender.send(ADMIT.encode())
    assert (answer.all("MSA")[0].text(1), answer.all("MSA")[0].text(2)) == ("AA", "M1")
    assert sender.said(RESULTS.encode()) == "AA"
    written = door.written()
    assert [type(event) for event in written] == [PatientRegistered, EncounterStarted, ObservationsRecorded]
    readings = written[-1]
    assert isinstance(readings, ObservationsRecorded)
    assert {(r.code, r.value, r.unit) for r in readings.readings} == {
        ("lactate", 3.1, "mmol/L"),
        ("heart_rate", 112, "/min"),
    }
    started = written[1]
    assert isinstance(started, EncounterStarted)
    assert readings.encounter == started.encounter
    assert (started.place.ward, started.place.bed) == ("5B", "5B-12-A")


def test_results_of_somebody_unknown_register_the_person(door: Door, listening: Listening) -> None:
    """A laboratory may speak before the admission does."""
    assert listening(door).said(RESULTS.encode()) == "AA"
    assert [type(event) for event in door.written()] == [PatientRegistered, ObservationsRecorded]


def test_a_resend_has_the_same_ids(door: Door, listening: Listening) -> None:
    """Every event of a message sent twice is the event of the first time (design rule 1)."""
    sender = listening(door)
    for _ in range(2):
        assert sender.said(ADMIT.encode()) == "AA"
    ids = [event.id for event in door.written()]
    assert ids[:2] == ids[2:]


def test_the_same_reading_by_fhir_and_by_v2_is_the_same_value(door: Door, listening: Listening) -> None:
    """One person by number, one stay, one canonical unit."""
    sender = listening(door)
    sender.send(ADMIT.encode())
    sender.send(RESULTS.encode())
    answer = door.http.post(
        "/fhir/Observation",
        json={
            "resourceType": "Observation", "status": "final",
            "subject": {"identifier": {"system": "urn:main", "value": "4711"}},
            "encounter": {"identifier": {"system": "urn:main", "value": "V900"}},
            "code": {"coding": [{"system": "http://loinc.org", "code": "2524-7"}]},
            "effectiveDateTime": "2026-03-01T10:30:00Z",
            "valueQuantity": {"value": 3.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        },
    )  # fmt: skip
    assert answer.status_code == 201
    mine, theirs = [event for event in door.written() if isinstance(event, ObservationsRecorded)]
    assert (mine.patient, mine.encounter) == (theirs.patient, theirs.encounter)
    lactate = next(r for r in mine.readings if r.code == "lactate")
    other = theirs.readings[0]
    assert (lactate.code, lactate.value, lactate.unit, lactate.taken) == (
        other.code,
        other.value,
        other.unit,
        other.taken,
    )


def test_the_life_of_a_stay(door: Door, listening: Listening) -> None:
    """Transfer, discharge; another stay that never was."""
    sender = listening(door)
    moved = ADMIT.replace("A01", "A02").replace("5B^12^A^MAIN|||", "ICU^1^2|||5B^12^A").replace("101500", "110000")
    for content in (ADMIT, moved, ADMIT.replace("A01", "A03"), ADMIT.replace("A01", "A11").replace("V900", "V901")):
        assert sender.said(content.encode()) == "AA"
    kinds = [type(event) for event in door.written()]
    assert {EncounterTransferred, EncounterEnded, EncounterCancelled} <= set(kinds)
    transferred = next(event for event in door.written() if isinstance(event, EncounterTransferred))
    assert (transferred.place.ward, transferred.moved) == ("ICU", datetime(2026, 3, 1, 10, 0, tzinfo=UTC))


def test_a_discharge_does_not_say_where_the_stay_began(door: Door, listening: Listening) -> None:
    """A03 names the last ward: whoever was moved there did not begin there."""
    sender = listening(door)
    moved = ADMIT.replace("A01", "A02").replace("5B^12^A^MAIN|||", "ICU^1^2|||5B^12^A").replace("101500", "110000")
    gone = ADMIT.replace("A01", "A03").replace("5B^12^A^MAIN", "ICU^1^2").replace("101500", "113000")
    census = Census()
    for content in (ADMIT, moved, gone):
        assert sender.said(content.encode()) == "AA"
    for event in door.written():
        census.apply(event)
    assert [spell.ward for spell in census.spells()] == ["5B", "ICU"]
    assert census.present() == []


def adt(event: str, hour: int, **fields: str) -> bytes:
    """An ADT of the first of March: `place`, `before` (PV1-6), `kind` (PV1-2), `since` (PV1-44)."""
    pv1 = ["PV1", "1", fields.get("kind", "I"), fields["place"], "", "", fields.get("before", "")]
    pv1 += [""] * 12 + ["V900^^^MAIN^VN"] + [""] * 24 + [fields.get("since", "")]
    at = f"20260301{hour:02}0000+0000"
    return (
        rf"MSH|^~\&|ADT|MAIN|||{at}||ADT^{event}|{event}{hour}|P|2.5.1"
        f"\rEVN|{event}|{at}\rPID|1||4711^^^MAIN^MR||Okafor^Ada\r{'|'.join(pv1)}\r"
    ).encode()


SINCE = "20260301080000+0000"
STORIES = {
    "moved twice": ([("A01", 8, "A", ""), ("A02", 9, "ICU", "A"), ("A02", 10, "B", "ICU"), ("A03", 11, "B", "")],
                    [("A", 8), ("ICU", 9), ("B", 10)], True),
    "from where nobody said": ([("A01", 8, "A", ""), ("A02", 9, "ICU", "")], [("A", 8), ("ICU", 9)], False),
    "a move taken back": ([("A01", 8, "A", ""), ("A02", 9, "ICU", "A"), ("A12", 10, "A", "ICU")],
                          [("A", 8), ("ICU", 9), ("A", 10)], False),
    "admitted from the emergency room": ([("A04", 8, "ED", ""), ("A06", 10, "A", "ED")], [("ED", 8), ("A", 10)], False),
    "a discharge taken back": ([("A01", 8, "A", ""), ("A02", 9, "B", "A"), ("A03", 10, "B", ""), ("A13", 11, "B", "")],
                               [("A", 8), ("B", 9)], False),
    "heard of late": ([("A02", 9, "B", "A")], [("A", 8), ("B", 9)], False),
}  # fmt: skip
"""What is told (event, hour, PV1-3, PV1-6), the wards that come of it, and whether the stay is over."""


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("since", [SINCE, ""])
def test_the_wards_of_a_stay_are_what_happened_in_any_order(
    door: Door, listening: Listening, story: str, since: str
) -> None:
    """Transfers, changes and discharges tell of the beginning only in passing, for census and watch."""
    sender, (told, wards, over) = listening(door), STORIES[story]
    if not since and story == "heard of late":
        wards = [("A", 9), ("B", 9)][1:]  # nobody ever said when it began
    for event, hour, place, before in told:
        assert sender.said(adt(event, hour, place=place, before=before, since=since)) == "AA"
    events = [event for event in door.written() if not isinstance(event, PatientRegistered)]
    for order in (events, events[::-1]):
        census, facts = Census(), dict[str, SlowFact]()
        for event in order:
            census.apply(event)
            assert isinstance(event, SlowFact)
            keep(facts, event)
        assert [(spell.ward, spell.entered.hour) for spell in census.spells()] == wards
        assert (census.present() == []) == over
        stay = course(facts).stay
        known = any(isinstance(event, EncounterStarted) for event in events)
        assert (stay.place.ward if stay else None) == (None if over or not known else wards[-1][0])


def test_an_outpatient_who_stays_is_an_inpatient_of_the_first_hour(door: Door, listening: Listening) -> None:
    """A06 changes the class; when the stay began is what the A04 said, though the A06 has no PV1-44."""
    sender, facts = listening(door), dict[str, SlowFact]()
    for content in (adt("A04", 8, place="ED", kind="E"), adt("A06", 12, place="A", kind="I")):
        assert sender.said(content) == "AA"
        door.gateway.clock.told(door.gateway.clock.now() + timedelta(minutes=1))
    for event in door.written():
        assert isinstance(event, SlowFact)
        keep(facts, event)
    stay = course(facts).stay
    assert stay is not None
    assert (stay.kind, stay.started.hour, stay.place.ward) == ("inpatient", 8, "A")


def test_messages_of_a_training_system_are_refused(door: Door, listening: Listening) -> None:
    """MSH-11 T or D: AR and error 202, nothing is written; a training installation takes T, and P no more."""
    training = ADMIT.replace("|M1|P|", "|M1|T|").encode()
    answer = listening(door).send(training)
    assert (answer.all("MSA")[0].text(1), answer.all("ERR")[0].text(2), answer.all("ERR")[0].text(3)) == (
        "AR", "MSH", "202",
    )  # fmt: skip
    assert door.written() == []
    taking = mllp(door.gateway, Settings.model_validate({"mllp_senders": "*", "hl7_processing": "T"}))
    said = [asyncio.run(taking.door.answer(content)) or b"" for content in (training, ADMIT.encode())]
    assert [b"MSA|AA" in one for one in said] == [True, False]


def test_a_discharge_taken_back_at_no_time_is_not_used(door: Door, listening: Listening) -> None:
    """A13 with an EVN-2 that is no time: AE and quarantine, not a fault that its sender would repeat for ever."""
    sender = listening(door)
    bad = ADMIT.replace("A01", "A13").replace("EVN|A13|20260301101500+0100", "EVN|A13|yesterday")
    assert sender.said(bad.encode()) == "AE"
    assert sender.said(RESULTS.replace("120000+0100", "120000+9900").encode()) == "AE"
    assert len(door.written("quarantine")) == 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_field_the_message_is_read_or_refused(door: Door, data: st.DataObject) -> None:
    """Any text in any field of any message: what is accepted or BadInputError, never another exception."""
    seed = data.draw(
        st.sampled_from([ADMIT, RESULTS, *(ADMIT.replace("A01", e) for e in ("A02", "A03", "A13", "A40"))])
    )
    segments = [segment.split("|") for segment in seed.split("\r") if segment]
    for _ in range(data.draw(st.integers(1, 3))):
        fields = data.draw(st.sampled_from(segments))
        fields[data.draw(st.integers(1, len(fields) - 1))] = data.draw(JUNK)
    asked = Asked("main", NOON, "fuzz", origin="hl7v2")
    with contextlib.suppress(BadInputError):
        content = "\r".join("|".join(fields) for fields in segments).encode()
        MessageCore(Site(UTC))(content, asked, door.gateway.identity)


def test_a_discharge_taken_back_opens_the_stay_again(door: Door, listening: Listening) -> None:
    """A13 after A03: the end is no more, and a later discharge counts again."""
    sender = listening(door)
    later = ADMIT.replace("A01", "A03").replace("101500", "113000")
    facts: dict[str, SlowFact] = {}
    for content, open_ in (
        (ADMIT, True),
        (ADMIT.replace("A01", "A03"), False),
        (ADMIT.replace("A01", "A13"), True),
        (later, False),
    ):
        before = len(door.written())
        assert sender.said(content.encode()) == "AA"
        for event in door.written()[before:]:
            assert isinstance(event, SlowFact)
            keep(facts, event)
        assert (course(facts).stay is not None) == open_
        door.gateway.clock.told(door.gateway.clock.now() + timedelta(minutes=1))


def test_a_corrected_result_replaces_and_a_withdrawn_one_is_retracted(door: Door, listening: Listening) -> None:
    """The same source for both, another id for the correction."""
    sender = listening(door)
    for content in (
        RESULTS,
        RESULTS.replace("||3.1|", "||2.1|").replace("|||F|", "|||C|"),
        RESULTS.replace("|||F|", "|||W|"),
    ):
        assert sender.said(content.encode()) == "AA"
    first, second = [event for event in door.written() if isinstance(event, ObservationsRecorded)]
    one, two = (next(r for r in event.readings if r.code == "lactate") for event in (first, second))
    assert one.source == two.source
    assert one.id != two.id
    retracted = next(event for event in door.written() if isinstance(event, ReadingsRetracted))
    assert one.source in retracted.sources


def test_a_booking_is_made_moved_and_cancelled(door: Door, listening: Listening) -> None:
    """S12, S13, S15: one appointment by the filler's number, told three times; a resend is the same event."""
    sender = listening(door)
    moved = BOOKED.replace("S12", "S13").replace("20260302", "20260303")
    for content in (BOOKED, BOOKED, moved, moved.replace("S13", "S15")):
        assert sender.said(content.encode()) == "AA"
    told = [event for event in door.written() if isinstance(event, AppointmentBooked)]
    assert [(event.start.day, event.status) for event in told] == [
        (2, "booked"), (2, "booked"), (3, "booked"), (3, "cancelled"),
    ]  # fmt: skip
    assert len({event.appointment for event in told}) == 1
    assert told[0].id == told[1].id
    assert len([event for event in door.written() if isinstance(event, PatientRegistered)]) == 1
    bare = sender.send(BOOKED.replace("^^^20260302090000+0100^20260302094500+0100", "").replace("|30|min", "").encode())
    assert (bare.all("MSA")[0].text(1), bare.all("ERR")[0].text(2)) == ("AE", "SCH")


def test_two_numbers_of_one_person_are_merged(door: Door, listening: Listening) -> None:
    """A40 after both were registered: the loser's key names the survivor's."""
    sender = listening(door)
    for content in (
        message("ADT^A28", "PID|1||1^^^MAIN^MR||A^B"),
        message("ADT^A28", "PID|1||2^^^MAIN^MR||A^B"),
        message("ADT^A40", "PID|1||2^^^MAIN^MR||A^B", "MRG|1^^^MAIN^MR"),
    ):
        assert sender.said(content) == "AA"
    merged = next(event for event in door.written() if isinstance(event, PatientMerged))
    loser, survivor = (door.gateway.identity.resolve("main", Identifier("urn:main", number)) for number in "12")
    assert (merged.patient, merged.into) == (loser, survivor)


def test_what_cannot_be_used_is_kept_and_the_sender_is_told(door: Door, listening: Listening) -> None:
    """All of it: AE. Some of it: AA with a warning, the rest counts. Bytes that are no message: AE. All quarantined."""
    sender = listening(door)
    assert sender.said(message("ADT^A01", "PV1|1|I")) == "AE"
    partly = sender.send(RESULTS.replace("||3.1|", "||high|").encode())
    assert partly.all("MSA")[0].text(1) == "AA"
    assert [(err.text(2), err.text(4)) for err in partly.all("ERR")] == [("OBX", "W")]
    assert sender.said(b"\x00\x01 nothing") == "AE"
    assert sender.said(ADMIT.replace("A01", "A13").replace("20260301100000+0100\r", "yesterday\r").encode()) == "AE"
    kept = [event for event in door.written("quarantine") if isinstance(event, Quarantined)]
    assert len(kept) == 4
    assert {event.origin for event in kept} == {"hl7v2"}
    assert any("high" in event.content for event in kept)
    assert sender.said(RESULTS.encode()) == "AA"


def test_a_message_of_no_use_is_acknowledged_and_says_why(door: Door, listening: Listening) -> None:
    """Nothing is written, and the sender goes on."""
    answer = listening(door).send(message("DFT^P03", "PID|1||1"))
    assert answer.all("MSA")[0].text(1) == "AA"
    assert "not used here" in answer.all("MSA")[0].text(3)
    assert door.written() == []
    sender = listening(door)
    for _ in range(2):  # of somebody unknown, and of somebody known
        assert sender.said(message("ORU^R01", "PID|1||1^^^MAIN^MR||A^B")) == "AA"
    assert [type(event) for event in door.written()] == [PatientRegistered]


def test_a_message_that_is_too_long_is_refused_and_the_next_one_heard(door: Door, listening: Listening) -> None:
    """AR names the message; the connection goes on."""
    sender = listening(door)
    long = sender.send(RESULTS.encode() + b"NTE|1||" + b"x" * 3 * MOST)
    assert (long.all("MSA")[0].text(1), long.all("MSA")[0].text(2)) == ("AR", "M2")
    assert sender.said(ADMIT.encode()) == "AA"


def test_messages_may_come_in_pieces_and_several_at_once(door: Door, listening: Listening) -> None:
    """Byte by byte, with noise between them, and two in one packet: each gets its answer, in order."""
    sender = listening(door)
    framed = START + ADMIT.encode() + END
    for n in range(len(framed)):
        sender.put(framed[n : n + 1])
    assert sender.answer().all("MSA")[0].text(2) == "M1"
    sender.put(b"\r\n" + START + RESULTS.encode() + END + b"\n" + framed)
    assert [sender.answer().all("MSA")[0].text(2) for _ in range(2)] == ["M2", "M1"]


def test_a_message_cut_off_in_the_middle_changes_nothing(door: Door, listening: Listening) -> None:
    """No end block, no answer, no event; another connection is served."""
    sender = listening(door)
    sender.put(START + ADMIT.encode()[:200])
    sender.close()
    again = Sender(sender.port)
    assert again.said(RESULTS.encode()) == "AA"
    again.close()
    assert EncounterStarted not in {type(event) for event in door.written()}


def test_a_sender_that_says_nothing_does_not_hold_its_place(door: Door, listening: Listening) -> None:
    """Silent, or noise without a message: closed, and its connection is free for another."""
    sender = listening(door, idle_s=0.2)
    assert sender.said(ADMIT.encode()) == "AA"
    sender.put(b"\r\n")
    with pytest.raises(EOFError):
        sender.answer()


def test_a_sender_that_is_not_named_may_not_speak(door: Door, listening: Listening) -> None:
    """MSH-3 outside the list: AR, and nothing is written."""
    sender = listening(door, senders=frozenset({"LAB"}))
    assert sender.said(ADMIT.encode()) == "AR"
    assert sender.said(RESULTS.encode()) == "AA"


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ({}, b"AR"), ({"mllp_senders": "LAB"}, b"AR"), ({"mllp_senders": "LAB, ADT"}, b"AA"),
        ({"mllp_senders": "*"}, b"AA"), ({"open": True}, b"AA"), ({"open": True, "mllp_senders": "LAB"}, b"AR"),
    ],
)  # fmt: skip
def test_nobody_may_speak_until_somebody_is_named(door: Door, told: dict[str, object], answer: bytes) -> None:
    """Without a list the door is closed; `*` and a place that is open let everyone in, a list those on it."""
    server = mllp(door.gateway, Settings.model_validate(told))
    said = asyncio.run(server.door.answer(ADMIT.encode()))
    assert said is not None
    assert b"MSA|" + answer in said


def test_who_may_not_speak_leaves_nothing_behind(door: Door, listening: Listening) -> None:
    """Neither a message, nor bytes that are none, nor a broken message: AR without a trace, not even quarantine."""
    sender = listening(door, senders=frozenset({"ADT"}))
    for content in (RESULTS.encode(), b"\x00\x01 nothing", RESULTS.encode() + b"\xff\r"):
        assert sender.said(content) == "AR"
    assert door.written() == door.written("quarantine") == []


def test_a_large_message_that_is_broken_is_quarantined_under_its_senders_name(door: Door) -> None:
    """Read beside the event loop, refused with the place."""
    server = MessageDoor(door.gateway, MessageCore(Site(UTC)))
    broken = RESULTS + "NTE|1||" + "x" * 70_000 + "\rnothing|1\r"
    said = asyncio.run(server.answer(broken.encode())) or b""
    assert b"MSA|AE|M2" in said
    assert b"segment's name" in said
    (kept,) = door.written("quarantine")
    assert isinstance(kept, Quarantined)
    assert kept.source == "LAB|MAIN"


def test_while_the_log_does_not_answer_the_sender_waits_and_then_sends_again(
    door: Door, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short fault delays the answer; a long one is AR; the resend has effect once."""
    failing = [2]
    publish = door.gateway.publisher.publish

    def sometimes(messages: object) -> object:
        if failing[0] > 0:
            failing[0] -= 1
            raise LogUnavailable("down")
        return publish(messages)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(type(door.gateway.publisher), "publish", lambda _, messages: sometimes(messages))
    sender = listening(door, patience_s=4.0)
    assert sender.said(ADMIT.encode()) == "AA"
    failing[0] = 1000
    assert listening(door, patience_s=0.0).said(RESULTS.encode()) == "AR"
    failing[0] = 0
    assert sender.said(RESULTS.encode()) == "AA"
    assert len([event for event in door.written() if isinstance(event, ObservationsRecorded)]) == 1


def test_a_sender_of_nonsense_is_turned_away_and_the_others_heard(door: Door, listening: Listening) -> None:
    """The breaker is the source's (MSH-3 and MSH-4): AE with the reason, while another application goes on."""
    sender = listening(door)
    for n in range(200):
        sender.said(message("ADT^A01", "PV1|1|I", number=f"N{n}"))
    turned = sender.send(message("ADT^A28", "PID|1||1^^^MAIN^MR||A^B"))
    assert turned.all("MSA")[0].text(1) == "AE"
    assert "quarantine" in turned.all("MSA")[0].text(3)
    assert sender.said(RESULTS.encode()) == "AA"
