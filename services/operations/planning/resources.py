"""Surgeons, theatres and nurses of a plan, from what was published about each day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from ray_jobs.scheduling.ihtp import SHIFTS_PER_DAY, Nurse, OperatingTheater, Surgeon, WorkingShift
from ray_jobs.scheduling.words import Words
from schemas.events import AvailabilityPublished
from services.operations.planning.naming import short
from services.operations.site import Site

SHIFTS = ("early", "late", "night")
STAND_IN = "nobody on the roster"


@dataclass(slots=True)
class Resources:
    """In the order of their names; `notes` says what the published facts lack."""

    surgeons: tuple[Surgeon, ...] = ()
    theatres: tuple[OperatingTheater, ...] = ()
    nurses: tuple[Nurse, ...] = ()
    notes: list[str] = field(default_factory=list)


def resources(site: Site, begins: date, days: int, used_today: Mapping[str, int], words: Words) -> Resources:
    """What can be planned with; `used_today` minutes of surgeons and theatres went to who has already come in."""
    surgeons = _minutes(site, "surgeon", begins, days, used_today)
    theatres = _minutes(site, "theatre", begins, days, used_today)
    for place in site.locations.values():
        if place.kind == "theatre" and (not place.active or place.location not in theatres):
            theatres[place.location] = [0] * days
    nurses, bare = _nurses(site, begins, days)
    return Resources(
        surgeons=tuple(Surgeon(id=short(n), max_surgery_time=tuple(m)) for n, m in sorted(surgeons.items())),
        theatres=tuple(OperatingTheater(id=short(n), availability=tuple(m)) for n, m in sorted(theatres.items())),
        nurses=nurses,
        notes=[
            f"no nurse is rostered for the {SHIFTS[shift]} shift of {words.days(without)}; planned as if one came"
            for shift, without in sorted(bare.items())
        ],
    )


def _minutes(site: Site, role: str, begins: date, days: int, used_today: Mapping[str, int]) -> dict[str, list[int]]:
    """Minutes by day of everyone or everything in this role; 0 where nothing was published."""
    rows: dict[str, list[int]] = {}
    for told in site.availability.values():
        if told.role == role:
            row = rows.setdefault(told.location, [0] * days)
            if 0 <= (day := (told.day - begins).days) < days:
                row[day] = told.minutes
    for name, row in rows.items():
        row[0] = max(0, row[0] - used_today.get(name, 0))
    return rows


def _nurses(site: Site, begins: date, days: int) -> tuple[tuple[Nurse, ...], dict[int, list[int]]]:
    """Nurses, and by shift the days that nobody works: someone without skill, whose every patient is too much."""
    shifts: dict[str, list[WorkingShift]] = defaultdict(list)
    skill: dict[str, int] = {}
    worked: set[tuple[int, int]] = set()
    for told in sorted(_rostered(site), key=lambda a: (a.location, a.day, SHIFTS.index(a.shift or "early"))):
        day = (told.day - begins).days
        if 0 <= day < days and told.shift is not None:
            shifts[told.location].append(WorkingShift(day=day, shift=told.shift, max_load=told.most_workload or 0))
            skill[told.location] = min(told.skill or 0, skill.get(told.location, 9))
            worked.add((day, SHIFTS.index(told.shift)))
    nurses = [Nurse(id=short(n), skill_level=skill[n], working_shifts=tuple(own)) for n, own in sorted(shifts.items())]
    bare: dict[int, list[int]] = defaultdict(list)
    for day in range(days):
        for shift in range(SHIFTS_PER_DAY):
            if (day, shift) not in worked:
                bare[shift].append(day)
    if bare:
        own = [WorkingShift(day=d, shift=SHIFTS[s], max_load=0) for s, without in sorted(bare.items()) for d in without]
        nurses.append(Nurse(id=STAND_IN, skill_level=0, working_shifts=tuple(own)))
    return tuple(nurses), dict(bare)


def _rostered(site: Site) -> Iterator[AvailabilityPublished]:
    return (a for a in site.availability.values() if a.role == "nurse" and a.minutes > 0)


def published(site: Site, begins: date, days: int) -> bool:
    """Whether any surgeon and any theatre has time in these days: before that there is nothing to plan."""
    ends = begins + timedelta(days=days)
    roles = {a.role for a in site.availability.values() if a.minutes and begins <= a.day < ends}
    return {"surgeon", "theatre"} <= roles
