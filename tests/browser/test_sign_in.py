"""Signing in at an issuer on another site, in a real browser with its rules about cookies: the demo's issuer."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.console.signin import demo
from services.console.signin.demo_people import PEOPLE
from tests.browser.axe import violations
from tests.browser.example_ward import ExampleWard
from tests.browser.running import Running, running_console

pytestmark = pytest.mark.browser

NURSE = PEOPLE[0]._replace(wards=("5B",))


def free_port() -> int:
    """A port that nobody listens on now: the issuer must know the console's address before it is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, ward: ExampleWard) -> Iterator[tuple[Running, demo.Started]]:
    """A console at 127.0.0.1 and its issuer at localhost, which for a browser is another site."""
    port = free_port()
    people = (NURSE, *PEOPLE[1:])
    issuer = demo.start([f"http://127.0.0.1:{port}/login/oidc/callback"], host="localhost", people=people)
    with running_console(tmp_path_factory.mktemp("signin"), ward, port, oidc_issuer=issuer.url) as running:
        yield running, issuer
    issuer.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that nobody has used."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def enter(page: Page, console: Running, name: str) -> None:
    """From the console to the issuer and back."""
    page.goto(console.url)
    page.get_by_role("link", name="Sign in with the hospital account").click()
    expect(page.get_by_role("heading")).to_have_text("Who do you want to be?")
    page.get_by_role("button", name=re.compile(name)).click()


def test_a_nurse_signs_in_sees_her_ward_and_leaves(
    page: Page, hospital: tuple[Running, demo.Started], pictures: Path
) -> None:
    """Two clicks to the board of her ward; signed out, the way back asks the issuer again."""
    console, issuer = hospital
    page.goto(console.url)
    expect(page).to_have_url(re.compile("/login"))
    assert violations(page) == []
    page.screenshot(path=pictures / "sign-in.png")
    enter(page, console, NURSE.name)
    expect(page).to_have_url(f"{console.url}/")
    expect(page.locator("li.row")).to_have_count(12)
    page.get_by_label(f"Signed in as {NURSE.name}: menu").click()
    expect(page.locator(".menu")).to_contain_text("Care team · 5B")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login$"))
    page.goto(console.url)
    expect(page).to_have_url(re.compile("/login"))
    cookies = {c["name"]: c for c in page.context.cookies()}
    assert "wardwatch" not in cookies
    assert issuer.issuer.codes == {}


def test_a_bed_manager_comes_to_the_beds(page: Page, hospital: tuple[Running, demo.Started]) -> None:
    """Their own page opens, approving works, and no patient can be opened."""
    console, _ = hospital
    enter(page, console, "bed manager")
    expect(page).to_have_url(f"{console.url}/beds")
    expect(page.locator("#approve")).to_be_visible()
    expect(page.get_by_role("link", name="Board", exact=True)).to_have_count(0)
    expect(page.locator('a[href^="/patients/"]')).to_have_count(0)
    cookie = next(c for c in page.context.cookies() if c["name"] == "wardwatch")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_someone_without_a_role_reads_why(page: Page, hospital: tuple[Running, demo.Started]) -> None:
    """They stay at the sign-in, with the reason."""
    console, _ = hospital
    enter(page, console, "Sam Guest")
    expect(page.get_by_role("alert")).to_contain_text("no role in Wardwatch")


def test_an_issuer_that_is_down_is_said_and_nobody_is_signed_out(
    browser: Browser, page: Page, hospital: tuple[Running, demo.Started], pictures: Path
) -> None:
    """Who is signed in works on; who comes reads what is wrong and who is concerned."""
    console, issuer = hospital
    enter(page, console, "administrator")
    expect(page.locator("li.row")).to_have_count(20)
    issuer.stop()
    page.reload()
    expect(page.locator("li.row")).to_have_count(20)
    assert console.parts.signin is not None
    console.parts.signin.issuer.forget()
    other = browser.new_context().new_page()
    other.goto(f"{console.url}/login/oidc")
    expect(other.get_by_role("alert")).to_contain_text("does not answer")
    other.screenshot(path=pictures / "sign-in-down.png")
    assert violations(other) == []
    other.context.close()
