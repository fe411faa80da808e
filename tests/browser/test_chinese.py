"""The pages in Chinese, as a ward in China would use them: nothing English is left, and nothing breaks WCAG."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import example_theatres as theatres
from tests.browser.axe import violations
from tests.browser.conftest import Opened, opener
from tests.browser.english import english_left
from tests.browser.example_plan import department
from tests.browser.example_ward import ExampleWard
from tests.browser.running import Running, running_console

pytestmark = pytest.mark.browser

OURS = (
    "Wardwatch NEWS2 ICU mmHg mmol/L kPa CRP NICE MRI Esc Sr. Hughes Dana Admin grafana Medicine Room Theatre",
    "chest-pneumonia ward-census",
)
"""Names of places, people, receivers and models are data; so are units, and what Chinese hospitals call so too."""


def data(ward: ExampleWard) -> list[str]:
    """What the hospital named, which no catalogue translates."""
    people = [f"{person.family} {person.given}" for _, person in ward.people]
    return [*OURS, *people, *theatres.SURGEONS.values(), *(name for name, *_ in theatres.OPERATIONS)]


def speak(page: Page, console: Running) -> None:
    """Choose Chinese, as in the menu."""
    page.goto(f"{console.url}/language?to=zh")


@pytest.fixture(scope="module")
def surgery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A surgical department with a plan."""
    with running_console(tmp_path_factory.mktemp("surgery"), department()) as running:
        yield running


def test_no_page_of_a_ward_has_english_left(look: Opened, shared_console: Running, ward: ExampleWard) -> None:
    """Board, ward screen, patients, beds, alarm quality, system: every word and label but data; axe is content."""
    page = look("/", "admin-token")
    speak(page, shared_console)
    patients = [f"/patients/{key}" for key in list(ward.keys.values())[:5]]
    found = {}
    for path in ["/", "/?view=wall", *patients, "/beds", "/quality?hours=24", "/system"]:
        page.goto(shared_console.url + path)
        if path.startswith("/patients"):
            expect(page.locator("#charts svg")).to_be_visible()
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
        if left := english_left(page, data(ward)):
            found[path] = left
        if path in {"/", patients[0], "/quality?hours=24"} and (wrong := violations(page)):
            found[f"axe {path}"] = set(wrong)
    assert found == {}


def test_the_schedule_is_planned_in_chinese(browser: Browser, surgery: Running, pictures: Path) -> None:
    """The calendar, a booking that is moved, what that breaks and costs, and the planner's sentences."""
    for open_page in opener(browser, surgery):
        page = open_page("/", "admin-token")
        speak(page, surgery)
        page.goto(f"{surgery.url}/schedule")
        page.locator("button.op").first.click()
        page.get_by_label("日期", exact=True).select_option(index=4)
        expect(page.locator("#verdict .stand")).to_be_visible()
        assert english_left(page, data(department())) == set()
        page.screenshot(path=pictures / "schedule-chinese.png")


def test_signing_in_and_being_refused_is_said_in_chinese(look: Opened, shared_console: Running) -> None:
    """The way in, a wrong token, and a page that is not there."""
    page = look("/login")
    speak(page, shared_console)
    page.goto(f"{shared_console.url}/login")
    page.get_by_label("访问令牌").fill("nope")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("令牌")
    assert english_left(page, OURS) == set()
    page.goto(f"{shared_console.url}/patients/nobody")
    assert english_left(page, OURS) == set()
