"""What the places and the census say together: beds by ward, who lies in them, who waits, and the counts."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ray_jobs.beds.census import Spell
from ray_jobs.scheduling.beds import Bed, InBed, Sex, Waiting
from schemas.events import AdmissionRequested, LocationDefined
from services.operations.site import Site


class Counts(NamedTuple):
    """Of a ward, or of the site: beds in service leave out the closed ones."""

    occupied: int
    beds: int
    closed: int
    waiting: int


class Held(NamedTuple):
    """A bed that an administrator approved for a request."""

    bed: str
    by: str


def ward_of(locations: Mapping[str, LocationDefined], location: str) -> LocationDefined | None:
    """The ward that a location lies in; None when nobody said."""
    seen: set[str] = set()
    found = locations.get(location)
    while found is not None and found.kind != "ward" and found.location not in seen:
        seen.add(found.location)
        found = locations.get(found.within) if found.within is not None else None
    return found if found is not None and found.kind == "ward" else None


def counts(site: Site) -> dict[str | None, Counts]:
    """Counts of every ward that has or had beds or patients; None is the whole site.

    A request waits for every ward of its specialty, and once for the site.
    """
    occupied = {ward: n for ward, n in site.census.occupied().items() if ward is not None}
    beds: dict[str, int] = {}
    closed: dict[str, int] = {}
    for place in site.locations.values():
        if place.kind == "bed" and (ward := ward_of(site.locations, place.location)) is not None:
            shut = not place.active or _status(site, place.location) == "closed"
            count = closed if shut else beds
            count[ward.location] = count.get(ward.location, 0) + 1
    queue = for_a_bed_now(site)
    found: dict[str | None, Counts] = {}
    emptied = {ward for ward in site.told if ward is not None}
    for name in sorted(occupied.keys() | beds.keys() | closed.keys() | emptied):
        place_ = site.locations.get(name)
        specialty = place_.specialty if place_ is not None else None
        waits = sum(r.specialty == specialty for r in queue)
        found[name] = Counts(occupied.get(name, 0), beds.get(name, 0), closed.get(name, 0), waits)
    found[None] = Counts(sum(occupied.values()), sum(beds.values()), sum(closed.values()), len(queue))
    return found


def waiting_requests(site: Site) -> list[AdmissionRequested]:
    """Active requests of those who do not lie on a ward yet, most urgent and oldest first."""
    admitted: dict[str, datetime] = {}
    for spell in site.census.present():
        if spell.ward is not None and spell.kind == "inpatient":
            admitted[spell.patient] = max(spell.entered, admitted.get(spell.patient, spell.entered))
    queue = [
        r
        for r in site.requests.values()
        if r.status == "active" and not (r.patient in admitted and admitted[r.patient] >= r.requested)
    ]
    return sorted(queue, key=lambda r: (r.priority, r.requested, r.request))


def for_a_bed_now(site: Site) -> list[AdmissionRequested]:
    """Those who wait for a bed, not for a day of surgery: that one's plan keeps a room. An emergency waits for both."""
    return [r for r in waiting_requests(site) if r.surgery is None or r.priority == 1]


def beds(site: Site, held: Mapping[str, Held]) -> list[Bed]:
    """Every bed in service that lies on a ward; usable: free, empty, and not held for someone."""
    taken = site.census.beds().keys() | {h.bed for h in held.values()}
    found = []
    for place in sorted(site.locations.values(), key=lambda p: p.location):
        ward = ward_of(site.locations, place.location) if place.kind == "bed" and place.active else None
        status = _status(site, place.location)
        if ward is None or status == "closed":
            continue
        room = site.locations.get(place.within) if place.within is not None else None
        in_room = room is not None and room.kind == "room"
        isolation = place.isolation or (room is not None and room.kind == "room" and room.isolation)
        usable = status == "free" and place.location not in taken
        name = room.location if room is not None and in_room else None
        found.append(Bed(place.location, ward.location, name, ward.specialty, isolation, usable))
    return found


def in_bed(site: Site, known: set[str], remain: Mapping[str, tuple[float, ...]]) -> list[InBed]:
    """Who lies in the beds of `known`, one to a bed; `remain` by encounter. Isolation is what their request said."""
    isolated = {r.patient for r in site.requests.values() if r.isolation}
    found: dict[str, InBed] = {}
    placed: set[str] = set()
    for bed, spells in sorted(site.census.beds().items()):
        spell = max(spells, key=lambda s: (s.entered, s.encounter))
        if bed in known and spell.patient not in placed:
            placed.add(spell.patient)
            sex, alone = sex_of(site, spell), spell.patient in isolated
            found[bed] = InBed(bed, spell.patient, sex, alone, remain.get(spell.encounter, ()))
    return list(found.values())


def sex_of(site: Site, spell: Spell) -> Sex:
    """As registered, else as their request said."""
    registered = site.patients.get(spell.patient)
    if registered is not None and registered.sex != "unknown":
        return registered.sex
    return next((r.sex for r in site.requests.values() if r.patient == spell.patient), "unknown")


def queue_of(site: Site, now: datetime, held: Mapping[str, Held]) -> list[Waiting]:
    """Who waits without an approved bed."""
    return [
        Waiting(
            r.request, r.patient, sex_of_request(site, r), r.specialty, r.priority, r.isolation,
            max(0.0, (now - r.requested).total_seconds() / 3600), site.acuity.level(r.patient),
        )
        for r in for_a_bed_now(site)
        if r.request not in held
    ]  # fmt: skip


def approved(site: Site) -> dict[str, Held]:
    """Approved beds by request, while the request waits and the bed is empty; a later approval counts."""
    waiting, taken = {r.request for r in for_a_bed_now(site)}, site.census.beds().keys()
    held: dict[str, Held] = {}
    for proposal, decision in site.ledger.decided("beds", "approve"):
        by = decision.by
        for a in proposal.assignments:
            if a.bed is not None and a.request in waiting and a.bed not in taken:
                held = {r: h for r, h in held.items() if h.bed != a.bed}
                held[a.request] = Held(a.bed, by)
    return held


def refused(site: Site) -> frozenset[tuple[str, str]]:
    """Requests and beds that an administrator said no to."""
    rejected = site.ledger.decided("beds", "reject")
    return frozenset((a.request, a.bed) for p, _ in rejected for a in p.assignments if a.bed is not None)


def sex_of_request(site: Site, request: AdmissionRequested) -> Sex:
    """As the request says, else as registered."""
    registered = site.patients.get(request.patient)
    return registered.sex if request.sex == "unknown" and registered is not None else request.sex


def _status(site: Site, location: str) -> str:
    told = site.statuses.get(location)
    return told.status if told is not None else "free"
