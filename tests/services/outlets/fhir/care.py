"""A patient's forecasts, films and alerts, and the destinations that write them, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.events import (
    Factor,
    ForecastExplained,
    ImagingFindingReported,
    ImagingReportRead,
    ImagingStudyReported,
    PatientContextChanged,
    RiskForecasted,
)
from schemas.fhir.facts import encounter_id
from services.imaging.study import opened
from services.imaging.study import reported as reported_of
from services.outlets.destination import Destination
from services.outlets.fhir.alerts import AlertRecords
from services.outlets.fhir.batch import Audit
from services.outlets.fhir.findings import FindingRecords
from services.outlets.fhir.forecasts import ForecastRecords
from services.outlets.fhir.remember import limits
from services.outlets.fhir.server import Resource
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier, Person
from tests.services.imaging.studies import CR
from tests.services.outlets.alerts import PATIENT
from tests.services.outlets.fhir.bench import Bench

SITE = "main"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
WROTE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def people() -> FakeIdentity:
    """The one patient, whom the hospital's server has as p-1."""
    found = FakeIdentity(lambda: PATIENT)
    found.register(SITE, [Identifier("fhir", "p-1")], Person("", SITE, family="Doe", given="Jane"))
    return found


def audit(*, wanted: bool = False) -> Audit:
    """The audit trail, at an hour that is known."""
    return Audit(lambda: WROTE, wanted=wanted)


def alerts(bench: Bench) -> Destination:
    """What writes alerts."""
    return AlertRecords(bench.server, bench.people, audit())


def audited(bench: Bench) -> Destination:
    """What writes alerts, and tells the audit trail."""
    return AlertRecords(bench.server, bench.people, audit(wanted=True))


def forecasts(bench: Bench) -> Destination:
    """What writes forecasts."""
    return ForecastRecords(
        bench.server, bench.people, audit(), lambda heard, p, n: limits(bench.log.reader(), heard, p, n)
    )


def findings(bench: Bench) -> Destination:
    """What writes findings."""
    return FindingRecords(bench.server, bench.people, audit())


def forecast(minute: int, probability: float, band: str, **more: object) -> RiskForecasted:
    """A live forecast of sepsis; people are alerted from 0.1."""
    at = START + timedelta(minutes=minute)
    content: dict[str, object] = {
        "id": f"f-{minute}", "site": SITE, "known": at, "patient": PATIENT, "as_of": at, "model": "sepsis",
        "version": "1.2", "mode": "live", "encounter": encounter_id(SITE, "e-1"), "horizon_hours": 6.0,
        "probability": probability, "threshold": 0.1, "band": band, "features": "a" * 64, "row": minute // 60,
    }  # fmt: skip
    return RiskForecasted.model_validate(content | more)


def explained(event: RiskForecasted, why: str = "band") -> ForecastExplained:
    """Its reasons, which watch tells just before it."""
    taken = START - timedelta(minutes=10)
    factors = [
        Factor(feature="lactate", label="Lactate", value=4.1, unit="mmol/L", taken=taken, contribution=0.8),
        Factor(feature="heart_rate", label="Heart rate", value=118, unit="/min", taken=START, contribution=0.5),
        Factor(feature="age", label="Age", value=81, contribution=0.2),
    ]
    content = event.model_dump(include={"site", "known", "patient", "as_of", "model", "version", "encounter", "mode"})
    return ForecastExplained.model_validate(
        content | {"id": f"x-{event.id}", "forecast": event.id, "why_now": why, "factors": factors}
    )


def context(minute: int, **more: object) -> PatientContextChanged:
    """Where the patient is, and what limits care."""
    at = START + timedelta(minutes=minute)
    content: dict[str, object] = {
        "id": f"c-{minute}", "site": SITE, "known": at, "patient": PATIENT, "as_of": at, "open": True,
    }  # fmt: skip
    return PatientContextChanged.model_validate(content | more)


def film(minute: int = 0, **more: object) -> ImagingFindingReported:
    """What a live model saw in a film."""
    at = START + timedelta(minutes=minute)
    content: dict[str, object] = {
        "id": f"i-{minute}", "site": SITE, "known": at, "patient": PATIENT, "as_of": at, "study": "1.2.3",
        "instance": "1.2.3.4", "model": "chest-pneumonia", "version": "1.0", "mode": "live", "outcome": "finding",
        "label": "pneumonia", "probability": 0.91, "threshold": 0.5, "source": "s-1",
    }  # fmt: skip
    return ImagingFindingReported.model_validate(content | more)


def reported(minute: int = 2, **more: object) -> ImagingStudyReported:
    """The report of the study of that film."""
    at, seen = START + timedelta(minutes=minute), film(series="1.2.3.1", sop_class=CR, modality="CR")
    study = reported_of(opened(seen), None, at)
    return ImagingStudyReported.model_validate(study.model_dump() | more)


def read_by(minute: int = 9, **more: object) -> ImagingReportRead:
    """A physician's word about it."""
    at = START + timedelta(minutes=minute)
    content: dict[str, object] = {
        "id": f"r-{minute}", "site": SITE, "known": at, "patient": PATIENT, "study": "1.2.3",
        "model": "chest-pneumonia", "version": "1.0", "decision": "finalise", "by": "dr-roe", "at": at,
    }  # fmt: skip
    return ImagingReportRead.model_validate(content | more)


def observation(id_: str, loinc: str, value: float, unit: str, at: datetime) -> Resource:
    """The hospital's own Observation."""
    quantity: dict[str, Any] = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        "resourceType": "Observation", "id": id_, "status": "final", "subject": {"reference": "Patient/p-1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]}, "valueQuantity": quantity,
        "effectiveDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip


def encounter(id_: str = "e-1") -> Resource:
    """The hospital's own Encounter."""
    return {
        "resourceType": "Encounter", "id": id_, "status": "in-progress", "subject": {"reference": "Patient/p-1"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    }  # fmt: skip
