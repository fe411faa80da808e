"""An imaging finding → DiagnosticReport (FHIR R4 DiagnosticReport): preliminary, because no physician has read it."""

from fhir.resources.R4B.diagnosticreport import DiagnosticReport

from schemas.events import ImagingFindingReported
from schemas.fhir.risk_assessment import SYSTEM
from schemas.ids import digest

IMAGING = "18748-4"
"""LOINC: diagnostic imaging study."""


def diagnostic_report(event: ImagingFindingReported, *, subject: str) -> DiagnosticReport:
    """`subject` is the hospital's own reference. One report per instance, model and version."""
    return DiagnosticReport.model_validate(
        {
            "id": digest(event.site, event.instance, event.model, event.version),
            "identifier": [
                {"system": SYSTEM, "value": event.id},
                {"system": "urn:dicom:uid", "value": f"urn:oid:{event.study}"},
            ],
            "status": "preliminary",
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": IMAGING}]},
            "subject": {"reference": subject},
            "effectiveDateTime": event.as_of.isoformat(),
            "issued": event.known.isoformat(),
            "conclusion": _words(event),
        }
    )  # fmt: skip


def _words(event: ImagingFindingReported) -> str:
    model = f"{event.model} {event.version}"
    if event.outcome in {"cannot assess", "refer"}:
        return f"{event.outcome}: {event.reason or 'no reason given'} ({model})"
    said = f"{event.label or event.outcome}"
    sure = f", probability {event.probability:.2f}" if event.probability is not None else ""
    return f"{event.outcome}: {said}{sure} ({model}); not read by a physician"
