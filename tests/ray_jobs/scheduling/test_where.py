"""Where can this patient go now: lawful beds, best first, with reasons, and quickly."""

import time
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.scheduling.assign import assign
from ray_jobs.scheduling.beds import Bed, InBed, Sex, Waiting, rooms_of
from ray_jobs.scheduling.where import places_for
from tests.ray_jobs.scheduling.test_assign import wards

MAN = Waiting("q", "w", "male", "medicine")


def beds() -> list[Bed]:
    """Two rooms of two and an isolation room for medicine, one room of cardiology, one for children."""
    rooms = [("r1", "5a", "medicine", 2), ("r2", "5a", "medicine", 2), ("iso", "5a", "medicine", 1)]
    rooms += [("c1", "6b", "cardiology", 2), ("k1", "ch", "paediatrics", 2)]
    return [
        Bed(f"{room}-{i}", ward, room, specialty, room == "iso")
        for room, ward, specialty, size in rooms
        for i in range(size)
    ]


def test_the_best_bed_comes_first_and_says_why() -> None:
    """Beside another man on the own ward, then an empty room, then what wastes or does not fit."""
    answer = places_for(MAN, beds(), [InBed("r1-0", "a", "male")])
    assert [o.bed for o in answer.options] == ["r1-1", "r2-0", "iso-0", "c1-0"]
    assert answer.options[0].reasons == ("5a takes medicine", "only men in r1")
    assert answer.blocked == ("2 free beds: on a ward for paediatrics, which does not take medicine",)


def test_who_must_be_alone_gets_an_isolation_room_or_the_reason() -> None:
    """Isolation needs an empty isolation room; when it is taken, the rules that leave out the others are told."""
    ill = Waiting("q", "w", "female", "medicine", isolation=True)
    assert [o.bed for o in places_for(ill, beds()).options] == ["iso-0"]
    answer = places_for(ill, beds(), [InBed("iso-0", "a", "female")])
    assert answer.options == ()
    assert "6 free beds: not in an isolation room" in answer.blocked


def test_a_move_within_the_ward_can_make_room() -> None:
    """A woman alone in a room could join another woman: the room is then offered, with the move and its points."""
    here = [InBed("r1-0", "a", "female"), InBed("r2-0", "b", "female"), InBed("iso-0", "c", "male")]
    answer = places_for(MAN, beds(), here, other_specialties=False)
    assert {(o.bed, o.moves[0].bed, o.moves[0].to) for o in answer.options} == {
        ("r1-1", "r1-0", "r2-1"), ("r2-1", "r2-0", "r1-1"),
    }  # fmt: skip


def test_a_sick_patient_does_not_go_where_nurses_have_no_hands_free() -> None:
    """The own ward is full of work: for the sickest another ward comes first, for the others it does not."""
    loads = {"5a": 1.2, "6b": 0.5}
    assert places_for(MAN, beds(), acuity=0, loads=loads).options[0].ward == "5a"
    assert places_for(MAN, beds(), acuity=2, loads=loads).options[0].ward == "6b"


@given(wards())
def test_an_answer_is_what_the_planner_would_allow(ward: tuple[list[Bed], list[InBed], list[Waiting]]) -> None:
    """A bed is offered without moves exactly when the solver finds one for this patient alone."""
    rooms, lying, queue = ward
    for patient in queue[:2]:
        offered = [o for o in places_for(patient, rooms, lying).options if not o.moves]
        (placed,) = assign([patient], rooms, lying).placed
        assert bool(offered) == (placed.bed is not None)
        cells = rooms_of(rooms, lying)
        cell_of = {b.id: b.cell for b in rooms}
        assert all(cells[cell_of[o.bed]].admits(patient) for o in offered)


@given(st.sampled_from(get_args(Sex)), st.booleans())
def test_a_thousand_beds_in_a_second(sex: Sex, isolation: bool) -> None:
    """1,000 beds, 900 of them taken: an answer in far less than a second (measured: 10 ms)."""
    many = [
        Bed(f"b{i}", f"w{i // 25}", f"r{i // 4}", ("medicine", "surgery")[i // 500], i % 40 < 4) for i in range(1000)
    ]
    lying = [InBed(f"b{i}", f"p{i}", ("male", "female")[i // 4 % 2]) for i in range(1000) if i % 10]
    patient = Waiting("q", "w", sex, "medicine", isolation=isolation)
    started = time.process_time()
    places_for(patient, many, lying, acuity=1, loads={"w1": 0.9})
    assert time.process_time() - started < 1.0
