"""An imaging finding → DiagnosticReport (FHIR R4 DiagnosticReport): preliminary, because no physician has read it."""

from typing import Final

from schemas.events import ImagingFindingReported
from schemas.fhir.finding import OURS, study
from schemas.fhir.ours import LOINC, Ref, Resource, coded, exact, identifier, newer, stamped, without

IMAGING: Final = "18748-4"
"""LOINC: diagnostic imaging study."""
SECTIONS: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"


def diagnostic_report(
    found: Resource | None, event: ImagingFindingReported, *, id_: str, patient: Ref, result: Ref | None
) -> Resource:
    """What should stand after this report; `result` is its Observation. What a physician has gone on with is kept."""
    if found is not None and (found.get("status") not in OURS or newer(found, event.as_of)):
        return found
    ours: Resource = {
        "resourceType": "DiagnosticReport", "id": id_, "identifier": identifier(event.id), "status": "preliminary",
        "extension": stamped(found, event.as_of), "category": [coded(SECTIONS, "RAD")],
        "code": coded(LOINC, IMAGING), "subject": patient, "effectiveDateTime": exact(event.as_of),
        "issued": exact(event.known), "imagingStudy": [study(event)], "conclusion": words(event),
    }  # fmt: skip
    return without(found) | ours | ({"result": [result]} if result else {})


def words(event: ImagingFindingReported) -> str:
    """The outcome in words, with the model that says so."""
    model = f"{event.model} {event.version}"
    if event.outcome in {"cannot assess", "refer"}:
        return f"{event.outcome}: {event.reason or 'no reason given'} ({model})"
    said = f"{event.label or event.outcome}"
    sure = f", probability {event.probability:.2f}" if event.probability is not None else ""
    return f"{event.outcome}: {said}{sure} ({model}); not read by a physician"
