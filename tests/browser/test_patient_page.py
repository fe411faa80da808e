"""What people do on a patient's page, done in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from schemas.events import (
    DecisionMade,
    ExplanationRequested,
    ForecastExplained,
    ImagingReportRead,
    ObservationsRecorded,
    RiskForecasted,
)
from schemas.ids import digest
from tests.browser.axe import violations
from tests.browser.conftest import Opened
from tests.browser.example_ward import ExampleWard
from tests.browser.running import Running, written

pytestmark = pytest.mark.browser

OKAFOR, LINDQVIST, MARSH, BROWN = (digest("example", n) for n in (0, 1, 2, 6))


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
    expect(sepsis).not_to_contain_text("not explained yet")
    assert page.evaluate("window.stayed")


def test_a_page_without_its_charts_is_live_and_gets_them(
    open_page: Opened, console: Running, ward: ExampleWard
) -> None:
    """Where no answer for the charts comes at first, the page still hears of what is new, and draws them then."""
    page, charts = open_page("/"), f"**/api/patients/{OKAFOR}"
    page.route(charts, lambda route: route.fulfill(status=503, body="{}"))
    page.goto(f"{console.url}/patients/{OKAFOR}")
    expect(page.locator("#link-text")).to_contain_text("Live")
    expect(page.locator("#charts svg")).to_have_count(0)
    page.unroute(charts)
    newest = [e for e in ward.events if isinstance(e, ObservationsRecorded) and e.patient == OKAFOR][-1]
    console.write([newest.model_copy(update={"id": "again"})])
    expect(page.locator("#charts svg")).not_to_have_count(0)


def test_advice_is_decided_by_keyboard(open_page: Opened, console: Running) -> None:
    """Tab reaches Done and Not appropriate; both are recorded with who and why; the keyboard stays where it was."""
    page = open_page(f"/patients/{OKAFOR}")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    item = page.locator(".advice-of li", has_text="Measure lactate")
    item.get_by_role("button", name="Not appropriate").focus()
    page.keyboard.press("Tab")
    expect(item.get_by_role("button", name=re.compile("^Done"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(item).to_contain_text("✓ Done")
    expect(item).to_contain_text("Sr. Hughes")
    expect(item.get_by_role("button", name="Take back")).to_be_focused()
    other = page.locator(".advice-of li", has_text="Take blood cultures")
    other.get_by_role("button", name="Not appropriate").press("Enter")
    page.get_by_role("button", name="Done already").press("Enter")
    page.get_by_role("button", name="Send").press("Enter")
    expect(other).to_contain_text("✕ Not appropriate: Done already")
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


def test_what_did_we_know_at_the_moment_before_the_alert(look: Opened, pictures: Path) -> None:
    """A slider and a field lead to what was known then, marked as such and read only; one click leads back."""
    page = look(f"/patients/{OKAFOR}")
    expect(page.locator(".alerts-card")).to_contain_text("NEWS2 rose from 6")
    total = page.locator(".patient-score b").inner_text()
    page.get_by_role("textbox", name="Known at").fill("2026-03-12T12:40")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#past")).to_contain_text("As known at 2026-03-12 12:40 – not now.")
    expect(page.locator(".alerts-card")).to_contain_text("No open alert")
    expect(page.locator("[data-decide]")).to_have_count(0)
    assert page.url.endswith("?at=2026-03-12T12%3A40")
    slide = page.get_by_label("Minutes before now")
    for _ in range(20):
        slide.press("ArrowRight")
    expect(page.locator("#past")).to_contain_text("13:00")
    expect(page.locator(".alerts-card")).to_contain_text("Sepsis risk 14 %")
    assert violations(page) == []
    page.screenshot(path=pictures / "patient-then.png")
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator("#past")).to_be_hidden()
    expect(page.locator(".patient-score b")).to_have_text(total)
    page.goto(page.url.split("/patients")[0] + "/?at=2026-03-12T12:40")
    expect(page.locator("#past")).to_contain_text("As known at 12:40 – not now.")
    assert (page.locator("a.who-cell").first.get_attribute("href") or "").endswith("?at=2026-03-12T12:40")


def test_a_radiologist_puts_a_name_to_a_report(open_page: Opened, console: Running) -> None:
    """Another reading needs its words; it is in the log with who said it, and the page says that it is final."""
    page = open_page(f"/patients/{LINDQVIST}")
    expect(page.locator("[data-decide=override]")).to_have_count(0)  # a nurse makes no report final
    page = open_page(f"/patients/{LINDQVIST}", "admin-token")
    page.locator("[data-decide=override]").first.click()
    page.get_by_role("button", name="No pneumonia").click()
    page.locator("#reason-ok").click()
    expect(page.locator(".film-read").first).to_contain_text("Report final, read by Dana Admin: No pneumonia")
    (told,) = (e for e in written(console.log, "decisions") if isinstance(e, ImagingReportRead))
    assert (told.decision, told.impression, told.by) == ("override", "No pneumonia", "Dana Admin")
