"""What an administrator reads on the beds page, read in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened

pytestmark = pytest.mark.browser


def test_she_reads_how_good_last_weeks_forecast_was(look: Opened) -> None:
    """By lead: how far off, which way it leans, and how often the count lay in the 80 % band."""
    page = look("/beds", "admin-token", width=1440)
    rows = page.locator("section.ward").nth(1).locator(".skill tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text(re.compile(r"24 hours\s*\d+\.\d beds\s*(even|\d\.\d too (low|high))\s*\d+ %"))
    expect(rows.nth(3)).to_contain_text("7 days")


def test_she_sees_where_beds_and_nurses_will_be_short(look: Opened) -> None:
    """One line a ward: taken, 24 and 72 hours, the worst chance with its hour, the next shift with a gap."""
    page = look("/beds", "admin-token", width=1440)
    line = page.locator("table.house tbody tr", has_text="Intensive care")
    expect(line).to_contain_text("8 of 10")
    expect(line.locator(".over-chance.high")).to_contain_text("%")
    expect(line.locator(".gap.short")).to_have_text(re.compile("▲ 1 short"))
    expect(page.locator(".nurses").nth(1)).to_contain_text("Fri night")


def test_she_looks_at_the_month_and_reads_it_by_keyboard(look: Opened) -> None:
    """28 days instead of 72 hours for all charts, kept over redraws; arrow keys say a day in words."""
    page = look("/beds", "admin-token", width=1440)
    page.get_by_text("28 days").click()
    page.locator("[data-fan]").nth(1).focus()
    page.keyboard.press("ArrowRight")
    read = page.locator("[data-fan] .read").nth(1)
    expect(read).to_have_text(re.compile(r"Fri,? 13 Mar: \d+\.\d beds, 80 %: \d+ to \d+, more than 15: (<1|>99|\d+) %"))
    page.keyboard.press("ArrowLeft")
    expect(read).to_contain_text("beds were taken")


def test_she_finds_where_a_patient_can_go_now(look: Opened) -> None:
    """One press for someone who waits; a short form for anyone else; the rules that keep others out are said."""
    page = look("/beds", "admin-token", width=1440)
    page.get_by_role("button", name="Where now? EZE, Ngozi").click()
    expect(page.locator("#where-who")).to_contain_text("For EZE, Ngozi: 3 beds fit, best first.")
    expect(page.locator("#where-found li").first).to_contain_text("5B-7A")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Find a bed").click()
    page.get_by_label("Patient", exact=True).select_option("male")
    page.get_by_label("Isolation").check()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("#where-who")).to_contain_text("a man")
    expect(page.locator("#where-found li").first).to_contain_text("is an isolation room")
