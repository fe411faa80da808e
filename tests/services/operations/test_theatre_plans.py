"""Theatre plans follow the facts, change little when a day goes wrong, and say why."""

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.scheduling.check import VIOLATIONS, check_timetable
from schemas.events import Event, LocationDefined, StaffingForecasted
from schemas.events.clinical import EncounterStarted, Place
from services.operations import snapshot
from services.operations.core import Operations
from services.operations.planning import documents
from services.operations.planning.planner import PlannerUnavailable
from services.operations.planning.propose import Tools
from services.runtime.fakes import FakeObjectStore
from tests.services.operations.test_core import at, came
from tests.services.operations.theatre import (
    FAST,
    TODAY,
    decided,
    free,
    jobs,
    needs,
    nurse,
    plan,
    planning,
    surgical,
    where,
)

WAITING = [needs(1, due=3), needs(2, sex="female"), needs(3, surgeon="roy"), needs(4, 240, surgeon="roy", due=2)]


def tools_of(state: Operations) -> Tools:
    """The tools of a state that plans."""
    assert state.tools is not None
    return state.tools


def lies(n: int, bed: str, sex: str = "male") -> list[Event]:
    """Somebody lies in a bed of ward 5s."""
    registered, started = came(n, bed, sex=sex)
    assert isinstance(started, EncounterStarted)
    return [registered, started.model_copy(update={"place": Place(ward="5s", bed=bed)})]


def test_a_plan_books_everyone_within_every_rule() -> None:
    """Days, theatres, rooms and starts that do not overlap; the document holds what gives every cost again."""
    state, _ = planning([*surgical(), *WAITING])
    proposal = plan(state, 0)
    assert (proposal.kind, proposal.cause, proposal.begins, proposal.conflicts) == ("theatres", "first plan", TODAY, ())
    assert set(where(proposal)) == {"q1", "q2", "q3", "q4"}
    assert all(1 <= number <= 3 for r, (number, _, _) in where(proposal).items() if r in ("q1", "q4"))
    for key in ("theatre", "surgeon"):
        used = sorted((getattr(b, key), b.start, b.minutes) for b in proposal.bookings if b.start is not None)
        for (one, start, minutes), (other, later, _) in pairwise(used):
            assert one != other or (later - start).total_seconds() >= 60 * minutes
    document = documents.read(tools_of(state).objects, proposal.document)
    assert document is not None
    report = check_timetable(document.instance, document.solution)
    assert sum(report[name] for name in VIOLATIONS) == 0
    assert all(c.cost == report[c.name] for c in proposal.costs)


def test_the_same_facts_give_the_same_plan() -> None:
    """Asked twice of the same log, the planner says the same to the byte; asked again with nothing new, nothing."""
    first, second = (plan(planning([*surgical(), *WAITING])[0], 0) for _ in range(2))
    assert first == second
    state, planner = planning([*surgical(), *WAITING])
    plan(state, 0)
    for event in came(9, "s0", 0.1):
        state.fold(event)
    assert jobs(state, 0.05) == []
    jobs(state, 1)
    assert len(planner.tasks) == 2


def test_only_emergencies_go_today() -> None:
    """Today's lists have begun: others are planned from tomorrow on."""
    state, _ = planning([*surgical(), needs(1), needs(2, priority=1)])
    days = {r: number for r, (number, _, _) in where(plan(state, 0)).items()}
    assert days == {"q1": 1, "q2": 0}


def test_an_emergency_is_planned_at_once_and_moves_nobody_without_need() -> None:
    """The others keep day, theatre and room; the cause names the emergency."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    state.fold(decided(first, "approve", 0.1))
    state.fold(needs(9, 60, hours=0.2, priority=1))
    second = plan(state, 0.2)
    assert second.cause == "an emergency: 60 minutes for wu"
    assert second.base == first.proposal
    assert {r: w for r, w in where(second).items() if r != "q9"} == where(first)
    assert [c.request for c in second.changes] == ["q9"]


def test_a_closed_theatre_moves_only_what_was_in_it() -> None:
    """The closed day is left, the rest stays; each change says which rule kept it from staying."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    state.fold(decided(first, "approve", 0.1))
    number, theatre, _ = where(first)["q4"]
    state.fold(free(theatre, "theatre", number, 0, 0.2))
    second = plan(state, 0.2)
    hit = {r for r, (n, t, _) in where(first).items() if (n, t) == (number, theatre)}
    assert hit <= {c.request for c in second.changes}
    assert {r: w for r, w in where(second).items() if r not in hit} == {
        r: w for r, w in where(first).items() if r not in hit
    }
    assert "is closed on" in second.cause
    assert all("could not stay: T" in c.text for c in second.changes if c.request in hit)


def test_an_ill_nurse_is_named_and_the_shift_is_shown_as_uncovered() -> None:
    """Nobody is left for tomorrow's night: the plan says so and goes on."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    state.fold(decided(first, "approve", 0.1))
    state.fold(nurse("n2", 1, "night", 0.2, minutes=0))
    second = plan(state, 0.2)
    assert "nurse n2 is away" in second.cause
    assert any("no nurse is rostered for the night shift" in line for line in second.conflicts)
    assert where(second) == where(first)


def test_a_longer_stay_leaves_room() -> None:
    """Who was to leave today stays on: whoever was to come into that bed goes elsewhere or later."""
    lying = [e for n in range(6) for e in lies(20 + n, f"s{n}")]

    def stays(n: int, hours: float, expected: float) -> Event:
        patient, request = f"patient-{20 + n}", f"stay{n}"
        told = {"patient": patient, "request": request, "surgery": None, "expected_stay_hours": expected}
        return needs(30 + n, hours=hours).model_copy(update={"id": f"stays {n} {hours}", **told})

    state, planner = planning([*surgical(), *lying, *(stays(n, 0, 20) for n in range(6)), needs(1, due=3)])
    first = plan(state, 0)
    assert where(first)["q1"][0] == 1
    for n in range(6):
        state.fold(stays(n, 0.2, 70))
    second = plan(state, 0.2)
    assert "expected to stay for another time" in second.cause
    assert where(second)["q1"][0] == 3
    assert planner.tasks[-1].instance.occupants[0].length_of_stay == 3


def test_an_edit_is_kept_by_every_later_plan_and_dropped_with_its_plan() -> None:
    """The person's day and theatre hold until the plan made for them is rejected; what is impossible is said."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    edit = {"request": "q3", "day": at(0).date().replace(day=5), "theatre": "t2"}
    state.fold(decided(first, "edit", 0.1, edits=[edit], why="holiday"))
    second = plan(state, 0.1)
    assert where(second)["q3"][:2] == (4, "t2")
    assert (second.base, second.cause) == (first.proposal, "edited by chief: holiday")
    assert next(b for b in second.bookings if b.request == "q3").pinned
    state.fold(needs(9, 60, hours=0.3, priority=1))
    assert where(plan(state, 0.3))["q3"][:2] == (4, "t2")
    state.fold(decided(second, "reject", 0.4, why="no"))
    state.fold(needs(10, 60, hours=0.5, priority=1))
    assert not next(b for b in plan(state, 0.5).bookings if b.request == "q3").pinned


def test_an_impossible_edit_is_told_and_the_rest_is_planned() -> None:
    """Before the earliest day: the edit is named with the rule, the plan is made without it."""
    state, _ = planning([*surgical(), *WAITING, needs(5, release=4)])
    first = plan(state, 0)
    state.fold(decided(first, "edit", 0.1, edits=[{"request": "q5", "day": at(24).date()}]))
    second = plan(state, 0.1)
    assert any("request q5: edited by chief cannot be kept" in line for line in second.conflicts)
    assert where(second)["q5"][0] >= 4


def test_what_a_person_takes_out_stays_out() -> None:
    """An edit without a day leaves the request out, with who did it."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    state.fold(decided(first, "edit", 0.1, edits=[{"request": "q1"}], why="fever"))
    second = plan(state, 0.1)
    assert "q1" not in where(second)
    assert next(b for b in second.bookings if b.request == "q1").reason == "taken out by chief: fever"


def test_an_undone_approval_brings_the_former_plan_back() -> None:
    """Approve, close a theatre, approve the repair, undo it with the theatre open again: the first plan stands."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    state.fold(decided(first, "approve", 0.1))
    number, theatre, _ = where(first)["q4"]
    state.fold(free(theatre, "theatre", number, 0, 0.2))
    second = plan(state, 0.2)
    state.fold(decided(second, "approve", 0.3))
    state.fold(free(theatre, "theatre", number, 480, 0.4))
    state.fold(decided(second, "undo", 0.5, why="open after all"))
    third = plan(state, 0.6)
    assert where(third) == where(first)
    assert "decision undone by chief: open after all" in third.cause
    assert third.base == first.proposal


def test_late_and_repeated_words_change_nothing() -> None:
    """The first word about a proposal counts, in whatever order they come; an undo needs an approval before it."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    state.fold(decided(first, "reject", 0.3))
    state.fold(decided(first, "approve", 0.1))
    state.fold(decided(first, "approve", 0.2))
    state.fold(decided(first, "undo", 0.05))
    ledger = state.sites["main"].ledger
    assert ledger.holds(first.proposal, "approve")
    state.fold(decided(first, "undo", 0.4))
    assert not ledger.holds(first.proposal, "approve")


def test_what_cannot_be_planned_is_named() -> None:
    """Too many who must be done by one surgeon tomorrow, a surgeon nobody knows, a request that was due long ago."""
    crowd = [needs(n, 240, due=1) for n in range(1, 4)]
    state, _ = planning([*surgical(), *crowd, needs(7, surgeon="who"), needs(8, release=-9, due=-2)])
    proposal = plan(state, 0)
    told = " / ".join(proposal.conflicts)
    assert "3 mandatory patients (q1, q2, q3), surgeon wu: 240 minutes short on Mon 02 Mar" in told
    assert "request q7: surgeon who is not known" in told
    assert "request q8 was due on Fri 27 Feb" in told
    assert len([r for r in ("q1", "q2", "q3") if r in where(proposal)]) >= 2
    reasons = {b.request: b.reason for b in proposal.bookings if b.day is None}
    assert "surgeon who is not known" in reasons["q7"]


def test_rooms_are_planned_as_they_are() -> None:
    """Women and men who share a room already are no reason to give up: nobody is planned into it."""
    lying = [*lies(20, "s0", "female"), *lies(21, "s1", "male")]
    state, _ = planning([*surgical(), *lying, *WAITING])
    proposal = plan(state, 0)
    assert any("room sr0 on 5s holds people who may not share one" in line for line in proposal.conflicts)
    assert {room for _, _, room in where(proposal).values()} <= {"sr1", "sr2"}


def test_ten_thousand_requests_are_cut_and_counted() -> None:
    """Only the most urgent are planned, the others are counted, and the proposal fits into a message."""
    crowd = [needs(n, 30, due=1 + n % 6 if n % 3 == 0 else None) for n in range(10_000)]
    few = FAST.model_copy(update={"most_requests": 200, "iterations": 20_000, "seconds": 3})
    state, planner = planning([*surgical(), *crowd], few)
    proposal = plan(state, 0)
    assert "9800 less urgent requests beyond the first 200 not planned" in proposal.conflicts
    assert len(planner.tasks[0].instance.patients) == 200
    assert len(proposal.model_dump_json()) < 200_000


def test_a_planner_that_fails_is_asked_again_and_stops_nothing() -> None:
    """The job fails, the counts go on, and half a minute later the plan is asked for again."""
    state, planner = planning([*surgical(), *WAITING])
    planner.fails = PlannerUnavailable("late")
    with pytest.raises(PlannerUnavailable):
        jobs(state, 0)
    state.failed("theatres main")
    assert state.counted()
    planner.fails = None
    assert jobs(state, 0.001) == []
    assert plan(state, 0.02).cause == "first plan"


def test_facts_that_make_no_plan_fail_as_a_job() -> None:
    """What cannot be made an instance is a job that raises; no other job is lost."""
    state, _ = planning([*surgical(), *WAITING], FAST.model_copy(update={"weights": None}))
    due = {job.name.split()[0]: job for job in state.due(at(0))}
    assert due.keys() == {"demand", "theatres"}
    with pytest.raises(ValueError, match="weights"):
        due["theatres"].run()


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_plans_survive_any_order_and_a_snapshot(chance: Random) -> None:
    """Facts, proposals and decisions shuffled and read back give the same site, so that the same plan follows."""
    state, _ = planning([*surgical(), *WAITING])
    first = plan(state, 0)
    told: list[Event] = [
        *surgical(), *WAITING, first, decided(first, "approve", 0.1), decided(first, "undo", 0.2),
        decided(first, "reject", 0.3), free("t1", "theatre", 2, 0, 0.2), nurse("n0", 1, "early", 0.2, 0),
        needs(9, hours=0.3, priority=1),
    ]  # fmt: skip
    straight, _ = planning(told)
    chance.shuffle(told)
    shuffled, _ = planning(told)
    assert shuffled.sites == straight.sites
    store = FakeObjectStore()
    snapshot.write(store, shuffled, {})
    assert snapshot.read(store)[0].sites == straight.sites


def test_a_theatre_out_of_service_has_no_time() -> None:
    """A place that is no longer active is planned with no minutes, whatever was published."""
    gone = LocationDefined(id="x", site="main", known=at(0.1), location="t1", kind="theatre", name="T1", active=False)
    state, planner = planning([*surgical(), *WAITING, gone])
    assert {t for _, t, _ in where(plan(state, 0.2)).values()} == {"t2"}
    assert (
        json.loads(planner.tasks[0].model_dump_json())["instance"]["operating_theaters"][0]["availability"] == [0] * 7
    )


def test_staffing_is_told_for_wards_with_a_roster() -> None:
    """With the forecast of its census a ward's shifts are compared with its roster."""
    state, _ = planning([*surgical(), *lies(20, "s0")])
    told = [e for e in jobs(state, 0, "demand") if isinstance(e, StaffingForecasted)]
    assert [e.ward for e in told] == ["5s"]
    assert {n.rostered for n in told[0].shifts} == {1}
    assert all(n.needed < 1 for n in told[0].shifts)
