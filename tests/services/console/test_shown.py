"""A person of the ward who opens the page has the call: told once, and by nobody who cannot act."""

from pathlib import Path

from fastapi.testclient import TestClient

from schemas.events import AlertNotified, DeliveryMade
from services.console.app import console_app
from services.console.projection.fold import fold
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW, event
from tests.browser.example_ward import example_ward
from tests.browser.running import Running, made_console, written


def told(running: Running) -> list[DeliveryMade]:
    """What the console told of deliveries."""
    return [e for e in written(running.log, "deliveries") if isinstance(e, DeliveryMade)]


def test_opening_the_page_is_a_delivery_until_the_authority_knows(tmp_path: Path) -> None:
    """Not for an administrator, not of the past, not the JSON of a program; after AlertNotified never again."""
    ward = example_ward(hours=1, people=3)
    running = made_console(tmp_path, ward)
    running.log.append([outgoing(e, source="test", partitions=4) for e in ward.events])
    fold(running.parts.store, running.log.records)
    running.parts.clock.told(NOW)
    key = ward.keys["Okafor"]
    sister, admin = ({"Authorization": f"Bearer {who}-token"} for who in ("sister", "admin"))
    with TestClient(console_app(running.parts, Health("console"))) as client:
        assert client.get(f"/patients/{key}", headers=admin).status_code == 200
        assert client.get(f"/api/patients/{key}", headers=sister).status_code == 200
        client.get(f"/patients/{key}?at=2026-03-12T14:00:00Z", headers=sister)
        assert told(running) == []
        assert client.get(f"/patients/{key}", headers=sister).status_code == 200
        (one,) = told(running)
        assert (one.receiver, one.channel, one.patient, one.at) == ("console", "screen", key, NOW)
        client.get(f"/patients/{key}", headers=sister)
        assert {e.id for e in told(running)} == {one.id}
        said = event(
            AlertNotified, NOW, key, patient=key, alert=one.alert, kind="sepsis", severity="red", at=NOW, summary="x",
            receiver="console", channel="screen", call=one.transition, delivered=NOW,
        )  # fmt: skip
        before = len(told(running))
        partition = next(p for p, records in running.log.records.items() if p.topic == "alerts" and records)
        running.log.append([outgoing(said, source="test", partitions=4)])
        fold(
            running.parts.store, {p: r[-1:] for p, r in running.log.records.items() if p.topic == partition.topic and r}
        )
        client.get(f"/patients/{key}", headers=sister)
        assert len(told(running)) == before
