"""Why no timetable is possible: minimal sets of patients who must be planned and what they lack, in plain words.

Deletion filter (Chinneck and Dravnieks 1991, "Locating minimal infeasible constraint sets"): drop what can be dropped
while the rest stays impossible, first resources, then patients, until nothing can be dropped. Impossible is what
CP-SAT proves; what it cannot decide in time counts as possible, so every conflict told is one.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ray_jobs.scheduling import conflict_model as cm
from ray_jobs.scheduling.ihtp import Instance, Patient
from ray_jobs.scheduling.occupancy import nurses_at_work
from ray_jobs.scheduling.words import Words, counted

MOST_CONFLICTS = 8
NEEDS: tuple[tuple[cm.Kind, ...], ...] = (
    ("surgeon",),
    ("theatre",),
    ("surgeon", "theatre"),
    ("pool",),
    ("surgeon", "theatre", "pool"),
    ("beds",),
    ("beds", "sexes"),
    ("surgeon", "theatre", "beds", "sexes"),
)
"""What is tried together, the cheapest to prove first."""


EVERYTHING = NEEDS[-1]
FEW = 12
"""Of so many patients at most a subset is looked for that other resources rule out beside the one found."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """`patients` cannot all be planned because of `resource`; `short` minutes or bed-days are lacking, 0 if unknown."""

    text: str
    patients: tuple[str, ...]
    resource: str
    short: int = 0


AS_IT_IS = Words()


def conflicts(instance: Instance, *, seconds: float = 5.0, words: Words = AS_IT_IS) -> tuple[Conflict, ...]:
    """Conflicts that share no patient, at most eight; none where a plan is possible or no proof was found in time."""
    until = time.monotonic() + seconds
    found = hopeless(instance, words)
    named = {p for c in found for p in c.patients}
    rest = [p for p in instance.patients if p.mandatory and p.id not in named]
    for kinds in NEEDS:
        while len(found) < MOST_CONFLICTS and time.monotonic() < until:
            patients = _minimal(instance, rest, kinds, until)
            if not patients:
                break
            fewer = _reduced(instance, patients, EVERYTHING, until) if len(patients) <= FEW else patients
            found.append(_told(instance, fewer, kinds if len(fewer) == len(patients) else EVERYTHING, words, until))
            patients = fewer
            rest = [p for p in rest if p not in patients]
    return tuple(found[:MOST_CONFLICTS])


def hopeless(instance: Instance, words: Words = AS_IT_IS) -> list[Conflict]:
    """What is impossible whatever is planned: those who are here, and patients who find nothing even alone. Quick."""
    alone = [c for p in instance.patients if p.mandatory for c in _alone(instance, p, words)]
    return [*_occupants(instance, words), *alone]


def _minimal(instance: Instance, patients: list[Patient], kinds: tuple[cm.Kind, ...], until: float) -> list[Patient]:
    """A set of patients that is impossible while each part of it is not; empty where the whole is possible."""
    groups = _by_surgeon(patients) if kinds == ("surgeon",) else [patients]
    for group in groups:
        if not cm.impossible(instance, group, kinds, until):
            continue
        return _reduced(instance, group, kinds, until)
    return []


def _reduced(instance: Instance, core: list[Patient], kinds: tuple[cm.Kind, ...], until: float) -> list[Patient]:
    """Drop runs of patients that are not needed, long runs first: as few proofs as the size of the answer allows."""
    size = max(1, len(core) // 2)
    while True:
        begin = 0
        while begin < len(core) and time.monotonic() < until:
            less = core[:begin] + core[begin + size :]
            if less and cm.impossible(instance, less, kinds, until):
                core = less
            else:
                begin += size
        if size == 1:
            return core
        size = max(1, size // 2)


def _told(
    instance: Instance, patients: list[Patient], kinds: tuple[cm.Kind, ...], words: Words, until: float
) -> Conflict:
    needed = list(kinds)
    for kind in reversed(kinds):  # resources that play no part are not named
        fewer = tuple(k for k in needed if k != kind)
        if fewer and cm.impossible(instance, patients, fewer, until):
            needed.remove(kind)
    days = sorted({d for p in patients for d in cm.window(instance, p)})
    who = _who(patients, words)
    surgeons = sorted({p.surgeon_id for p in patients})
    short = cm.shortage(instance, patients, tuple(needed), until)
    lacking = f"{_amount(short, needed)} short" if short else "not possible"
    resource = {
        "surgeon": f"surgeon {words.named(surgeons)}", "theatre": "theatres",
        "pool": "beds", "beds": "rooms", "sexes": "rooms for one sex",
    }  # fmt: skip
    what = " and ".join(resource[kind] for kind in needed)
    return Conflict(f"{who}, {what}: {lacking} on {words.days(days)}", tuple(p.id for p in patients), what, short)


def _alone(instance: Instance, patient: Patient, words: Words) -> Iterator[Conflict]:
    """What stands against a patient whoever else is planned; the first reason."""
    days, who = cm.window(instance, patient), _who([patient], words)
    surgeon = next(s for s in instance.surgeons if s.id == patient.surgeon_id)
    minutes, told = patient.surgery_duration, words.days(days) if days else ""
    rooms = [r for r in instance.rooms if r.capacity and r.id not in patient.incompatible_room_ids]
    if not days:
        first, due = patient.surgery_release_day, patient.surgery_due_day
        text = f"{who}: no day between {words.day(first)} and {words.day(due or 0)} in a plan of {instance.days} days"
        yield Conflict(text, (patient.id,), "days")
    elif not rooms:
        yield Conflict(f"{who}: no room is for this patient", (patient.id,), "rooms")
    elif (most := max(surgeon.max_surgery_time[d] for d in days)) < minutes:
        name = f"surgeon {words.name(surgeon.id)}"
        text = f"{who}, {name}: {counted(minutes - most, 'minute')} short on {told} ({minutes} needed, at most {most})"
        yield Conflict(text, (patient.id,), name, minutes - most)
    elif (most := max((t.availability[d] for t in instance.operating_theaters for d in days), default=0)) < minutes:
        lacking = f"{counted(minutes - most, 'minute')} short on {told}"
        text = f"{who}, theatres: {lacking} ({minutes} needed, at most {most})"
        yield Conflict(text, (patient.id,), "theatres", minutes - most)
    elif all(_bare(instance, patient, d) for d in days):
        text = f"{who}: some shift of the stay has no nurse at work, whenever it begins on {told}"
        yield Conflict(text, (patient.id,), "nurses")


def _bare(instance: Instance, patient: Patient, day: int) -> bool:
    at_work = nurses_at_work(instance)
    end = min(day + patient.length_of_stay, instance.days)
    return any(not at_work.get(shift) for shift in range(3 * day, 3 * end))


def _occupants(instance: Instance, words: Words) -> Iterator[Conflict]:
    """What those who are here already contradict."""
    at_work = nurses_at_work(instance)
    for room in instance.rooms:
        here = [o for o in instance.occupants if o.room_id == room.id]
        ids, name = tuple(o.id for o in here), words.name(room.id)
        if len(here) > room.capacity:
            text = f"{name}: {len(here)} patients lie in {counted(room.capacity, 'bed')}"
            yield Conflict(text, ids, name, len(here) - room.capacity)
        if len({o.gender for o in here}) > 1:
            yield Conflict(f"{name}: patients lie together who may not share a room", ids, name)
    last = max((min(o.length_of_stay, instance.days) for o in instance.occupants), default=0)
    if bare := sorted({s // 3 for s in range(3 * last) if not at_work.get(s)}):
        ids = tuple(o.id for o in instance.occupants)
        yield Conflict(f"patients are here and no nurse is at work in a shift of {words.days(bare)}", ids, "nurses")


def _by_surgeon(patients: Collection[Patient]) -> list[list[Patient]]:
    groups: dict[str, list[Patient]] = {}
    for patient in patients:
        groups.setdefault(patient.surgeon_id, []).append(patient)
    return list(groups.values())


def _who(patients: list[Patient], words: Words) -> str:
    return f"{counted(len(patients), 'mandatory patient')} ({words.named([p.id for p in patients])})"


def _amount(short: int, needed: list[cm.Kind]) -> str:
    return counted(short, "minute" if {"surgeon", "theatre"} & set(needed) else "bed-day")
