"""Which messages the pages use, read from templates, scripts and words: what a catalogue must translate."""

import re
from pathlib import Path
from typing import Final

from services.console import words
from services.console.web import pages

TRANSLATED: Final = ("base", "board", "row", "login", "problem", "reason", "then")
"""Templates whose every word comes from the catalogue; the others are English, and marked so (`lang`)."""
_IN_A_SCRIPT: Final = re.compile(r'\bt\("((?:[^"\\]|\\.)*)"')
_IN_PYTHON: Final = re.compile(r'language\.translate\("([^"]*)"\)')
_AGES: Final = ("never", "now", "min", "h", "d")


def used() -> dict[str, list[str]]:
    """Message id to the files that name it."""
    found: dict[str, list[str]] = {}
    for file in sorted((pages.HERE / "templates").glob("*.html")):
        for _, _, text in pages.environment().extract_translations(file.read_text("utf-8")):  # type: ignore[attr-defined]
            found.setdefault(text if isinstance(text, str) else text[0], []).append(_named(file))
    files = [*sorted((pages.HERE / "static").glob("*.js")), pages.HERE / "web" / "pages.py"]
    for file in files:
        for text in (_IN_A_SCRIPT if file.suffix == ".js" else _IN_PYTHON).findall(file.read_text("utf-8")):
            found.setdefault(text, []).append(_named(file))
    return found


def of_words() -> tuple[str, ...]:
    """What words.py and the readings write and a translated template shows."""
    vitals = [words.measure(code).short for code in words.VITALS]
    dictionaries = (words.BANDS, words.RISK_BANDS, words.LIMITS, words.SEX_IN_FULL, words.KINDS)
    said = [text for told in dictionaries for text in told.values() if text]
    values = ["Air", "O₂", "CVPU", "No bed", "Not complete", "Over the limit", "Missed", "Cannot assess"]
    return tuple(dict.fromkeys([*vitals, *said, *values, *_AGES]))


def _named(file: Path) -> str:
    return file.relative_to(pages.HERE.parent.parent).as_posix()
