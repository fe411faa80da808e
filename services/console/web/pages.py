"""Templates: one environment, the filters that put times and numbers into words, and what every page gets."""

import hashlib
import math
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.console import plan_words, words
from services.console.parts import Parts
from services.console.reading.parts import Point, Shown
from services.console.reading.viewer import Viewer
from services.console.web import dates, language
from services.console.web.proof import COOKIE, proof

HERE: Final = Path(__file__).parent.parent
SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""No script, style or picture from elsewhere, no address told to others, nothing kept on a shared screen."""


@cache
def environment() -> Environment:
    """The templates of the console."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(language.translate, language.translate_number, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= {"t": language.say, "typed": typed, "told": told, "ages": language.age, "age_of": age_of}
    env.filters |= {form: partial(written, form=form) for form in ("stamp", "weekday", "day", "date")}
    env.filters |= {"aged": aged, "percent": words.percent, "spark": spark, "signed": signed}
    env.filters |= {"plain": plain, "riskline": riskline, "when": when, "plainly": words.plainly}
    env.globals |= {"words": words, "plan_words": plan_words, "assets": _fingerprint()}
    return env


def _fingerprint() -> str:
    """Changes when any script or style does, so that no browser keeps an old one."""
    files = sorted((HERE / "static").iterdir())
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=6).hexdigest()


def aged(then: datetime | None, now: datetime, stale_min: int = 0) -> Markup:
    """An age that the page keeps up to date; older than `stale_min` minutes it is marked."""
    if then is None:
        return Markup('<span class="age">{}</span>').format(language.translate("never"))
    return Markup(  # noqa: S704 - instants and numbers only
        f'<time class="age" datetime="{then.isoformat()}" data-stale-min="{stale_min}">{age_of(then, now)}</time>'
    )


def written(then: date, form: str) -> str:
    """A day, or a day and its hour, as the language of the page writes it."""
    return dates.written(then, form, language.spoken_in())


def told(text: str) -> Markup | str:
    """What the log tells, translated where it is ours; what stays English is marked so for those who hear the page."""
    return _marked(language.say(text))


def typed(text: str) -> Markup | str:
    """What a person chose or wrote: a reason of our dialog is translated, anything else stays as it was written."""
    return _marked(language.translate(text))


def _marked(text: str) -> Markup | str:
    english = language.spoken_in() != "en" and text.isascii() and any(c.isalpha() for c in text)
    return Markup('<span lang="en">{}</span>').format(text) if english else text


def age_of(then: datetime, now: datetime) -> str:
    """An age in the language of the page."""
    return language.age(words.ago(then, now))


def when(then: datetime, now: datetime) -> str:
    """Hours and minutes, with the day when it is not today, as the language writes it."""
    if language.spoken_in() == "zh" and then.date() != now.date():
        return f"{then.month}月{then.day}日 {then:%H:%M}"
    return words.when(then, now)


def plain(shown: Shown | None, *said: str) -> object:
    """A value of a page as JSON, for a script on it; the fields named are put into the language of the page."""
    return None if shown is None else language.deep(shown.model_dump(mode="json"), said)


def signed(number: int | None) -> str:
    """A change with its direction, or nothing."""
    if not number:
        return ""
    return f"▲ {number}" if number > 0 else f"▼ {-number}"


def spark(points: Sequence[Point], now: datetime, hours: int = 24, width: int = 120, height: int = 34) -> Markup:
    """NEWS2 over the last hours as a small picture: a step line, a dot at the newest, lines at 5 and 7."""
    if not points:
        return Markup('<span class="nothing">{}</span>').format(language.translate("no scores yet"))
    top = max(10.0, *(p.value for p in points))

    def x(at: datetime) -> float:
        return max(0.0, width - 4 - (now - at).total_seconds() / 3600 / hours * (width - 4))

    def y(value: float) -> float:
        return height - 3 - value / top * (height - 6)

    steps = [f"M{x(points[0].at):.1f} {y(points[0].value):.1f}"]
    steps += [f"H{x(p.at):.1f}V{y(p.value):.1f}" for p in points[1:]]
    last = points[-1].value
    values = ", ".join(f"{p.value:.0f}" for p in points[-8:])
    named = language.translate("NEWS2 of the last %(hours)s hours, newest last: %(values)s")
    label = named % {"hours": hours, "values": values}
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{label}">'
        f'<path class="limit" d="M0 {y(5):.1f}H{width}M0 {y(7):.1f}H{width}"/>'
        f'<path class="line" d="{"".join(steps)}H{width - 4}"/>'
        f'<circle cx="{width - 4}" cy="{y(last):.1f}" r="3"/></svg>'
    )


def riskline(points: Sequence[Point], bands: Sequence[tuple[str, float]], now: datetime) -> Markup:
    """A model's hourly risk over the stay as a small picture; a line where each band begins. Scale: square root.

    The square root lets 2 % be told from 5 % and 60 % from 90 % in one picture.
    """
    width, height = 200, 44
    if len(points) < 2:  # noqa: PLR2004 - a line needs two
        return Markup('<span class="nothing course">{}</span>').format(language.translate("no course yet"))
    hours = max((now - points[0].at).total_seconds() / 3600, 1.0)

    def x(at: datetime) -> float:
        return min(width - 4.0, max(0.0, width - 4 - (now - at).total_seconds() / 3600 / hours * (width - 4)))

    highest = max(0.1, *(p.value for p in points), *(p for _, p in bands[1:2]))

    def y(p: float) -> float:
        return height - 3 - math.sqrt(p / highest) * (height - 6)

    line = "".join(f"{'M' if i == 0 else 'L'}{x(p.at):.1f} {y(p.value):.1f}" for i, p in enumerate(points))
    limits = "".join(f"M0 {y(p):.1f}H{width}" for _, p in bands if 0 < p <= highest)
    values = ", ".join(words.percent(p.value) for p in points[-6:])
    named = language.translate("Risk over %(hours)s hours of this stay, newest last: %(values)s")
    label = named % {"hours": f"{hours:.0f}", "values": values}
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="course" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{Markup.escape(label)}">'
        f'<path class="limit" d="{limits}"/><path class="line" d="{line}"/>'
        f'<circle cx="{x(points[-1].at):.1f}" cy="{y(points[-1].value):.1f}" r="3"/></svg>'
    )


def fragment(spoken: str, template: str, macro: str, *args: object) -> str:
    """What a macro of a template makes of its arguments, in a language."""
    with language.speaking(spoken):
        return str(getattr(environment().get_template(template).module, macro)(*args))


def render(
    request: Request, parts: Parts, template: str, viewer: Viewer | None, *, status: int = 200, **values: object
) -> Response:
    """A whole page."""
    always: dict[str, object] = {
        "viewer": viewer,
        "site": parts.settings.site,
        "clock": parts.settings.clock,
        "signed_in": bool(request.cookies.get(COOKIE)),
        "proof": proof(request),
        "path": request.url.path,
        "problem": None,
        "issuer": parts.signin is not None,
        "tokens": parts.settings.tokens.get_secret_value() != "{}",
        "down": False,
        "refused": "",
        "now": None,
        "language": (spoken := language.of_request(request)),
        "languages": language.LANGUAGES,
        "messages": Markup(language.for_scripts(spoken)),  # noqa: S704 - JSON of our own catalogue, "<" escaped
    }
    with language.speaking(spoken):
        content = environment().get_template(template).render(always | values)
    return HTMLResponse(content, status_code=status, headers=SECURITY)
