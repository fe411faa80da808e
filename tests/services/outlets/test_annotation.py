"""The annotation that should stand after a transition."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from schemas.events.alerts import (
    AlertAcknowledged,
    AlertEvent,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertSuppressed,
    AlertUnreached,
    Evidence,
)
from schemas.events.clinical import Place
from services.outlets.annotation import LINES_KEPT, revised
from services.outlets.board import Annotation
from tests.services.outlets.alerts import PATIENT, STAFF, START, TYPED, event, life, lives


def told(events: list[AlertEvent], start: Annotation | None = None) -> Annotation | None:
    """What stands after these transitions."""
    return reduce(revised, events, start)


def stands(events: list[AlertEvent]) -> Annotation:
    """What stands after these transitions, where something does."""
    found = told(events)
    assert found is not None
    return found


@given(lives(), st.data())
def test_any_part_of_the_log_may_be_delivered_again(events: list[AlertEvent], data: st.DataObject) -> None:
    """Delivery that goes back to any earlier offset, any number of times, ends with the same annotation."""
    standing: Annotation | None = None
    position, rewinds = 0, 0
    while position < len(events):
        standing = revised(standing, events[position])
        position += 1
        if rewinds < 3 and data.draw(st.booleans()):
            position, rewinds = data.draw(st.integers(0, position)), rewinds + 1
    assert standing == told(events)


@given(lives())
def test_a_repeat_changes_nothing(events: list[AlertEvent]) -> None:
    """After a whole life, none of its transitions changes the annotation."""
    standing = told(events)
    assert all(revised(standing, again) == standing for again in events)


@given(lives())
def test_nothing_of_a_person_is_written(events: list[AlertEvent]) -> None:
    """Neither patient key nor staff names nor typed words are in tags or text."""
    written = str(told(events))
    assert not any(secret in written for secret in (PATIENT, STAFF, TYPED))


@given(lives())
def test_tags_fit_and_name_the_alert(events: list[AlertEvent]) -> None:
    """Tags are unique, at most 100 characters, and hold the alert, its place, kind, newest severity and state."""
    tags = stands(events).tags
    assert len(set(tags)) == len(tags)
    assert max(map(len, tags)) <= 100
    assert {"wardwatch", "alert:a1", "site:main", "kind:sepsis", "ward:5B", "bed:5B-3"} <= set(tags)
    newest = [e for e in events if not isinstance(e, AlertNotified | AlertUnreached)][-1]
    assert f"severity:{newest.severity}" in tags


def test_a_life_reads_as_it_was() -> None:
    """The text is summary, evidence and a line per transition; the mark spans from raise to resolve."""
    found = stands(life())
    assert found.text.split("\n") == [
        "Sepsis risk 0.71",
        "- lactate 4.1 mmol/L &gt; 2",
        "2026-03-01 08:00:00 UTC raised amber",
        "2026-03-01 08:05:00 UTC escalated to red: nobody answered",
        "2026-03-01 08:07:00 UTC acknowledged",
        "2026-03-01 09:00:00 UTC resolved: below the threshold",
    ]
    assert (found.start_ms, found.end_ms) == (int(START.timestamp() * 1000), int(START.timestamp() * 1000) + 3_600_000)
    assert {"state:resolved", "severity:red"} <= set(found.tags)


def test_an_open_alert_has_no_end() -> None:
    """Until it is closed an alert is a point in time, not a region."""
    found = stands(life()[:3])
    assert found.end_ms == found.start_ms


def test_what_was_never_shown_is_not_shown() -> None:
    """A suppressed alert gets no annotation, nor does a notice that a receiver has one."""
    assert told([event(AlertSuppressed, 0), event(AlertNotified, 1)]) is None


def test_a_transition_without_its_raise_still_shows() -> None:
    """Where the raise is no longer in the log, the first transition makes the annotation."""
    found = stands([event(AlertAcknowledged, 7)])
    assert "state:acknowledged" in found.tags
    assert found.text.startswith("Sepsis risk 0.71\n")


def test_words_cannot_become_markup() -> None:
    """Grafana shows text as HTML, so markup in a summary or in evidence is escaped and stays on its line."""
    bad = "<script>x</script>\n2026-01-01 00:00:00 UTC resolved"
    found = stands([event(AlertRaised, 0, summary=bad, evidence=(Evidence(text=bad),))])
    assert "<script>" not in found.text
    assert len(found.text.split("\n")) == 3


def test_what_a_person_added_on_the_board_stays() -> None:
    """A tag and a remark that someone added in Grafana outlive the next transition."""
    first = stands(life()[:1])
    edited = Annotation(first.alert, first.start_ms, first.end_ms, (*first.tags, "reviewed"), "seen\n" + first.text)
    after = revised(edited, event(AlertResolved, 60))
    assert after is not None
    assert "reviewed" in after.tags
    assert after.text.startswith("seen\n")


def test_the_place_is_kept_where_a_transition_names_none() -> None:
    """A transition without a place does not take the ward off the annotation."""
    found = stands([*life()[:1], event(AlertResolved, 60, place=Place())])
    assert {"ward:5B", "bed:5B-3"} <= set(found.tags)


def test_a_long_life_stays_short() -> None:
    """However often an alert changes, its text keeps the raise and the newest transitions only, repeats included."""
    events = [event(AlertRaised, 0), *(event(AlertAcknowledged, minute) for minute in range(1, 200))]
    found = stands(events)
    lines = found.text.split("\n")
    assert len(lines) == 2 + LINES_KEPT
    assert lines[2].endswith("raised amber")
    assert revised(found, events[1]) == found
