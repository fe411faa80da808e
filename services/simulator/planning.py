"""What the simulated hospital says about theatres, rosters and operations, as FHIR R4 resources."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schemas.codes import SNOMED, UCUM
from schemas.fhir.schedule import MOST_WORKLOAD, SKILL
from schemas.fhir.surgery import EXPECTED_STAY, SURGICAL
from services.simulator.hospital import SURGICAL as SURGICAL_WARD
from services.simulator.resources import Resource, instant

_PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/practitioner-role"
OPERATING_ROOM, SURGEON, GENERAL_SURGERY = "225738002", "304292004", "394609007"


@dataclass(frozen=True, slots=True)
class Staff:
    """A surgeon or a nurse; `skill` and `ward` are a nurse's."""

    name: str
    role: str
    ward: str = ""
    skill: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """When somebody is there; `most_workload` is a nurse's."""

    start: datetime
    end: datetime
    most_workload: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """A request for an operation."""

    number: str
    mrn: str
    asked: datetime
    code: str
    name: str
    minutes: int
    surgeon: str
    release: date
    due: date
    priority: str
    days: int
    status: str = "active"


def theatre(code: str, name: str) -> Resource:
    """An operating theatre: a room whose type says so."""
    return {
        "resourceType": "Location", "id": code, "status": "active", "name": name,
        "physicalType": {"coding": [{"system": _PHYSICAL, "code": "ro"}]},
        "type": [{"coding": [{"system": SNOMED, "code": OPERATING_ROOM}]}],
    }  # fmt: skip


def theatre_list(
    code: str, days: Iterable[tuple[datetime, datetime]], at: datetime, *, status: str = "free"
) -> list[Resource]:
    """The theatre's Schedule and a Slot for each of these days; told again it replaces the days it names."""
    plan: Resource = {"resourceType": "Schedule", "id": f"list-{code}", "actor": [{"reference": f"Location/{code}"}]}
    return [plan, *(_slot(f"list-{code}", start, end, at, status=status) for start, end in days)]


def rota(staff: Staff, shifts: Sequence[Shift], at: datetime) -> list[Resource]:
    """Who it is, their Schedule, and a Slot for each shift."""
    person = {"reference": f"PractitionerRole/{staff.name}"}
    nurse = staff.role == "nurse"
    code = {"system": _ROLE, "code": "nurse"} if nurse else {"system": SNOMED, "code": SURGEON}
    role: Resource = {
        "resourceType": "PractitionerRole", "id": staff.name, "active": True, "code": [{"coding": [code]}],
        "practitioner": {"reference": f"Practitioner/{staff.name}"},
    }  # fmt: skip
    if nurse:
        role["location"] = [{"reference": f"Location/{staff.ward}"}]
        role["extension"] = [{"url": SKILL, "valueInteger": staff.skill}]
    else:
        role["specialty"] = [{"coding": [{"system": SNOMED, "code": GENERAL_SURGERY}]}]
    plan: Resource = {"resourceType": "Schedule", "id": f"rota-{staff.name}", "actor": [person]}
    slots = [_slot(f"rota-{staff.name}", s.start, s.end, at) for s in shifts]
    for slot, shift in zip(slots, shifts, strict=True):
        if nurse:
            slot["extension"] = [{"url": MOST_WORKLOAD, "valueInteger": shift.most_workload}]
    return [role, plan, *slots]


def service_request(operation: Operation) -> Resource:
    """Somebody asks for an operation between two days; it must be done by the second where it is urgent."""
    return {
        "resourceType": "ServiceRequest", "id": operation.number, "status": operation.status, "intent": "order",
        "priority": operation.priority, "category": [{"coding": [{"system": SNOMED, "code": SURGICAL}]}],
        "code": {"coding": [{"system": SNOMED, "code": operation.code, "display": operation.name}]},
        "subject": {"reference": f"Patient/pat-{operation.mrn}"}, "authoredOn": instant(operation.asked),
        "occurrencePeriod": {"start": operation.release.isoformat(), "end": operation.due.isoformat()},
        "performer": [{"reference": f"Practitioner/{operation.surgeon}"}],
        "performerType": {"coding": [{"system": "urn:wardwatch:specialty", "code": SURGICAL_WARD.specialty}]},
        "quantityQuantity": {"value": operation.minutes, "unit": "min", "system": UCUM, "code": "min"},
        "extension": [
            {"url": EXPECTED_STAY,
             "valueDuration": {"value": operation.days, "unit": "d", "system": UCUM, "code": "d"}}
        ],
    }  # fmt: skip


def _slot(schedule: str, start: datetime, end: datetime, at: datetime, *, status: str = "free") -> Resource:
    return {
        "resourceType": "Slot", "id": f"{schedule}-{start:%Y%m%d%H}", "status": status,
        "meta": {"versionId": at.strftime("%Y%m%dT%H%M%S"), "lastUpdated": instant(at)},
        "schedule": {"reference": f"Schedule/{schedule}"}, "start": instant(start), "end": instant(end),
    }  # fmt: skip
