"""Why not this bed, this day, this theatre: every rule and cost that stands against one change to a timetable.

Exact: costs are those of `schedule check` with the change made and all else as it is. Pure and quick, for use
while somebody drags; what it would cost if the rest of the plan gave way is `price`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ray_jobs.scheduling.check import COSTS, VIOLATIONS, check_timetable
from ray_jobs.scheduling.edits import Edit, crowded, edited, target
from ray_jobs.scheduling.ihtp import SHIFTS_PER_DAY
from ray_jobs.scheduling.occupancy import Occupancy, Where, occupancy
from ray_jobs.scheduling.words import RULES, Words, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ray_jobs.scheduling.ihtp import Instance, Patient, Solution

AS_IT_IS = Words()
TOLD_BY_OTHERS = ("NursePresence",)
"""Never broken by an edit: nurses are only added where they work."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """One rule of `schedule check` that stands against a change; `cost` None: a hard rule that it would break."""

    rule: str
    text: str
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A change weighed: `report` is `schedule check` of `solution`, the timetable with the change made."""

    hindrances: tuple[Hindrance, ...]
    solution: Solution
    report: Mapping[str, int]
    extra: int
    """Its total cost less that of the timetable as it was; meaningful where no hard rule stands against it."""

    @property
    def allowed(self) -> bool:
        """Whether it breaks no rule that the timetable as it was kept."""
        return all(h.cost is not None for h in self.hindrances)


def hindrances(instance: Instance, solution: Solution, edit: Edit, *, words: Words = AS_IT_IS) -> tuple[Hindrance, ...]:
    """What stands against a change, hard rules first. Raises `ValueError` where the edit names what is not there."""
    return weigh(instance, solution, edit, words=words).hindrances


def weigh(
    instance: Instance,
    solution: Solution,
    edit: Edit,
    *,
    words: Words = AS_IT_IS,
    report: Mapping[str, int] | None = None,
    used: Occupancy | None = None,
) -> Verdict:
    """The change, what stands against it, and its exact cost; `report` and `used` are those of `solution`, if at hand.

    Raises `ValueError` where the edit names what the instance does not have.
    """
    used = used or occupancy(instance, solution)
    report = report or check_timetable(instance, solution)
    changed = edited(instance, solution, edit, used=used)
    after = check_timetable(instance, changed)
    patient = used.patients[edit.patient]
    hard: list[Hindrance] = []
    if edit.out:
        if patient.mandatory:
            hard.append(Hindrance("MandatoryUnscheduledPatients", f"must be planned by {_due(patient, words)}"))
    else:
        to = target(instance, used, patient, edit)
        hard += broken_rules(instance, used, patient, to, words)
    told = {h.rule for h in hard}
    hard += [
        Hindrance(rule, RULES[rule])
        for rule in VIOLATIONS
        if after[rule] > report[rule] and rule not in told and rule not in TOLD_BY_OTHERS
    ]
    soft = [
        Hindrance(rule, f"{RULES[rule]} (costs {after[rule] - report[rule]} more)", after[rule] - report[rule])
        for rule in COSTS
        if after[rule] > report[rule]
    ]
    soft.sort(key=lambda h: -(h.cost or 0))
    return Verdict((*hard, *soft), changed, after, after["total_cost"] - report["total_cost"])


def broken_rules(instance: Instance, used: Occupancy, patient: Patient, to: Where, words: Words) -> Iterator[Hindrance]:
    """Hard rules that an admission would break, in plain words, beside what is used already."""
    day, minutes = words.day(to.day), patient.surgery_duration
    now = used.planned.get(patient.id)
    if to.day < patient.surgery_release_day:
        yield Hindrance("AdmissionDay", f"{day} lies before the earliest day, {words.day(patient.surgery_release_day)}")
    if patient.mandatory and patient.surgery_due_day is not None and to.day > patient.surgery_due_day:
        yield Hindrance("AdmissionDay", f"{day} lies after the last allowed day, {_due(patient, words)}")
    if to.room in patient.incompatible_room_ids:
        yield Hindrance("PatientRoomCompatibility", f"{words.name(to.room)} is not for this patient")
    surgeon = next(s for s in instance.surgeons if s.id == patient.surgeon_id)
    own = minutes if now is not None and now.day == to.day else 0
    taken = used.surgeon_minutes.get((surgeon.id, to.day), 0) - own
    most = surgeon.max_surgery_time[to.day]
    yield from _overtime("SurgeonOvertime", words.name(surgeon.id), day, most, taken, minutes)
    theatre = next(t for t in instance.operating_theaters if t.id == to.theatre)
    own = minutes if now is not None and (now.day, now.theatre) == (to.day, to.theatre) else 0
    taken = used.theatre_minutes.get((theatre.id, to.day), 0) - own
    yield from _overtime(
        "OperatingTheaterOvertime", words.name(theatre.id), day, theatre.availability[to.day], taken, minutes
    )
    yield from _beds(instance, used, patient, to, words)


def _overtime(rule: str, who: str, day: str, limit: int, taken: int, minutes: int) -> Iterator[Hindrance]:
    if taken + minutes <= limit:
        return
    if limit == 0:
        yield Hindrance(rule, f"{who} has no time on {day}")
    else:
        short = counted(taken + minutes - limit, "minute")
        yield Hindrance(rule, f"{who} has {limit} minutes on {day}, {taken} are taken: {short} short")


def _beds(instance: Instance, used: Occupancy, patient: Patient, to: Where, words: Words) -> Iterator[Hindrance]:
    full, mixed = crowded(instance, used, patient, to.room, to.day)
    room = words.name(to.room)
    if full:
        yield Hindrance("RoomCapacity", f"{room} is full on {words.days(full)}")
    if mixed:
        whom = sorted({s.id for d in mixed for s in used.present[to.room, d] if s.gender != patient.gender})
        who = f"someone who cannot share a room with this patient ({words.named(whom)})"
        yield Hindrance("RoomGenderMix", f"{who} lies in {room} on {words.days(mixed)}")
    days = range(to.day, min(to.day + patient.length_of_stay, instance.days))
    bare = [d for d in days if _uncovered(used, to.room, d)]
    if bare:
        yield Hindrance("UncoveredRoom", f"no nurse is at work on every shift of {words.days(bare)}")


def _uncovered(used: Occupancy, room: str, day: int) -> bool:
    shifts = range(SHIFTS_PER_DAY * day, SHIFTS_PER_DAY * (day + 1))
    return any(not used.limit.get(s) and (room, s) not in used.cover for s in shifts)


def _due(patient: Patient, words: Words) -> str:
    return words.day(patient.surgery_due_day) if patient.surgery_due_day is not None else "the end of the plan"
