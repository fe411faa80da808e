"""Who is called, who has the call, and where nobody is: as the log tells it, now and at an instant of the past."""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.events import (
    AlertEscalated,
    AlertNotified,
    AlertRaised,
    AlertUnreached,
    DeliveryMade,
    Event,
    LocationDefined,
    MaintenanceDecided,
)
from services.console.access import Right
from services.console.projection.fold import Touched, fold
from services.console.projection.store import Store
from services.console.reading.called import called, maintenance
from services.console.reading.patients import alerts
from services.console.reading.viewer import Viewer
from services.console.web.events import Rows
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW, SITE, event
from tests.browser.example_ward import example_ward
from tests.browser.running import made_console

KEY = "patient-of-the-test"
CARE = frozenset[Right]({"board", "alerts"})


def ago(minutes: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=minutes)


def told() -> list[Event]:
    """Raised 40 min ago and held for ten; then the bedside nurse by a pager, then the charge nurse by nobody."""
    about = {"patient": KEY, "alert": "a", "kind": "news2", "summary": "NEWS2 7"}
    held, escalated = NOW - ago(40), NOW - ago(15)
    raised = event(
        AlertRaised, held, KEY, **about, at=held, severity="red", source="x", role="bedside_nurse", contact="pager 1",
        next_role="charge_nurse", next_at=NOW - ago(15), quiet_until=NOW - ago(30),
    )  # fmt: skip
    second = event(
        AlertEscalated, escalated, KEY, **about, at=escalated, severity="red", reason="x", role="charge_nurse",
        contact="pager 2", next_role="rapid_response", next_at=NOW,
    )  # fmt: skip
    confirmed = NOW - ago(29)
    return [
        raised, second,
        event(DeliveryMade, confirmed, KEY, patient=KEY, alert="a", transition=raised.id, receiver="pagers",
              channel="webhook", role="bedside_nurse", at=confirmed),
        event(AlertNotified, confirmed, KEY, **about, at=confirmed, severity="red", receiver="pagers",
              channel="webhook", call=raised.id, delivered=confirmed, role="bedside_nurse"),
        event(AlertUnreached, NOW - ago(10), KEY, **about, at=NOW - ago(10), severity="red", call=second.id,
              reason="nobody confirmed", role="charge_nurse"),
    ]  # fmt: skip


def word(minutes: float, until: float, *, ended: bool = False, ward: str = "5B", lane: int = 0) -> Event:
    """A person's word on a ward so many minutes ago."""
    at = NOW - ago(minutes)
    return event(
        MaintenanceDecided, at, ward, lane, decision=f"{ward}-{minutes}", lane=f"lane-{lane}", ward=ward, at=at,
        until=at if ended else NOW + ago(until), ended=ended, by="A. Meier", why="switches",
    )  # fmt: skip


def folded(file: Path, events: list[Event]) -> Store:
    """A store of these."""
    store, log = Store(f"sqlite:///{file}"), FakeLog()
    log.append([outgoing(e, source="test", partitions=4) for e in events])
    fold(store, log.records)
    return store


def test_the_newest_call_is_shown_with_who_is_next_and_who_has_what(tmp_path: Path) -> None:
    """The charge nurse is asked, nobody confirmed; the pager has the first call. Rapid response is next."""
    store = folded(tmp_path / "c.db", told())
    with store.reading() as db:
        (alert,) = alerts(db, KEY, NOW)
    assert (alert.phase, alert.called is None) == ("raised", False)
    call = alert.called
    assert call is not None
    assert (call.role_text, call.step, call.contact, call.at) == ("charge nurse", 2, "pager 2", NOW - ago(15))
    assert (call.next_text, call.next_at) == ("rapid response team", NOW)
    assert (call.reached, call.unreached) == (False, True)
    assert [(t.receiver, t.channel_text, t.role_text, t.at) for t in call.told] == [
        ("pagers", "paging system", "bedside nurse", NOW - ago(29))
    ]


def test_the_past_knows_what_was_known_then(tmp_path: Path) -> None:
    """While it was held nobody was called; a quarter of an hour later the pager had it."""
    store = folded(tmp_path / "c.db", told())
    for minutes, quiet, reached, receivers in ((35, NOW - ago(30), False, 0), (28, None, True, 1)):
        at = NOW - ago(minutes)
        with store.as_known(at) as db:
            call = called(db, "a", at)
        assert call is not None
        assert (call.step, call.quiet_until, call.reached, len(call.told)) == (1, quiet, reached, receivers)


@pytest.mark.parametrize("order", [1, -1])
def test_a_ward_in_maintenance_is_named_until_it_ends(tmp_path: Path, order: int) -> None:
    """Begun on each lane, it is one; ended, it is none, in any order of reading; another ward's goes on."""
    ward = event(LocationDefined, NOW - ago(900), "5B", location="5B", kind="ward", name="Ward 5B", active=True)
    begun = [word(50, 30, lane=0), word(50, 30, lane=1), word(20, 10, ward="ICU")]
    store = folded(tmp_path / "m.db", [ward, *begun[::order]])
    with store.reading() as db:
        found = maintenance(db, SITE, NOW)
        assert [(c.ward, c.ward_name, c.since, c.until, c.who) for c in found] == [
            ("5B", "Ward 5B", NOW - ago(50), NOW + ago(30), "A. Meier"),
            ("ICU", "ICU", NOW - ago(20), NOW + ago(10), "A. Meier"),
        ]  # fmt: skip
        assert [c.ward for c in maintenance(db, SITE, NOW, "ICU")] == ["ICU"]
        assert [c.ward for c in maintenance(db, SITE, NOW + ago(15))] == ["5B"]
    store = folded(tmp_path / "e.db", [*begun, word(5, 0, ended=True)][::order])
    with store.reading() as db:
        assert [c.ward for c in maintenance(db, SITE, NOW)] == ["ICU"]
    with store.as_known(NOW - ago(6)) as db:
        assert [c.ward for c in maintenance(db, SITE, NOW - ago(6))] == ["5B", "ICU"]


def test_a_board_that_is_open_says_so_to_those_of_the_ward(tmp_path: Path) -> None:
    """Drawn with the rows that a screen is sent, escaped, in its language; nothing for another ward's screen."""
    running = made_console(tmp_path, example_ward(hours=1, people=1))
    running.parts.clock.told(NOW)
    word_of = word(50, 30).model_copy(update={"why": "<b>switches</b>"})
    running.log.append([outgoing(word_of, source="test", partitions=4)])
    fold(running.parts.store, running.log.records)
    running.parts.hub.told(Touched(beds=True))
    rows = Rows(running.parts)
    here, there = (Viewer.of("x", CARE, frozenset({ward})) for ward in ("5B", "ICU"))
    shown = str(rows.of([], here, "en")["closed"])
    assert "nobody is called until 15:00" in shown
    assert "&lt;b&gt;switches" in shown
    assert "维护中" in str(rows.of([], here, "zh")["closed"])
    assert rows.of([], there, "en")["closed"] == ""
