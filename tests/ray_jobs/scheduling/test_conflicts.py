"""Impossible input names who cannot be planned and what is lacking, in a set of which nothing can be left out."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.scheduling.conflict_model import Kind, impossible
from ray_jobs.scheduling.conflicts import conflicts
from ray_jobs.scheduling.words import Words
from tests.ray_jobs.scheduling.small import DAYS, SHIFTS, instance, nurse, occupant, patient

FAR = 1e12


def due(identity: str, first: int, last: int, minutes: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a JSON document
    """A patient who must be planned on one of these days."""
    dates = {"surgery_release_day": first, "surgery_due_day": last, "surgery_duration": minutes}
    return patient(identity, **dates, **more)


def test_a_surgeon_without_time_for_three() -> None:
    """Three patients need 600 minutes of one surgeon who has 480 in two days; others are not named."""
    crowd = [due(f"p{i}", 4, 5, 200, length_of_stay=1) for i in range(3)]
    (found,) = conflicts(instance(*crowd, due("q", 0, 3, 100), patient("e"), due("r", 4, 5, 60, surgeon_id="s2")))
    assert found.patients == ("p0", "p1", "p2")
    assert found.text == "3 mandatory patients (p0, p1, p2), surgeon s1: 160 minutes short on days 4–5"
    assert found.short == 160  # two of 200 do not fit into one day of 240, so that one goes over by 160


def test_theatres_that_are_closed() -> None:
    """Both surgeons have time, the theatres have not: the theatres are named, with dates."""
    closed = [{"id": t, "availability": [300] * 3 + [0] * 4} for t in ("t1", "t2")]
    (found,) = conflicts(
        instance(due("p", 4, 5, 100), operating_theaters=closed), words=Words({"p": "Mr. P"}, date(2026, 3, 2))
    )
    assert found.text.startswith("1 mandatory patient (Mr. P), theatres: 100 minutes short on Fri 06 Mar to Sat 07 Mar")


def test_two_surgeons_in_theatres_too_short_for_both() -> None:
    """Each surgeon alone would do, each theatre alone would do: together they are named."""
    short = [{"id": "t1", "availability": [300] * DAYS}]
    (found,) = conflicts(instance(due("p", 2, 2, 200), due("q", 2, 2, 200, surgeon_id="s2"), operating_theaters=short))
    assert found.patients == ("p", "q")
    assert (found.resource, found.short) == ("theatres", 100)


def test_beds_and_rooms_for_one_sex() -> None:
    """A woman for a hospital with a man in each room finds no room; without the men she would."""
    men = [occupant("o1", "r1", 7), occupant("o2", "r2", 7)]
    (found,) = conflicts(instance(due("p", 1, 3, 60, gender="A"), occupants=men))
    assert found.resource == "rooms for one sex"
    full = [occupant(f"o{i}", f"r{1 + i // 2}", 7) for i in range(4)]
    (found,) = conflicts(instance(due("p", 1, 3, 60, length_of_stay=1), occupants=full))
    assert found.text == "1 mandatory patient (p), beds: 1 bed-day short on days 1–3"


def test_what_each_patient_meets_alone() -> None:
    """No day, no room, no minutes, no nurse: said of the one patient."""
    nobody = instance(
        due("late", 7, 9, 60), due("big", 0, 6, 250), due("homeless", 0, 6, 60, incompatible_room_ids=("r1", "r2"))
    )
    texts = [c.text for c in conflicts(nobody)]
    assert "no day between day 7 and day 9" in texts[0]
    assert "surgeon s1: 10 minutes short" in texts[1]
    assert "no room is for this patient" in texts[2]
    bare = instance(due("p", 0, 6, 60), nurses=[nurse(f"n{s}", s, 3 if s == "night" else DAYS) for s in SHIFTS])
    assert conflicts(bare) == ()
    bare = instance(due("p", 2, 6, 60), nurses=[nurse(f"n{s}", s, 3 if s == "night" else DAYS) for s in SHIFTS])
    assert "no nurse at work" in conflicts(bare)[0].text


def test_those_who_are_here_may_contradict_each_other() -> None:
    """A mixed room, an overfull room: named as they are."""
    here = [occupant("a", "r1", gender="A"), occupant("b", "r1"), occupant("c", "r1")]
    texts = [c.text for c in conflicts(instance(occupants=here))]
    assert texts == ["r1: 3 patients lie in 2 beds", "r1: patients lie together who may not share a room"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(6, 24), st.sampled_from(["s1", "s2"])), max_size=6
    )
)
def test_a_conflict_is_impossible_and_minimal(crowd: list[tuple[int, int, int, str]]) -> None:
    """No plan exists for the named patients, one exists without any of them; no conflict means a plan exists."""
    told = [
        due(f"p{i}", first, first + more, 10 * tens, surgeon_id=surgeon, length_of_stay=1)
        for i, (first, more, tens, surgeon) in enumerate(crowd)
    ]
    problem = instance(*told, operating_theaters=[{"id": "t1", "availability": [300] * DAYS}])
    everything: tuple[Kind, ...] = ("surgeon", "theatre", "beds", "sexes")
    found = conflicts(problem, seconds=30)
    assert bool(found) == impossible(problem, problem.patients, everything, FAR)
    for conflict in found:
        named = [p for p in problem.patients if p.id in conflict.patients]
        assert impossible(problem, named, everything, FAR)
        for one in named:
            less = [p for p in named if p is not one]
            assert not less or not impossible(problem, less, everything, FAR)


@pytest.mark.parametrize("empty", [{"rooms": []}, {"operating_theaters": []}, {"nurses": []}])
def test_nothing_to_plan_with(empty: dict[str, Any]) -> None:
    """A hospital without rooms, theatres or nurses says so of each patient who must be planned."""
    assert len(conflicts(instance(due("p", 0, 3, 60), **empty))) == 1
