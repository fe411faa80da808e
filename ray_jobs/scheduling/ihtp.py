"""Instances and solutions of the integrated healthcare timetabling problem (IHTC 2024), parsed and bounded.

The field names are the public competition's JSON names. Anything out of bounds raises `ValueError`
(pydantic's `ValidationError` is one) naming the place in the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SHIFTS_PER_DAY = 3

Name = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
"""Minutes, loads, skills, beds, weights: bounded, so that no sum of them leaves 64 bits."""
Days = Annotated[int, Field(ge=1, le=10_000)]
Workloads = Annotated[tuple[Count, ...], Field(max_length=SHIFTS_PER_DAY * 10_000)]
Size = Field(max_length=20_000)


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Stay(_Document):
    """What occupants and patients share; the two lists count shifts from the first day of the stay."""

    id: Name
    gender: Name
    age_group: Name
    length_of_stay: Days
    workload_produced: Workloads
    skill_level_required: Workloads

    @model_validator(mode="after")
    def _a_value_for_each_shift(self) -> Self:
        shifts = SHIFTS_PER_DAY * self.length_of_stay
        if len(self.workload_produced) < shifts or len(self.skill_level_required) < shifts:
            msg = f"{self.id}: a stay of {self.length_of_stay} days needs {shifts} workloads and skill levels"
            raise ValueError(msg)
        return self


class Occupant(Stay):
    """Someone who is in a room from day 0."""

    room_id: Name


class Patient(Stay):
    """Someone to be admitted; surgery is on the day of admission, `surgery_duration` in minutes."""

    mandatory: bool
    surgery_release_day: Count
    surgery_due_day: Count | None = None
    surgery_duration: Count
    surgeon_id: Name
    incompatible_room_ids: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _mandatory_patients_are_due(self) -> Self:
        if self.mandatory and self.surgery_due_day is None:
            msg = f"{self.id}: a mandatory patient needs surgery_due_day"
            raise ValueError(msg)
        if self.mandatory and self.surgery_due_day is not None and self.surgery_due_day < self.surgery_release_day:
            msg = f"{self.id}: due on day {self.surgery_due_day}, before the release on day {self.surgery_release_day}"
            raise ValueError(msg)
        return self


class Surgeon(_Document):
    """`max_surgery_time`: minutes for each day."""

    id: Name
    max_surgery_time: tuple[Count, ...]


class OperatingTheater(_Document):
    """`availability`: minutes for each day."""

    id: Name
    availability: tuple[Count, ...]


class Room(_Document):
    """`capacity`: beds."""

    id: Name
    capacity: Count


class WorkingShift(_Document):
    """A shift that a nurse works, and the workload that is not excessive in it."""

    day: Count
    shift: Name
    max_load: Count


class Nurse(_Document):
    """The roster is given; what is decided is which rooms a nurse covers."""

    id: Name
    skill_level: Count
    working_shifts: tuple[WorkingShift, ...]


class Weights(_Document):
    """The price of one unit of each soft cost; `nurse_eccessive_workload` is spelled as the competition spells it."""

    room_mixed_age: Count
    room_nurse_skill: Count
    continuity_of_care: Count
    nurse_eccessive_workload: Count
    open_operating_theater: Count
    surgeon_transfer: Count
    patient_delay: Count
    unscheduled_optional: Count


class Instance(_Document):
    """One problem; every reference between its parts is known to resolve."""

    days: Annotated[int, Field(ge=1, le=366)]
    skill_levels: Days
    shift_types: tuple[Name, ...]
    age_groups: tuple[Name, ...]
    weights: Weights
    occupants: Annotated[tuple[Occupant, ...], Size]
    patients: Annotated[tuple[Patient, ...], Size]
    surgeons: Annotated[tuple[Surgeon, ...], Size]
    operating_theaters: Annotated[tuple[OperatingTheater, ...], Size]
    rooms: Annotated[tuple[Room, ...], Size]
    nurses: Annotated[tuple[Nurse, ...], Size]

    @model_validator(mode="after")
    def _references_resolve(self) -> Self:
        rooms, surgeons = {r.id for r in self.rooms}, {s.id for s in self.surgeons}
        if len(self.shift_types) != SHIFTS_PER_DAY:
            msg = f"shift_types: {SHIFTS_PER_DAY} shifts a day are expected, not {len(self.shift_types)}"
            raise ValueError(msg)
        for name, items in (("rooms", self.rooms), ("nurses", self.nurses), ("surgeons", self.surgeons)):
            _unique(name, (item.id for item in items))
        _unique("operating_theaters", (t.id for t in self.operating_theaters))
        _unique("occupants and patients", (s.id for s in (*self.occupants, *self.patients)))
        for stay in (*self.occupants, *self.patients):
            _known(stay.age_group, self.age_groups, f"{stay.id}.age_group")
        for occupant in self.occupants:
            _known(occupant.room_id, rooms, f"{occupant.id}.room_id")
        for patient in self.patients:
            _known(patient.surgeon_id, surgeons, f"{patient.id}.surgeon_id")
            for room in patient.incompatible_room_ids:
                _known(room, rooms, f"{patient.id}.incompatible_room_ids")
        for nurse in self.nurses:
            for worked in nurse.working_shifts:
                _known(worked.shift, self.shift_types, f"{nurse.id}.working_shifts")
        return self

    @model_validator(mode="after")
    def _a_value_for_each_day(self) -> Self:
        for who, minutes in (
            *((s.id, s.max_surgery_time) for s in self.surgeons),
            *((t.id, t.availability) for t in self.operating_theaters),
        ):
            if len(minutes) < self.days:
                msg = f"{who}: {self.days} days need as many values, not {len(minutes)}"
                raise ValueError(msg)
        return self


class PatientDecision(_Document):
    """Where and when a patient is admitted; `none` means not in this horizon."""

    id: Name
    admission_day: Count | Literal["none"]
    room: Name | None = None
    operating_theater: Name | None = None

    @model_validator(mode="after")
    def _admitted_somewhere(self) -> Self:
        if self.admission_day != "none" and (self.room is None or self.operating_theater is None):
            msg = f"{self.id}: an admitted patient needs room and operating_theater"
            raise ValueError(msg)
        return self


class ShiftCover(_Document):
    """The rooms that a nurse covers in one shift."""

    day: Count
    shift: Name
    rooms: tuple[Name, ...]


class NurseDecision(_Document):
    """The shifts of one nurse."""

    id: Name
    assignments: tuple[ShiftCover, ...]


class Solution(_Document):
    """A timetable: patients that are not named are not admitted."""

    patients: tuple[PatientDecision, ...]
    nurses: tuple[NurseDecision, ...]


def read_instance(path: Path) -> Instance:
    """Parse an instance; raises `OSError` or `ValueError`."""
    return Instance.model_validate_json(path.read_bytes())


def read_solution(path: Path) -> Solution:
    """Parse a solution; raises `OSError` or `ValueError`."""
    return Solution.model_validate_json(path.read_bytes())


def _unique(where: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{where}: {name} appears twice"
            raise ValueError(msg)
        seen.add(name)


def _known(name: str, names: Iterable[str], where: str) -> None:
    if name not in names:
        msg = f"{where}: {name} is not defined"
        raise ValueError(msg)
