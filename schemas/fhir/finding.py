"""An imaging finding → Observation (FHIR R4 Observation): what the model saw, preliminary, with every class.

A film that the model may not read, or does not decide about, has no value and the reason why.
"""

from typing import Final

from schemas.events import ImagingFindingReported
from schemas.fhir.ours import (
    LOINC,
    UCUM,
    Ref,
    Resource,
    coded,
    exact,
    identifier,
    logical,
    model,
    newer,
    stamped,
    without,
)

ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
CATEGORIES: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
FINDINGS: Final = "59776-5"
"""LOINC: procedure findings narrative."""
LABEL: Final = "urn:wardwatch:label"
OURS: Final = frozenset({"registered", "preliminary"})
"""Statuses before a physician's word; with any other the resource is the hospital's."""


def study(uid: str) -> Ref:
    """The study by its DICOM UID (PS3.18: urn:oid)."""
    return logical("ImagingStudy", "urn:dicom:uid", f"urn:oid:{uid}")


def finding(found: Resource | None, event: ImagingFindingReported, *, id_: str, patient: Ref) -> Resource:
    """What should stand after this report; what a physician has gone on with is kept."""
    if found is not None and (found.get("status") not in OURS or newer(found, event.as_of)):
        return found
    ours: Resource = {
        "resourceType": "Observation", "id": id_, "identifier": identifier(event.id), "status": "preliminary",
        "extension": stamped(found, event.as_of), "category": [coded(CATEGORIES, "imaging")],
        "code": coded(LOINC, FINDINGS, f"Findings of {event.model}"), "subject": patient,
        "effectiveDateTime": exact(event.as_of), "issued": exact(event.known),
        "device": model(event.model, event.version), "derivedFrom": [study(event.study)],
    } | _value(event)  # fmt: skip
    classes = [(c.name, c.probability) for c in event.classes]
    if not classes and event.label is not None and event.probability is not None:
        classes = [(event.label, event.probability)]
    if classes:
        ours["component"] = [
            {"code": {"coding": [{"system": LABEL, "code": name}], "text": f"probability of {name}"},
             "valueQuantity": {"value": probability, "unit": "1", "system": UCUM, "code": "1"}}
            for name, probability in classes
        ]  # fmt: skip
    return without(found, "valueCodeableConcept", "dataAbsentReason", "component") | ours


def _value(event: ImagingFindingReported) -> Resource:
    if event.outcome == "cannot assess":
        return {"dataAbsentReason": coded(ABSENT, "not-performed", event.reason or "the model may not read this film")}
    if event.outcome == "refer":
        return {"dataAbsentReason": coded(ABSENT, "unknown", event.reason or "left to a physician")}
    label = event.label or event.outcome
    return {"valueCodeableConcept": coded(LABEL, label, f"{event.outcome}: {label}")}
