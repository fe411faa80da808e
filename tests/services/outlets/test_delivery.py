"""When a delivery is tried again, and when it is given up."""

from hypothesis import given
from hypothesis import strategies as st

from services.outlets.delivery import Delivery, Next, Outcome, Policy, decide

OUTCOMES = st.lists(st.sampled_from(Outcome), min_size=1, max_size=60)
JITTER = st.floats(0, 1, exclude_max=True)


@given(OUTCOMES, JITTER)
def test_waits_stay_in_bounds(outcomes: list[Outcome], jitter: float) -> None:
    """A wait is at least half of the first and never more than the slow one; what is not retried waits for nothing."""
    policy, standing = Policy(), Delivery()
    for outcome in outcomes:
        standing, then, wait = decide(standing, outcome, policy, jitter)
        assert (wait > 0) == (then is Next.RETRY)
        assert then is not Next.RETRY or policy.first / 2 <= wait <= policy.slow


@given(OUTCOMES, JITTER)
def test_only_a_refusal_is_final(outcomes: list[Outcome], jitter: float) -> None:
    """Nothing but the receiver's refusal of that message sends it to the quarantine, however long it takes."""
    standing = Delivery()
    for outcome in outcomes:
        standing, then, _ = decide(standing, outcome, Policy(), jitter)
        assert (then is Next.BURY) == (outcome is Outcome.REFUSED)


def test_waits_double_to_the_longest() -> None:
    """Without jitter the waits are 0.5, 1, 2, … seconds up to 30, and start again after a delivery."""
    standing, waits = Delivery(), []
    for _ in range(9):
        standing, _, wait = decide(standing, Outcome.UNAVAILABLE, Policy(), 0.0)
        waits.append(wait)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    standing, _, _ = decide(standing, Outcome.DELIVERED, Policy(), 0.0)
    assert decide(standing, Outcome.UNAVAILABLE, Policy(), 0.0)[2] == 0.5


def test_a_door_that_is_locked_is_tried_slowly() -> None:
    """A wrong token or role waits for an operator: one attempt a minute."""
    assert decide(Delivery(), Outcome.MISCONFIGURED, Policy(), 0.0)[2] == 60
