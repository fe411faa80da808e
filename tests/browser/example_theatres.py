"""A surgical department for looking at schedules: three theatres, seven rooms, fourteen days, forty-odd operations.

The plan is a hand-made instance of the timetabling problem with a first-fit solution: lawful, not clever. A second
plan repairs the first after a theatre was closed for a day; the first was approved.
"""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from ray_jobs.scheduling.check import COSTS, check_timetable
from ray_jobs.scheduling.edits import Edit, edited
from ray_jobs.scheduling.ihtp import Instance, NurseDecision, Patient, ShiftCover, Solution
from schemas.ids import digest
from tests.browser.example_event import NOW
from tests.browser.example_ward import Sex

BEGINS, DAYS, SHIFTS = NOW.date() + timedelta(days=1), 14, ("early", "late", "night")
SURGEONS = {"s-amari": "Dr Amari", "s-bauer": "Dr Bauer", "s-chen": "Dr Chen", "s-duarte": "Dr Duarte", "s-ek": "Dr Ek"}
THEATRES = {"T1": "Theatre 1", "T2": "Theatre 2", "T3": "Theatre 3"}
ROOMS = {f"S{w}-{r}": (f"S{w}", 2 if r < 4 else 1) for w in (1, 2) for r in range(1, 4 + (w == 2))}
AGES = tuple(f"{age}-{age + 9}" for age in range(0, 90, 10))
FAMILIES = (
    "Abara", "Bell", "Castro", "Diaz", "Evans", "Fischer", "Grant", "Hoang", "Ito", "Jacobs", "Khan", "Larsen",
    "Moreau", "Novik", "Osei", "Park", "Quinn", "Reyes", "Sato", "Turner", "Ueda", "Varga", "Weiss", "Xu",
    "Young", "Zhou", "Amin", "Berg", "Cole", "Dahl", "Engel", "Ford", "Gomez", "Holm", "Idris", "Jung", "Kaya",
    "Lopez", "Marsh", "Nilsen", "Ortiz", "Perez",
)  # fmt: skip
OPERATIONS = (("Hip replacement", 115, 4), ("Knee replacement", 100, 3), ("Gall bladder", 70, 1),
              ("Bowel resection", 190, 6), ("Hernia", 55, 1), ("Thyroid", 95, 2))  # fmt: skip
GENDERS = {"female": "A", "male": "B"}
"""As the planner writes them."""
LYING = (("S1-1", "female"), ("S1-1", "female"), ("S1-3", "male"), ("S2-2", "female"), ("S2-4", "male"))
WEIGHTS = {
    "room_mixed_age": 1, "room_nurse_skill": 1, "continuity_of_care": 1, "nurse_eccessive_workload": 1,
    "open_operating_theater": 10, "surgeon_transfer": 5, "patient_delay": 5, "unscheduled_optional": 150,
}  # fmt: skip
CLOSED = ("T2", 4)
"""Theatre and day of the failure that the second plan repairs."""


@dataclass(frozen=True)
class Operated:
    """Someone who is to be operated."""

    request: str
    key: str
    family: str
    sex: Sex
    age: int
    operation: str


def _sex(rng: random.Random) -> Sex:
    return "female" if rng.random() < 0.5 else "male"


def people() -> list[Operated]:
    """Forty-two who wait for surgery."""
    rng = random.Random(7)
    found = []
    for n, family in enumerate(FAMILIES):
        name = OPERATIONS[n % len(OPERATIONS)][0]
        found.append(Operated(f"surgery-{n}", digest("surgery", n), family, _sex(rng),
                              rng.choice((44, 52, 58, 66, 71, 74, 77, 81, 86)), name))  # fmt: skip
    return found


def group(age: int) -> str:
    """The age group of the instance."""
    return AGES[age // 10]


def weekday(day: int) -> int:
    """0 is Monday."""
    return (BEGINS + timedelta(days=day)).weekday()


@cache
def instance(*, closed: bool = False) -> Instance:
    """The problem; with `closed`, one theatre has no time on one day."""
    rng = random.Random(3)
    minutes = {
        t: [0 if weekday(d) > 4 or (t == "T3" and weekday(d) % 2) else 420 for d in range(DAYS)] for t in THEATRES
    }
    if closed:
        minutes[CLOSED[0]][CLOSED[1]] = 0
    patients = []
    for n, who in enumerate(people()):
        _, usual, nights = OPERATIONS[n % len(OPERATIONS)]
        stay, mandatory, release = max(1, nights + rng.randint(-1, 1)), n % 4 == 0, rng.randint(0, 11)
        patients.append({
            "id": who.request, "gender": GENDERS[who.sex], "age_group": group(who.age), "length_of_stay": stay,
            "workload_produced": [3, 3, 2] * stay, "skill_level_required": [1, 1, 0] * stay, "mandatory": mandatory,
            "surgery_release_day": release, "surgery_due_day": min(DAYS - 1, release + 6) if mandatory else None,
            "surgery_duration": usual + 5 * rng.randint(-3, 4), "surgeon_id": list(SURGEONS)[n % len(SURGEONS)],
            "incompatible_room_ids": ["S2-4"] if n % 5 == 0 else [],
        })  # fmt: skip
    occupants = [
        {"id": f"here stay-{n}", "gender": GENDERS[sex], "age_group": AGES[5 + n % 4], "length_of_stay": 2 + n % 4,
         "room_id": room, "workload_produced": [3, 3, 2] * 6, "skill_level_required": [1, 1, 0] * 6}
        for n, (room, sex) in enumerate(LYING)
    ]  # fmt: skip
    nurses = [
        {"id": f"n-{s}-{i}", "skill_level": i % 3, "working_shifts": [
            {"day": d, "shift": s, "max_load": 14} for d in range(DAYS)]}
        for s in SHIFTS for i in range(3)
    ]  # fmt: skip
    return Instance.model_validate({
        "days": DAYS, "skill_levels": 3, "shift_types": SHIFTS, "age_groups": AGES, "weights": WEIGHTS,
        "occupants": occupants, "patients": patients,
        "surgeons": [{"id": s, "max_surgery_time": [
            0 if weekday(d) > 4 or (d + i) % 5 == 4 else 210 for d in range(DAYS)]}
                     for i, s in enumerate(SURGEONS)],
        "operating_theaters": [{"id": t, "availability": m} for t, m in minutes.items()],
        "rooms": [{"id": r, "capacity": beds} for r, (_, beds) in ROOMS.items()], "nurses": nurses,
    })  # fmt: skip


@dataclass
class _Used:
    """Minutes and beds that are taken."""

    theatre: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    surgeon: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    room: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))


@cache
def solution(*, closed: bool = False) -> Solution:
    """First fit; with `closed`, as without except for who was to be operated in the theatre that is closed."""
    problem = instance(closed=closed)
    kept: dict[str, tuple[int, str, str]] = {}
    if closed:
        for d in solution().patients:
            assert d.admission_day != "none"
            assert d.room is not None
            assert d.operating_theater is not None
            if (d.operating_theater, d.admission_day) != CLOSED:
                kept[d.id] = (d.admission_day, d.operating_theater, d.room)
    used, plan = _Used(), Solution(patients=(), nurses=_covering())
    for o in problem.occupants:
        for day in range(min(o.length_of_stay, DAYS)):
            used.room[o.room_id, day].append(o.gender)
    order = sorted(problem.patients, key=lambda p: (p.id not in kept, not p.mandatory, p.surgery_release_day))
    for p in order:
        days = range(p.surgery_release_day, (p.surgery_due_day or DAYS - 1) + 1)
        options = [kept[p.id]] if p.id in kept else [(d, t, r) for d in days for t in THEATRES for r in ROOMS]
        for day, theatre, room in options:
            if _fits(problem, used, p, day, theatre, room):
                plan = edited(problem, plan, Edit(p.id, day, theatre, room))
                used.theatre[theatre, day] += p.surgery_duration
                used.surgeon[p.surgeon_id, day] += p.surgery_duration
                for night in range(day, min(DAYS, day + p.length_of_stay)):
                    used.room[room, night].append(p.gender)
                break
    return plan


def _covering() -> tuple[NurseDecision, ...]:
    """Three nurses a shift, each with the same third of the rooms every day."""
    rooms = tuple(ROOMS)
    return tuple(
        NurseDecision(
            id=f"n-{s}-{i}", assignments=tuple(ShiftCover(day=d, shift=s, rooms=rooms[i::3]) for d in range(DAYS))
        )
        for s in SHIFTS
        for i in range(3)
    )


def _fits(problem: Instance, used: _Used, p: Patient, day: int, theatre: str, room: str) -> bool:
    limit = {t.id: t.availability for t in problem.operating_theaters}[theatre][day]
    own = {s.id: s.max_surgery_time for s in problem.surgeons}[p.surgeon_id][day]
    nights = [used.room[room, d] for d in range(day, min(DAYS, day + p.length_of_stay))]
    return (
        used.theatre[theatre, day] + p.surgery_duration <= limit
        and used.surgeon[p.surgeon_id, day] + p.surgery_duration <= own
        and room not in p.incompatible_room_ids
        and all(len(there) < ROOMS[room][1] and {p.gender}.issuperset(there) for there in nights)
    )


def document(*, closed: bool = False) -> bytes:
    """The object from which every cost can be computed again."""
    names = SURGEONS | THEATRES | {r: f"Room {r}" for r in ROOMS}
    return json.dumps({
        "instance": instance(closed=closed).model_dump(mode="json"),
        "solution": solution(closed=closed).model_dump(mode="json"),
        "begins": BEGINS.isoformat(), "names": names,
    }).encode()  # fmt: skip


def costs(*, closed: bool = False) -> list[dict[str, Any]]:
    """The components of the price, as the event tells them."""
    report = check_timetable(instance(closed=closed), solution(closed=closed))
    units = {"PatientDelay": 5, "OpenOperatingTheater": 10, "SurgeonTransfer": 5, "ElectiveUnscheduledPatients": 150}
    return [{"name": name, "count": report[name] // units.get(name, 1), "cost": report[name]} for name in COSTS]


def bookings(*, closed: bool = False) -> list[dict[str, Any]]:
    """Every request: day, theatre, start and room, or left for later."""
    problem, at = instance(closed=closed), {d.id: d for d in solution(closed=closed).patients}
    begun: dict[tuple[str, date], int] = defaultdict(lambda: 8 * 60)
    told = []
    for who, p in zip(people(), problem.patients, strict=True):
        one: dict[str, Any] = {
            "request": p.id, "patient": who.key, "surgeon": p.surgeon_id, "minutes": p.surgery_duration,
            "nights": p.length_of_stay, "mandatory": p.mandatory, "reason": who.operation,
        }  # fmt: skip
        if p.id in at and at[p.id].admission_day != "none":
            day = BEGINS + timedelta(days=int(at[p.id].admission_day))
            slot = (str(at[p.id].operating_theater), day)
            start = datetime.combine(day, time(), UTC) + timedelta(minutes=begun[slot])
            begun[slot] += p.surgery_duration
            room = str(at[p.id].room)
            one |= {"day": day, "theatre": slot[0], "start": start, "room": room, "ward": ROOMS[room][0]}
        told.append(one)
    return told
