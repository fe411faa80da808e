"""What people do at the console, done in a real browser."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from schemas.events import (
    AlertAcknowledged,
    AlertRaised,
    DecisionMade,
    Place,
    ScheduleDecided,
)
from schemas.ids import digest
from tests.browser.axe import violations
from tests.browser.conftest import Opened
from tests.browser.example_event import NOW, event
from tests.browser.running import Running, written

pytestmark = pytest.mark.browser

OKAFOR, ROSSI = (digest("example", n) for n in (0, 12))


def row(key: str) -> str:
    """The selector of a patient's row."""
    return f'li[data-key="{key}"]'


def raised(patient: str, minutes: int = 1) -> AlertRaised:
    """A red sepsis alert a minute after now."""
    at = NOW + timedelta(minutes=minutes)
    return event(
        AlertRaised, at, patient, patient=patient, alert=f"alert-{patient}", kind="sepsis", severity="red", at=at,
        place=Place(ward="ICU", room="ICU-1", bed="ICU-1A"), summary="Sepsis risk 41 %", source="x",
    )  # fmt: skip


def test_the_board_shows_everyone_and_says_that_it_is_live(look: Opened, pictures: Path) -> None:
    """All patients are there, the most worrying first, the line to the server is shown as live."""
    page = look("/")
    expect(page.locator("li.row")).to_have_count(20)
    expect(page.locator("li.row").first).to_contain_text("OKAFOR, Grace")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    expect(page.locator("section.now .count")).to_have_text(str(page.locator("section.now li.row").count()))
    assert "token" not in page.url
    page.screenshot(path=pictures / "board.png")
    look("/", "admin-token", dark=True).screenshot(path=pictures / "board-dark.png")


def test_a_new_red_alert_arrives_without_reload_and_is_sounded_once(open_page: Opened, console: Running) -> None:
    """It moves its patient to the top within two seconds, says why, is spoken, counted in the title, and heard once."""
    page = open_page("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    page.evaluate("""() => {
        window.badges = []; window.notes = 0; window.stayed = true;
        navigator.setAppBadge = async (n) => { window.badges.push(n); };
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { window.notes += 1; return start.call(this, at); };
    }""")
    expect(page).to_have_title("(1) Board · Wardwatch")
    page.get_by_label("Signed in as").click()
    page.get_by_role("button", name="Sound for red: off").click()
    expect(page.get_by_role("button", name="Sound for red: on")).to_have_attribute("aria-pressed", "true")
    before = page.evaluate("window.notes")
    console.write([raised(ROSSI)])
    begun = time.monotonic()
    expect(page.locator(f"section.now {row(ROSSI)}")).to_contain_text("Sepsis risk 41 %")
    assert time.monotonic() - begun < 8, "not told, but found by looking again"
    expect(page.locator("#announce")).to_contain_text("Sepsis risk 41 %")
    expect(page).to_have_title("(2) Board · Wardwatch")
    assert page.evaluate("[window.stayed, window.badges.at(-1), window.notes]") == [True, 2, before + 3]
    console.write([raised(ROSSI, 2).model_copy(update={"severity": "red", "summary": "Sepsis risk 44 %"})])
    expect(page.locator(row(ROSSI))).to_contain_text("Sepsis risk 44 %")
    assert page.evaluate("window.notes") == before + 3
    page.reload()
    page.get_by_label("Signed in as").click()
    expect(page.get_by_role("button", name="Sound for red: on")).to_be_visible()


@pytest.mark.parametrize("text", ["okafor", "4100200", "5b-1a"])
def test_a_patient_is_found_by_name_number_or_bed(look: Opened, text: str) -> None:
    """Typing any of the three leaves that patient on the board, and Enter goes there."""
    page = look("/")
    page.keyboard.press("/")
    page.keyboard.type(text)
    expect(page.locator("li.row:visible")).to_have_count(1)
    expect(page.locator("li.row:visible")).to_contain_text("OKAFOR, Grace")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/patients/{OKAFOR}$"))
    assert text not in page.url


def test_an_alert_is_acknowledged_in_one_click(open_page: Opened, console: Running) -> None:
    """The click becomes a decision in the log; the row says who took it, first as sent, then as the authority's."""
    page = open_page("/")
    page.locator(row(OKAFOR)).get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#toast")).to_contain_text("Acknowledged")
    expect(page.locator(row(OKAFOR))).to_contain_text("by Sr. Hughes")
    found = written(console.log, "decisions")
    assert [(e.decision, e.by, e.patient) for e in found if isinstance(e, DecisionMade)] == [
        ("acknowledge", "Sr. Hughes", OKAFOR)
    ]
    alert = digest("alert", OKAFOR, "sepsis")
    at = NOW + timedelta(minutes=1)
    about = {"patient": OKAFOR, "alert": alert, "kind": "sepsis", "severity": "red", "summary": "Sepsis risk 36 %"}
    console.write([event(AlertAcknowledged, at, alert, **about, at=at, by="Sr. Hughes")])
    expect(page.locator(row(OKAFOR))).to_contain_text("✓ Sr. Hughes")


def test_a_reason_is_asked_before_an_alert_is_called_wrong(open_page: Opened, pictures: Path) -> None:
    """Wrong needs a reason: offered ones are one click, and the dialog works by keyboard."""
    page = open_page(f"/patients/{OKAFOR}")
    page.get_by_role("button", name="Wrong").click()
    page.get_by_role("button", name="Measurement error").click()
    page.screenshot(path=pictures / "reason.png")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#toast")).to_contain_text("Marked as wrong")
    expect(page.locator(".story-actions").first).to_contain_text("Sent: wrong by Sr. Hughes")


def test_a_lost_server_is_shown_at_once(open_page: Opened, console: Running) -> None:
    """A screen never dies silently: without the server's beat it says so, and greys what it shows."""
    page = open_page("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    console.stop.set()
    page.context.set_offline(True)
    expect(page.locator("#stale")).to_be_visible(timeout=12_000)
    expect(page.locator("#stale")).to_contain_text("Connection lost")
    expect(page.locator("#link")).to_have_attribute("data-state", "lost")


def test_a_log_that_is_down_is_shown_too(open_page: Opened, console: Running) -> None:
    """The server answers but has no source: that is not live either."""
    page = open_page("/")
    console.log.down = True
    expect(page.locator("#stale")).to_contain_text("event log does not answer", timeout=8000)
    console.log.down = False
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=8000)
    expect(page.locator("#stale")).to_be_hidden()


def test_the_beds_are_mapped_and_a_proposal_approved(open_page: Opened, console: Running, pictures: Path) -> None:
    """Who lies where, how full it gets, who waits; approving is one click and becomes an event."""
    page = open_page("/beds", width=1440)
    expect(page.locator(".bedtile.occupied:not(.mini)")).to_have_count(20)
    expect(page.locator(".bedtile.cleaning:not(.mini)")).to_have_count(1)
    expect(page.locator("[data-fan] svg")).to_have_count(3)
    expect(page.locator("table.waiting")).to_contain_text("Room 8 is an isolation room")
    page.screenshot(path=pictures / "beds.png", full_page=True)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#h-waiting").locator("xpath=..")).to_contain_text("approved by Sr. Hughes", timeout=8000)
    assert isinstance(written(console.log, "plans")[-1], ScheduleDecided)


def test_the_system_page_names_every_stage_and_model(look: Opened, pictures: Path) -> None:
    """Seven stages with their counts, three models with where they speak."""
    page = look("/system", "admin-token", width=1440)
    expect(page.locator(".stage")).to_have_count(7)
    expect(page.locator(".models tbody tr")).to_have_count(3)
    page.screenshot(path=pictures / "system.png")


def test_a_ward_screen_shows_no_names_and_large_numbers(look: Opened, pictures: Path) -> None:
    """From three metres: beds and scores in type of at least 28 px, no names without the right, nobody's death."""
    page = look("/?view=wall", "screen-token", width=1920, height=1080)
    expect(page.locator("li.row")).to_have_count(20)
    assert "OKAFOR" not in page.content()
    expect(page.get_by_text("death in this hospital stay")).to_be_hidden()
    assert page.locator(".row.now .bed").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 28
    page.screenshot(path=pictures / "wall.png")


@pytest.mark.parametrize("width", [390, 360])
def test_a_phone_shows_the_board_without_sideways_scrolling(look: Opened, pictures: Path, width: int) -> None:
    """Everything fits the width of a phone, and what is pressed is at least 44 px high."""
    for path in ("/", f"/patients/{OKAFOR}", "/beds"):
        page = look(path, width=width, height=844)
        page.locator("main").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page = look("/", width=width, height=844)
    take = page.get_by_role("button", name="Acknowledge").first.bounding_box()
    assert take is not None
    assert take["height"] >= 44
    page.screenshot(path=pictures / f"board-phone-{width}.png")


def test_ages_are_right_before_the_server_has_spoken(look: Opened) -> None:
    """A page counts from the hospital's time written in it, not from the machine's, until the line is open."""
    page = look("/")
    page.route("**/events*", lambda route: route.abort())
    page.goto(page.url.partition("?")[0].rstrip("/") + f"/patients/{OKAFOR}")
    page.wait_for_timeout(1500)  # the script counts ages once a second
    ages = page.locator(".reasons tbody time.age").all_inner_texts()
    assert ages
    assert not [age for age in ages if " d " in age]


def test_she_reads_how_good_the_alarms_are(look: Opened, pictures: Path) -> None:
    """Counts with what is too few to say, the ward that has most, another window in one click."""
    page = look("/", "admin-token", width=1440)
    page.get_by_role("link", name="Alarms").click()
    site = page.locator("table.quality tbody tr").first
    expect(site).to_contain_text(re.compile(r"Whole site\s*4"))
    expect(site).to_contain_text("too few to say")
    expect(site).to_contain_text("bed-days")
    page.screenshot(path=pictures / "quality.png")
    page.get_by_role("link", name="28 days").click()
    expect(page.get_by_role("link", name="28 days")).to_have_attribute("aria-current", "page")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")


def test_the_board_speaks_chinese(look: Opened, pictures: Path) -> None:
    """One choice in the menu: rows, groups, the line to the server and ages, drawn by the server or by scripts."""
    page = look("/")
    page.get_by_label("Signed in as").click()
    page.get_by_role("link", name="中文").click()
    expect(page.locator("#group-now")).to_contain_text("需立即处理")
    expect(page.locator("#link-text")).to_contain_text("实时")
    expect(page.locator(row(OKAFOR))).to_contain_text("脓毒症")
    expect(page.locator(row(OKAFOR)).get_by_role("button", name="确认")).to_be_visible()
    expect(page.locator("time.age").first).to_have_text(re.compile("刚刚|分钟|小时"))
    assert violations(page) == []
    page.screenshot(path=pictures / "board-chinese.png")
