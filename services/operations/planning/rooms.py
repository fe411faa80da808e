"""Rooms of a plan and who lies in them: wards that take the operated, beds in service, and how long each still stays.

What is so, is planned with, and said: a room that women and men share is planned as two that nobody can join, a room
with more patients than beds has as many beds as patients, and who lies on a ward without a known room fills one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ray_jobs.beds.census import Spell
from ray_jobs.scheduling.beds import CLOSED_SPECIALTIES, Bed, Waiting
from ray_jobs.scheduling.ihtp import Room
from schemas.ids import digest
from services.operations import wards
from services.operations.planning.naming import short
from services.operations.site import Site

MIXED, UNKNOWN = " (now mixed, {})", " (no room known)"


@dataclass(frozen=True, slots=True)
class Lying:
    """Someone who is here: `gender` is shared by those who may share a room."""

    patient: str
    room: str
    gender: str
    days: int
    encounter: str


@dataclass(slots=True)
class Rooms:
    """`ward` and `kind` (its ward's specialty, isolation) by room id, in the order of names."""

    rooms: list[Room] = field(default_factory=list)
    ward: dict[str, str] = field(default_factory=dict)
    beds: dict[str, Bed] = field(default_factory=dict)
    lying: list[Lying] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def closed_to(self, patient: Waiting, *, other_specialties: bool) -> tuple[str, ...]:
        """Rooms that are not for this patient: specialty, isolation, or a room as it is now only."""
        found = []
        for room in self.rooms:
            bed = self.beds.get(room.id)
            own = bed is not None and bed.specialty in (None, patient.specialty)
            lawful = own or (bed is not None and other_specialties and not _closed(bed, patient))
            if not lawful or (patient.isolation and bed is not None and not bed.isolation):
                found.append(room.id)
        return tuple(found)


def gender(sex: str, identity: str, *, alone: bool) -> str:
    """`A` for women, `B` for men; who must lie alone is a kind of their own, so that nobody can join them."""
    return f"alone {digest(identity)[:16]}" if alone or sex not in ("female", "male") else "AB"[sex == "male"]


def rooms_of(site: Site, planned: frozenset[str], days_left: Callable[[Spell], int]) -> Rooms:
    """The rooms of these wards."""
    found = Rooms()
    capacity: dict[str, int] = {}
    for bed in wards.beds(site, {}):
        if bed.ward in planned:
            cell = short(bed.cell)
            capacity[cell] = capacity.get(cell, 0) + 1
            kept = found.beds.get(cell)
            found.beds[cell] = bed if kept is None or not bed.isolation else kept
            found.ward[cell] = bed.ward
    cell_of = {bed.id: short(bed.cell) for bed in wards.beds(site, {})}
    isolated = {r.patient for r in site.requests.values() if r.isolation and r.status != "withdrawn"}
    inside: dict[str, list[Lying]] = {name: [] for name in capacity}
    homeless: list[tuple[Spell, str]] = []
    for spell in site.census.present():
        if spell.ward not in planned or spell.kind != "inpatient":
            continue
        group = gender(wards.sex_of(site, spell), spell.patient, alone=spell.patient in isolated)
        room = _room_of(spell, cell_of, capacity)
        if room is None:
            homeless.append((spell, group))
        else:
            inside[room].append(Lying(spell.patient, room, group, days_left(spell), spell.encounter))
    for spell, group in homeless:
        room = _any_room(spell, group, inside, capacity, found.ward)
        inside.setdefault(room, []).append(Lying(spell.patient, room, group, days_left(spell), spell.encounter))
        found.ward.setdefault(room, spell.ward or "")
    _as_they_are(found, inside, capacity)
    return found


def _as_they_are(found: Rooms, inside: Mapping[str, list[Lying]], capacity: Mapping[str, int]) -> None:
    """Rooms whose patients break a rule are planned so that the plan itself breaks none."""
    for name in sorted(inside):
        here, beds, ward = inside[name], capacity.get(name, 0), found.ward[name]
        groups = sorted({p.gender for p in here})
        if len(groups) > 1:
            found.notes.append(f"room {name} on {ward} holds people who may not share one; nobody is planned into it")
            found.beds.pop(name, None)
            for number, group in enumerate(groups, start=1):
                part = f"{name[:40]}{MIXED.format(number)}"
                own = [Lying(p.patient, part, p.gender, p.days, p.encounter) for p in here if p.gender == group]
                found.rooms.append(Room(id=part, capacity=len(own)))
                found.ward[part] = ward
                found.lying += own
            del found.ward[name]
            continue
        if len(here) > beds and beds:
            found.notes.append(f"room {name} on {ward} has {beds} beds in service and {len(here)} patients")
        if here or beds:
            found.rooms.append(Room(id=name, capacity=max(beds, len(here))))
        found.lying += here


def _room_of(spell: Spell, cell_of: Mapping[str, str], capacity: Mapping[str, int]) -> str | None:
    told = cell_of.get(spell.place.bed or "") or (short(spell.place.room) if spell.place.room else None)
    return told if told in capacity else None


def _any_room(
    spell: Spell, group: str, inside: Mapping[str, list[Lying]], capacity: Mapping[str, int], ward: Mapping[str, str]
) -> str:
    """The first room of the ward with a bed for this one, fullest first; else one that is only theirs."""
    fits = [
        (-len(inside[name]), name)
        for name, beds in capacity.items()
        if ward[name] == spell.ward and len(inside[name]) < beds and all(p.gender == group for p in inside[name])
    ]
    return min(fits)[1] if fits else f"{short(spell.ward or '')[:40]}{UNKNOWN}"


def _closed(bed: Bed, patient: Waiting) -> bool:
    return bed.specialty in CLOSED_SPECIALTIES or patient.specialty in CLOSED_SPECIALTIES
