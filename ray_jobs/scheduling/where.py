"""Where can this patient go now: every bed that the rules allow, best first, with reasons; else what is in the way.

The same rules as `assign` (a room's sexes, isolation, closed specialties), one patient at a time and without a solver,
so that a thousand beds are answered while somebody waits at the telephone. Points are what speaks against a bed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ray_jobs.scheduling.acuity import Level
from ray_jobs.scheduling.beds import Bed, InBed, Moved, Room, Waiting, rooms_of
from ray_jobs.scheduling.words import Words, counted

OTHER_SPECIALTY, ISOLATION_WASTED, MOVE, EMPTY_ROOM_OPENED = 300, 100, 400, 20
BUSY, BUSY_POINTS = 0.8, 500
"""From this share of what a ward's nurses can carry on, more speaks against it, the more the sicker the patient."""
MOST_OPTIONS = 10
WHOM = {"female": "women", "male": "men"}
AS_IT_IS = Words()
NO_LOADS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Option:
    """A bed, what speaks against it in points (0 is best), why it fits, and who would have to move first."""

    bed: str
    ward: str
    points: int
    reasons: tuple[str, ...]
    moves: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`options` best first; `blocked` says for the other free beds how many each rule leaves out."""

    options: tuple[Option, ...]
    blocked: tuple[str, ...]


def places_for(
    patient: Waiting,
    beds: Sequence[Bed],
    in_bed: Sequence[InBed] = (),
    *,
    acuity: Level | None = None,
    loads: Mapping[str, float] = NO_LOADS,
    other_specialties: bool = True,
    most: int = MOST_OPTIONS,
    words: Words = AS_IT_IS,
) -> Answer:
    """Rank the beds that are free now; `loads` by ward: workload over what its nurses can carry.

    `acuity` is the patient's own where it is not given.

    Raises ValueError when a bed or patient repeats, or someone lies in a bed that is not given.
    """
    patient = patient if acuity is None else replace(patient, acuity=acuity)
    rooms = rooms_of(beds, in_bed)
    by_ward: dict[str, list[Room]] = {}
    for room in rooms.values():
        by_ward.setdefault(room.ward, []).append(room)
    options: list[Option] = []
    blocked: Counter[str] = Counter()
    for room in rooms.values():
        if not room.free:
            continue
        if (rule := _forbids(patient, room, other_specialties=other_specialties)) is not None:
            blocked[rule] += len(room.free)
        elif room.admits(patient):
            options += [_option(patient, room, bed, loads, words) for bed in room.free[:1]]
        elif (move := _move_away(room, by_ward[room.ward])) is not None:
            options.append(_after(_option(patient, room, room.free[0], loads, words), move, words))
            blocked[_occupied(patient, room)] += len(room.free)
        else:
            blocked[_occupied(patient, room)] += len(room.free)
    options.sort(key=lambda o: (o.points, o.ward, o.bed))
    most_first = sorted(blocked.items(), key=lambda b: (-b[1], b[0]))
    told = tuple(f"{counted(n, 'free bed')}: {rule}" for rule, n in most_first)
    return Answer(tuple(options[:most]), told or (() if options else ("no bed is free",)))


def _forbids(patient: Waiting, room: Room, *, other_specialties: bool) -> str | None:
    """The rule that keeps the patient out of the room whoever lies there."""
    if not patient.belongs(room, other_specialties=other_specialties):
        return f"on a ward for {room.specialty or 'all'}, which does not take {patient.specialty}"
    if patient.isolation and not room.isolation:
        return "not in an isolation room"
    return None


def _occupied(patient: Waiting, room: Room) -> str:
    if patient.alone:
        return "in a room with others, and this patient must lie alone"
    if any(p.alone for p in room.staying):
        return "in a room with someone who must lie alone"
    if not room.lawful:
        return "in a room that women and men share already"
    return f"in a room for {WHOM.get(room.staying[0].sex, 'others')}"


def _option(patient: Waiting, room: Room, bed: str, loads: Mapping[str, float], words: Words) -> Option:
    ward, name = words.name(room.ward), words.name(room.name)
    points, reasons = 0, []
    if room.specialty in (None, patient.specialty):
        reasons.append(f"{ward} takes {patient.specialty}")
    else:
        points += OTHER_SPECIALTY
        reasons.append(f"{ward} is for {room.specialty}")
    if patient.isolation:
        reasons.append(f"{name} is an isolation room")
    elif room.isolation and not patient.alone:
        points += ISOLATION_WASTED
        reasons.append(f"{name} is an isolation room, which is not needed")
    if room.staying and not patient.alone:
        reasons.append(f"only {WHOM.get(patient.sex, 'others')} in {name}")
    elif not room.staying:
        points += EMPTY_ROOM_OPENED * (room.beds > 1)
        reasons.append(f"{name} is empty")
    load = loads.get(room.ward)
    if load is not None:
        points += round(BUSY_POINTS * max(0.0, load - BUSY) * (1 + patient.acuity))
        reasons.append(f"nurses there carry {load:.0%} of what they can")
    return Option(bed, room.ward, points, tuple(reasons))


def _move_away(room: Room, ward: Sequence[Room]) -> Moved | None:
    """The one person in the room could lie in another room of the ward, so that the whole room is given away."""
    if len(room.staying) != 1:
        return None
    (lying,) = room.staying
    for other in ward:
        fits = other.isolation or not lying.isolation
        if other is not room and other.free and other.staying and fits and other.admits(lying):
            return Moved(lying.patient, lying.bed, other.free[0])
    return None


def _after(option: Option, move: Moved, words: Words) -> Option:
    told = f"first {words.name(move.bed)} moves to {words.name(move.to)}"
    reasons = (told, *(r for r in option.reasons if not r.startswith("only ")))
    return Option(option.bed, option.ward, option.points + MOVE, reasons, (move,))
