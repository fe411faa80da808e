"""What stands by what was decided, and what one more decision asks to be written."""

from hypothesis import given
from hypothesis import strategies as st

from services.outlets.fhir.effects import Ask, Book, CallOff, Cancel, Effect, effects
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


def asked(plans: Plans, name: str, decision: str = "approve", minutes: int = 30) -> tuple[Effect, ...]:
    """What a decision asks for."""
    change = plans.change(decide(name, decision, minutes=minutes, why="theatre closed"))
    assert change is not None
    return effects(change)


def test_an_approved_plan_books_all_of_it() -> None:
    """Every booking with a day, and a task for everyone whose time is new; the plan's words where it has some."""
    found = asked(told(FIRST), "first")
    assert [type(e) for e in found] == [Book, Book, Ask, Ask]
    assert [e.text for e in found if isinstance(e, Ask)] == ["to 2026-01-06 in OR-1", "new: Wed 07 Jan 09:00, OR-1"]


def test_the_next_plan_replaces_it() -> None:
    """What is left out is cancelled, what was asked before is called off, and everyone concerned is asked anew."""
    found = asked(told(FIRST, decide("first"), SECOND), "second")
    assert [type(e) for e in found] == [Book, Cancel, CallOff, Ask, CallOff, Ask]
    assert next(e.reason for e in found if isinstance(e, Cancel)) == "Replaced by another plan by admin: theatre closed"
    assert [e.text for e in found if isinstance(e, Ask)][-1] == "no longer planned; was Wed 07 Jan 09:00, OR-1"


def test_who_is_not_moved_is_not_asked() -> None:
    """A plan that keeps a booking asks nobody about it, even when it repairs one that was never approved."""
    never, third = plan("never", booking(1, 9)), plan("third", booking(1, 6), booking(2, 9, who="p-2"), moves=2)
    found = asked(told(FIRST, decide("first"), never, third), "third")
    assert [e.request for e in found if isinstance(e, Ask)] == [booking(2, 9).request]


def test_undo_brings_back_the_plan_beneath() -> None:
    """The plan approved before stands again; who was told otherwise is to be told again."""
    found = asked(told(FIRST, decide("first"), SECOND, decide("second", minutes=2)), "second", "undo")
    assert [type(e) for e in found] == [Book, Book, CallOff, Ask, CallOff, Ask]
    assert [e.about for e in found if isinstance(e, CallOff)] == ["approve-second-2"] * 2


def test_undo_of_the_only_plan_cancels_it() -> None:
    """Nothing stands any more: all bookings are cancelled."""
    found = asked(told(FIRST, decide("first")), "first", "undo")
    assert [type(e) for e in found] == [Cancel, Cancel, CallOff, Ask, CallOff, Ask]


def test_what_changes_nothing() -> None:
    """Rejections, edits, an undo of what does not stand, and an old approval that comes again."""
    plans = told(FIRST, decide("first"), SECOND, decide("second"))
    assert plans.change(decide("first", "reject")) is None
    assert plans.change(decide("first", "edit")) is None
    assert plans.change(decide("first")) is None
    assert plans.change(decide("first", "undo")) is None
    assert plans.change(decide("unheard")) is None


def test_what_has_begun() -> None:
    """An operation that began before the decision is not booked again, and nobody is asked about it."""
    begun = plan("begun", booking(1, 5, 9), booking(2, 6, who="p-2"))
    found = asked(told(begun, decide("begun"), plan("empty", booking(2, None))), "empty")
    assert [(e.booking.day, e.begun) for e in found if isinstance(e, Cancel)] == [
        (booking(1, 5).day, True), (booking(2, 6).day, False),
    ]  # fmt: skip
    assert [e.request for e in found if isinstance(e, Ask)] == [booking(2, 6).request]


words = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["approve", "undo", "reject"])), max_size=12)


@given(words)
def test_a_word_said_twice_changes_nothing(said: list[tuple[str, str]]) -> None:
    """After any history no plan stands twice, and an approval repeated leaves the same plan standing."""
    plans = told(*(plan(name, booking(1, 6)) for name in "abc"))
    for n, (name, decision) in enumerate(said):
        plans.fold(decide(name, decision, minutes=n))
    before = {key: list(stack) for key, stack in plans.approved.items()}
    if said and said[-1][1] == "approve":
        plans.fold(decide(*said[-1], minutes=99))
        assert plans.approved == before
    stack = before.get(("main", "theatres"), [])
    assert len(stack) == len(set(stack))


def test_an_emergency_in_a_list_that_has_begun() -> None:
    """A new booking for an hour of today that is over is proposed for today, not left out."""
    (book, _) = asked(told(plan("now", booking(1, 5, 9))), "now")
    assert isinstance(book, Book)
    assert (book.booking.day, book.booking.start) == (booking(1, 5).day, None)
