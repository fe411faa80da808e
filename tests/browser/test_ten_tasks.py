"""The ten things people do most at the console, each done as they would do it: by keyboard, or with few clicks."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.events import DecisionMade, ScheduleDecided
from schemas.ids import digest
from tests.browser.conftest import Opened, opener
from tests.browser.example_ward import ExampleWard
from tests.browser.running import Running, running_console, written

pytestmark = pytest.mark.browser

OKAFOR, LINDQVIST, MARSH = (digest("example", n) for n in (0, 1, 2))


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory, ward: ExampleWard) -> Iterator[Running]:
    """A console for one shift: its tasks are done one after another, as on a ward."""
    with running_console(tmp_path_factory.mktemp("shift"), ward) as running:
        yield running


@pytest.fixture
def at(browser: Browser, shift: Running) -> Iterator[Opened]:
    """Opens a page of this shift's console."""
    yield from opener(browser, shift)


def decided(console: Running) -> list[tuple[str, str, str]]:
    """What people decided about alerts: decision, about whom, why."""
    found = (e for e in written(console.log, "decisions") if isinstance(e, DecisionMade) and e.about == "alert")
    return [(e.decision, e.patient, e.why) for e in found]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of this name is focused, as someone without a mouse does."""
    for _ in range(150):
        page.keyboard.press("Tab")
        focused = page.evaluate("""() => { const e = document.activeElement;
            return e.getAttribute("aria-label") ?? e.textContent; }""")
        if re.search(name, focused or ""):
            return
    raise AssertionError(f"nothing that is called {name!r} can be reached by Tab")


def test_1_the_charge_nurse_sees_who_is_worst(at: Opened) -> None:
    """The first row of the first group is who needs someone now, with score, why and how old it is."""
    page = at("/")
    first = page.locator("section.now li.row").first
    expect(first).to_contain_text("OKAFOR, Grace")
    expect(first.locator(".score b")).to_have_text(re.compile(r"^\d+$"))
    expect(first.locator(".alert-text")).to_contain_text("respiratory rate 28")
    expect(first.locator(".vital time.age").first).to_be_visible()


def test_2_the_nurse_understands_why(at: Opened) -> None:
    """From the board to the reasons by keyboard: the readings behind the risk, with range and trend."""
    page = at("/")
    page.locator("a.who-cell").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(OKAFOR))
    reasons = page.locator(".reasons").first
    expect(reasons.locator("tbody tr").first).to_be_visible()
    expect(reasons).to_contain_text("Without it")
    expect(page.locator(".advice-of cite").first).to_be_visible()


def test_3_the_nurse_looks_back_to_what_was_known(at: Opened) -> None:
    """Arrow keys on the slider go back minute by minute; the page says that it is not now, and nothing can be done."""
    page = at(f"/patients/{OKAFOR}")
    page.get_by_label("Minutes before now").focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    expect(page.locator("#past")).to_be_visible()
    expect(page.locator("#past")).to_contain_text("not now")
    expect(page.locator(".story-actions")).to_have_count(0)
    page.get_by_label("Known at", exact=True).fill("2026-03-12T03:12")
    page.keyboard.press("Enter")
    expect(page.locator("#past-at")).to_contain_text("03:12")
    page.locator("#to-now").click()
    expect(page.locator("#past")).to_be_hidden()


def test_4_the_doctor_reads_a_film(at: Opened) -> None:
    """Zoomed, moved and windowed by keyboard; the heatmap moves with the film; one press shows it as it was taken."""
    page = at(f"/patients/{LINDQVIST}")
    view, plane = page.locator("[data-film-view]").first, page.locator(".film-plane").first
    expect(page.locator("canvas")).to_have_attribute("data-ready", "true")
    view.focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator("[data-film-scale]").first).to_have_text("225 %")
    before = plane.evaluate("e => e.style.transform")
    page.keyboard.press("ArrowLeft")
    assert plane.evaluate("e => e.style.transform") != before
    inside = plane.evaluate("""e => { const a = e.getBoundingClientRect(), b = e.parentElement.getBoundingClientRect();
        return a.left <= b.left + 1 && a.top <= b.top + 1 && a.right >= b.right - 1 && a.bottom >= b.bottom - 1; }""")
    assert inside, "the film left its frame"
    page.locator("[data-film-window]").first.fill("200")
    assert "contrast(200%)" in page.locator(".film img").first.evaluate("e => e.style.filter")
    page.get_by_role("button", name="As it was taken").first.click()
    expect(page.locator("[data-film-scale]").first).to_have_text("100 %")
    assert "contrast(100%)" in page.locator(".film img").first.evaluate("e => e.style.filter")


def test_5_the_nurse_keeps_an_alert_quiet_with_a_reason(at: Opened, shift: Running) -> None:
    """Snooze, a reason, how long: by keyboard alone, with the focus kept inside the dialog and given back."""
    page = at(f"/patients/{MARSH}")
    tab_to(page, "^Snooze$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")
    tab_to(page, "^Send$")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Snoozed")
    assert ("snooze", MARSH, "Being treated") in decided(shift)


def test_6_the_nurse_marks_an_alert_as_wrong(at: Opened, shift: Running) -> None:
    """Three clicks: wrong, the reason, send; the reason is what the models learn from."""
    page = at(f"/patients/{LINDQVIST}")
    page.get_by_role("button", name="Wrong").first.click()
    page.get_by_role("button", name="Normal for this patient").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#toast")).to_contain_text("Marked as wrong")
    assert ("wrong", LINDQVIST, "Normal for this patient") in decided(shift)


def test_7_the_nurse_takes_an_alert_in_two_clicks(at: Opened, shift: Running) -> None:
    """From any page: to the board, acknowledge; the row then says who has it."""
    page = at("/beds")
    page.get_by_role("link", name="Board", exact=True).click()
    page.locator(f'li[data-key="{OKAFOR}"]').get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#toast")).to_contain_text("Acknowledged")
    expect(page.locator(f'li[data-key="{OKAFOR}"]')).to_contain_text("by Sr. Hughes")
    assert ("acknowledge", OKAFOR, "") in decided(shift)


def test_8_the_bed_manager_finds_a_bed_and_approves_the_proposal(at: Opened, shift: Running) -> None:
    """Where one patient can go and why, then the proposal for all who wait, approved by keyboard."""
    page = at("/beds")
    page.get_by_role("button", name=re.compile("^Where now")).first.click()
    expect(page.locator("#where-found li").first).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#approve").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Approved")
    last = [e for e in written(shift.log, "plans") if isinstance(e, ScheduleDecided)][-1]
    assert (last.proposal, last.decision, last.by) == ("plan-1", "approve", "Sr. Hughes")


def test_9_the_administrator_reads_tomorrows_census(at: Opened) -> None:
    """Each ward in one line with its interval and the chance of too few beds; the chart reads out hour by hour."""
    page = at("/beds", "admin-token")
    line = page.locator("table.house tbody tr").nth(1)
    expect(line.locator("td").nth(2)).to_have_text(re.compile(r"\d+ \d+–\d+"))
    expect(line.locator(".over-chance")).to_be_visible()
    chart = page.locator("[data-fan]").first
    chart.focus()
    for _ in range(24):
        page.keyboard.press("ArrowRight")
    expect(chart.locator(".read")).to_contain_text(re.compile(r"beds, 80 %: \d+ to \d+"))


def test_10_the_quality_officer_sees_how_good_the_alarms_are(at: Opened) -> None:
    """Rate, answers, time, reasons against, right or not, for the time she chooses; too few is said as too few."""
    page = at("/quality", "admin-token")
    page.get_by_role("link", name="28 days").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("hours=672"))
    table = page.locator("table.quality")
    expect(table.locator("tbody tr").first).to_contain_text("Whole site")
    expect(table).to_contain_text("too few to say")
    expect(page.get_by_role("link", name="28 days")).to_have_attribute("aria-current", "page")
