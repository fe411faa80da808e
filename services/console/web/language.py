"""The language of a page: chosen and kept in a cookie, else the browser's first (Accept-Language, RFC 9110 12.5.4).

English stands in the templates and scripts as gettext's message ids; services/console/locale holds one catalogue for
each other language. What the log tells (summaries of alerts, reasons, names of wards) stays as it was written.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, TypeVar

from babel import negotiate_locale
from babel.messages.pofile import read_po
from fastapi import Request
from pydantic import BaseModel

from services.console.phrases import PHRASES
from services.console.web import dates

LOCALES: Final = Path(__file__).parent.parent / "locale"
LANGUAGES: Final = {"en": "English", "zh": "中文"}
COOKIE: Final = "wardwatch-language"
Told = TypeVar("Told", bound=BaseModel)
_SPOKEN: ContextVar[str] = ContextVar("language", default="en")
_AGE: Final = re.compile(r"never|now|min|h|d")
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_UNITS: Final = frozenset({"mmol", "mmHg", "kPa"})
_HOLE: Final = re.compile(r"%\(\w+\)s")
_ESCAPED_HOLE: Final = re.compile(r"%\\\((\w+)\\\)s")
_CLAUSE: Final = r"(?:(?!: |; ).)+?(?<![,;:])"
_FORMS: Final[Mapping[tuple[str, ...], str]] = {
    ("n", "p", "a", "b", "h", "points", "low", "high", "level", "limit", "taken"): r"[<>]?[\d.,–-]+(?: %)?",
    ("when",): r"\d.*?",
    ("day", "days", "last", "first"): r"(?:days?|Mon|Tue|Wed|Thu|Fri|Sat|Sun|the end)\b.*?",
    ("key",): r"[a-z0-9]{6}",
}
_BETWEEN: Final = re.compile(r"(; |, |: )")
_MARKS: Final = {"; ": "；", ", ": "，", ": ": "："}


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


def say(text: str) -> str:
    """A sentence that was made from values, as far as its parts are known to the catalogue (phrases.py)."""
    language = _SPOKEN.get()
    return text if language == "en" or not text else _said(language, text)


@lru_cache(maxsize=8192)
def _said(language: str, text: str) -> str:
    known = catalogue(language)
    if text in known:
        return known[text]
    for pattern, message in _patterns(language):
        if match := pattern.fullmatch(text):
            return message % {name: _said(language, value) for name, value in match.groupdict().items()}
    if (day := dates.read(text)) is not None:
        return day
    pieces = _BETWEEN.split(text)
    if len(pieces) > 1:
        said = [_MARKS.get(piece) or _said(language, piece) for piece in pieces]
        return text if said[::2] == pieces[::2] else "".join(said)
    return _begun(language, text)


def _begun(language: str, text: str) -> str:
    """The longest beginning that is known, and what follows it: 'Resp 28 ▲'."""
    words = text.split(" ")
    for n in range(len(words) - 1, 0, -1):
        head = _term(language, " ".join(words[:n]))
        if head is not None or not any(c.isalpha() for w in words[:n] for c in w):
            rest = _said(language, " ".join(words[n:]))
            if set(_WORD.findall(rest)) - _UNITS:
                return text  # half a sentence in each language would be worse than one in English
            return f"{head if head is not None else ' '.join(words[:n])} {rest}"
    return _term(language, text) or text


def _term(language: str, text: str) -> str | None:
    """A known word, also where it begins a sentence elsewhere and not here."""
    known = catalogue(language)
    return known.get(text) or known.get(text[:1].upper() + text[1:])


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The phrases of the catalogue, those with most words of their own first."""
    found = []
    for phrase in sorted(PHRASES, key=lambda p: -len(_HOLE.sub("", p))):
        if message := catalogue(language).get(phrase):
            escaped = re.escape(phrase.replace("%%", "%"))
            found.append((re.compile(_ESCAPED_HOLE.sub(_hole, escaped)), message))
    return tuple(found)


def _hole(found: re.Match[str]) -> str:
    """What may stand at a phrase's %(name)s: the name says whether it is a number, a day, a key, or any clause."""
    form = next((form for names, form in _FORMS.items() if found[1] in names), _CLAUSE)
    return f"(?P<{found[1]}>{form})"


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


def told_in(request: Request, shown: Told, *fields: str) -> Told:
    """The same value with these texts in the language of the request, however deep they stand."""
    with speaking(spoken := of_request(request)):
        return shown if spoken == "en" else type(shown).model_validate(deep(shown.model_dump(), fields))


def deep(value: object, fields: tuple[str, ...], name: str = "") -> object:
    """A value of JSON with these fields in the language that is spoken now."""
    if isinstance(value, dict):
        return {key: deep(item, fields, key if isinstance(key, str) else name) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [deep(item, fields, name) for item in value]
    return say(value) if isinstance(value, str) and name in fields else value


@cache
def for_scripts(language: str) -> str:
    """The catalogue as JSON for the scripts of a page; safe inside a script element."""
    return json.dumps(dict(catalogue(language)), ensure_ascii=False).replace("<", "\\u003c")
