"""What bed assignment is about: beds in rooms on wards, who lies in them, who waits, and what is proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ray_jobs.scheduling.acuity import Level

Sex = Literal["female", "male", "other", "unknown"]

CLOSED_SPECIALTIES = frozenset(
    {"paediatrics", "pediatrics", "neonatology", "obstetrics", "maternity", "psychiatry", "intensive-care"}
)
"""Wards of these take only their own patients, and their patients go nowhere else."""


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed that is in service; `usable` means clean and empty now. A bed without a room is a room of its own."""

    id: str
    ward: str
    room: str | None = None
    specialty: str | None = None
    isolation: bool = False
    usable: bool = True

    @property
    def cell(self) -> str:
        """The room whose rules hold for it."""
        return self.room if self.room is not None else f"bed {self.id}"


@dataclass(frozen=True, slots=True)
class Room:
    """Beds that share rules; the strictest of its beds says what the room is."""

    name: str
    ward: str
    specialty: str | None
    isolation: bool
    free: tuple[str, ...]
    staying: tuple["InBed", ...]

    @property
    def beds(self) -> int:
        """How many it can hold now."""
        return len(self.free) + len(self.staying)

    @property
    def lawful(self) -> bool:
        """Whether those in it keep the rules; a room that breaks them already admits nobody and is left as it is."""
        sharing = len(self.staying) > 1
        return not sharing or (len({p.sex for p in self.staying}) == 1 and not any(p.alone for p in self.staying))

    def admits(self, patient: "Waiting | InBed") -> bool:
        """Whether those who lie here allow this one in, by sex and isolation."""
        if not self.staying:
            return True
        return self.lawful and not patient.alone and all(p.sex == patient.sex and not p.alone for p in self.staying)


@dataclass(frozen=True, slots=True)
class InBed:
    """Who lies in a bed; `remains` is the probability to be there still 1, 2, … hours from now, where it is known."""

    bed: str
    patient: str
    sex: Sex = "unknown"
    isolation: bool = False
    remains: tuple[float, ...] = ()

    @property
    def alone(self) -> bool:
        """Shares no room: isolation, or a sex that no room is for."""
        return self.isolation or self.sex not in ("female", "male")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits for a bed; priority 1 is the most urgent, 4 elective; `acuity` is the level of care."""

    request: str
    patient: str
    sex: Sex
    specialty: str
    priority: int = 3
    isolation: bool = False
    waited_hours: float = 0.0
    acuity: Level = 0

    @property
    def alone(self) -> bool:
        """Shares no room: isolation, or a sex that no room is for."""
        return self.isolation or self.sex not in ("female", "male")

    def belongs(self, room: Room, *, other_specialties: bool) -> bool:
        """Whether a ward of the room's specialty may take this one at all."""
        if room.specialty == self.specialty:
            return True
        closed = self.specialty in CLOSED_SPECIALTIES or room.specialty in CLOSED_SPECIALTIES
        return not closed and (other_specialties or room.specialty is None)


@dataclass(frozen=True, slots=True)
class Placed:
    """A proposal for one request: a bed, or None and why it goes on waiting."""

    request: str
    patient: str
    bed: str | None
    ward: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Someone who would have to change beds within the ward, so that another can be placed."""

    patient: str
    bed: str
    to: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`placed` in the order of the requests; `value` is what was maximised; `optimal` whether that is proven."""

    placed: tuple[Placed, ...]
    moved: tuple[Moved, ...]
    value: int
    optimal: bool


def rooms_of(beds: Sequence[Bed], in_bed: Sequence[InBed]) -> dict[str, Room]:
    """The rooms of these beds by name; raises ValueError when a bed or patient repeats, or a bed is not given."""
    held: dict[str, InBed] = {}
    known = {bed.id for bed in beds}
    if len(known) < len(beds) or len({p.patient for p in in_bed}) < len(in_bed):
        msg = "a bed is given twice, or a patient lies in two beds"
        raise ValueError(msg)
    for patient in in_bed:
        if patient.bed in held or patient.bed not in known:
            msg = f"bed {patient.bed} is held by two patients, or not given"
            raise ValueError(msg)
        held[patient.bed] = patient
    cells: dict[str, list[Bed]] = {}
    for bed in sorted(beds, key=lambda b: b.id):
        cells.setdefault(bed.cell, []).append(bed)
    return {
        name: Room(
            name,
            cell[0].ward,
            cell[0].specialty,
            all(b.isolation for b in cell),
            tuple(b.id for b in cell if b.usable and b.id not in held),
            tuple(held[b.id] for b in cell if b.id in held),
        )
        for name, cell in sorted(cells.items())
    }
