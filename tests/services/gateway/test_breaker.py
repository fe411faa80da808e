"""The breaker of a source."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.breaker import BAD_SHARE, LEAST, PAUSE_S, WINDOW_S, Breaker


def test_opens_after_200_with_more_than_5_percent_bad() -> None:
    """199 inputs are too few to judge; 5 % bad is tolerated, more is not; the alarm is told once."""
    alarms: list[str] = []
    breaker = Breaker(alarms.append)
    breaker.record("lab", total=199, bad=10, now=0)
    assert breaker.wait_s("lab", 0) == 0
    breaker.record("lab", total=1, bad=0, now=1)
    assert breaker.wait_s("lab", 1) == 0
    breaker.record("lab", total=1, bad=1, now=2)
    assert breaker.wait_s("lab", 2) == PAUSE_S
    assert alarms == ["lab"]


def test_others_go_on() -> None:
    """A source that is turned away harms no other."""
    breaker = Breaker()
    breaker.record("lab", total=400, bad=400, now=0)
    assert breaker.wait_s("lab", 0) > 0
    assert breaker.wait_s("monitors", 0) == 0


def test_is_tried_again_after_a_minute() -> None:
    """After the pause the source starts with an empty window."""
    breaker = Breaker()
    breaker.record("lab", total=400, bad=400, now=0)
    assert breaker.wait_s("lab", PAUSE_S) == 0
    breaker.record("lab", total=199, bad=199, now=PAUSE_S)
    assert breaker.wait_s("lab", PAUSE_S) == 0
    breaker.record("lab", total=1, bad=1, now=PAUSE_S + 1)
    assert breaker.wait_s("lab", PAUSE_S + 1) == PAUSE_S


def test_old_faults_are_forgotten() -> None:
    """What was bad a window ago does not count."""
    breaker = Breaker()
    breaker.record("lab", total=150, bad=150, now=0)
    breaker.record("lab", total=150, bad=0, now=WINDOW_S + 1)
    assert breaker.wait_s("lab", WINDOW_S + 1) == 0


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=40))
def test_never_opens_for_a_good_source(messages: list[tuple[int, int]]) -> None:
    """Open means: at least 200 inputs were seen and more than 5 % of them were bad."""
    breaker, total, bad = Breaker(), 0, 0
    for n, (size, wrong) in enumerate(messages):
        breaker.record("s", total=size, bad=min(wrong, size), now=n / 1000)
        total, bad = total + size, bad + min(wrong, size)
        if breaker.wait_s("s", n / 1000) > 0:
            assert total >= LEAST
            assert bad > BAD_SHARE * total
            return
        assert total < LEAST or bad <= BAD_SHARE * total
