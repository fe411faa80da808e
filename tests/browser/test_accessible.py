"""Every page of the console, held to WCAG 2.2 AA by axe-core in a real browser."""

import pytest
from playwright.sync_api import expect

from schemas.ids import digest
from tests.browser.axe import violations
from tests.browser.conftest import Opened
from tests.browser.running import Running

pytestmark = pytest.mark.browser

OKAFOR, LINDQVIST = (digest("example", n) for n in (0, 1))
PATHS = ("/", f"/patients/{OKAFOR}", "/beds", "/schedule", "/quality")
MORE = ("/?view=wall", f"/patients/{LINDQVIST}", "/system", "/login")
"""Made of the same parts: looked at once, by day and on a desk."""


@pytest.mark.parametrize(("width", "dark"), [(1680, False), (1680, True), (390, False)], ids=["light", "dark", "phone"])
def test_no_page_breaks_a_rule_of_wcag(look: Opened, shared_console: Running, width: int, dark: bool) -> None:
    """Axe finds no violation of WCAG 2.0, 2.1 and 2.2 A and AA (contrast, names, roles, targets), but a planted one.

    By night only the colours are others, on a phone everything but the colours.
    """
    rules = {"colours": width > 1000, "all_else": not dark}
    page = look("/", "admin-token", width=width, dark=dark)
    found = {}
    for path in PATHS + MORE * (width > 1000 and not dark):
        page.goto(shared_console.url + path)
        expect(page.locator("main")).to_be_visible()
        if path.startswith("/patients"):
            expect(page.locator("#charts svg")).to_be_visible()
        if wrong := violations(page, **rules):
            found[path] = wrong
    assert found == {}
    page.evaluate("""() => {
        const main = document.querySelector('main'), faint = document.createElement('p');
        faint.textContent = 'faint'; faint.style = 'color: #808080; background: #888888';
        main.append(document.createElement('button'), faint);
    }""")
    planted = {line.partition(":")[0] for line in violations(page, **rules)}
    assert planted == {*(["color-contrast"] if width > 1000 else []), *([] if dark else ["button-name"])}
