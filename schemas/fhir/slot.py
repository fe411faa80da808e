"""Slot → time of a theatre, a surgeon or a nurse that can be planned, or cannot (FHIR R4 Slot).

A Slot is read with its Schedule, which comes in the same document (or contained). Day and shift are those of the
offset in which Slot.start is written. Only `free` time can be planned; `busy-unavailable` and `entered-in-error`
take it back (docs/decisions/0130-days-not-slots.md).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import (
    Final,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import Shift
from schemas.fhir.elements import CLOSED, Code, Identifier, IdText, Instant, Meta, Reference, as_written
from schemas.fhir.facts import Context, Fact, Opening, Openings, refuse, version_of
from schemas.fhir.library import read
from schemas.fhir.schedule import MOST_WORKLOAD, SKILL, Extra, owner

LONGEST: Final = timedelta(hours=24)
FURTHEST: Final = timedelta(days=400)
SHIFTS: Final[tuple[tuple[Shift, time], ...]] = (("early", time(7)), ("late", time(15)), ("night", time(23)))
"""Where each shift begins; each lasts eight hours, so the night's end lies on the next day."""
SHIFT: Final = timedelta(hours=8)
MOST_SKILL, MOST_LOAD = 9, 10_000


@with_config(CLOSED)
class _Slot(TypedDict, total=False):
    id: IdText
    meta: Meta
    identifier: list[Identifier]
    extension: list[Extra]
    contained: list[dict[str, object]]
    schedule: Required[Reference]
    status: Required[Code]
    start: Required[Instant]
    end: Required[Instant]


_SHAPE = TypeAdapter(_Slot)


def slot(content: Mapping[str, object], context: Context, _: str | None = None) -> Fact:
    """A stretch of time; raises Stop."""
    found = read(_SHAPE, content)
    whose = owner(_schedule(found, context), context)
    start, end = as_written(found["start"]), as_written(found["end"])
    if end <= start:
        refuse("the slot ends before it starts", "Slot.end")
    if end - start > LONGEST:
        refuse("the slot is longer than a day: one slot for each day", "Slot.end")
    if abs(start - context.known) > FURTHEST:
        refuse(f"the slot is more than {FURTHEST.days} days away", "Slot.start")
    free = found["status"] == "free" and whose.active
    opening = Opening(
        whose.role, whose.location, start.date(), None, start, end, free, version_of(found.get("meta")),
        ward=whose.ward, specialty=whose.specialty,
    )  # fmt: skip
    if whose.role != "nurse":
        return Openings((opening,))
    shifts = covered(start, end)
    if not shifts:
        refuse("a nurse's slot covers at least half of a shift (early 07-15, late 15-23, night 23-07)", "Slot.start")
    extras = [*found.get("extension", ()), *whose.extras]
    skill, load = _extra(extras, SKILL, MOST_SKILL), _extra(extras, MOST_WORKLOAD, MOST_LOAD)
    if free and (skill is None or load is None):
        refuse(f"a nurse's shift needs the extensions {SKILL} and {MOST_WORKLOAD}", "Slot.extension")
    told = opening._replace(skill=skill, most_workload=load)
    return Openings(tuple(told._replace(day=d, shift=s, start=a, end=b) for d, s, a, b in shifts))


def covered(start: datetime, end: datetime) -> list[tuple[date, Shift, datetime, datetime]]:
    """The shifts of which a stretch of time covers at least half: day on which it begins, name, and the common time."""
    found = []
    for day in (start.date() - timedelta(days=1), start.date(), start.date() + timedelta(days=1)):
        for name, begins in SHIFTS:
            opens = datetime.combine(day, begins, start.tzinfo)
            common = max(start, opens), min(end, opens + SHIFT)
            if common[1] - common[0] >= SHIFT / 2:
                found.append((day, name, *common))
    return found


def _schedule(found: _Slot, context: Context) -> Mapping[str, object]:
    name = found["schedule"].get("reference", "")
    if name.startswith("#"):
        inside = (r for r in found.get("contained", ()) if f"#{r.get('id')}" == name)
        content: Mapping[str, object] | None = next(inside, None)
    else:
        content = context.references.resource(found["schedule"])
    if content is None or content.get("resourceType") != "Schedule":
        refuse("whose time is it? Send the Schedule in the same bundle, or contained in the Slot", "Slot.schedule")
    return content


def _extra(extras: Iterable[Extra], url: str, most: int) -> int | None:
    """The first extension of this name: the Slot's before the Schedule's before the PractitionerRole's."""
    for extra in extras:
        if extra["url"] == url:
            value = extra.get("valueInteger")
            if value is None or not 0 <= value <= most:
                refuse(f"{url} is a valueInteger from 0 to {most}", "extension")
            return value
    return None
