"""That an alert reached somebody, or nobody: one word of the authority for each call."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AlertEscalated, AlertEvent, AlertNotified, AlertRaised, AlertUnreached
from schemas.events.alerts import Channel
from services.alerting.policy import Policy
from tests.services.alerting.given import (
    Driver,
    context,
    decided,
    delivered,
    minutes,
    names,
    score,
    with_policy,
)
from tests.services.alerting.policy_files import policy

MINDFUL = Policy()


def raised(driver: Driver) -> AlertEvent:
    """A red alert at the start."""
    (alert,) = driver.give(score(minutes(1), 7))
    return alert


def test_the_first_receiver_that_counts_notifies_and_others_say_nothing_new() -> None:
    """A board calls nobody; the first pager does, told with role, channel and time; repeats and a mail add nothing."""
    driver = with_policy(MINDFUL)
    alert = raised(driver)
    assert driver.give(delivered(minutes(2), alert, "grafana", "grafana")) == []
    (told,) = driver.give(delivered(minutes(3), alert))
    assert isinstance(told, AlertNotified)
    assert (told.receiver, told.channel, told.call, told.delivered) == ("pagers", "webhook", alert.id, minutes(3))
    assert (told.role, told.next_role, told.next_at) == ("bedside_nurse", "charge_nurse", minutes(16))
    driver.restart()
    assert driver.give(delivered(minutes(3), alert), delivered(minutes(4), alert, "mail", "mail")) == []
    assert names(driver.tick(minutes(15))) == []


def test_a_call_that_reached_nobody_is_told_once() -> None:
    """After five minutes, also across a restart; a late delivery takes it back."""
    driver = with_policy(MINDFUL)
    alert = raised(driver)
    assert driver.tick(minutes(5.9)) == []
    driver.restart()
    (flag,) = driver.tick(minutes(14))
    assert isinstance(flag, AlertUnreached)
    assert (flag.at, flag.call, flag.role) == (minutes(6), alert.id, "bedside_nurse")
    assert flag.reason == "no receiver has confirmed in 5 min that it has this call to bedside nurse"
    assert names(driver.give(delivered(minutes(15), alert))) == ["Notified"]
    assert [names([e])[0] for e in driver.tick(minutes(40))] == ["Escalated", "Unreached", "Escalated", "Unreached"]


def test_the_next_role_is_asked_at_once_where_the_policy_says_so() -> None:
    """Nobody was reached: the charge nurse after five minutes, not after fifteen."""
    driver = with_policy(policy(unreached_after="5 min", unreached_asks_next=True))
    raised(driver)
    said = driver.tick(minutes(7))
    assert [(names([e])[0], e.at) for e in said] == [("Unreached", minutes(6)), ("Escalated", minutes(6))]
    assert isinstance(said[1], AlertEscalated)
    assert said[1].reason == "bedside nurse was not reached, charge nurse is asked now"


def test_who_took_it_needs_no_receiver() -> None:
    """An alert that a person acknowledged is not unreached; its delivery is still told."""
    driver = with_policy(MINDFUL)
    alert = raised(driver)
    driver.give(decided(minutes(2), alert.alert, "acknowledge"))
    assert driver.tick(minutes(30)) == []
    assert names(driver.give(delivered(minutes(31), alert))) == ["Notified"]


def test_a_call_held_by_quiet_hours_waits_for_its_end() -> None:
    """Nobody is called before, so nobody is missed before."""
    driver = with_policy(policy(unreached_after="5 min", quiet_hours={"begin": "08:00", "end": "09:00"}))
    driver.give(score(minutes(1), 5))
    said = driver.tick(minutes(66))
    assert [(names([e])[0], e.at) for e in said] == [("Escalated", minutes(60)), ("Unreached", minutes(65))]


whats = st.sampled_from(["score", "deliver", "board", "ack", "ICU", "tick"])
steps = st.lists(st.tuples(st.integers(0, 20), whats, st.integers(0, 9)), max_size=30)


def played(script: list[tuple[int, str, int]]) -> Driver:
    """Scores, deliveries of any call so far, moves, a nurse's word, ticks."""
    driver, clock = with_policy(MINDFUL), 0
    for pause, what, value in script:
        clock += pause
        at = minutes(clock)
        calls = [e for e in driver.said if isinstance(e, AlertRaised | AlertEscalated)]
        if what == "score":
            driver.give(score(at, value))
        elif what == "tick":
            driver.tick(at)
        elif what == "ICU":
            driver.give(context(at, ward="ICU" if value % 2 else "5B"))
        elif calls and what in {"deliver", "board"}:
            channel: Channel = "webhook" if what == "deliver" else "grafana"
            driver.give(delivered(at, calls[-1 - value % len(calls)], f"r{value}", channel))
        elif calls:
            driver.give(decided(at, calls[-1].alert, "acknowledge"))
    return driver


@given(steps)
def test_each_call_is_notified_at_most_once_and_never_after_its_alert(script: list[tuple[int, str, int]]) -> None:
    """Whatever is delivered in whatever order: one word for a call, and unreached only before it."""
    over: set[str] = set()
    notified: set[str] = set()
    for event in played(script).said:
        if isinstance(event, AlertNotified):
            assert event.call is not None
            assert event.call not in notified
            assert event.alert not in over
            notified.add(event.call)
        elif isinstance(event, AlertUnreached):
            assert event.call not in notified
        elif isinstance(event, AlertEvent) and names([event])[0] in {"Resolved", "Merged"}:
            over.add(event.alert)
