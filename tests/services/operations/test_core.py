"""Counts, forecasts and proposals follow the facts: told when they change, due when they should be, each once."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import BedDemandForecasted, Event, ScheduleDecided, ScheduleProposed, WardOccupancyChanged
from schemas.events.clinical import AdmissionRequested, EncounterEnded, EncounterStarted, PatientRegistered, Place
from schemas.events.places import BedStatusChanged, LocationDefined
from services.operations import snapshot, wards
from services.operations.core import Operations
from services.operations.ledger import stamp
from services.runtime.fakes import FakeObjectStore
from services.runtime.ports import Partition

T0 = datetime(2026, 3, 1, 8, 10, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Hours after ten past eight."""
    return T0 + timedelta(hours=hours)


def place(location: str, kind: str, within: str | None = None, **more: object) -> LocationDefined:
    """A ward, room or bed."""
    told = {"id": f"place {location}", "site": "main", "known": at(0), "location": location, "kind": kind, **more}
    return LocationDefined.model_validate({**told, "name": location.upper(), "within": within})


def hospital() -> list[Event]:
    """Ward 5a with a room of two and a single room; ward ch for children."""
    return [
        place("5a", "ward", specialty="medicine"),
        place("r1", "room", "5a"),
        place("r2", "room", "5a", isolation=True),
        *(place(bed, "bed", room) for bed, room in (("b1", "r1"), ("b2", "r1"), ("b3", "r2"))),
        place("ch", "ward", specialty="paediatrics"),
        place("c1", "bed", "ch"),
    ]


def came(n: int, bed: str, hours: float = 0, sex: str = "male") -> list[Event]:
    """Somebody lies in a bed."""
    who = {"site": "main", "known": at(hours), "patient": f"patient-{n}"}
    lies = Place(ward="ch" if bed == "c1" else "5a", bed=bed)
    start = {"id": f"start {n}", "encounter": f"e{n}", "started": at(hours), "place": lies, **who}
    return [
        PatientRegistered.model_validate({"id": f"registered {n}", "sex": sex, **who}),
        EncounterStarted.model_validate(start),
    ]


def left(n: int, hours: float) -> EncounterEnded:
    """Somebody went home."""
    told = {"id": f"end {n}", "site": "main", "known": at(hours), "patient": f"patient-{n}", "encounter": f"e{n}"}
    return EncounterEnded.model_validate({**told, "ended": at(hours)})


def asks(n: int, hours: float = 0, **more: object) -> AdmissionRequested:
    """Somebody waits for a bed."""
    told = {"id": f"ask {n}", "site": "main", "known": at(hours), "patient": f"waiting-{n}", "request": f"q{n}"}
    return AdmissionRequested.model_validate(
        {**told, "requested": at(hours), "specialty": "medicine", "sex": "male", **more}
    )


def knowing(events: Iterable[Event]) -> Operations:
    """The state after these facts."""
    state = Operations()
    for event in events:
        state.fold(event)
    return state


def answers(state: Operations, hours: float) -> list[Event]:
    """All that the jobs due at an instant answer, folded again as the loop does."""
    found = [event for job in state.due(at(hours)) for event in job.run()]
    for event in found:
        state.fold(event)
    return found


def proposals(events: Iterable[Event]) -> list[ScheduleProposed]:
    """The proposals among events."""
    return [e for e in events if isinstance(e, ScheduleProposed)]


def hourly(events: Iterable[Event]) -> list[BedDemandForecasted]:
    """The hourly forecasts of wards and the site among events."""
    return [e for e in events if isinstance(e, BedDemandForecasted) and e.resolution == "hour" and e.service is None]


def test_counts_are_told_once_and_only_where_they_changed() -> None:
    """Beds, closed beds, patients and waiting by ward and site; the same again is not told again."""
    closed = BedStatusChanged(id="s", site="main", known=at(0), location="b2", status="closed")
    state = knowing([*hospital(), closed, *came(1, "b1"), asks(1)])
    told = {e.ward: (e.occupied, e.beds, e.closed, e.waiting) for e in state.counted()}
    assert told == {"5a": (1, 2, 1, 1), "ch": (0, 1, 0, 0), None: (1, 3, 1, 1)}
    assert state.counted() == []
    state.fold(left(1, 1))
    assert {e.ward for e in state.counted()} == {"5a", None}


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.booleans(), min_size=14, max_size=14))
def test_of_one_instant_the_last_count_told_is_the_newest(chance: Random, cuts: list[bool]) -> None:
    """Facts of one instant, counted after any of them: the newest telling of each ward is a recount's."""
    facts = [*hospital(), *came(1, "b1"), *came(2, "c1"), asks(1), asks(2)]
    chance.shuffle(facts)
    state, told = Operations(), dict[str | None, WardOccupancyChanged]()
    for fact, cut in zip(facts, [*cuts[: len(facts) - 1], True], strict=False):
        state.fold(fact)
        for event in state.counted() if cut else ():
            told[event.ward] = max(event, told.get(event.ward, event), key=stamp)
    state.counted()
    assert told == state.sites["main"].told
    assert {w: (e.occupied, e.beds, e.closed, e.waiting) for w, e in told.items()} == wards.counts(state.sites["main"])


def test_forecasts_are_due_at_full_hours_and_after_a_change() -> None:
    """All wards at first and at each full hour; a ward whose census changed after a quarter of an hour."""
    state = knowing([*hospital(), *came(1, "b1")])
    state.counted()
    first = answers(state, 0.1)
    assert sorted(e.ward or "" for e in hourly(first)) == ["", "5a", "ch"]
    assert answers(state, 0.5) == []
    for event in came(2, "b3", 0.5):
        state.fold(event)
    state.counted()
    assert answers(state, 0.2) == []
    assert {e.ward for e in hourly(answers(state, 0.6))} == {"5a", None}
    assert len(hourly(answers(state, 1.0))) == 3


def test_a_forecast_starts_from_who_is_here() -> None:
    """One hour ahead nearly all who are here are still here; there are 72 hours of 23 quantiles."""
    state = knowing([*hospital(), *came(1, "b1"), *came(2, "b2"), *came(3, "b3")])
    demand = next(e for e in answers(state, 0) if isinstance(e, BedDemandForecasted) and e.ward == "5a")
    assert len(demand.hours) == 72
    assert len(demand.levels) == len(demand.hours[0].quantiles) == 23
    assert demand.hours[0].mean == pytest.approx(3, abs=0.2)
    assert demand.hours[0].quantiles[11] == 3


def test_a_proposal_names_beds_and_reasons_in_the_words_of_the_ward() -> None:
    """A man goes to the men's room; the woman who waits is told why, and when a bed may be free."""
    state = knowing([*hospital(), *came(1, "b1"), *came(2, "b3"), asks(1), asks(2, 0.1, sex="female")])
    (proposal,) = proposals(answers(state, 0.2))
    man, woman = proposal.assignments
    assert (man.bed, man.ward) == ("b2", "5a")
    assert "only men in R1" in man.reason
    assert woman.bed is None
    assert "next expected discharge" in woman.reason


def test_the_same_proposal_is_not_made_twice() -> None:
    """Something changed but nobody would lie elsewhere: no new proposal."""
    state = knowing([*hospital(), asks(1)])
    assert len(proposals(answers(state, 0))) == 1
    for event in came(9, "c1", 0.1):
        state.fold(event)
    assert proposals(answers(state, 0.1)) == []


def decided(proposal: ScheduleProposed, decision: str, hours: float) -> ScheduleDecided:
    """A person's word about it."""
    told = {"id": f"{decision} {hours}", "site": "main", "known": at(hours), "as_of": at(hours)}
    return ScheduleDecided.model_validate({**told, "proposal": proposal.proposal, "decision": decision, "by": "sister"})


def test_an_approved_bed_is_kept_for_its_patient() -> None:
    """After an approval the bed is not offered to anyone else, until the patient lies in it."""
    state = knowing([*hospital(), asks(1)])
    (first,) = proposals(answers(state, 0))
    bed = first.assignments[0].bed
    state.fold(decided(first, "approve", 0.1))
    state.fold(asks(2, 0.1, priority=1))
    (second,) = proposals(answers(state, 0.2))
    by_request = {a.request: a for a in second.assignments}
    assert by_request["q1"].bed == bed
    assert "sister" in by_request["q1"].reason
    assert by_request["q2"].bed not in (None, bed)


def test_a_rejected_bed_is_not_proposed_again() -> None:
    """After a no, the request gets another room."""
    state = knowing([*hospital(), asks(1)])
    (first,) = proposals(answers(state, 0))
    assert first.assignments[0].bed in ("b1", "b2")
    state.fold(decided(first, "reject", 0.1))
    (second,) = proposals(answers(state, 0.2))
    assert second.assignments[0].bed == "b3"


def test_who_lies_on_a_ward_waits_no_longer() -> None:
    """A request ends when it is withdrawn or its patient was admitted after it."""
    state = knowing([*hospital(), asks(1), asks(2), asks(2, 1, id="withdrawn", status="withdrawn")])
    start = {"id": "s", "site": "main", "known": at(2), "patient": "waiting-1", "encounter": "e", "started": at(2)}
    assert [r.request for r in wards.waiting_requests(state.sites["main"])] == ["q1"]
    state.fold(EncounterStarted.model_validate({**start, "place": {"ward": "5a", "bed": "b1"}}))
    assert wards.waiting_requests(state.sites["main"]) == []


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_state_is_the_same_in_any_order_and_from_a_snapshot(chance: Random) -> None:
    """Shuffled facts, and facts read back from a snapshot, give the same site and the same counts."""
    told: list[Event] = [
        *hospital(), *came(1, "b1"), *came(2, "c1"), left(1, 3), *came(3, "b1", 4), asks(1), asks(2, 1),
        asks(1, 2, id="x"),
        BedStatusChanged(id="s1", site="main", known=at(1), location="b2", status="cleaning"),
        BedStatusChanged(id="s2", site="main", known=at(2), location="b2", status="free"),
    ]  # fmt: skip
    straight = knowing(told)
    chance.shuffle(told)
    shuffled, store = knowing(told), FakeObjectStore()
    assert shuffled.sites == straight.sites
    snapshot.write(store, shuffled, {Partition("clinical", 0): 7})
    restored, offsets = snapshot.read(store)
    assert restored.sites == straight.sites
    assert offsets == {Partition("clinical", 0): 7}
    assert restored.counted() == straight.counted()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"offsets": [], "since": {}}\nNoSuchEvent {}'])
def test_a_snapshot_of_another_version_is_left_alone(content: bytes) -> None:
    """What cannot be read is rebuilt from the log, not guessed."""
    store = FakeObjectStore()
    store.put(snapshot.NAME, content)
    assert snapshot.read(store) == (Operations(), {})


def test_a_ward_that_empties_is_told_as_empty() -> None:
    """A ward that nobody described is counted while someone lies there, and told as 0 when the last one left."""
    state = knowing(came(1, "b1"))
    assert {(e.ward, e.occupied, e.beds) for e in state.counted()} == {("5a", 1, 0), (None, 1, 0)}
    state.fold(left(1, 1))
    assert {(e.ward, e.occupied) for e in state.counted()} == {("5a", 0), (None, 0)}


def test_two_approved_beds_for_one_patient_stop_no_plan() -> None:
    """Someone with two approved requests binds one room; those who wait still get a proposal."""
    state = knowing([*hospital(), asks(1), asks(1, 0.1, id="again", request="q9")])
    (first,) = proposals(answers(state, 0.2))
    state.fold(decided(first, "approve", 0.3))
    state.fold(asks(2, 0.4))
    (second,) = proposals(answers(state, 0.5))
    assert {a.request for a in second.assignments} == {"q1", "q9", "q2"}


def test_each_site_is_its_own() -> None:
    """Facts of one hospital change no count of another."""
    state = knowing([*hospital(), *came(1, "b1")])
    state.counted()
    state.fold(place("5a", "ward").model_copy(update={"site": "other"}))
    assert {e.site for e in state.counted()} == {"other"}


def test_who_waits_for_a_day_of_surgery_waits_for_no_bed_now() -> None:
    """An elective operation is no line in today's queue for beds; an emergency is one."""
    surgery = {"minutes": 60, "surgeon": "s1", "release": T0.date(), "due": T0.date()}
    elective, emergency = asks(1, surgery=surgery), asks(2, surgery=surgery, priority=1)
    state = knowing([*hospital(), elective, emergency, asks(3)])
    assert [r.request for r in wards.for_a_bed_now(state.sites["main"])] == ["q2", "q3"]
    assert {e.waiting for e in state.counted() if e.ward is None} == {2}
    (told,) = proposals(answers(state, 0))
    assert {a.request for a in told.assignments} == {"q2", "q3"}
