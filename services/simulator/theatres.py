"""Theatres, surgeons, nurses and operations of the simulated hospital, and the day's accidents.

It publishes a fortnight of theatre lists and rosters, a waiting list, then a request now and then. Some seconds into a
demonstration a theatre is closed for a day, and later an emergency comes: plans have to be repaired.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from services.simulator import planning as fhir
from services.simulator import resources
from services.simulator.hospital import SURGICAL, WARDS, Hospital, Inpatient
from services.simulator.planning import Operation, Shift, Staff

DAYS = 14
WAITING_AT_START = 24
REQUEST_EVERY = timedelta(hours=3)
CLOSES_AFTER = timedelta(seconds=25)
EMERGENCY_AFTER = timedelta(seconds=40)
"""In real time, whatever the speed: a person is watching."""
SATURDAY = 5
MANDATORY_SHARE = 0.35
SPREAD = 0.25


@dataclass(frozen=True, slots=True)
class Procedure:
    """An operation by its SNOMED CT code: usual minutes in theatre, and days in hospital."""

    code: str
    name: str
    minutes: int
    days: int


PROCEDURES = (
    Procedure("44558001", "Repair of inguinal hernia", 60, 1),
    Procedure("38102005", "Cholecystectomy", 75, 2),
    Procedure("52734007", "Total replacement of hip", 110, 4),
    Procedure("609588000", "Total replacement of knee joint", 105, 4),
    Procedure("13619001", "Thyroidectomy", 120, 2),
    Procedure("90470006", "Prostatectomy", 150, 3),
    Procedure("23968004", "Colectomy", 170, 7),
)
EMERGENCY = Procedure("80146002", "Appendectomy", 60, 2)
THEATRES = {"OR-1": ("Theatre 1", (8, 6), True), "OR-2": ("Theatre 2", (8, 6), False)}
"""Name, hour at which the list begins and its length in hours, and whether it is open at weekends."""
CLOSES = "OR-1"
SURGEONS = {"surgeon-1": (0, 1, 2, 3, 4, 5, 6), "surgeon-2": (0, 2, 4), "surgeon-3": (0, 1, 3), "surgeon-4": (1, 2, 4)}
"""Weekdays in theatre (Monday 0); the first is on call."""
ON_CALL = "surgeon-1"
SURGEON_HOURS = (8, 6)
"""Hour at which it begins, and its length in hours."""
SHIFTS = {"early": (7, 8), "late": (15, 8), "night": (23, 8)}
"""Hour at which it begins, and its length in hours."""
NURSES_BY_DAY = {"ICU": 4, "5A": 2, "CH": 1, SURGICAL.code: 2}
MOST_WORKLOAD = 18


@dataclass(slots=True)
class _Waiting:
    """A request that was sent, and when the patient comes in (the simulated hospital follows no plan)."""

    who: Inpatient
    operation: Operation
    comes: datetime


@dataclass(slots=True)
class Theatres:
    """Yields what is to be sent about operations, in hospital time; its chance is its own."""

    hospital: Hospital
    speed: float
    rng: np.random.Generator = field(init=False)
    _people: Hospital = field(init=False)
    _waiting: list[_Waiting] = field(default_factory=list)
    _sent: int = 0
    _closed: bool = False
    _emergency: bool = False
    _next: datetime = field(init=False)
    _first: date = field(init=False)

    def __post_init__(self) -> None:
        """Seed; other people than those in the wards, so that nobody has two record numbers."""
        self.rng = np.random.default_rng([self.hospital.seed, 77])
        self._people = Hospital(self.hospital.seed + 500, self.hospital.start)
        self._next = self.hospital.start + REQUEST_EVERY
        self._first = self.hospital.start.date()

    def opening(self) -> Iterator[tuple[datetime, list[resources.Resource]]]:
        """Theatres and their lists, surgeons, nurses of each ward, the waiting list."""
        now = self.hospital.start
        yield now, [fhir.theatre(code, name) for code, (name, _, _) in THEATRES.items()]
        yield from self._lists([self._first + timedelta(days=n) for n in range(DAYS)], now)
        for _ in range(WAITING_AT_START):
            yield now, self._request(now)

    def live(self, now: datetime) -> Iterator[tuple[datetime, list[resources.Resource]]]:
        """Everything due by this instant."""
        while self._first < now.date():  # at midnight the fortnight moves on by a day
            self._first += timedelta(days=1)
            yield from self._lists([self._first + timedelta(days=DAYS - 1)], now)
        passed = (now - self.hospital.start) / self.speed
        if passed >= CLOSES_AFTER and not self._closed:
            self._closed = True
            yield now, self._close(now)
        if passed >= EMERGENCY_AFTER and not self._emergency:
            self._emergency = True
            yield now, self._request(now, emergency=True)
        while self._next <= now:
            self._next += timedelta(hours=float(self.rng.exponential(REQUEST_EVERY / timedelta(hours=1))))
            yield now, self._request(now)
        for waiting in [w for w in self._waiting if w.comes <= now]:
            came = self._come_in(waiting, now)
            if came:
                yield now, came

    def _lists(self, days: list[date], now: datetime) -> Iterator[tuple[datetime, list[resources.Resource]]]:
        """Theatre lists, surgeons and nurses of these days."""
        lists: list[resources.Resource] = []
        for code, (_, hours, weekends) in THEATRES.items():
            open_ = [_span(day, *hours) for day in days if weekends or day.weekday() < SATURDAY]
            lists += fhir.theatre_list(code, open_, now)
        for name, weekdays in SURGEONS.items():
            here = [Shift(*_span(day, *SURGEON_HOURS)) for day in days if day.weekday() in weekdays]
            lists += fhir.rota(Staff(name, "surgeon"), here, now)
        yield now, lists
        for ward in (*WARDS, SURGICAL):
            yield now, self._nurses(ward.code, days, now)

    def _close(self, now: datetime) -> list[resources.Resource]:
        """One theatre has no list on the next working day."""
        _, hours, _ = THEATRES[CLOSES]
        days = (now.date() + timedelta(days=n) for n in range(1, DAYS))
        day = next(day for day in days if day.weekday() < SATURDAY)
        return fhir.theatre_list(CLOSES, [_span(day, *hours)], now, status="busy-unavailable")

    def _nurses(self, ward: str, days: list[date], now: datetime) -> list[resources.Resource]:
        """Enough nurses for every shift, fewer at night; a crew is one more than needed, who take turns at home."""
        found: list[resources.Resource] = []
        for shift, (begin, length) in SHIFTS.items():
            count = max(1, NURSES_BY_DAY[ward] - (shift == "night"))
            crew = [Staff(f"nurse-{ward}-{shift}-{n + 1}", "nurse", ward, n % 3) for n in range(count + 1)]
            for n, person in enumerate(crew):
                here = [day for day in days if (day.toordinal() + n) % len(crew)]
                worked = [Shift(*_span(day, begin, length), MOST_WORKLOAD) for day in here]
                found += fhir.rota(person, worked, now) if worked else []
        return found

    def _request(self, now: datetime, *, emergency: bool = False) -> list[resources.Resource]:
        """A new patient who asks for an operation."""
        who = self._people.person(child=False)
        procedure = EMERGENCY if emergency else PROCEDURES[int(self.rng.integers(len(PROCEDURES)))]
        minutes = 5 * max(6, round(procedure.minutes * float(self.rng.lognormal(0, SPREAD)) / 5))
        must = emergency or bool(self.rng.random() < MANDATORY_SHARE)
        release = now.date() + timedelta(days=0 if emergency else int(self.rng.integers(1, 5)))
        due = release + timedelta(days=1 if emergency else int(self.rng.integers(2, 7)))
        surgeon = ON_CALL if emergency else list(SURGEONS)[int(self.rng.integers(len(SURGEONS)))]
        priority = "stat" if emergency else "urgent" if must else "routine"
        operation = Operation(
            number=f"op-{who.mrn}", mrn=who.mrn, asked=now, code=procedure.code, name=procedure.name, minutes=minutes,
            surgeon=surgeon, release=release, due=due, priority=priority,
            days=procedure.days + int(self.rng.integers(0, 2)),
        )  # fmt: skip
        comes = datetime.combine(min(due, release + timedelta(days=2)), time(7), now.tzinfo)
        self._waiting.append(_Waiting(who, operation, comes))
        return [resources.patient(who), fhir.service_request(operation)]

    def _come_in(self, waiting: _Waiting, now: datetime) -> list[resources.Resource]:
        """The patient is admitted, if a bed is free; nothing otherwise."""
        bed = self.hospital.free_bed_on(SURGICAL, waiting.who)
        if bed is None:
            return []
        self._waiting.remove(waiting)
        who = self.hospital.admit(waiting.who, SURGICAL, *bed, now)
        who.discharge = now + timedelta(days=waiting.operation.days)
        done = fhir.service_request(replace(waiting.operation, status="completed"))
        return [resources.encounter(who), resources.bed_status(who.bed, "O", now), done]


def _span(day: date, begin: int, length: int) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(begin), UTC)
    return start, start + timedelta(hours=length)
