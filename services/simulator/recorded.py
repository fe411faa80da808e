"""Recorded stays (a table like PhysioNet/CinC 2019) as FHIR resources, told in their own time.

Row ICULOS of a stay becomes Observations taken in the middle of that hour after admission. Age, sex,
unit and the hospital's admission become Patient and Encounter, so that the live system derives the
same static features as offline scoring does.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.codes import LOINC, MEASUREMENTS, SNOMED, UCUM
from services.simulator.resources import MEDICAL_ICU, Resource, instant

SURGICAL_ICU = "418433008"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"
HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One stay: hour (ICULOS, from 1) to values by short name; the static columns as they stand in the table."""

    number: str
    hours: dict[int, dict[str, float]]
    age: float
    gender: float
    unit1: float
    unit2: float
    hospital_hours: float


def opening(stay: Recorded, started: datetime) -> list[Resource]:
    """Patient and Encounter at admission."""
    born = None if math.isnan(stay.age) else started.date().replace(year=started.year - math.floor(stay.age))
    patient: Resource = {
        "resourceType": "Patient", "id": f"rec-{stay.number}",
        "identifier": [{"type": {"coding": [{"system": _V2, "code": "MR"}]}, "value": stay.number}],
        "gender": {0.0: "female", 1.0: "male"}.get(stay.gender, "unknown"),
    } | ({"birthDate": born.isoformat()} if born else {})  # fmt: skip
    return [patient, _encounter(stay, started, None)]


def hour(stay: Recorded, number: int, started: datetime) -> tuple[datetime, list[Resource]]:
    """When hour `number` (from 1) is told, and its Observations."""
    at = started + timedelta(hours=number - 1) + HALF_HOUR
    return at, [_observation(stay, number, at, code, value) for code, value in stay.hours[number].items()]


def closing(stay: Recorded, started: datetime) -> tuple[datetime, list[Resource]]:
    """The end of the stay, half an hour after its last row's middle."""
    at = started + timedelta(hours=max(stay.hours))
    return at, [_encounter(stay, started, at)]


def told(stays: list[Recorded], started: datetime) -> Iterator[tuple[datetime, Recorded, list[Resource]]]:
    """Everything, hour by hour over all stays: the told clock never has to go back."""
    for stay in stays:
        yield started, stay, opening(stay, started)
    for number in range(1, max(max(stay.hours) for stay in stays) + 1):
        for stay in stays:
            if stay.hours.get(number):
                at, resources = hour(stay, number, started)
                yield at, stay, resources
        for stay in stays:
            if number == max(stay.hours):
                at, resources = closing(stay, started)
                yield at, stay, resources


def _encounter(stay: Recorded, started: datetime, ended: datetime | None) -> Resource:
    unit = MEDICAL_ICU if stay.unit1 == 1 else SURGICAL_ICU if stay.unit2 == 1 else None
    period = {"start": instant(started)} | ({"end": instant(ended)} if ended else {})
    found: dict[str, Any] = {
        "resourceType": "Encounter", "id": f"rec-{stay.number}", "status": "finished" if ended else "in-progress",
        "class": {"system": _ACT, "code": "IMP"}, "period": period,
        "subject": {"reference": f"Patient/rec-{stay.number}"},
    }  # fmt: skip
    if unit:
        found["serviceType"] = {"coding": [{"system": SNOMED, "code": unit}]}
    if not math.isnan(stay.hospital_hours):
        arrived = instant(started + timedelta(hours=math.floor(stay.hospital_hours)))
        found["statusHistory"] = [{"status": "arrived", "period": {"start": arrived}}]
    return found


def _observation(stay: Recorded, number: int, at: datetime, code: str, value: float) -> Resource:
    measured = MEASUREMENTS[code]
    return {
        "resourceType": "Observation", "id": f"rec-{stay.number}.{number}.{code.replace('_', '-')}", "status": "final",
        "code": {"coding": [{"system": LOINC, "code": measured.loinc[0]}]},
        "subject": {"reference": f"Patient/rec-{stay.number}"},
        "encounter": {"reference": f"Encounter/rec-{stay.number}"},
        "effectiveDateTime": instant(at),
        "valueQuantity": {"value": value, "unit": measured.unit, "system": UCUM, "code": measured.unit},
    }  # fmt: skip
