"""The census as spells to learn from: how people came to each ward, how long they stayed and where they went."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

from ray_jobs.beds.census import Spell
from ray_jobs.beds.stay import Destination, Observed, Way
from services.operations.site import Site
from services.operations.staffing import INTENSIVE

ELECTIVE_PRIORITY = 4
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def hours_of(instant: datetime) -> float:
    """Hours since 2000 (UTC)."""
    return (instant - EPOCH).total_seconds() / 3600


def spells_by_ward(site: Site, as_of: datetime, begin: datetime) -> dict[str | None, list[Observed]]:
    """Spells that lasted into the time after `begin`; None: whole stays, whatever wards they went through."""
    stays: dict[str, list[Spell]] = defaultdict(list)
    for spell in site.census.spells():
        if spell.ward is not None and spell.entered <= as_of and not (spell.left is not None and spell.left < begin):
            stays[spell.encounter].append(spell)
    elective = _electives(site)
    found: dict[str | None, list[Observed]] = defaultdict(list)
    for spells in stays.values():
        risk = site.record.risk(spells[0].patient)
        way: Way = "elective" if elective.get(spells[0].patient, as_of) <= spells[0].entered else "emergency"
        for n, spell in enumerate(spells):
            after = spells[n + 1] if n + 1 < len(spells) else None
            came: Way = "transfer" if n else way
            found[spell.ward].append(
                Observed(hours_of(spell.entered), _left(spell), came, _to(site, spell, after), risk)
            )
        first, last = found[spells[0].ward][-1], spells[-1]
        entered = hours_of(spells[0].entered)
        found[None].append(replace(first, entered=entered, left=_left(last), way=way, to=_to(site, last, None)))
    return found


def _left(spell: Spell) -> float | None:
    return None if spell.left is None else hours_of(spell.left)


def _to(site: Site, spell: Spell, after: Spell | None) -> Destination:
    if after is None:
        return "died" if spell.died else "home"
    place = site.locations.get(after.ward or "")
    return "intensive" if place is not None and place.specialty == INTENSIVE else "ward"


def _electives(site: Site) -> dict[str, datetime]:
    """When those were first asked for who come by appointment: for an operation, or with the lowest urgency."""
    found: dict[str, datetime] = {}
    for request in site.requests.values():
        if request.surgery is not None or request.priority >= ELECTIVE_PRIORITY:
            found[request.patient] = min(request.requested, found.get(request.patient, request.requested))
    return found
