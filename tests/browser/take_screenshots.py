"""Takes pictures of the console: `python -m tests.browser.take_screenshots ADDRESS FOLDER`.

ADDRESS is the file that the demo writes where WARDWATCH_DEMO_ADDRESS says (the README's pictures: board, the patient
with most to show, beds), or `example` for those of docs/console: the example ward, with nothing else running.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import httpx
from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.example_plan import department
from tests.browser.example_ward import example_ward
from tests.browser.running import running_console

WIDTH, HEIGHT = 1440, {"board": 900, "patient": 1240, "beds": 1000}
COLOURS = 128
"""A page has few colours: as a palette its picture weighs a third."""


def take(address: dict[str, Any], folder: Path) -> None:
    """Write board.png, patient.png and beds.png."""
    token = address["tokens"]["admin"]
    board = httpx.get(f"{address['console']}/api/board", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    patient = telling(board.raise_for_status().json()["rows"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium(), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"{address['console']}/?token={token}")
        for name, path in (("board", "/"), ("patient", f"/patients/{patient}"), ("beds", "/beds")):
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT[name]})
            page.goto(f"{address['console']}{path}")
            page.wait_for_timeout(1500)
            _shoot(page, folder / f"{name}.png")
        browser.close()


class Picture(NamedTuple):
    """A page of an example; `family` is whose page, `full` to its end, `edit` moves the operation of a request.

    `query` follows the path, `spoken` is the language.
    """

    name: str
    path: str = "/"
    family: str = ""
    token: str = "sister-token"
    size: tuple[int, int] = (1680, 1050)
    dark: bool = False
    full: bool = False
    edit: str = ""
    query: str = ""
    spoken: str = "en"


LOCALES: Final = {"en": "en-GB", "zh": "zh-CN"}
CHINESE: Final = (
    Picture("board-chinese", spoken="zh"),
    Picture("patient-chinese", "/patients/", "Okafor", spoken="zh", size=(1680, 1400)),
    Picture("beds-chinese", "/beds", spoken="zh", size=(1440, 1000)),
    Picture("board-chinese-phone", spoken="zh", size=(390, 844)),
)
"""Taken where there is a font that can write it (Debian: fonts-wqy-zenhei)."""
EXAMPLES: Final = (
    Picture("board"),
    Picture("board-dark", token="admin-token", dark=True),
    Picture("board-phone", size=(390, 844)),
    Picture("wall", "/?view=wall", token="screen-token", size=(1920, 1080)),
    Picture("patient", "/patients/", "Okafor", full=True),
    Picture("patient-dark", "/patients/", "Marsh", size=(1440, 1100), dark=True),
    Picture("patient-phone", "/patients/", "Okafor", size=(390, 1900)),
    Picture("patient-film", "/patients/", "Lindqvist", full=True),
    Picture("patient-palliative", "/patients/", "Brown", size=(1680, 700)),
    Picture("patient-then", "/patients/", "Okafor", size=(1680, 900), query="?at=2026-03-12T12:55"),
    Picture("quality", "/quality", token="admin-token", size=(1440, 900), query="?hours=24"),
    Picture("beds", "/beds", size=(1440, 900), full=True),
    Picture("beds-dark", "/beds", size=(1440, 1000), dark=True),
    Picture("beds-phone", "/beds", size=(390, 1900)),
    Picture("system", "/system", token="admin-token", size=(1440, 900)),
    Picture("sign-in", "/login", token="", size=(1000, 640)),
)
SURGICAL: Final = (
    Picture("schedule", "/schedule", token="admin-token", size=(1440, 900), full=True),
    Picture("schedule-edit", "/schedule", token="admin-token", size=(1440, 900), edit="surgery-18"),
    Picture("schedule-dark", "/schedule", token="admin-token", size=(1440, 1100), dark=True, edit="surgery-18"),
    Picture("schedule-phone", "/schedule", token="admin-token", size=(390, 1400)),
)


def take_example(folder: Path) -> None:
    """Write the pictures of EXAMPLES, then those of a surgical department."""
    examples = (*EXAMPLES, *CHINESE) if _writes_chinese() else EXAMPLES
    for ward, pictures in ((example_ward(hours=13), examples), (department(), SURGICAL)):
        with (
            TemporaryDirectory() as work,
            running_console(Path(work), ward, oidc_issuer="https://id.hospital.example") as console,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path=_chromium(), args=["--headless", "--no-sandbox", "--disable-gpu"]
            )
            for one in pictures:
                size: ViewportSize = {"width": one.size[0], "height": one.size[1]}
                context = browser.new_context(
                    viewport=size, color_scheme="dark" if one.dark else "light", locale=LOCALES[one.spoken]
                )
                page = context.new_page()
                page.goto(f"{console.url}/?token={one.token}" if one.token else f"{console.url}/login")
                page.goto(f"{console.url}/language?to={one.spoken}")
                page.goto(console.url + one.path + (ward.keys[one.family] if one.family else "") + one.query)
                page.wait_for_timeout(1500)
                if one.edit:
                    _edit(page, one.edit)
                _shoot(page, folder / f"{one.name}.png", full=one.full)
                context.close()
            browser.close()


def _writes_chinese() -> bool:
    program = shutil.which("fc-list")
    return bool(program and subprocess.run([program, ":lang=zh"], capture_output=True, check=True).stdout)


def _edit(page: Page, request: str) -> None:
    """Try the operation on the last day, in the second theatre."""
    page.locator(f'button.op[data-request="{request}"]').click()
    page.get_by_label("Day", exact=True).select_option("13")
    page.get_by_label("Theatre", exact=True).select_option("T2")
    page.wait_for_timeout(800)


def telling(rows: list[dict[str, Any]]) -> str:
    """The patient who has most to show: alerts, then forecasts, then a score."""
    return str(max(rows, key=lambda r: (len(r["alerts"]), len(r["forecasts"]), r["worry"]))["key"])


def _chromium() -> str | None:
    return os.environ.get("WARDWATCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def _shoot(page: Page, file: Path, *, full: bool = False) -> None:
    page.screenshot(path=file, full_page=full)
    with Image.open(file) as picture:
        picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    sys.stdout.write(f"{file} {file.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "example":
        take_example(target)
    else:
        take(json.loads(Path(sys.argv[1]).read_text()), target)
