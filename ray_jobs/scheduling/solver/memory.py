"""An instance written into the search's memory, and a plan read back out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.layout import SHIFTS_A_DAY, Memory

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Patient, Stay

Table = NDArray[np.int64]


@dataclass(frozen=True)
class Views:
    """The tables of a memory, in their own shapes, sharing its storage."""

    m: Memory
    stay: Table  # [stays, STAY_WIDTH]
    room_day: Table  # [rooms, days, ROOM_DAY_WIDTH]
    cover: Table  # [rooms, shifts, COVER_WIDTH]
    duty: Table  # [shifts, nurses + 1, DUTY_WIDTH]
    nurse: Table  # [nurses + 1, NURSE_WIDTH]
    roster: Table  # [shifts, 1 + nurses]
    theatre: Table  # [theatres, days, THEATRE_WIDTH]
    surgeon: Table  # [surgeons, days, SURGEON_FIXED + theatres]
    capacity: Table  # [rooms]
    best_at: Table  # [patients, 3]
    best_cover: Table  # [rooms, shifts]

    @property
    def work(self) -> Table:
        """[stays, shifts of the longest stay, (work, need)]."""
        longest = int(self.m[y.LONGEST])
        return self.stay[:, y.STAY_FIXED : y.STAY_FIXED + 2 * longest].reshape(len(self.stay), longest, 2)

    @property
    def lawful(self) -> Table:
        """[stays, rooms]: whether a patient may be there."""
        return self.stay[:, self.stay.shape[1] - len(self.capacity) :]


def views(m: Memory) -> Views:
    """Look into a memory."""
    people, stays, rooms, days, shifts, nurses, theatres, surgeons = (int(v) for v in m[: y.SURGEONS + 1])

    def table(at: int, *shape: int) -> Table:
        start = int(m[at])
        return m[start : start + int(np.prod(shape))].reshape(shape)

    return Views(
        m,
        stay=table(y.STAY_AT, stays, int(m[y.STAY_WIDTH])),
        room_day=table(y.ROOM_DAY_AT, rooms, days, int(m[y.ROOM_DAY_WIDTH])),
        cover=table(y.COVER_AT, rooms, shifts, y.COVER_WIDTH),
        duty=table(y.DUTY_AT, shifts, nurses + 1, y.DUTY_WIDTH),
        nurse=table(y.NURSE_AT, nurses + 1, y.NURSE_WIDTH),
        roster=table(y.ROSTER_AT, shifts, nurses + 1),
        theatre=table(y.THEATRE_AT, theatres, days, y.THEATRE_WIDTH),
        surgeon=table(y.SURGEON_AT, surgeons, days, int(m[y.SURGEON_WIDTH])),
        capacity=table(y.CAPACITY_AT, rooms),
        best_at=table(y.BEST_AT, people, 3),
        best_cover=table(y.BEST_COVER_AT, rooms, shifts),
    )


def memory_of(instance: Instance) -> Memory:
    """An instance with nobody admitted, not even the occupants, and nobody covering any room."""
    head, m = _header(instance), None
    m = np.zeros(int(head[y.END]), np.int64)
    m[: y.HEADER] = head
    see, days = views(m), instance.days
    people, nurses = len(instance.patients), len(instance.nurses)
    stays: list[Stay] = [*instance.patients, *instance.occupants]
    genders = {g: i for i, g in enumerate(sorted({s.gender for s in stays}))}
    ages = {group: i for i, group in enumerate(instance.age_groups)}
    see.stay[:, y.THEATRE_ONLY : y.MATES_FROM] = y.NOWHERE
    for i, one in enumerate(stays):
        length = min(one.length_of_stay, days)
        see.stay[i, [y.GENDER, y.AGE, y.LENGTH]] = genders[one.gender], ages[one.age_group], length
        see.work[i, : SHIFTS_A_DAY * length, 0] = one.workload_produced[: SHIFTS_A_DAY * length]
        see.work[i, : SHIFTS_A_DAY * length, 1] = one.skill_level_required[: SHIFTS_A_DAY * length]
    surgeons = {surgeon.id: i for i, surgeon in enumerate(instance.surgeons)}
    for i, patient in enumerate(instance.patients):
        see.stay[i, [y.RELEASE, y.FIRST, y.LAST]] = patient.surgery_release_day, *window(patient, days)
        see.stay[i, [y.MINUTES, y.SURGEON, y.MUST]] = (
            patient.surgery_duration,
            surgeons[patient.surgeon_id],
            patient.mandatory,
        )
        see.lawful[i] = [r.capacity > 0 and r.id not in patient.incompatible_room_ids for r in instance.rooms]
    see.stay[:people, y.PLACE] = m[m[y.OUTSIDE_AT] : m[y.OUTSIDE_AT] + people] = np.arange(people)
    m[y.NURSING] = 1
    m[y.OUTSIDE], m[y.BROKEN] = people, see.stay[:people, y.MUST].sum()
    by_surgeon = np.argsort(see.stay[:people, y.SURGEON], kind="stable")
    m[m[y.MATES_AT] : m[y.MATES_AT] + people] = by_surgeon
    ordered = see.stay[by_surgeon, y.SURGEON]
    see.stay[:people, y.MATES_FROM] = np.searchsorted(ordered, see.stay[:people, y.SURGEON])
    see.stay[:people, y.MATES] = np.bincount(ordered, minlength=len(surgeons))[see.stay[:people, y.SURGEON]]
    see.capacity[:] = [room.capacity for room in instance.rooms]
    for o, theatre in enumerate(instance.operating_theaters):
        see.theatre[o, :, y.MINUTES_LIMIT] = theatre.availability[:days]
    for k, surgeon in enumerate(instance.surgeons):
        see.surgeon[k, :, y.MINUTES_LIMIT] = surgeon.max_surgery_time[:days]
    see.cover[:, :, y.NURSE], see.cover[:, :, y.NURSE_BEFORE] = nurses, y.NOWHERE
    see.nurse[:nurses, y.NURSE_SKILL] = [nurse.skill_level for nurse in instance.nurses]
    see.nurse[:nurses, y.NURSE_PRICE] = instance.weights.continuity_of_care
    see.nurse[nurses, y.NURSE_SKILL] = y.NO_LIMIT
    see.duty[:, :, y.LIMIT], see.duty[:, nurses, y.LIMIT] = y.NOWHERE, y.NO_LIMIT
    shift_index = {name: i for i, name in enumerate(instance.shift_types)}
    for i, nurse in enumerate(instance.nurses):
        for worked in nurse.working_shifts:
            if worked.day < days:
                see.duty[SHIFTS_A_DAY * worked.day + shift_index[worked.shift], i, y.LIMIT] = worked.max_load
    for s in range(SHIFTS_A_DAY * days):
        here = np.flatnonzero(see.duty[s, :nurses, y.LIMIT] >= 0)
        see.roster[s, 0], see.roster[s, 1 : 1 + len(here)] = len(here), here
    return m


def window(patient: Patient, days: int) -> tuple[int, int]:
    """First and last day on which a patient may be admitted; empty where the last is before the first."""
    due = patient.surgery_due_day
    return patient.surgery_release_day, days - 1 if due is None or not patient.mandatory else min(due, days - 1)


def _header(instance: Instance) -> Table:
    """Sizes, prices and places of the tables; a violation costs more than leaving out an optional patient."""
    head = np.zeros(y.HEADER, np.int64)
    people, occupants, days = len(instance.patients), len(instance.occupants), instance.days
    rooms, nurses, theatres = len(instance.rooms), len(instance.nurses), len(instance.operating_theaters)
    stays, shifts, surgeons = people + occupants, SHIFTS_A_DAY * days, len(instance.surgeons)
    everybody: list[Stay] = [*instance.patients, *instance.occupants]
    longest = SHIFTS_A_DAY * max((min(s.length_of_stay, days) for s in everybody), default=1)
    genders = max(1, len({s.gender for s in everybody}))
    beds = max((room.capacity for room in instance.rooms), default=0) + occupants + 1
    head[: y.GENDERS + 1] = (people, stays, rooms, days, shifts, nurses, theatres, surgeons, longest, genders)
    weights = instance.weights
    head[y.AGE_MIX : y.LEFT_OUT + 1] = (
        weights.room_mixed_age,
        weights.room_nurse_skill,
        weights.continuity_of_care,
        weights.nurse_eccessive_workload,
        weights.open_operating_theater,
        weights.surgeon_transfer,
        weights.patient_delay,
        weights.unscheduled_optional,
    )
    head[y.VIOLATION] = VIOLATION_IN_WEIGHTS * max(100, int(head[y.AGE_MIX : y.LEFT_OUT + 1].max()))
    head[y.STAY_WIDTH] = y.STAY_FIXED + 2 * longest + nurses + 1 + 2 * rooms
    head[y.ROOM_DAY_WIDTH], head[y.SURGEON_WIDTH] = y.ROOM_DAY_FIXED + genders + beds, y.SURGEON_FIXED + theatres
    end = y.HEADER
    for at, size in (
        (y.STAY_AT, stays * int(head[y.STAY_WIDTH])),
        (y.ROOM_DAY_AT, rooms * days * int(head[y.ROOM_DAY_WIDTH])),
        (y.COVER_AT, rooms * shifts * y.COVER_WIDTH),
        (y.DUTY_AT, shifts * (nurses + 1) * y.DUTY_WIDTH),
        (y.NURSE_AT, (nurses + 1) * y.NURSE_WIDTH),
        (y.ROSTER_AT, shifts * (nurses + 1)),
        (y.THEATRE_AT, theatres * days * y.THEATRE_WIDTH),
        (y.SURGEON_AT, surgeons * days * int(head[y.SURGEON_WIDTH])),
        (y.OUTSIDE_AT, people),
        (y.LOG_AT, max(64, 2 * shifts) * y.LOG_WIDTH),
        (y.BEST_AT, 3 * people),
        (y.BEST_COVER_AT, rooms * shifts),
        (y.CAPACITY_AT, rooms),
        (y.MATES_AT, people),
    ):
        head[at] = end
        end += size
    head[y.END] = end
    return head


VIOLATION_IN_WEIGHTS = 3
