"""What axe-core finds on a page against the success criteria of WCAG 2.0, 2.1 and 2.2, levels A and AA."""

from typing import Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Page

TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST: Final = "color-contrast"


def violations(page: Page, *, colours: bool = True, all_else: bool = True) -> list[str]:
    """Each element that breaks a rule: rule, selector, what is wrong. Motion is stopped: colours are final.

    Rules about `colours` and `all_else` can be left out, where another look at the same page has held it to them.
    """
    page.emulate_media(reduced_motion="reduce")
    options = {
        "resultTypes": ["violations"],
        "runOnly": {"type": "tag", "values": TAGS} if all_else else {"type": "rule", "values": [CONTRAST]},
        "rules": {CONTRAST: {"enabled": colours}},
    }
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
