"""The simulated hospital: wards with rooms and beds, who lies where, who comes and goes."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from services.simulator.physiology import Body, Illness

# fmt: off
FAMILY = (
    "Okafor", "Lindqvist", "Haddad", "Moreau", "Novak", "Iversen", "Castellano", "Petrov", "Yilmaz", "Banerjee",
    "Doyle", "Kowalski", "Ferreira", "Nakamura", "Osei", "Bianchi", "Schulz", "Rahman", "Svensson", "Tanaka", "Murphy",
    "Kaya", "Dubois", "Horvat", "Mensah", "Weber", "Silva", "Popescu", "Jansen", "Costa",
)
GIVEN = {
    "female": (
        "Amara", "Elin", "Leila", "Claire", "Jana", "Ingrid", "Lucia", "Vera", "Elif", "Anika", "Siobhan", "Zofia",
        "Ines", "Yuki", "Abena", "Giulia",
    ),
    "male": (
        "Chidi", "Lars", "Omar", "Julien", "Tomas", "Erik", "Marco", "Dimitri", "Emre", "Rohan", "Declan", "Pawel",
        "Rui", "Kenji", "Kwame", "Luca",
    ),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Ward:
    """One ward: rooms of a size, some for isolation."""

    code: str
    name: str
    specialty: str
    rooms: tuple[int, ...]
    child: bool = False
    intensive: bool = False

    def beds(self) -> list[tuple[str, str]]:
        """(room, bed) codes."""
        return [
            (f"{self.code}-{room:02d}", f"{self.code}-{room:02d}{chr(ord('A') + bed)}")
            for room, size in enumerate(self.rooms, start=1)
            for bed in range(size)
        ]


WARDS = (
    Ward("ICU", "Intensive care", "intensive-care", (4, 4, 1, 1), intensive=True),
    Ward("5A", "Ward 5A Acute medicine", "general-medicine", (4, 4, 2, 1, 1)),
    Ward("CH", "Children's ward", "paediatrics", (2, 2, 1, 1), child=True),
)


SURGICAL = Ward("3S", "Ward 3S Surgery", "surgery", (4, 4, 2, 1, 1))
"""Takes those who come for an operation; nobody lies there at the start."""


@dataclass(slots=True)
class Inpatient:
    """A person in a bed, or waiting for one."""

    mrn: str
    family: str
    given: str
    sex: str
    born: date
    body: Body
    encounter: str
    ward: Ward | None = None
    room: str = ""
    bed: str = ""
    admitted: datetime | None = None
    discharge: datetime | None = None
    next_vitals: datetime | None = None
    next_labs: datetime | None = None
    film: datetime | None = None


@dataclass(slots=True)
class Hospital:
    """Who is where. Everything random comes from one seeded generator."""

    seed: int
    start: datetime
    rng: np.random.Generator = field(init=False)
    inpatients: dict[str, Inpatient] = field(default_factory=dict)
    waiting: list[Inpatient] = field(default_factory=list)
    _made: int = 0

    def __post_init__(self) -> None:
        """Seed."""
        self.rng = np.random.default_rng(self.seed)

    def fill(self, patients: int) -> list[Inpatient]:
        """Put patients into beds, ward by ward in turn, a few of them becoming ill around the start."""
        beds = {ward.code: ward.beds() for ward in WARDS}
        found: list[Inpatient] = []
        while len(found) < patients and any(beds.values()):
            for ward in WARDS:
                if len(found) < patients and beds[ward.code]:
                    room, bed = beds[ward.code].pop(0)
                    before = timedelta(hours=float(self.rng.uniform(6, 60)))
                    who = self.person(ward.child, self._sex_of(room))
                    found.append(self.admit(who, ward, room, bed, self.start - before))
        plot: tuple[tuple[Illness, float], ...] = (
            ("sepsis", 0.3), ("respiratory", -1.0), ("sepsis", 5.0),
            ("recovering", 0.2), ("sepsis", 0.9), ("respiratory", 9.0),
        )  # fmt: skip
        adults = [p for p in found if p.ward is not None and not p.ward.child]
        for patient, (illness, onset) in zip(adults[1::3], plot, strict=False):
            patient.body.illness, patient.body.onset = illness, onset
            patient.body.ramp_hours = 2.0
        return found

    def person(self, child: bool, sex: str | None = None) -> Inpatient:
        """Someone new, with a made-up name and number."""
        self._made += 1
        drawn = "female" if self.rng.random() < 0.5 else "male"  # noqa: PLR2004 - a coin
        sex = sex or drawn
        years = float(self.rng.uniform(1.2, 4.8)) if child else float(np.clip(self.rng.normal(64, 16), 19, 95))
        mrn = f"{self.seed % 1000:03d}{self._made:05d}"
        return Inpatient(
            mrn=mrn, family=FAMILY[int(self.rng.integers(len(FAMILY)))],
            given=GIVEN[sex][int(self.rng.integers(len(GIVEN[sex])))], sex=sex,
            born=(self.start - timedelta(days=years * 365.25)).date(),
            body=Body(np.random.default_rng([self.seed, self._made]), child=child), encounter=f"enc-{mrn}",
        )  # fmt: skip

    def admit(self, patient: Inpatient, ward: Ward, room: str, bed: str, at: datetime) -> Inpatient:
        """Into the bed."""
        patient.ward, patient.room, patient.bed, patient.admitted = ward, room, bed, at
        patient.discharge = self.start + timedelta(hours=float(self.rng.exponential(30)) + 0.4)
        patient.next_vitals = at
        patient.next_labs = at + timedelta(minutes=20)
        self.inpatients[patient.mrn] = patient
        return patient

    def free_bed(self, who: Inpatient) -> tuple[Ward, str, str] | None:
        """A free bed on a fitting ward, in a room that holds nobody of another sex."""
        for ward in WARDS:
            if ward.child == who.body.child and (place := self.free_bed_on(ward, who)) is not None:
                return ward, *place
        return None

    def free_bed_on(self, ward: Ward, who: Inpatient) -> tuple[str, str] | None:
        """A free bed on this ward, in a room that holds nobody of another sex."""
        taken = {p.bed for p in self.inpatients.values()}
        free = (place for place in ward.beds() if place[1] not in taken)
        return next(((room, bed) for room, bed in free if self._sex_of(room) in {None, who.sex}), None)

    def _sex_of(self, room: str) -> str | None:
        return next((p.sex for p in self.inpatients.values() if p.room == room), None)

    def hour(self, at: datetime) -> float:
        """Hospital hours since the start of the simulation."""
        return (at - self.start) / timedelta(hours=1)
