"""Who is addressed when nobody answers, and that time decides it alike however the log is cut into polls."""

from datetime import datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AlertEscalated, AlertEvent, AlertRaised, Event
from services.alerting.policy import Policy
from services.alerting.stage import AlertingStage
from tests.services.alerting.given import (
    UNTOLD,
    Driver,
    context,
    decided,
    delivered,
    finding,
    forecast,
    maintenance,
    minutes,
    names,
    score,
    with_policy,
)
from tests.services.alerting.policy_files import policy


def addressed(events: list[AlertEvent]) -> list[tuple[datetime, str, str | None]]:
    """When, how severe and to whom."""
    return [(e.at, e.severity, e.role) for e in events if isinstance(e, AlertRaised | AlertEscalated)]


def test_red_goes_from_the_bedside_to_rapid_response() -> None:
    """A quarter of an hour each, then it has been said; the reason names both roles."""
    driver = with_policy(UNTOLD)
    said = [*driver.give(score(minutes(1), 7)), *driver.tick(minutes(90))]
    assert addressed(said) == [
        (minutes(1), "red", "bedside_nurse"), (minutes(16), "red", "charge_nurse"),
        (minutes(31), "red", "rapid_response"),
    ]  # fmt: skip
    assert isinstance(said[1], AlertEscalated)
    assert said[1].reason == "nobody has taken it: bedside nurse was asked 15 min ago, charge nurse is asked now"


def test_amber_goes_on_as_red_unless_the_policy_says_otherwise() -> None:
    """After an hour; or it stays amber, with amber's own waits."""
    driver = with_policy(UNTOLD)
    driver.give(score(minutes(0), 5))
    assert addressed(driver.tick(minutes(90))) == [
        (minutes(60), "red", "charge_nurse"), (minutes(75), "red", "rapid_response"),
    ]  # fmt: skip
    news2 = {
        **Policy().news2.model_dump(),
        "escalate_amber_after": {"bedside_nurse": "30 min", "charge_nurse": "40 min"},
    }
    calm = with_policy(policy(unanswered_is_red=False, news2=news2))
    calm.give(score(minutes(0), 5))
    assert addressed(calm.tick(minutes(90))) == [
        (minutes(30), "amber", "charge_nurse"), (minutes(70), "amber", "rapid_response"),
    ]  # fmt: skip


def test_who_takes_it_ends_the_chain_and_worse_begins_it_again() -> None:
    """Acknowledged: nobody else is asked; red after that asks the bedside first."""
    driver = with_policy(UNTOLD)
    (alert,) = driver.give(score(minutes(0), 5))
    driver.give(decided(minutes(10), alert.alert, "acknowledge"))
    assert driver.tick(minutes(100)) == []
    assert addressed(driver.give(score(minutes(101), 8))) == [(minutes(101), "red", "bedside_nurse")]


def test_worse_before_anyone_took_it_stays_with_who_was_asked() -> None:
    """The charge nurse is asked already: red does not go back to the bedside."""
    driver = with_policy(policy(unanswered_is_red=False))
    driver.give(score(minutes(0), 5))
    driver.tick(minutes(61))
    assert addressed(driver.give(score(minutes(62), 8))) == [(minutes(62), "red", "charge_nurse")]


def test_a_transfer_takes_the_alert_along_and_asks_there() -> None:
    """The new ward is told, once, also if the old one had taken it; a move within the ward says nothing."""
    driver = with_policy(UNTOLD)
    (alert,) = driver.give(score(minutes(0), 7))
    driver.give(decided(minutes(5), alert.alert, "acknowledge"))
    assert driver.give(context(minutes(6))) == []
    (moved,) = driver.give(context(minutes(7), ward="ICU"))
    assert isinstance(moved, AlertEscalated)
    assert (moved.alert, moved.place.ward, moved.role) == (alert.alert, "ICU", "bedside_nurse")
    assert moved.reason.startswith("moved from 5B to ICU: ")
    assert names(driver.tick(minutes(23))) == ["Escalated"]
    still = with_policy(policy(tell_on_transfer=False))
    still.give(score(minutes(0), 7))
    assert still.give(context(minutes(7), ward="ICU")) == []


def test_waits_count_from_when_it_was_known() -> None:
    """A score that came in late was nobody's to answer before."""
    driver = with_policy(UNTOLD)
    driver.give(score(minutes(0), 7).model_copy(update={"known": minutes(40)}))
    assert driver.tick(minutes(54)) == []
    assert names(driver.tick(minutes(55))) == ["Escalated"]


QUIET = policy(
    unreached_after="5 min",
    unreached_asks_next=True,
    quiet_hours={"begin": "10:00", "end": "14:00"},
    maintenance={"net": {"begin": minutes(500), "end": minutes(700), "reason": "x"}},
    combinations={"both": {"kind": "sepsis", "when": [{"risk": "sepsis", "at_least": 0.05}, {"news2": 4}]}},
    news2={**Policy().news2.model_dump(), "silence_after": "45 min", "raise_after": 2, "of_last": 3},
)
What = tuple[
    Literal[
        "score", "sepsis", "film", "here", "ICU", "home", "treated", "delivered", "maintenance", "over", "acknowledge",
        "snooze", "wrong",
    ],
    float,
]  # fmt: skip
facts = st.lists(
    st.tuples(
        st.integers(0, 150),
        st.one_of(
            st.tuples(st.just("score"), st.integers(0, 9)),
            st.tuples(st.just("sepsis"), st.sampled_from([0.01, 0.055, 0.2, 0.5])),
            st.tuples(
                st.sampled_from(
                    [
                        "film",
                        "here",
                        "ICU",
                        "home",
                        "treated",
                        "delivered",
                        "maintenance",
                        "over",
                        "acknowledge",
                        "snooze",
                        "wrong",
                    ]
                ),
                st.integers(0, 3),
            ),
        ),
    ),
    max_size=25,
)
Log = list[tuple[int, What]]


def log_of(script: Log) -> list[Event]:
    """The facts of a script, decisions about the alerts that it raises included."""
    driver, clock = with_policy(QUIET), 0
    log: list[Event] = []
    for pause, (what, value) in script:
        clock += pause
        at = minutes(clock)
        fact: Event | None
        if what == "score":
            fact = score(at, int(value))
        elif what == "sepsis":
            fact = forecast(at, value)
        elif what == "film":
            fact = finding(at)
        elif what in {"here", "ICU", "home", "treated"}:
            treated = at if what == "treated" else None
            fact = context(at, open_=what != "home", ward="ICU" if what == "ICU" else "5B", treated=treated)
        elif what in {"maintenance", "over"}:
            fact = maintenance(at, at + timedelta(hours=value + 1), ended=what == "over")
        elif what == "delivered":
            calls = [e for e in driver.said if isinstance(e, AlertRaised | AlertEscalated)]
            fact = delivered(at, calls[-1 - int(value) % len(calls)]) if calls else None
        else:
            assert driver.state is not None
            open_ = [c.alert for c in driver.state.cases.values() if c.alert]
            fact = decided(at, open_[int(value) % len(open_)], what) if open_ else None  # type: ignore[arg-type]
        if fact is not None:
            log.append(fact)
            driver.give(fact)
    return log


def played(log: list[Event], ticks: frozenset[int], restarts: frozenset[int], end: datetime) -> list[AlertEvent]:
    """The log cut into polls: after some facts, and only then, ticks up to what is known; some end in a restart."""
    driver = Driver(AlertingStage(QUIET))
    driver.give(context(minutes(0)))
    for number, fact in enumerate(log):
        driver.give(fact)
        if number in ticks:
            later = log[number + 1].known if number + 1 < len(log) else end
            for step in range(1, 4):  # between this fact and the next, however often
                driver.tick(fact.known + (later - fact.known) * step / 4)
        if number in restarts:
            driver.restart()
    driver.tick(end)
    return [e for e in driver.said if isinstance(e, AlertEvent)]


@given(facts, st.frozensets(st.integers(0, 25)), st.frozensets(st.integers(0, 25), max_size=4))
def test_any_cut_into_polls_gives_the_same_transitions(
    script: Log, ticks: frozenset[int], restarts: frozenset[int]
) -> None:
    """Event by event, with ids and times: deadlines, restarts and replays included."""
    log = log_of(script)
    end = (log[-1].known if log else minutes(0)) + timedelta(hours=30)
    assert played(log, ticks, restarts, end) == played(log, frozenset(), frozenset(), end)


@given(facts)
def test_times_of_an_alert_do_not_go_back(script: Log) -> None:
    """Each transition is at or after the one before."""
    log = log_of(script)
    last: dict[str, datetime] = {}
    for event in played(log, frozenset(), frozenset(), minutes(10_000)):
        assert event.at >= last.get(event.alert, event.at)
        last[event.alert] = event.at
