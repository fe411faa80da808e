"""Takes the README's pictures from a running demo: `python -m tests.browser.take_screenshots ADDRESS FOLDER`.

ADDRESS is the file that the demo writes where WARDWATCH_DEMO_ADDRESS says. Board, the patient with most to show, beds.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1440, {"board": 900, "patient": 1240, "beds": 1000}
COLOURS = 128
"""A page has few colours: as a palette its picture weighs a third."""


def take(address: dict[str, Any], folder: Path) -> None:
    """Write board.png, patient.png and beds.png."""
    token = address["tokens"]["admin"]
    board = httpx.get(f"{address['console']}/api/board", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    patient = telling(board.raise_for_status().json()["rows"])
    program = os.environ.get("WARDWATCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"{address['console']}/?token={token}")
        for name, path in (("board", "/"), ("patient", f"/patients/{patient}"), ("beds", "/beds")):
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT[name]})
            page.goto(f"{address['console']}{path}")
            page.wait_for_timeout(1500)
            _shoot(page, folder / f"{name}.png")
        browser.close()


def telling(rows: list[dict[str, Any]]) -> str:
    """The patient who has most to show: alerts, then forecasts, then a score."""
    return str(max(rows, key=lambda r: (len(r["alerts"]), len(r["forecasts"]), r["worry"]))["key"])


def _shoot(page: Page, file: Path) -> None:
    page.screenshot(path=file)
    with Image.open(file) as picture:
        picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    sys.stdout.write(f"{file} {file.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    take(json.loads(Path(sys.argv[1]).read_text()), target)
