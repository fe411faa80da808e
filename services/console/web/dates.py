"""Days and hours as a language writes them (Unicode CLDR, by babel), and English ones in a sentence read back."""

import re
from datetime import date, datetime
from typing import Final

from babel.dates import format_date, format_datetime

PATTERNS: Final = {
    "en": {"stamp": "EEE d MMM, HH:mm", "weekday": "EEE", "day": "EEE d MMM", "date": "d MMM y"},
    "zh": {"stamp": "M月d日EEE HH:mm", "weekday": "EEE", "day": "M月d日EEE", "date": "y年M月d日"},
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS: Final = dict(zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "一二三四五六日", strict=True))
_ENGLISH: Final = re.compile(
    rf"(?:(?P<day>{'|'.join(_DAYS)}) )?0?(?P<n>\d{{1,2}}) (?P<month>{'|'.join(_MONTHS)})(?: (?P<clock>\d\d:\d\d))?"
)


def written(then: date, form: str, language: str) -> str:
    """A day, or a day and its hour, in a form of PATTERNS."""
    pattern = PATTERNS[language][form]
    if isinstance(then, datetime):
        return format_datetime(then, pattern, locale=language)
    return format_date(then, pattern, locale=language)


def read(text: str) -> str | None:
    """'Thu 12 Mar' or '12 Mar 14:30', which a sentence holds, in Chinese; None for anything else."""
    found = _ENGLISH.fullmatch(text)
    if found is None:
        return None
    day = f"周{_DAYS[found['day']]}" if found["day"] else ""
    clock = f" {found['clock']}" if found["clock"] else ""
    return f"{_MONTHS.index(found['month']) + 1}月{found['n']}日{day}{clock}"
