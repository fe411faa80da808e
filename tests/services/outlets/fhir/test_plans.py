"""What stands by what was decided, and what one more decision asks to be written."""

from hypothesis import given
from hypothesis import strategies as st

from services.outlets.fhir.effects import Ask, Book, CallOff, Cancel, effects
from services.outlets.fhir.plans import Plans
from tests.services.outlets.fhir.plans import booking, decide, plan

FIRST = plan("first", booking(1, 6), booking(2, 7, who="p-2"), moves=1)
SECOND = plan("second", booking(1, 8), booking(2, None, who="p-2"), moves=1)


def told(*events: object) -> Plans:
    """The fold of these."""
    plans = Plans()
    for event in events:
        plans.fold(event)  # type: ignore[arg-type]  # proposals and decisions
    return plans


def test_an_approved_plan_books_all_of_it() -> None:
    """Every booking with a day, and a task for each change that the plan makes."""
    change = told(FIRST).change(decide("first"))
    assert change is not None
    assert [type(e) for e in effects(change)] == [Book, Book, Ask]


def test_the_next_plan_replaces_it() -> None:
    """What is left out is cancelled, tasks that no longer hold are called off, what moves is booked again."""
    change = told(FIRST, decide("first"), SECOND).change(decide("second", why="theatre closed"))
    assert change is not None
    found = effects(change)
    assert [type(e) for e in found] == [Book, Cancel, CallOff, Ask]
    assert next(e.reason for e in found if isinstance(e, Cancel)) == "Replaced by another plan by admin: theatre closed"


def test_undo_brings_back_the_plan_beneath() -> None:
    """The plan approved before stands again, with its tasks; the undone plan's are called off."""
    change = told(FIRST, decide("first"), SECOND, decide("second")).change(decide("second", "undo"))
    assert change is not None
    assert change.after == FIRST
    assert [type(e) for e in effects(change)] == [Book, Book, CallOff, Ask]


def test_undo_of_the_only_plan_cancels_it() -> None:
    """Nothing stands any more: all bookings are cancelled."""
    change = told(FIRST, decide("first")).change(decide("first", "undo"))
    assert change is not None
    assert [type(e) for e in effects(change)] == [Cancel, Cancel, CallOff]


def test_what_changes_nothing() -> None:
    """Rejections, edits, an undo of what does not stand, and an old approval that comes again."""
    plans = told(FIRST, decide("first"), SECOND, decide("second"))
    assert plans.change(decide("first", "reject")) is None
    assert plans.change(decide("first", "edit")) is None
    assert plans.change(decide("first")) is None
    assert plans.change(decide("first", "undo")) is None
    assert plans.change(decide("unheard")) is None


def test_what_has_begun_is_left_alone() -> None:
    """An operation that began before the decision is neither booked again nor cancelled."""
    begun = plan("begun", booking(1, 5, 9), booking(2, 6, who="p-2"))
    change = told(begun, decide("begun"), SECOND).change(decide("second"))
    assert change is not None
    cancelled = [e.booking.request for e in effects(change) if isinstance(e, Cancel)]
    assert cancelled == [booking(2, 6).request]


words = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["approve", "undo", "reject"])), max_size=12)


@given(words)
def test_a_word_said_twice_changes_nothing(said: list[tuple[str, str]]) -> None:
    """After any history, the last decision repeated leaves the same plan standing."""
    plans = told(*(plan(name, booking(1, 6)) for name in "abc"))
    for n, (name, decision) in enumerate(said):
        plans.fold(decide(name, decision, minutes=n))
    before = {key: list(stack) for key, stack in plans.approved.items()}
    if said and said[-1][1] != "undo":
        plans.fold(decide(*said[-1], minutes=99))
        assert plans.approved == before
    stack = before.get(("main", "theatres"), [])
    assert len(stack) == len(set(stack))
