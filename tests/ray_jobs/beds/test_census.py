"""The census is a function of the facts, not of the order in which they came."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.beds.census import Census, fold
from schemas.events.base import Event
from schemas.events.clinical import (
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    PatientMerged,
    Place,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)
WARDS = st.sampled_from(["5A", "5B", None])


def at(hours: float) -> datetime:
    """Hours after the first of March."""
    return T0 + timedelta(hours=hours)


@st.composite
def facts(draw: st.DrawFn) -> list[Event]:
    """Facts of a few encounters: told late, twice, corrected, cancelled."""
    events: list[Event] = []
    for n in range(draw(st.integers(0, 25))):
        e = draw(st.integers(0, 3))
        common = {"site": "main", "known": at(draw(st.integers(0, 40))), "patient": f"patient-{e}"}
        hour, place = at(draw(st.integers(0, 12))), Place(ward=draw(WARDS), bed=draw(st.sampled_from(["1", "2", None])))
        encounter = {"id": f"event-{n}", "encounter": f"e{e}", **common}
        kind = draw(st.integers(0, 9))
        if kind <= 3:
            passing = draw(st.booleans())
            content = {**encounter, "started": hour, "place": place, "in_passing": passing}
            events.append(EncounterStarted.model_validate(content))
        elif kind <= 6:
            events.append(EncounterTransferred.model_validate({**encounter, "moved": hour, "place": place}))
        elif kind <= 8:
            events.append(EncounterEnded.model_validate({**encounter, "ended": hour}))
        else:
            events.append(EncounterCancelled.model_validate(encounter))
    return events


@settings(max_examples=200, deadline=None)
@given(facts(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_census(events: list[Event], chance: Random) -> None:
    """Late, repeated and corrected messages: every permutation of the log ends in the same wards and beds."""
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert fold(shuffled + shuffled[:3]) == fold(events)


@settings(max_examples=200, deadline=None)
@given(facts())
def test_running_counts_equal_a_recount(events: list[Event]) -> None:
    """After every single event the counters equal a count of the spells that have not ended."""
    census = Census()
    for event in events:
        before = census.occupied()
        touched = census.apply(event)
        recount = Counter(spell.ward for spell in census.spells() if spell.left is None)
        assert census.occupied() == dict(recount)
        wards = census.occupied().keys() | before.keys()
        assert {w for w in wards if census.occupied().get(w) != before.get(w)} <= touched


@settings(max_examples=100, deadline=None)
@given(facts(), st.integers(0, 14))
def test_nobody_is_in_two_wards_at_once(events: list[Event], hour: int) -> None:
    """At any instant an encounter is in at most one ward, and its spells follow each other."""
    present = fold(events).at(at(hour))
    assert len({spell.encounter for spell in present}) == len(present)


def test_a_late_start_does_not_reopen_an_ended_stay() -> None:
    """The end may be known before the start; the patient is not in the hospital."""
    common = {"site": "main", "patient": "patient-1", "encounter": "e1"}
    census = Census()
    end = {**common, "id": "b", "known": at(1), "ended": at(1)}
    start = {**common, "id": "a", "known": at(2), "started": at(0), "place": {"ward": "5A"}}
    census.apply(EncounterEnded.model_validate(end))
    census.apply(EncounterStarted.model_validate(start))
    assert census.present() == []
    assert [(s.ward, s.left) for s in census.spells()] == [("5A", at(1))]


def test_an_end_that_was_taken_back_is_not_told_anew_by_a_resend() -> None:
    """Discharged, taken back, and the first message once more: still here; another end counts."""
    common = {"site": "main", "patient": "patient-1", "encounter": "e"}
    started = EncounterStarted.model_validate({**common, "id": "s", "known": at(0), "started": at(0)})
    told = [
        EncounterEnded.model_validate({**common, "id": name, "known": at(known), "ended": ended})
        for name, known, ended in (("end", 2, at(1)), ("back", 3, None), ("end", 4, at(1)))
    ]
    for order in (told, told[::-1]):
        assert len(fold([started, *order]).present()) == 1
    later = EncounterEnded.model_validate({**common, "id": "later", "known": at(5), "ended": at(5)})
    assert fold([started, *told, later]).present() == []


def test_two_in_a_bed_are_both_shown() -> None:
    """Contradicting sources are shown, not decided."""
    census = Census()
    for n in (1, 2):
        start = {"id": f"{n}", "site": "main", "known": at(1), "patient": f"patient-{n}", "encounter": f"e{n}"}
        census.apply(EncounterStarted.model_validate({**start, "started": at(0), "place": {"ward": "5A", "bed": "1"}}))
    assert len(census.beds()["1"]) == 2


def test_after_a_merge_the_surviving_key_lies_in_the_bed() -> None:
    """A merge renames who lies there and changes no count."""
    census = Census()
    start = {"id": "1", "site": "main", "known": at(1), "patient": "losing-key", "encounter": "e1"}
    census.apply(EncounterStarted.model_validate({**start, "started": at(0), "place": {"ward": "5A"}}))
    merge = {"id": "2", "site": "main", "known": at(2), "patient": "losing-key", "into": "surviving-key"}
    census.apply(PatientMerged.model_validate(merge))
    assert [spell.patient for spell in census.present()] == ["surviving-key"]


def test_forgetting_keeps_who_is_here() -> None:
    """Only stays that ended before the given time are dropped."""
    census = Census()
    for n, ended in ((1, at(1)), (2, None)):
        common = {"site": "main", "known": at(1), "patient": f"patient-{n}", "encounter": f"e{n}"}
        census.apply(EncounterStarted.model_validate({**common, "id": f"s{n}", "started": at(0)}))
        if ended:
            census.apply(EncounterEnded.model_validate({**common, "id": f"e{n}", "ended": ended}))
    census.forget(at(2))
    assert [s.encounter for s in census.spells()] == ["e2"]
