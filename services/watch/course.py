"""What the slow facts say: the person, the open stay, what limits care. Folded in the order of their clinical times.

The slow facts themselves are kept (few per stay) and read anew when one comes in, so their order of arrival cannot
matter: each field is a maximum over (clinical time, `known`, id). SNOMED CT 77386006 is "Pregnancy (finding)".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeVar

from schemas.codes.antibiotics import is_antibiotic
from schemas.codes.sepsis import is_sepsis
from schemas.events import (
    CareLimitSet,
    ConditionRecorded,
    EncounterCancelled,
    EncounterEnded,
    EncounterStarted,
    EncounterTransferred,
    Event,
    MedicationAdministered,
    OxygenTargetPrescribed,
    PatientMerged,
    PatientRegistered,
    Place,
)

Sex = Literal["female", "male", "other", "unknown"]
Kind = Literal["inpatient", "emergency", "ambulatory", "other"]
Limit = Literal["full", "no_escalation", "palliative", "comfort"]
SlowFact = (
    PatientRegistered
    | EncounterStarted
    | EncounterTransferred
    | EncounterEnded
    | EncounterCancelled
    | OxygenTargetPrescribed
    | CareLimitSet
    | ConditionRecorded
    | MedicationAdministered
    | PatientMerged
)
PREGNANCY: Final = "77386006"
BEFORE_STAY: Final = timedelta(hours=24)
"""A sepsis that began so long before the stay, or later, is one of this stay; older ones are history."""
ONE_TREATMENT: Final = timedelta(hours=48)
"""Doses of antibiotics no further apart than this are one treatment (daily drugs, and one that was late)."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stay:
    """One encounter: `started` is the admission that the hourly grid counts from."""

    encounter: str
    started: datetime
    admitted: datetime | None
    kind: Kind
    icu: Literal["medical", "surgical", "coronary", "cardiac_surgical"] | None
    place: Place
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Course:
    """What holds now; `stay` is the open stay that began last."""

    born: date | None = None
    sex: Sex = "unknown"
    died: datetime | None = None
    oxygen_scale: Literal[1, 2] = 1
    care_limit: Limit = "full"
    pregnant: bool = False
    sepsis_since: datetime | None = None
    treated_since: datetime | None = None
    treated_last: datetime | None = None
    merged_into: str | None = None
    stay: Stay | None = None
    last_end: datetime | None = None


def keep(facts: dict[str, SlowFact], fact: SlowFact) -> bool:
    """Add a fact; False when it was known already (the earliest `known` of a fact is the one that counts)."""
    held = facts.get(fact.id)
    if held is not None and held.known <= fact.known:
        return False
    facts[fact.id] = fact
    return True


def course(facts: Mapping[str, SlowFact]) -> Course:
    """Read all slow facts of a patient."""
    told = sorted(facts.values(), key=lambda f: (f.known, f.id))
    registered = [f for f in told if isinstance(f, PatientRegistered)]
    oxygen = [f for f in told if isinstance(f, OxygenTargetPrescribed)]
    limits = [f for f in told if isinstance(f, CareLimitSet)]
    conditions = {f.condition: f for f in told if isinstance(f, ConditionRecorded) and f.code == PREGNANCY}
    merged = [f.into for f in told if isinstance(f, PatientMerged)]
    septic = {f.condition: f for f in told if isinstance(f, ConditionRecorded) and is_sepsis(f.system, f.code)}
    stays = _stays(told)
    died = _last([f.died for f in registered if f.died])
    still = [] if died else [s for s in stays if s.ended is None]
    stay = max(still, key=lambda s: (s.started, s.encounter), default=None)
    begun, last_dose = _treated(told, stay)
    onsets = [f.onset or f.known for f in septic.values() if f.active]
    return Course(
        born=_last([f.born for f in registered if f.born]),
        sex=_last([f.sex for f in registered if f.sex != "unknown"]) or "unknown",
        died=died,
        # max keeps the first of equals and `told` is in order of (known, id): reversed, the last known wins a tie.
        oxygen_scale=max(reversed(oxygen), key=lambda f: f.prescribed).scale if oxygen else 1,
        care_limit=max(reversed(limits), key=lambda f: f.decided).limit if limits else "full",
        pregnant=any(f.active for f in conditions.values()),
        merged_into=_last(merged),
        sepsis_since=max((o for o in onsets if stay and o >= stay.started - BEFORE_STAY), default=None),
        treated_since=begun,
        treated_last=last_dose,
        stay=stay,
        last_end=max((s.ended for s in stays if s.ended is not None), default=died),
    )


def _treated(told: Iterable[Event], stay: Stay | None) -> tuple[datetime | None, datetime | None]:
    """First and newest dose of the antibiotics that are being given in this stay, or were when it began."""
    given = {
        f.administration: f.given
        for f in told
        if isinstance(f, MedicationAdministered) and is_antibiotic(f.system, f.code)
    }
    doses = sorted((at for at in given.values() if stay and at >= stay.started - BEFORE_STAY), reverse=True)
    if not doses:
        return None, None
    first = doses[0]
    for dose in doses:
        if first - dose > ONE_TREATMENT:
            break
        first = dose
    return first, doses[0]


def _stays(told: Iterable[Event]) -> list[Stay]:
    facts = list(told)
    known = {f.encounter for f in facts if isinstance(f, EncounterStarted) and not f.in_passing}
    begun: dict[str, EncounterStarted] = {}
    kinds: dict[str, Kind] = {}
    places: dict[str, tuple[datetime, Place]] = {}
    ended: dict[str, datetime | None] = {}
    cancelled: set[str] = set()
    for fact in facts:
        if isinstance(fact, EncounterStarted):
            kinds[fact.encounter] = fact.kind
            if not (fact.in_passing and fact.encounter in known):
                begun[fact.encounter] = fact
                _move(places, fact.encounter, fact.started, fact.place)
        elif isinstance(fact, EncounterTransferred):
            _move(places, fact.encounter, fact.moved, fact.place)
        elif isinstance(fact, EncounterEnded):
            ended[fact.encounter] = fact.ended  # None: taken back; `told` is in the order in which facts became known
        elif isinstance(fact, EncounterCancelled):
            cancelled.add(fact.encounter)
    return [
        Stay(name, fact.started, fact.admitted, kinds[name], fact.icu, places[name][1], ended.get(name))
        for name, fact in begun.items()
        if name not in cancelled
    ]


def _move(places: dict[str, tuple[datetime, Place]], encounter: str, at: datetime, place: Place) -> None:
    held = places.get(encounter)
    if held is None or held[0] <= at:
        places[encounter] = (at, place)


def _last(values: list[T]) -> T | None:
    return values[-1] if values else None
