"""FHIR documents to test with, and a context in which they are read."""

from datetime import UTC, datetime
from typing import Any, Literal

from schemas.codes import LOINC, MEASUREMENTS, UCUM
from schemas.fhir.elements import Reference
from schemas.fhir.facts import Context, tail

KNOWN = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
TAKEN = "2026-01-02T11:58:00Z"
Json = dict[str, Any]


class Everyone:
    """Knows every patient but `Patient/nobody`."""

    def patient(self, reference: Reference) -> str | None:
        """A key made of the reference."""
        name = tail(reference.get("reference", ""))
        return None if name in {"nobody", ""} else f"key-of-{name}"

    def name(self, reference: Reference) -> str | None:
        """The last part."""
        return tail(reference.get("reference", "")) or None

    def resource(self, reference: Reference) -> Json | None:
        """Nothing: each document is alone."""
        return None

    def sex(self, patient: str) -> Literal["female", "male", "other", "unknown"]:
        """All alike."""
        return "female"


CONTEXT = Context("main", KNOWN, Everyone())


def coding(code: str, system: str = LOINC) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, unit: str) -> Json:
    """A Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def observation(name: str = "heart_rate", value: float = 80, *, id_: str | None = "o-1", **more: object) -> Json:
    """An Observation in the canonical unit."""
    what = MEASUREMENTS[name]
    return {
        "resourceType": "Observation",
        **({"id": id_} if id_ else {}),
        "status": "final",
        "code": coding(what.loinc[0]),
        "subject": {"reference": "Patient/p-1"},
        "effectiveDateTime": TAKEN,
        "valueQuantity": quantity(value, what.unit),
    } | more


def patient(id_: str = "p-1", mrn: str = "4711", **more: object) -> Json:
    """A Patient with a medical record number."""
    return {
        "resourceType": "Patient",
        "id": id_,
        "identifier": [{"type": coding("MR", "http://terminology.hl7.org/CodeSystem/v2-0203"), "value": mrn}],
        "name": [{"use": "official", "family": "Doe", "given": ["Jane"]}],
        "gender": "female",
        "birthDate": "1950-02-03",
    } | more


def encounter(**more: object) -> Json:
    """An inpatient stay under way."""
    return {
        "resourceType": "Encounter",
        "id": "e-1",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p-1"},
        "period": {"start": "2026-01-01T08:00:00Z"},
    } | more


def bundle(*resources: Json, kind: str = "transaction", method: str = "POST") -> Json:
    """A Bundle of these."""
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [
            {
                "fullUrl": f"urn:uuid:{r.get('id', n)}",
                "resource": r,
                "request": {"method": method, "url": r.get("resourceType", "Observation")},
            }
            for n, r in enumerate(resources)
        ],
    }


def vitals(**more: object) -> list[Json]:
    """Eight vital signs of one patient, as a monitor sends them."""
    values = {
        "heart_rate": 80, "spo2": 97, "temperature": 36.9, "systolic_bp": 120, "mean_bp": 88, "diastolic_bp": 70,
        "respiratory_rate": 16, "etco2": 35,
    }  # fmt: skip
    return [observation(name, value, id_=f"o-{name.replace('_', '-')}", **more) for name, value in values.items()]
