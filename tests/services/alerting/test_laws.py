"""Laws of alerting, whatever happens in whatever order (services/alerting/machine.py)."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AlertStanding, Event
from services.alerting.table import STANDING
from tests.services.alerting.given import (
    Driver,
    context,
    decided,
    explained,
    finding,
    forecast,
    minutes,
    names,
    score,
)

step = st.one_of(
    st.tuples(st.just("score"), st.integers(0, 12), st.booleans()),
    st.tuples(
        st.sampled_from(["sepsis", "deterioration"]), st.sampled_from([0.01, 0.07, 0.1, 0.3, 0.5, 0.7]), st.booleans()
    ),
    st.tuples(st.just("reasons"), st.sampled_from([0.01, 0.5]), st.booleans()),
    st.tuples(st.sampled_from(["acknowledge", "snooze", "wrong"]), st.integers(0, 2), st.booleans()),
    st.tuples(st.sampled_from(["film", "here", "home", "palliative", "tick"]), st.just(0), st.booleans()),
)
scripts = st.lists(st.tuples(st.integers(1, 200), step), max_size=60)


def played(script: list[tuple[int, tuple[str, float, bool]]], restarts: frozenset[int] = frozenset()) -> list[Event]:
    """A script of facts, ticks, a nurse's words and restarts; everything that was said."""
    driver, clock = Driver(), 0
    for n, (pause, (what, value, fresh)) in enumerate(script):
        if n in restarts:
            driver.restart()
        clock += pause
        at = minutes(clock)
        if what == "score":
            driver.give(score(at, int(value), fresh=fresh))
        elif what in {"sepsis", "deterioration"}:
            driver.give(forecast(at, value, fresh=fresh, model=what))  # type: ignore[arg-type]
        elif what == "reasons":
            driver.give(explained(forecast(at, value, mode="live" if fresh else "silent")))
        elif what == "film":
            driver.give(finding(at))
        elif what == "tick":
            driver.tick(at)
        elif what in {"here", "home", "palliative"}:
            driver.give(context(at, open_=what != "home", limit="palliative" if what == "palliative" else "full"))
        else:
            open_ids = [c.alert for c in driver.state.cases.values() if c.alert] if driver.state else []
            if open_ids:
                driver.give(decided(at, open_ids[int(value) % len(open_ids)], what))  # type: ignore[arg-type]
    return driver.said


@given(scripts)
def test_between_raise_and_resolve_an_alert_is_raised_once(script: list[tuple[int, tuple[str, float, bool]]]) -> None:
    """Whatever happens: one AlertRaised an id, nothing before it or after its end, one open alert a kind."""
    state: dict[str, str] = {}
    open_: dict[str, str] = {}
    for event in played(script):
        if isinstance(event, AlertStanding):
            continue
        name, alert, kind = names([event])[0], event.alert, event.kind  # type: ignore[attr-defined]
        if name == "Raised":
            assert alert not in state
            assert kind not in open_
            open_[kind] = alert
        elif name in {"Resolved", "Merged", "Suppressed"}:
            assert open_.pop(kind, alert) == alert
        else:
            assert open_[kind] == alert
        state[alert] = name


@given(scripts, st.frozensets(st.integers(0, 60), max_size=4))
def test_restarts_change_nothing(script: list[tuple[int, tuple[str, float, bool]]], restarts: frozenset[int]) -> None:
    """Restored from the standings it wrote, alerting says the same, event by event."""
    assert played(script, restarts) == played(script)


@given(scripts)
def test_ids_are_unique(script: list[tuple[int, tuple[str, float, bool]]]) -> None:
    """No two events share an id, so a repeat is recognised as one."""
    said = played(script)
    assert len({(type(e), e.id) for e in said}) == len(said)


@given(scripts)
def test_standings_tell_the_phase(script: list[tuple[int, tuple[str, float, bool]]]) -> None:
    """A standing names an alert exactly while one stands or is withheld."""
    for event in played(script):
        if isinstance(event, AlertStanding):
            assert (event.phase in STANDING or "suppressed" in event.extra) == (event.alert is not None)
