"""A headless Chromium, and the real console with an example ward in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.example_ward import ExampleWard, example_ward
from tests.browser.running import Running, running_console

SISTER = "sister-token"
Opened = Callable[..., Page]
expect.set_options(timeout=20_000)
"""A page of a busy machine may take its time; what must be quick is measured where it is claimed."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from WARDWATCH_CHROMIUM or the system. Ended with the module: while it lives it runs an event loop."""
    program = os.environ.get("WARDWATCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("no Chromium here: install one, or name it in WARDWATCH_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: WARDWATCH_SCREENSHOTS, else a temporary folder."""
    named = os.environ.get("WARDWATCH_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def ward() -> ExampleWard:
    """Two wards and their last hours."""
    return example_ward(hours=13)


@pytest.fixture(scope="session")
def shared_console(tmp_path_factory: pytest.TempPathFactory, ward: ExampleWard) -> Iterator[Running]:
    """One console for all tests that only look."""
    with running_console(tmp_path_factory.mktemp("console"), ward) as running:
        yield running


@pytest.fixture
def console(tmp_path: Path, ward: ExampleWard) -> Iterator[Running]:
    """A console of the test's own, for tests that change or break something."""
    with running_console(tmp_path, ward) as running:
        yield running


@pytest.fixture
def look(browser: Browser, shared_console: Running, ward: ExampleWard) -> Iterator[Opened]:
    """Opens a page of the shared console, which has just heard something: after 2 minutes of silence pages say so."""
    shared_console.write(ward.events[:1])
    yield from opener(browser, shared_console)


@pytest.fixture
def open_page(browser: Browser, console: Running) -> Iterator[Opened]:
    """Opens a page of the test's own console."""
    yield from opener(browser, console)


def opener(browser: Browser, console: Running) -> Iterator[Opened]:
    """Pages as someone sees them, with nothing left in the browser from earlier tests; a script's error on any page
    fails the test. The pages of a module share one context, in which one page stays: a new context and a new process
    for the site cost twice what the page costs (measured).
    """
    context = browser.contexts[0] if browser.contexts else browser.new_context()
    if not context.pages:
        context.new_page().goto(f"{console.url}/healthz")
    pages, errors = [], list[str]()

    def opened(path: str, token: str = SISTER, *, width: int = 1680, height: int = 1050, dark: bool = False) -> Page:
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{console.url}{path}{'&' if '?' in path else '?'}token={token}")
        return page

    yield opened
    for page in pages:  # first: a page that is still loading must not be signed out by the test's end
        page.close()
    context.set_offline(False)
    context.clear_cookies()
    everything = {"origin": console.url, "storageTypes": "all"}
    context.new_cdp_session(context.pages[0]).send("Storage.clearDataForOrigin", everything)
    assert errors == []
