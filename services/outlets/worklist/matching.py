"""Attribute matching of a C-FIND (PS3.4 C.2.2.2): single values, lists of UIDs, wildcards, ranges, sequences."""

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import Final

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue

WILD: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""Value representations in which * and ? stand for other letters."""
RANGED: Final = frozenset({"DA", "DT", "TM"})
_TIME: Final = r"\d{2,14}(?:\.\d{1,6})?(?:[+-]\d{4})?"
_RANGE: Final = re.compile(rf"(?P<first>{_TIME})?\s*-\s*(?P<last>{_TIME})?")
MATCHED_NOT: Final = frozenset({"SpecificCharacterSet", "TimezoneOffsetFromUTC"})
"""Said of the request itself."""


def matches(keys: Dataset, held: Dataset) -> bool:
    """Whether a held object answers to all keys; a key that it does not have matches nothing unless it is empty."""
    return all(_matches(key, held) for key in keys if key.keyword not in MATCHED_NOT)


def returned(keys: Dataset, held: Dataset) -> Dataset:
    """What was asked for of a held object, as far as it has it."""
    found = Dataset()
    for key in keys:
        if key.tag not in held:
            continue
        value = held[key.tag]
        item = _item(key)
        if item is None:
            found.add(value)
        else:
            found.add(DataElement(key.tag, "SQ", [returned(item, one) for one in value.value]))
    return found


def unknown(keys: Dataset, known: Dataset) -> bool:
    """Whether a key is asked about that our objects never have (status FF01 says so)."""
    return any(key.tag not in known for key in keys if key.keyword not in MATCHED_NOT)


def _matches(key: DataElement, held: Dataset) -> bool:
    item = _item(key)
    if key.VR == "SQ":
        if item is None or _empty(item):
            return True
        return key.tag in held and any(matches(item, one) for one in held[key.tag].value)
    wanted = list(_texts(key))
    if not wanted:
        return True
    found = list(_texts(held[key.tag])) if key.tag in held else []
    return any(_one(key.VR, want, have) for want in wanted for have in found)


def _one(vr: str, wanted: str, held: str) -> bool:
    if vr in RANGED and (span := _RANGE.fullmatch(wanted)) and (span["first"] or span["last"]):
        return _from(span["first"], held) and _until(span["last"], held)
    if vr in RANGED:
        return held.startswith(_plain(wanted))
    if vr == "PN":
        wanted, held = wanted.casefold().rstrip("^"), held.casefold().rstrip("^")
    if vr in WILD and ("*" in wanted or "?" in wanted):
        return re.fullmatch(translate(wanted.replace("[", "[[]")), held) is not None
    return wanted == held


def _from(first: str | None, held: str) -> bool:
    return first is None or held >= _plain(first).ljust(len(held), "0")[: len(held)]


def _until(last: str | None, held: str) -> bool:
    return last is None or held[: len(_plain(last))] <= _plain(last)


def _plain(text: str) -> str:
    """Without an offset from UTC and parts of seconds: our times are UTC and whole seconds."""
    return re.sub(r"(\.\d+)?([+-]\d{4})?$", "", text)


def _item(key: DataElement) -> Dataset | None:
    """The item of a sequence key, None where the key is no sequence or asks for all of it."""
    if key.VR != "SQ" or not key.value:
        return None
    first: Dataset = key.value[0]
    return first if len(first) else None


def _empty(item: Dataset) -> bool:
    return all(not list(_texts(key)) if key.VR != "SQ" else _item(key) is None for key in item)


def _texts(element: DataElement) -> Iterator[str]:
    values = element.value if isinstance(element.value, MultiValue | list) else [element.value]
    yield from (text for value in values if value is not None and (text := str(value).strip()))
