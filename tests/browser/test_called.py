"""Who is called and where nobody is, as a nurse and a technician see it on a board that is open."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from schemas.events import AlertRaised, AlertUnreached, DeliveryMade, MaintenanceDecided, Place
from schemas.ids import digest
from tests.browser.axe import violations
from tests.browser.conftest import Opened
from tests.browser.example_event import NOW, event
from tests.browser.running import Running

pytestmark = pytest.mark.browser
ROSSI = digest("example", 12)


def word(minute: int, until: int, *, ended: bool = False) -> MaintenanceDecided:
    """A technician's word on the intensive care ward."""
    at = NOW + timedelta(minutes=minute)
    return event(
        MaintenanceDecided, at, minute, decision=f"m{minute}", lane="lane-0", ward="ICU", at=at,
        until=NOW + timedelta(minutes=until), ended=ended, by="A. Meier", why="switches are replaced",
    )  # fmt: skip


def test_an_open_board_tells_where_nobody_is_called_and_who_was_not_reached(
    open_page: Opened, console: Running
) -> None:
    """Maintenance comes and goes without a reload; an alert says who is asked, that nobody confirmed, who is next."""
    page = open_page("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    console.write([word(1, 90)])
    expect(page.locator("#closed")).to_contain_text("nobody is called until 16:00")
    expect(page.locator("#closed")).to_contain_text("switches are replaced (A. Meier)")
    console.write([word(2, 2, ended=True)])
    expect(page.locator("#closed")).to_have_text("")
    at = NOW + timedelta(minutes=3)
    about = {"patient": ROSSI, "alert": "a", "kind": "news2", "severity": "red", "summary": "NEWS2 9",
             "place": Place(ward="ICU"), "role": "bedside_nurse", "contact": "pager 5501"}  # fmt: skip
    raised = event(
        AlertRaised, at, ROSSI, **about, at=at, source="x", next_role="charge_nurse", next_at=at + timedelta(minutes=15)
    )
    late = at + timedelta(minutes=5)
    lost = event(AlertUnreached, late, ROSSI, **about, at=late, call=raised.id, reason="nobody confirmed")
    console.write([raised, lost])
    asked = page.locator(f'li[data-key="{ROSSI}"] .alert-asked')
    expect(asked).to_contain_text("Reached nobody")
    expect(asked).to_contain_text("asked: bedside nurse")
    expect(asked).to_contain_text("charge nurse at 14:48")
    assert violations(page) == []
    told = event(
        DeliveryMade, late, ROSSI, patient=ROSSI, alert="a", transition=raised.id, receiver="pagers", channel="webhook",
        role="bedside_nurse", at=late,
    )  # fmt: skip
    console.write([told])
    story = open_page(f"/patients/{ROSSI}").locator(".alerts-card")
    expect(story).to_contain_text("Reached by pager 5501.")
    expect(story).to_contain_text("paging system (pagers) for bedside nurse 14:38")
