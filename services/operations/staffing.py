"""Nurses needed on each ward by shift, told with every forecast of its census, where a roster is known."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

import numpy as np

from ray_jobs.beds.census import Spell
from ray_jobs.scheduling.acuity import WORKLOAD, Level
from ray_jobs.scheduling.staffing import Need, ShiftName, needs, shift_of, work_per_patient
from schemas.events import BedDemandForecasted, Event, ShiftNeed, StaffingForecasted
from schemas.ids import digest
from services.operations.site import Site

INTENSIVE = "intensive-care"


@dataclass(frozen=True, slots=True)
class Staff:
    """A ward's roster (most workload of each nurse by day and shift) and the levels of who lies there."""

    levels: tuple[Level, ...]
    roster: Mapping[tuple[date, ShiftName], tuple[int, ...]]


def staff_of(site: Site, as_of: datetime, zone: tzinfo) -> dict[str, Staff]:
    """By ward, those wards with a nurse on the roster from today on."""
    rosters: dict[str, dict[tuple[date, ShiftName], list[int]]] = defaultdict(lambda: defaultdict(list))
    today = as_of.astimezone(zone).date()
    for told in site.availability.values():
        if told.role == "nurse" and told.minutes and told.ward and told.shift and told.day >= today:
            rosters[told.ward][told.day, told.shift].append(told.most_workload or 0)
    levels: dict[str, list[Level]] = defaultdict(list)
    for spell in site.census.present():
        if spell.ward in rosters:
            levels[spell.ward].append(_level(site, spell))
    return {
        ward: Staff(tuple(sorted(levels[ward])), {slot: tuple(sorted(n)) for slot, n in roster.items()})
        for ward, roster in rosters.items()
    }


def loads_now(site: Site, at: datetime, zone: tzinfo) -> dict[str, float]:
    """By ward, those with nurses at work now: the workload of who lies there over what the nurses can carry."""
    local = at.astimezone(zone)
    day, shift, index = shift_of(local)
    capacity: Counter[str] = Counter()
    for told in site.availability.values():
        if (told.role, told.day, told.shift) == ("nurse", day, shift) and told.minutes and told.ward:
            capacity[told.ward] += told.most_workload or 0
    work: Counter[str] = Counter()
    for spell in site.census.present():
        if spell.ward is not None and spell.ward in capacity:
            work[spell.ward] += WORKLOAD[_level(site, spell)][index]
    return {ward: work[ward] / most for ward, most in capacity.items() if most}


def _level(site: Site, spell: Spell) -> Level:
    place = site.locations.get(spell.ward or "")
    return site.acuity.level(spell.patient, intensive=place is not None and place.specialty == INTENSIVE)


def staffing(forecasts: Sequence[Event], staff: Mapping[str, Staff], zone: tzinfo) -> list[StaffingForecasted]:
    """What the hourly forecasts of wards with a roster mean in nurses."""
    found = []
    for told in forecasts:
        ours = isinstance(told, BedDemandForecasted) and told.resolution == "hour" and told.service is None
        if not ours or not isinstance(told, BedDemandForecasted) or told.ward is None or told.ward not in staff:
            continue
        here = staff[told.ward]
        shifts = needs(
            told.as_of.astimezone(zone), [h.mean for h in told.hours], np.array([h.quantiles for h in told.hours]),
            told.levels, work_per_patient(here.levels), here.roster,
        )  # fmt: skip
        found.append(
            StaffingForecasted(
                id=digest("staffing", told.site, told.ward, told.as_of.isoformat()), site=told.site, known=told.known,
                ward=told.ward, as_of=told.as_of, shifts=tuple(_told(n) for n in shifts),
            )
        )  # fmt: skip
    return found


def _told(need: Need) -> ShiftNeed:
    return ShiftNeed(
        day=need.day, shift=need.shift, needed=need.needed, needed_high=need.needed_high, rostered=need.rostered,
        chance_short=need.short,
    )  # fmt: skip
