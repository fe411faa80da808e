"""What an administrator does on the schedule page, done in a real browser."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from schemas.events import (
    Event,
    Hindrance,
    PlanChange,
    PlanQuestionAnswered,
    PlanQuestionAsked,
    ScheduleDecided,
    ScheduleProposed,
)
from tests.browser.axe import violations
from tests.browser.conftest import Opened, opener
from tests.browser.example_event import NOW, event
from tests.browser.example_plan import FIRST, REPAIR, department
from tests.browser.example_ward import ExampleWard
from tests.browser.running import Running, running_console, written

pytestmark = pytest.mark.browser

SATO, WEISS = "surgery-18", "surgery-22"
"""A hip replacement on Wednesday 18, and someone whom the repair moved to that day."""


@pytest.fixture(scope="module")
def surgical() -> ExampleWard:
    """A surgical department with a plan in force and its repair to be decided."""
    return department()


@pytest.fixture
def console(tmp_path: Path, surgical: ExampleWard) -> Iterator[Running]:
    """A console of the test's own."""
    with running_console(tmp_path, surgical) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, console: Running) -> Iterator[Opened]:
    """Opens a page of the test's own console."""
    yield from opener(browser, console)


def bar(page: Page, request: str, kind: str = "op") -> Locator:
    """A booking in the calendar: its operation, or its stay."""
    return page.locator(f'button.{kind}[data-request="{request}"]')


def cell(page: Page, day: int, **where: str) -> Locator:
    """A day of a theatre or room."""
    ((name, value),) = where.items()
    return page.locator(f'.cell[data-day="{day}"][data-{name}="{value}"]')


def drag(page: Page, what: Locator, to: Locator) -> None:
    """Press, move in steps as a hand does, and let go."""
    start, end = what.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 12, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
    page.mouse.up()


def said(console: Running) -> list[ScheduleDecided]:
    """What was decided about plans since the example began."""
    return [e for e in written(console.log, "plans") if isinstance(e, ScheduleDecided)][1:]


def test_she_drags_a_hip_replacement_to_thursday_sees_the_surgeon_35_minutes_short_and_puts_it_back(
    open_page: Opened, pictures: Path
) -> None:
    """The rules against it stand beside the calendar while she drags; put back, nothing is left of the edit."""
    page = open_page("/schedule", "admin-token", width=1440)
    before = bar(page, SATO).get_attribute("aria-label")
    drag(page, bar(page, SATO), cell(page, 13, theatre="T2"))
    side = page.locator("#side")
    expect(side).to_contain_text("Breaks rules")
    expect(side).to_contain_text("Dr Duarte has 210 minutes on Thu 26 Mar, 115 are taken: 35 minutes short")
    expect(bar(page, SATO)).to_have_class(re.compile("bad"))
    page.screenshot(path=pictures / "schedule-edit.png")
    side.get_by_role("button", name="Put back", exact=True).first.click()
    expect(side).not_to_contain_text("Your edits")
    assert bar(page, SATO).get_attribute("aria-label") == before


def test_she_moves_a_stay_to_another_room_and_sees_what_it_costs(open_page: Opened, console: Running) -> None:
    """A stay is dragged between rooms; allowed or not, the price is that of the whole plan; saved, it is an event."""
    page = open_page("/schedule", "admin-token", width=1440)
    drag(page, bar(page, WEISS, "stay"), cell(page, 5, room="S1-3"))
    expect(page.locator("#verdict")).to_contain_text(re.compile(r"costs (the same|[\d,]+ (more|less))"))
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    page.get_by_label("Why (for those who read it later)").fill("beside his brother")
    page.get_by_role("button", name="Save and repair").click()
    expect(page.locator("#toast")).to_contain_text("Saved")
    expect(page.locator(".plan-title")).to_contain_text("Edited by Dana Admin", timeout=8000)
    (saved,) = said(console)
    assert (saved.decision, saved.why, saved.edits[0].room) == ("edit", "beside his brother", "S1-3")
    expect(page.locator("#h-said").locator("xpath=..")).to_contain_text("beside his brother")


def test_an_edit_by_keyboard_alone(open_page: Opened, console: Running) -> None:
    """Tab to the calendar, Enter picks up, arrows move, Escape puts back, Enter puts down; each is spoken."""
    page = open_page("/schedule", "admin-token", width=1440)
    page.locator("#h-gantt").wait_for()
    bar(page, WEISS).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_contain_text("Moving WEISS, Ben")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announce")).to_contain_text("Thu 19 Mar, Theatre 1")
    page.keyboard.press("Escape")
    expect(page.locator("#side")).not_to_contain_text("Your edits")
    expect(bar(page, WEISS)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_contain_text("Put down")
    expect(page.locator("#verdict")).to_be_visible()
    assert page.get_by_label("Day", exact=True).input_value() == "4"
    assert page.get_by_label("Theatre", exact=True).input_value() == "T2"
    page.get_by_role("button", name="Save and repair").press("Enter")
    expect(page.locator("#toast")).to_contain_text("Saved")
    assert [e.decision for e in said(console)] == ["edit"]


def test_a_finger_moves_what_is_selected_and_scrolls_past_the_rest(open_page: Opened) -> None:
    """Touch: a bar that is not selected lets the page scroll; the selected one follows the finger."""
    page = open_page("/schedule", "admin-token", width=1024)
    script = """([bar, cell]) => {
        const at = (e) => { const r = e.getBoundingClientRect(); return { clientX: r.x + 12, clientY: r.y + 8 }; };
        const tell = (name, where) => bar.dispatchEvent(new PointerEvent(name,
            { ...where, bubbles: true, cancelable: true, pointerType: "touch", button: 0 }));
        tell("pointerdown", at(bar)); tell("pointermove", at(cell)); tell("pointerup", at(cell));
    }"""
    for selected in (False, True):
        if selected:
            bar(page, SATO).click()
        page.evaluate(script, [bar(page, SATO).element_handle(), cell(page, 13, theatre="T2").element_handle()])
        expect(page.get_by_role("heading", name="Your edits")).to_have_count(int(selected))


def test_she_approves_the_plan_and_takes_it_back(open_page: Opened, console: Running, pictures: Path) -> None:
    """One click each; the page says who decided, and both stay in the list of decisions."""
    page = open_page("/schedule", "admin-token", width=1440)
    expect(page.locator(".plan-other")).to_contain_text("approved by Dana Admin 09:30")
    page.screenshot(path=pictures / "schedule.png", full_page=True)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".plan-title")).to_contain_text("Approved by Dana Admin", timeout=8000)
    console.write([event(ScheduleProposed, NOW, "beds", as_of=NOW, proposal="beds-1")])  # told time goes on
    page.get_by_role("button", name="Take approval back").click()
    expect(page.locator(".plan-title")).to_contain_text("Taken back", timeout=8000)
    assert [(e.decision, e.proposal) for e in said(console)] == [("approve", REPAIR), ("undo", REPAIR)]


def test_she_rejects_with_a_reason(open_page: Opened, console: Running) -> None:
    """Rejecting asks why, with reasons that fit a theatre plan."""
    page = open_page("/schedule", "admin-token", width=1440)
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Surgeon not available").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".plan-title")).to_contain_text("Rejected by Dana Admin", timeout=8000)
    assert [(e.decision, e.why) for e in said(console)] == [("reject", "Surgeon not available")]


def test_she_asks_why_not_another_room_and_gets_the_price(open_page: Opened, console: Running) -> None:
    """What stands against it at once; what it would take when the planner has answered, without a reload."""
    page = open_page("/schedule", "admin-token", width=1440)
    bar(page, WEISS, "stay").click()
    page.get_by_label("Room", exact=True).select_option("S2-1")
    expect(page.locator(".against")).to_contain_text("Not allowed")
    page.get_by_role("button", name="What would it take?").click()
    expect(page.locator("#h-questions").locator("xpath=..")).to_contain_text("working out", timeout=8000)
    question = next(e for e in written(console.log, "plans") if isinstance(e, PlanQuestionAsked))
    assert (question.edit.request, question.edit.room, question.by) == (WEISS, "S2-1", "Dana Admin")
    at = NOW + timedelta(minutes=1)
    moved = PlanChange(request="surgery-31", text="FORD moves to Room S1-2")
    console.write([
        event(PlanQuestionAnswered, at, as_of=at, question=question.question, proposal=REPAIR, price=35,
              hindrances=(Hindrance(rule="RoomGenderMix", text="a woman lies there"),), changes=(moved,),
              text="Possible for 35 more, with 1 other booking moved.")
    ])  # fmt: skip
    expect(page.locator("#h-questions").locator("xpath=..")).to_contain_text("35 more", timeout=8000)
    expect(page.locator("#side")).to_contain_text("Your edits")


def test_a_newer_plan_keeps_what_she_is_doing(open_page: Opened, console: Running, surgical: ExampleWard) -> None:
    """A repaired plan arrives while an edit is open: the edit is kept and weighed against the new plan."""
    page = open_page("/schedule", "admin-token", width=1440)
    drag(page, bar(page, SATO), cell(page, 13, theatre="T2"))
    expect(page.locator("#side")).to_contain_text("Your edits")
    newest = next(e for e in reversed(surgical.events) if isinstance(e, ScheduleProposed))
    at = NOW + timedelta(minutes=2)
    later = newest.model_copy(
        update={"id": "third", "proposal": "theatres-3", "as_of": at, "known": at, "cause": "Dr Ek is ill"}
    )
    told: list[Event] = [later]
    console.write(told)
    expect(page.locator(".plan-title")).to_contain_text("Dr Ek is ill", timeout=8000)
    expect(page.locator("#toast")).to_contain_text("A newer plan has come")
    expect(page.locator("#side")).to_contain_text("Breaks rules")


def test_a_booking_left_for_later_is_put_into_the_plan(open_page: Opened) -> None:
    """Who is not planned is given a day; theatre and room are proposed, the price says what it saves."""
    page = open_page("/schedule", "admin-token", width=1440)
    page.locator(".left button").first.click()
    page.get_by_label("Day", exact=True).select_option("3")
    expect(page.locator("#verdict")).to_contain_text("costs")
    assert page.get_by_label("Theatre", exact=True).input_value() in {"T1", "T2", "T3"}
    assert page.get_by_label("Room", exact=True).input_value().startswith("S")


def test_those_who_may_not_decide_read_the_plan_only(open_page: Opened) -> None:
    """A screen without the right sees no buttons and no names, and nothing can be dragged."""
    page = open_page("/schedule", "screen-token", width=1440)
    expect(page.locator(".op").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    drag(page, bar(page, SATO), cell(page, 13, theatre="T2"))
    expect(page.locator("#side")).not_to_contain_text("Your edits")
    assert "WEISS" not in page.content()


def test_a_phone_shows_a_list_and_edits_by_fields(open_page: Opened, pictures: Path) -> None:
    """No sideways scrolling, targets of 44 px; a booking opens as a sheet with its fields."""
    page = open_page("/schedule", "admin-token", width=390, height=844)
    line = page.locator(f'.agenda-line[data-request="{WEISS}"]').first
    expect(line).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    height = line.bounding_box()
    assert height is not None
    assert height["height"] >= 44
    line.click()
    page.get_by_label("Day", exact=True).select_option("6")
    expect(page.locator(".against")).to_contain_text("later than the earliest day")
    expect(page.locator("#verdict")).to_contain_text("costs")
    page.screenshot(path=pictures / "schedule-phone.png")


def test_a_lost_server_is_shown_here_too(open_page: Opened, console: Running) -> None:
    """The stale banner works on the schedule page: a frozen plan never looks alive."""
    page = open_page("/schedule", "admin-token", width=1440)
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    console.stop.set()
    page.context.set_offline(True)
    expect(page.locator("#stale")).to_contain_text("Connection lost", timeout=12_000)


@pytest.mark.parametrize("dark", [False, True])
def test_the_schedule_breaks_no_rule_of_wcag_while_it_is_edited(open_page: Opened, dark: bool, pictures: Path) -> None:
    """Axe finds no violation in either theme with an edit open."""
    page = open_page("/schedule", "admin-token", width=1440, dark=dark)
    drag(page, bar(page, SATO), cell(page, 13, theatre="T2"))
    expect(page.locator("#verdict")).to_contain_text("Breaks rules")
    page.mouse.move(0, 0)
    assert violations(page) == []
    page.screenshot(path=pictures / f"schedule-{'dark' if dark else 'light'}.png", full_page=True)


def test_the_plan_in_force_is_another_than_the_proposal(open_page: Opened, console: Running) -> None:
    """What people work by stays named until the new plan is approved, and can be taken back from here."""
    page = open_page("/schedule", "admin-token", width=1440)
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".plan-other")).to_have_count(0, timeout=8000)
    assert [(e.decision, e.proposal) for e in said(console)] == [("undo", FIRST)]
