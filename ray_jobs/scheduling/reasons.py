"""Why this bed, and why none: the rule or the wish behind each line of a bed plan, in plain words."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from ray_jobs.scheduling.beds import CLOSED_SPECIALTIES, Placed, Room, Waiting

WHOM = {"female": "women", "male": "men"}
MOST_NAMED = 3
EVEN = 0.5
URGENCY = {1: "immediate", 2: "urgent", 3: "soon", 4: "elective"}


def explain(
    waiting: Sequence[Waiting],
    rooms: Mapping[str, Room],
    chosen: Mapping[int, str],
    bed_of: Mapping[int, str],
    *,
    other_specialties: bool,
    now: datetime | None,
    names: Mapping[str, str],
    loads: Mapping[str, float],
) -> tuple[Placed, ...]:
    """A line for each request, in order; `chosen` maps its index to a room, `bed_of` to a bed, `names` ids to words.

    `loads` by ward is the workload over what its nurses can carry, told where it is known.
    """
    taken: dict[str, list[int]] = {}
    for i, name in chosen.items():
        taken.setdefault(name, []).append(i)
    lines = []
    for i, patient in enumerate(waiting):
        if i in chosen:
            room = rooms[chosen[i]]
            why = _why_here(patient, room, names, loads.get(room.ward))
            lines.append(Placed(patient.request, patient.patient, bed_of[i], room.ward, why))
        else:
            usual = [r for r in rooms.values() if patient.belongs(r, other_specialties=other_specialties)]
            anywhere = other_specialties and patient.specialty not in CLOSED_SPECIALTIES
            reason = _why_none(patient, usual, taken, waiting, anywhere=anywhere)
            leaves = _next_leave(patient, usual, now, names)
            lines.append(Placed(patient.request, patient.patient, None, None, f"{reason}{leaves}."))
    return tuple(lines)


def _why_here(patient: Waiting, room: Room, names: Mapping[str, str], load: float | None) -> str:
    ward, name = names.get(room.ward, room.ward), names.get(room.name, room.name)
    reasons = [f"{URGENCY[patient.priority]} (priority {patient.priority})"]
    if room.specialty in (None, patient.specialty):
        reasons.append(f"{ward} takes {patient.specialty}")
    else:
        reasons.append(f"no bed that fits is free on a ward for {patient.specialty}; {ward} is the next best")
    if patient.isolation:
        reasons.append(f"{name} is an isolation room")
    elif patient.alone:
        reasons.append(f"alone in {name}, since no room is known to be for this patient's sex")
    elif room.staying:
        reasons.append(f"only {WHOM[patient.sex]} in {name}")
    else:
        reasons.append(f"{name} is empty")
    if load is not None:
        reasons.append(f"nurses there carry {load:.0%} of what they can")
    return "; ".join(reasons) + "."


def _why_none(
    patient: Waiting,
    usual: Collection[Room],
    taken: Mapping[str, list[int]],
    waiting: Sequence[Waiting],
    *,
    anywhere: bool,
) -> str:
    """The first rule that leaves no room, named with what it leaves out."""
    where = "anywhere" if anywhere else f"on a ward for {patient.specialty}"
    free = [room for room in usual if room.free]
    if not free:
        return f"No bed free {where}"
    right = [room for room in free if room.isolation or not patient.isolation]
    if not right:
        return f"No isolation bed free {where}"
    open_to = [room for room in right if room.admits(patient)]
    if not open_to:
        whom = "an empty room" if patient.alone else f"a room for {WHOM[patient.sex]}"
        return f"{_beds(right)} free {where}, but none in {whom}"
    ahead = sorted({waiting[i].request for room in open_to for i in taken.get(room.name, ())})
    if not ahead:
        return f"{_beds(open_to)} would fit, but were refused for this request before or no plan was found in time"
    named = ", ".join(ahead[:MOST_NAMED]) + (f" and {len(ahead) - MOST_NAMED} more" if len(ahead) > MOST_NAMED else "")
    return f"{_beds(open_to)} that would fit given to more urgent or longer waiting requests ({named})"


def _beds(rooms: Sequence[Room]) -> str:
    beds = sum(len(room.free) for room in rooms)
    return f"{beds} bed" if beds == 1 else f"{beds} beds"


def _next_leave(patient: Waiting, usual: Collection[Room], now: datetime | None, names: Mapping[str, str]) -> str:
    """When it is more likely than not that a room opens to this patient, and by whose leaving most likely."""
    if now is None:
        return ""
    would_help = [
        (lying, room)
        for room in usual
        for lying in room.staying
        if (room.isolation or not patient.isolation)
        and (len(room.staying) == 1 or (not patient.alone and room.lawful and lying.sex == patient.sex))
    ]
    nobody_left = [math.prod(hour) for hour in zip(*(lying.remains for lying, _ in would_help), strict=False)]
    hours = next((h for h, chance in enumerate(nobody_left, start=1) if chance < EVEN), None)
    if hours is None:
        return "; no discharge that would help is likely soon" if nobody_left else ""
    lying, room = min(would_help, key=lambda pair: pair[0].remains[hours - 1])
    where = f"{names.get(lying.bed, lying.bed)} on {names.get(room.ward, room.ward)}"
    when = now + timedelta(hours=hours)
    return f"; next expected discharge that would help: by {when:%d %b %H:%M}, most likely {where}"
