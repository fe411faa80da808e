"""Why not this day, this theatre, this room: answered with what stands against it and what forcing it costs."""

from schemas.events import PlanQuestionAsked, ScheduleProposed
from services.operations.core import Operations
from tests.services.operations.test_core import at
from tests.services.operations.theatre import answered, day, jobs, needs, plan, planning, surgical, where

WAITING = [needs(1, 240), needs(2, 240, sex="female"), needs(3, surgeon="roy", release=3), needs(4, 240, surgeon="roy")]


def asks_why_not(state: Operations, proposal: ScheduleProposed, hours: float, **edit: object) -> None:
    """Somebody asks about a booking."""
    told = {"id": f"why {hours}", "site": "main", "known": at(hours), "as_of": at(hours), "by": "chief"}
    question = {"question": f"why {hours}", "proposal": proposal.proposal, "edit": edit}
    state.fold(PlanQuestionAsked.model_validate({**told, **question}))


def test_a_full_day_is_refused_by_its_rule_and_forced_at_a_price() -> None:
    """Tomorrow is full for the surgeon; forcing it moves somebody else, and the price is told."""
    state, _ = planning([*surgical(), *WAITING, needs(5, 240)])
    proposal = plan(state, 0)
    later = next(r for r, (number, _, _) in where(proposal).items() if number > 1 and r != "q3")
    asks_why_not(state, proposal, 0.1, request=later, day=day(1))
    told = answered(state, 0.1)
    assert "SurgeonOvertime" in {h.rule for h in told.hindrances if h.cost is None}
    assert told.price is not None
    assert {c.request for c in told.changes} >= {later}
    assert jobs(state, 0.2, "questions") == []


def test_a_dearer_day_is_told_by_its_costs() -> None:
    """Nothing forbids it: each cost that rises is told, and the price is what the whole plan would cost more."""
    state, _ = planning([*surgical(), *WAITING])
    proposal = plan(state, 0)
    asks_why_not(state, proposal, 0.1, request="q3", day=day(5))
    told = answered(state, 0.1)
    assert all(h.cost for h in told.hindrances)
    assert "PatientDelay" in {h.rule for h in told.hindrances}
    assert (told.price or 0) > 0
    assert told.text.startswith(f"Possible for {told.price} more")


def test_what_no_plan_may_do_is_said() -> None:
    """Before the earliest day no price exists; an unknown request or an old plan cannot be asked about."""
    state, _ = planning([*surgical(), *WAITING])
    proposal = plan(state, 0)
    asks_why_not(state, proposal, 0.1, request="q3", day=day(1))
    told = answered(state, 0.1)
    assert told.price is None
    assert told.text.startswith("No allowed plan has it")
    asks_why_not(state, proposal, 0.2, request="nobody", day=day(1))
    assert "cannot be asked" in answered(state, 0.2).text
    gone = proposal.model_copy(update={"proposal": "gone"})
    asks_why_not(state, gone, 0.3, request="q3", day=day(1))
    assert "no longer known" in answered(state, 0.3).text


def test_taking_someone_out_is_answered_too() -> None:
    """An edit that names nothing asks for the plan without this request."""
    state, _ = planning([*surgical(), *WAITING])
    proposal = plan(state, 0)
    asks_why_not(state, proposal, 0.1, request="q1")
    told = answered(state, 0.1)
    assert [h.rule for h in told.hindrances] == ["ElectiveUnscheduledPatients"]
    assert 200 < (told.price or 0) <= 300
    assert told.text == f"Possible for {told.price} more, with 0 other bookings moved."
