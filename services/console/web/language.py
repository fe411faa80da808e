"""The language of a page: chosen and kept in a cookie, else the browser's first (Accept-Language, RFC 9110 12.5.4).

English stands in the templates and scripts as gettext's message ids; services/console/locale holds one catalogue for
each other language. What the log tells (summaries of alerts, reasons, names of wards) stays as it was written.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

from babel import negotiate_locale
from babel.messages.pofile import read_po
from fastapi import Request

LOCALES: Final = Path(__file__).parent.parent / "locale"
LANGUAGES: Final = {"en": "English", "zh": "中文"}
COOKIE: Final = "wardwatch-language"
_SPOKEN: ContextVar[str] = ContextVar("language", default="en")
_AGE: Final = re.compile(r"never|now|min|h|d")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Message id to translation; what is not translated is missing."""
    file = LOCALES / language / "LC_MESSAGES" / "console.po"
    if not file.exists():
        return {}
    with file.open("rb") as opened:
        found = read_po(opened, locale=language)
    return {str(m.id): str(m.string) for m in found if m.id and m.string and not m.fuzzy}


def translate(text: str) -> str:
    """The text in the language that is spoken now; English where the catalogue has none."""
    return catalogue(_SPOKEN.get()).get(text, text)


def translate_number(one: str, many: str, count: int) -> str:
    """The same for a count; Chinese has one form."""
    return translate(one if count == 1 else many)


def age(text: str) -> str:
    """An age of words.ago, its units translated."""
    return _AGE.sub(lambda unit: translate(unit[0]), text)


def spoken_in() -> str:
    """The language that is spoken now."""
    return _SPOKEN.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Translate into this language inside the block."""
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def of_request(request: Request) -> str:
    """The language to answer in."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    asked = [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return negotiate_locale([tag.split("-")[0] for tag in asked if tag], list(LANGUAGES)) or "en"


@cache
def for_scripts(language: str) -> str:
    """The catalogue as JSON for the scripts of a page; safe inside a script element."""
    return json.dumps(dict(catalogue(language)), ensure_ascii=False).replace("<", "\\u003c")
