"""Bed assignment never breaks a rule of a ward, prefers the urgent, and says why."""

from collections import Counter
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.scheduling.assign import assign
from ray_jobs.scheduling.beds import Bed, InBed, Plan, Sex, Waiting

SEXES: st.SearchStrategy[Sex] = st.sampled_from(get_args(Sex))
SPECIALTIES = st.sampled_from(["medicine", "cardiology"])


@st.composite
def wards(draw: st.DrawFn) -> tuple[list[Bed], list[InBed], list[Waiting]]:
    """A few rooms, some beds not usable, some taken (lawfully or not), and a queue."""
    beds, lying = [], []
    for r in range(draw(st.integers(1, 4))):
        specialty, size = draw(SPECIALTIES), draw(st.integers(1, 3))
        for b in range(size):
            bed = Bed(f"{r}{b}", specialty, f"room {r}", specialty, size == 1, draw(st.booleans()))
            beds.append(bed)
            if draw(st.booleans()):
                lying.append(InBed(bed.id, f"in {bed.id}", draw(SEXES), draw(st.integers(0, 9)) == 0))
    queue = [
        Waiting(f"q{i}", f"w{i}", draw(SEXES), draw(SPECIALTIES), draw(st.integers(1, 4)), draw(st.integers(0, 3)) == 0)
        for i in range(draw(st.integers(0, 5)))
    ]
    return beds, lying, queue


def broken(plan: Plan, beds: list[Bed], lying: list[InBed], queue: list[Waiting]) -> list[str]:
    """Every rule that the plan breaks, recounted from nothing but the plan."""
    by_id, waiting = {bed.id: bed for bed in beds}, {w.request: w for w in queue}
    wrong = []
    went = {m.patient: m.to for m in plan.moved}
    inside: dict[str, list[InBed | Waiting]] = {}
    taken: list[str] = []
    for inpatient in lying:
        bed = by_id[went.get(inpatient.patient, inpatient.bed)]
        inside.setdefault(bed.cell, []).append(inpatient)
        taken.append(bed.id)
    touched = {by_id[m.to].cell for m in plan.moved}
    for placed in plan.placed:
        if placed.bed is not None:
            bed, patient = by_id[placed.bed], waiting[placed.request]
            taken.append(bed.id)
            touched.add(bed.cell)
            inside.setdefault(bed.cell, []).append(patient)
            left = {p.bed for p in lying if p.patient in went}
            if not bed.usable and bed.id not in left:
                wrong.append(f"{bed.id} is not usable")
            if patient.isolation and not bed.isolation:
                wrong.append(f"{placed.request} is not isolated")
    wrong += [f"{bed} twice" for bed, n in Counter(taken).items() if n > 1]
    for room in touched:
        people = inside[room]
        if len(people) > 1 and (len({p.sex for p in people}) > 1 or any(p.alone for p in people)):
            wrong.append(f"{room} is mixed")
    return wrong


@settings(max_examples=120, deadline=None)
@given(wards(), st.integers(0, 2), st.booleans())
def test_no_rule_is_ever_broken(ward: tuple[list[Bed], list[InBed], list[Waiting]], moves: int, other: bool) -> None:
    """Capacity, sex of a room, isolation and forbidden specialties hold in every plan; moves stay within bounds."""
    beds, lying, queue = ward
    plan = assign(queue, beds, lying, most_moves=moves, other_specialties=other)
    assert broken(plan, beds, lying, queue) == []
    assert len(plan.moved) <= moves
    assert [p.request for p in plan.placed] == [w.request for w in queue]
    assert all(p.reason for p in plan.placed)
    if not other:
        wanted = {w.request: w.specialty for w in queue}
        assert all(p.bed is None or p.ward == wanted[p.request] for p in plan.placed)


@settings(max_examples=60, deadline=None)
@given(wards(), SPECIALTIES)
def test_another_bed_is_never_worse(ward: tuple[list[Bed], list[InBed], list[Waiting]], specialty: str) -> None:
    """One more room never lowers the worth of the best plan."""
    beds, lying, queue = ward
    before = assign(queue, beds, lying)
    more = assign(queue, [*beds, Bed("new", specialty, "new room", specialty, isolation=True)], lying)
    assert before.optimal
    assert more.optimal
    assert more.value >= before.value


@settings(max_examples=40, deadline=None)
@given(wards())
def test_the_same_input_gives_the_same_plan(ward: tuple[list[Bed], list[InBed], list[Waiting]]) -> None:
    """A plan is a function of its input."""
    beds, lying, queue = ward
    assert assign(queue, beds, lying) == assign(queue, beds, lying)


def test_the_urgent_come_first() -> None:
    """One bed and two requests: the more urgent gets it, and the other is told to whom it went."""
    queue = [Waiting("late", "a", "male", "medicine", 4, waited_hours=90), Waiting("now", "b", "male", "medicine", 1)]
    plan = assign(queue, [Bed("1", "Ward 1", None, "medicine")])
    assert [p.bed for p in plan.placed] == [None, "1"]
    assert "(now)" in plan.placed[0].reason


def test_a_reason_names_the_rule_and_the_next_discharge() -> None:
    """A woman cannot share with a man; the discharge that would help is named with its time."""
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    beds = [Bed("1", "5B", "5B-1", "cardiology"), Bed("2", "5B", "5B-1", "cardiology")]
    plan = assign(
        [Waiting("q", "w", "female", "cardiology")], beds, [InBed("1", "m", "male", remains=(0.8, 0.4))], now=now
    )
    assert plan.placed[0].bed is None
    assert plan.placed[0].reason == (
        "1 bed free anywhere, but none in a room for women; "
        "next expected discharge that would help: by 01 Mar 14:00, most likely 1 on 5B."
    )


def test_one_move_gives_a_room_away() -> None:
    """Two men alone in two double rooms: one moves in with the other and a woman is placed."""
    beds = [Bed(f"{room}{b}", "5B", room, "medicine") for room in "xy" for b in (1, 2)]
    lying = [InBed("x1", "m1", "male"), InBed("y1", "m2", "male")]
    queue = [Waiting("q", "w", "female", "medicine", 2)]
    assert assign(queue, beds, lying).placed[0].bed is None
    moved = assign(queue, beds, lying, most_moves=1)
    assert moved.placed[0].bed is not None
    assert len(moved.moved) == 1


def test_an_earlier_proposal_is_kept() -> None:
    """Where two beds serve equally, the one proposed before is proposed again."""
    beds = [Bed(str(n), "5B", None, "medicine") for n in range(5)]
    queue = [Waiting("q", "w", "male", "medicine")]
    assert assign(queue, beds, previous={"q": "3"}).placed[0].bed == "3"


def test_children_lie_on_the_childrens_ward() -> None:
    """A closed specialty takes nobody else, and its patients go nowhere else, whatever is free."""
    beds = [Bed("c", "CH", None, "paediatrics"), Bed("a", "5A", None, "medicine")]
    queue = [Waiting("q1", "w1", "male", "medicine", 1), Waiting("q2", "w2", "male", "medicine", 2)]
    assert [p.bed for p in assign(queue, beds).placed] == ["a", None]
    child = assign([Waiting("q", "w", "female", "paediatrics")], beds[1:]).placed[0]
    assert child.bed is None
    assert child.reason == "No bed free on a ward for paediatrics."


def test_a_refused_room_is_not_proposed_again() -> None:
    """After a no to a bed, the request gets another room or waits."""
    beds = [Bed("1", "5B", "x", "medicine"), Bed("2", "5B", "x", "medicine"), Bed("3", "5B", "y", "medicine")]
    queue = [Waiting("q", "w", "male", "medicine")]
    assert assign(queue, beds, refused={("q", "1")}).placed[0].bed == "3"
    none = assign(queue, beds, refused={("q", "1"), ("q", "3")}).placed[0]
    assert none.bed is None
    assert "refused" in none.reason


def test_contradictions_are_refused() -> None:
    """A bed given twice, a patient in an unknown bed and a priority of 0 are errors, not a plan."""
    bed = Bed("1", "5B")
    with pytest.raises(ValueError, match="twice"):
        assign([], [bed, bed])
    with pytest.raises(ValueError, match="not given"):
        assign([], [bed], [InBed("2", "p")])
    with pytest.raises(ValueError, match="priority"):
        assign([Waiting("q", "w", "male", "medicine", 0)], [bed])


def test_the_sick_go_where_nurses_have_hands_free() -> None:
    """Of two wards that fit, the one whose nurses carry less; never at the price of waiting."""
    beds = [Bed("a", "busy", specialty="medicine"), Bed("b", "calm", specialty="medicine")]
    ill = Waiting("q", "w", "female", "medicine", 4, acuity=2)
    (placed,) = assign([ill], beds, loads={"busy": 1.3, "calm": 0.6}).placed
    assert placed.bed == "b"
    assert "nurses there carry 60%" in placed.reason
    (placed,) = assign([ill], beds[:1], loads={"busy": 9.0}).placed
    assert placed.bed == "a"
