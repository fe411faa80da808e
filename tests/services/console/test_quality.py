"""Alarm quality: counted from the log, the same in any order, and silent where chance would speak."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from schemas.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertRaised,
    DecisionMade,
    EncounterEnded,
    EncounterStarted,
    Event,
    Place,
    WardOccupancyChanged,
)
from services.console.app import console_app
from services.console.projection.fold import fold
from services.console.projection.store import Store
from services.console.reading.quality import poisson, quality, share
from services.runtime.fake_log import FakeLog
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW, SITE, event
from tests.browser.example_ward import example_ward
from tests.browser.running import made_console

ALERTS = 20


def told() -> list[Event]:
    """Twenty deterioration alerts on 5B in two days, of which four were called wrong and one patient in four died."""
    ward = Place(ward="5B")
    found: list[Event] = [
        event(WardOccupancyChanged, NOW - timedelta(hours=48), "5B", ward="5B", as_of=NOW - timedelta(hours=48),
              occupied=10, beds=12),
        event(WardOccupancyChanged, NOW - timedelta(hours=24), "5B", ward="5B", as_of=NOW - timedelta(hours=24),
              occupied=20, beds=24),
    ]  # fmt: skip
    for n in range(ALERTS):
        at, key = NOW - timedelta(hours=2 * n + 1), f"patient-{n}"
        about = {"patient": key, "alert": f"alert-{n}", "kind": "deterioration", "summary": "x", "place": ward}
        found += [
            event(EncounterStarted, at - timedelta(hours=30), key, patient=key, encounter="e", started=at, place=ward),
            event(AlertRaised, at, key, **about, at=at, severity="amber", source="x"),
        ]
        if n < 16:
            after = at + timedelta(minutes=n + 1)
            found.append(event(AlertAcknowledged, after, key, **about, at=after, severity="amber", by="someone"))
        if n < 4:
            after = at + timedelta(minutes=50)
            found.append(
                event(DecisionMade, after, key, patient=key, subject=f"alert-{n}", about="alert", decision="wrong",
                      by="someone", why="Measurement error", at=after)
            )  # fmt: skip
        if n % 2:
            later = at + timedelta(minutes=55)
            found.append(event(AlertEscalated, later, key, **about, at=later, severity="red", reason="nobody came"))
        if n < 12:
            ended = at + timedelta(minutes=58)
            outcome = "died" if n % 4 == 0 else "home"
            found.append(event(EncounterEnded, ended, key, patient=key, encounter="e", ended=ended, outcome=outcome))
    return found


def folded(file: Path, events: list[Event], seed: int | None = None) -> Store:
    """A store of these; with a seed, the topics read in another order."""
    store, log = Store(f"sqlite:///{file}"), FakeLog()
    log.append([outgoing(e, source="test", partitions=4) for e in events])
    parts = list(log.records.items())
    if seed is not None:
        random.Random(seed).shuffle(parts)
    for partition, records in parts:
        fold(store, {partition: records})
    return store


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_quality_is_what_the_log_tells_in_any_order(tmp_path: Path, seed: int | None) -> None:
    """Rate by bed-days, answers, waits, reasons, escalations, right by decisions and by outcome, days."""
    store = folded(tmp_path / "q.db", told(), seed)
    with store.reading() as db:
        shown = quality(db, SITE, NOW, 168)
    site, ward, kind = shown.lines
    assert (site.alerts, ward.alerts, kind.kind) == (20, 20, "deterioration")
    assert kind.rate.bed_days == pytest.approx(30)
    assert kind.rate.value == pytest.approx(20 / 30)
    assert (kind.answered.part, kind.answered.whole) == (16, 20)
    assert (kind.waited.median_min, kind.waited.most_min) == (8, 15)
    assert (kind.wrong.part, kind.escalated.part) == (4, 10)
    assert [(r.text, r.count) for r in kind.reasons] == [("Measurement error", 4)]
    assert (kind.by_decisions.part, kind.by_decisions.whole) == (12, 16)
    assert (kind.by_outcome.part, kind.by_outcome.whole) == (3, 12)
    assert sum(n for _, n in kind.by_day) == 20
    with store.reading() as db:
        assert quality(db, SITE, NOW, 24).lines[0].alerts == 12


def test_intervals_are_the_published_ones() -> None:
    """Wilson's for 4 of 20 and Byar's for 10, as tables give them; none of nothing."""
    assert (share(4, 20).low, share(4, 20).high) == pytest.approx((0.0807, 0.4160), abs=1e-4)
    assert poisson(10) == pytest.approx((4.79, 18.39), abs=0.01)
    assert poisson(0)[0] == 0
    assert share(0, 0).value is None
    assert not share(3, 4).enough


def test_alarm_quality_is_for_administrators(tmp_path: Path) -> None:
    """The page and its JSON are refused to the care team; the link stands in the administrator's pages only."""
    running = made_console(tmp_path, example_ward(hours=1, people=2))
    running.parts.clock.told(NOW)
    with TestClient(console_app(running.parts, Health("console"))) as client:
        for path in ("/quality", "/quality/now", "/api/quality?hours=24"):
            for token, status in (("sister-token", 403), ("admin-token", 200)):
                answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == status, path
        assert 'href="/quality"' in client.get("/", headers={"Authorization": "Bearer admin-token"}).text
        assert 'href="/quality"' not in client.get("/", headers={"Authorization": "Bearer sister-token"}).text
