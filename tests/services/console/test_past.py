"""What did we know at 03:12? The pages of an instant are those of a log that ends there."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import AlertAcknowledged, CareLimitSet, EncounterTransferred, Event, Place, ReadingsRetracted
from schemas.ids import digest
from services.console.app import console_app
from services.console.projection.fold import fold
from services.console.projection.store import Store
from services.console.reading import board, patient
from services.console.reading.viewer import Names, Viewer
from services.runtime.fake_log import FakeLog
from services.runtime.health import Health
from services.runtime.identity import FakeIdentity
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW, SITE, event
from tests.browser.example_ward import example_ward
from tests.browser.running import Running, made_console
from tests.services.console.test_projection import observed

VIEWER = Viewer("someone", identity=False, decide=False, admin=True, past=True)
WARD = example_ward(hours=6, people=4)
OKAFOR = WARD.keys["Okafor"]


CHANGED: list[Event] = [
    observed("a", 1, 80, -90).model_copy(update={"patient": OKAFOR}),
    observed("a", 2, 188, -40).model_copy(update={"patient": OKAFOR}),
    ReadingsRetracted(id="r", site=SITE, known=NOW - timedelta(minutes=20), patient=OKAFOR, sources=("a",)),
    event(CareLimitSet, NOW - timedelta(minutes=50), OKAFOR, patient=OKAFOR, decided=NOW, limit="no_escalation"),
    event(CareLimitSet, NOW - timedelta(minutes=10), OKAFOR, patient=OKAFOR, decided=NOW, limit="comfort"),
    event(
        EncounterTransferred, NOW - timedelta(minutes=30), OKAFOR, patient=OKAFOR, encounter="enc-0",
        moved=NOW - timedelta(hours=3), place=Place(ward="ICU", room="ICU-9", bed="ICU-9A"),
    ),
    event(
        AlertAcknowledged, NOW - timedelta(minutes=15), "x", patient=OKAFOR, alert=digest("alert", OKAFOR, "sepsis"),
        kind="sepsis", severity="red", at=NOW - timedelta(minutes=18), summary="taken", by="Sr. Hughes",
    ),
]  # fmt: skip
"""A reading corrected and taken back, a limit set twice, a move told late, an alert taken."""
EVENTS = sorted([*WARD.events, *CHANGED], key=lambda e: e.known)


def folded(folder: Path, events: list[Event], name: str) -> Store:
    """A store of these."""
    store, log = Store(f"sqlite:///{folder}/{name}.db"), FakeLog()
    log.append([outgoing(e, source="test", partitions=4) for e in events])
    fold(store, log.records)
    return store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Everything that is known now."""
    return folded(tmp_path_factory.mktemp("past"), EVENTS, "whole")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.integers(0, 5 * 60))
def test_the_past_is_what_a_log_that_ended_there_would_show(whole: Store, tmp_path: Path, minutes: int) -> None:
    """Board and patient pages at an instant equal those of a store that never heard of anything later."""
    at, names = NOW - timedelta(minutes=minutes), Names(FakeIdentity(), SITE)
    then = folded(tmp_path, [e for e in EVENTS if e.known <= at], f"then-{minutes}")
    with whole.as_known(at) as past, then.reading() as known:
        assert board.board(past, SITE, at, names, VIEWER) == board.board(known, SITE, at, names, VIEWER)
        for key in WARD.keys.values():
            shown = patient.patient(past, SITE, key, at, names, VIEWER)
            assert shown == patient.patient(known, SITE, key, at, names, VIEWER)
    then.close()
    for file in tmp_path.glob("then-*"):
        file.unlink()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The console's parts with the ward folded in."""
    running = made_console(tmp_path_factory.mktemp("console"), WARD)
    running.log.append([outgoing(e, source="test", partitions=4) for e in EVENTS])
    fold(running.parts.store, running.log.records)
    running.parts.clock.told(NOW)
    return running


def test_the_past_has_an_end_and_no_buttons(console: Running) -> None:
    """A moment of the last 48 hours is shown without anything to decide; any other is refused in words."""
    with TestClient(
        console_app(console.parts, Health("console")), headers={"Authorization": "Bearer admin-token"}
    ) as to:
        page = to.get(f"/patients/{OKAFOR}?at={NOW - timedelta(minutes=30):%Y-%m-%dT%H:%M}").text
        assert "As known at" in page
        assert "data-decide" not in page
        assert "data-decide" in to.get(f"/patients/{OKAFOR}").text
        for at in ("2026-03-09T00:00", "2027-01-01T00:00", "yesterday"):
            assert to.get(f"/api/patients/{OKAFOR}", params={"at": at}).status_code == 422
