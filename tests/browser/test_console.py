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
    ExplanationRequested,
    ForecastExplained,
    Place,
    RiskForecasted,
    ScheduleDecided,
)
from schemas.ids import digest
from tests.browser.conftest import Opened
from tests.browser.contrast import too_faint
from tests.browser.example_event import NOW, event
from tests.browser.running import Running, written

pytestmark = pytest.mark.browser

OKAFOR, LINDQVIST, MARSH, TANAKA, BROWN, ROSSI = (digest("example", n) for n in (0, 1, 2, 3, 6, 12))


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


def test_a_new_alert_arrives_without_reload(open_page: Opened, console: Running) -> None:
    """A red alert moves its patient to the top within two seconds, says why, and is spoken to screen readers."""
    page = open_page("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    page.evaluate("window.stayed = true")
    urgent = page.locator("section.now li.row").count()
    console.write([raised(ROSSI)])
    begun = time.monotonic()
    expect(page.locator(f"section.now {row(ROSSI)}")).to_contain_text("Sepsis risk 41 %", timeout=5000)
    assert time.monotonic() - begun < 2
    expect(page.locator("#announce")).to_contain_text("Sepsis risk 41 %")
    assert page.evaluate("window.stayed")
    expect(page).to_have_title(f"({urgent + 1}) Board · Wardwatch")


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
    expect(page.locator(row(OKAFOR))).to_contain_text("by Sr. Hughes", timeout=5000)
    found = written(console.log, "decisions")
    assert [(e.decision, e.by, e.patient) for e in found if isinstance(e, DecisionMade)] == [
        ("acknowledge", "Sr. Hughes", OKAFOR)
    ]
    alert = digest("alert", OKAFOR, "sepsis")
    at = NOW + timedelta(minutes=1)
    about = {"patient": OKAFOR, "alert": alert, "kind": "sepsis", "severity": "red", "summary": "Sepsis risk 36 %"}
    console.write([event(AlertAcknowledged, at, alert, **about, at=at, by="Sr. Hughes")])
    expect(page.locator(row(OKAFOR))).to_contain_text("✓ Sr. Hughes", timeout=5000)


def test_a_reason_is_asked_before_an_alert_is_called_wrong(open_page: Opened, pictures: Path) -> None:
    """Wrong needs a reason: offered ones are one click, and the dialog works by keyboard."""
    page = open_page(f"/patients/{OKAFOR}")
    page.get_by_role("button", name="Wrong").click()
    page.get_by_role("button", name="Measurement error").click()
    page.screenshot(path=pictures / "reason.png")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#toast")).to_contain_text("Marked as wrong")
    expect(page.locator(".story-actions").first).to_contain_text("sent", timeout=5000)


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


def test_the_patient_page_shows_why(look: Opened, pictures: Path) -> None:
    """Score line by line, charts with a readout, reasons of the forecast, the alert's story, and a table instead."""
    page = look(f"/patients/{OKAFOR}")
    expect(page.locator("h1")).to_contain_text("OKAFOR, Grace")
    expect(page.locator(".news2 tbody tr")).to_have_count(7)
    expect(page.locator("#charts .panel")).to_have_count(8)
    expect(page.locator(".reasons tbody tr").first).to_contain_text("Respiratory rate")
    expect(page.locator(".timeline").first).to_contain_text("Escalated to red")
    page.locator("#charts").hover(position={"x": 300, "y": 60})
    expect(page.locator("#charts .cursor")).to_have_attribute("visibility", "visible")
    page.get_by_text("Show as a table").click()
    assert page.locator("#chart-table tbody tr").count() > 10
    page.get_by_text("Show as a table").click()
    page.screenshot(path=pictures / "patient.png", full_page=True)


def test_both_models_say_band_certainty_and_why(look: Opened) -> None:
    """Each panel: probability, band as word and as filled steps, certainty, course, and reasons with ranges."""
    page = look(f"/patients/{OKAFOR}")
    expect(page.locator(".panel-risk h3")).to_contain_text(["Deterioration", "Sepsis"])
    sepsis = page.get_by_role("article", name="Sepsis", exact=False).filter(has=page.locator(".risk-p"))
    expect(sepsis).to_contain_text("Very high")
    expect(sepsis.locator(".risk-level .scale i.on")).to_have_count(4)
    expect(sepsis).to_contain_text("At 90 % certainty: cannot be excluded")
    expect(sepsis.locator("svg.course")).to_have_attribute("aria-label", re.compile("Risk over .* hours of this stay"))
    first = sepsis.locator(".reasons tbody tr").first
    expect(first.locator(".flag")).to_have_attribute("title", "above the reference range")
    expect(first).to_contain_text(re.compile(r"12–20.*raises the risk", re.DOTALL))


def test_a_page_asks_why_and_shows_the_answer(open_page: Opened, console: Running) -> None:
    """Opening it asks watch about each model; the reasons appear without a reload when they come."""
    page = open_page(f"/patients/{MARSH}")
    sepsis = page.locator(".panel-risk", has=page.locator("#risk-sepsis"))
    expect(sepsis).to_contain_text("Newer forecast, not explained yet")
    asked = [e for e in written(console.log, "decisions") if isinstance(e, ExplanationRequested)]
    assert [(e.patient, e.model) for e in asked] == [(MARSH, "deterioration"), (MARSH, "sepsis")]
    told = [e for e in written(console.log, "risk") if e.patient == MARSH and getattr(e, "model", "") == "sepsis"]  # type: ignore[attr-defined]
    forecast = [e for e in told if isinstance(e, RiskForecasted)][-1]
    why = [e for e in told if isinstance(e, ForecastExplained)][-1]
    page.evaluate("window.stayed = true")
    console.write([why.model_copy(update={"id": "asked", "forecast": forecast.id, "as_of": forecast.as_of})])
    expect(sepsis).not_to_contain_text("not explained yet", timeout=5000)
    assert page.evaluate("window.stayed")


def test_advice_is_decided_by_keyboard(open_page: Opened, console: Running) -> None:
    """Tab reaches Done and Not appropriate; both are recorded with who and why; the keyboard stays where it was."""
    page = open_page(f"/patients/{OKAFOR}")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    item = page.locator(".advice-of li", has_text="Measure lactate")
    item.get_by_role("button", name="Not appropriate").focus()
    page.keyboard.press("Tab")
    expect(item.get_by_role("button", name=re.compile("^Done"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(item).to_contain_text("✓ Done", timeout=5000)
    expect(item).to_contain_text("Sr. Hughes")
    expect(item.get_by_role("button", name="Take back")).to_be_focused()
    other = page.locator(".advice-of li", has_text="Take blood cultures")
    other.get_by_role("button", name="Not appropriate").press("Enter")
    page.get_by_role("button", name="Done already").press("Enter")
    page.get_by_role("button", name="Send").press("Enter")
    expect(other).to_contain_text("✕ Not appropriate: Done already", timeout=5000)
    found = [e for e in written(console.log, "decisions") if isinstance(e, DecisionMade)]
    assert [(e.subject, e.decision, e.why) for e in found] == [
        ("advice:sepsis-very-high-lactate", "approve", ""),
        ("advice:sepsis-very-high-cultures", "override", "Done already"),
    ]


def test_advice_does_not_apply_in_palliative_care(look: Opened, pictures: Path) -> None:
    """It says so once, and offers nothing to tick off."""
    page = look(f"/patients/{BROWN}")
    expect(page.locator(".advice-of")).to_have_count(1)
    expect(page.locator(".advice-of")).to_contain_text("comfort and the agreed plan come first")
    expect(page.locator("[data-advice]")).to_have_count(0)
    page.screenshot(path=pictures / "patient-palliative.png", full_page=True)


def test_a_film_shows_where_the_model_looked(look: Opened, pictures: Path) -> None:
    """The heatmap lies over the film, can be taken away and made weaker; what cannot be assessed says why."""
    page = look(f"/patients/{LINDQVIST}")
    heat = page.locator("canvas")
    expect(heat).to_have_attribute("data-ready", "true")
    expect(page.locator(".film").nth(1)).to_contain_text("Cannot assess")
    page.screenshot(path=pictures / "patient-film.png", full_page=True)
    page.locator("[data-heat-strength]").fill("20")
    assert heat.evaluate("c => c.style.opacity") == "0.2"
    page.get_by_label("Show where the model looked").uncheck()
    expect(heat).to_be_hidden()


def test_the_beds_are_mapped_and_a_proposal_approved(open_page: Opened, console: Running, pictures: Path) -> None:
    """Who lies where, how full it gets, who waits; approving is one click and becomes an event."""
    page = open_page("/beds", width=1440)
    expect(page.locator(".bedtile.occupied:not(.mini)")).to_have_count(20)
    expect(page.locator(".bedtile.cleaning:not(.mini)")).to_have_count(1)
    expect(page.locator("[data-fan] svg")).to_have_count(2)
    expect(page.locator("table.waiting")).to_contain_text("Only free isolation bed")
    page.screenshot(path=pictures / "beds.png", full_page=True)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#h-waiting").locator("xpath=..")).to_contain_text("approved by Sr. Hughes", timeout=8000)
    assert isinstance(written(console.log, "plans")[-1], ScheduleDecided)


def test_the_system_page_names_every_stage_and_model(look: Opened, pictures: Path) -> None:
    """Six stages with their counts, three models with where they speak."""
    page = look("/system", "admin-token", width=1440)
    expect(page.locator(".stage")).to_have_count(6)
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


def test_nothing_overlaps_on_a_laptop(look: Opened, pictures: Path) -> None:
    """At 1366 and 1440 pixels no panel, table or button reaches out of its card."""
    for width in (1366, 1440, 1920):
        page = look(f"/patients/{OKAFOR}", width=width, height=900)
        page.locator(".reasons").first.wait_for()
        out = page.evaluate("""() => [...document.querySelectorAll('.card')].flatMap(card => {
            const edge = card.getBoundingClientRect().right;
            return [...card.querySelectorAll('table, button, article, svg.course')]
                .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > edge)
                .map(e => e.outerHTML.slice(0, 150));
        })""")
        assert out == [], width
        page.screenshot(path=pictures / f"patient-{width}.png")


def test_a_phone_shows_the_board_without_sideways_scrolling(look: Opened, pictures: Path) -> None:
    """Everything fits the width of a phone, and what is pressed is at least 44 px high."""
    for path in ("/", f"/patients/{OKAFOR}", "/beds"):
        page = look(path, width=390, height=844)
        page.locator("main").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page = look("/", width=390, height=844)
    take = page.get_by_role("button", name="Acknowledge").first.bounding_box()
    assert take is not None
    assert take["height"] >= 44
    page.screenshot(path=pictures / "board-phone.png")


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(look: Opened, dark: bool) -> None:
    """Every text has a contrast of at least 4.5 to 1, or 3 to 1 where it is large (WCAG 2.2, 1.4.3)."""
    for path in ("/", f"/patients/{LINDQVIST}", f"/patients/{OKAFOR}", f"/patients/{TANAKA}", "/beds", "/system"):
        page = look(path, "admin-token", dark=dark)
        page.locator("main").wait_for()
        assert too_faint(page) == [], path


def test_every_control_has_a_name(look: Opened) -> None:
    """Buttons, links, fields and pictures say what they are to those who do not see them (WCAG 2.2, 4.1.2)."""
    for path in ("/", f"/patients/{LINDQVIST}", "/beds"):
        page = look(path)
        page.locator("main").wait_for()
        nameless = page.evaluate("""() => [
            ...document.querySelectorAll('button, a, input, select, textarea, img, summary'),
        ].filter(e => e.type !== 'hidden' && !(e.textContent.trim() || e.ariaLabel || e.alt || e.title
                || e.labels?.length)).map(e => e.outerHTML.slice(0, 120))""")
        assert nameless == [], path
