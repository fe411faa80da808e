"""The report of a study → DiagnosticReport (FHIR R4 DiagnosticReport): preliminary until a physician has read it.

Only a person makes it final (`read`); what is final, or what the hospital's own workflow has gone on with, no model
changes any more.
"""

from typing import Final

from schemas.events import ImagingReportRead, ImagingStudyReported
from schemas.fhir.finding import OURS
from schemas.fhir.ours import (
    LOINC,
    SYSTEM,
    Ref,
    Resource,
    coded,
    exact,
    identifier,
    logical,
    newer,
    person,
    stamped,
    without,
)

IMAGING: Final = "18748-4"
"""LOINC: diagnostic imaging study."""
SECTIONS: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
CONFIRMED: Final = "Read and confirmed"
MOST_NAMED: Final = 100


def diagnostic_report(
    found: Resource | None, event: ImagingStudyReported, *, id_: str, patient: Ref, study: Ref, results: list[Ref]
) -> Resource:
    """What should stand after this report; `results` are the Observations of its instances, `study` its ImagingStudy.

    The findings' ids are identifiers too, so that an alert's source is found by it.
    """
    names = [{"system": SYSTEM, "value": one.finding} for one in event.instances[:MOST_NAMED]]
    told: Resource = {
        "identifier": identifier(event.id) + names, "effectiveDateTime": exact(event.as_of), "imagingStudy": [study],
    } | ({"result": results[:MOST_NAMED]} if results else {})  # fmt: skip
    if found is not None and ours_without_a_report(found):
        return found | told | {"conclusion": joined(str(found["conclusion"]), words(event))}
    if found is not None and (found.get("status") not in OURS or newer(found, event.as_of)):
        return found
    ours: Resource = {
        "resourceType": "DiagnosticReport", "id": id_, "status": "preliminary",
        "extension": stamped(found, event.as_of), "category": [coded(SECTIONS, "RAD")],
        "code": coded(LOINC, IMAGING), "subject": patient, "issued": exact(event.known), "conclusion": words(event),
    }  # fmt: skip
    return without(found, "result") | ours | told


def ours_without_a_report(found: Resource) -> bool:
    """Whether a person's word came before the report that it is about: then the report is added beside the word."""
    return "resultsInterpreter" in found and "conclusion" in found and "effectiveDateTime" not in found


def joined(word: str, model: str) -> str:
    """A person's word and what the model had said, the same whichever was told first."""
    if word.startswith(CONFIRMED):
        return f"{CONFIRMED}: {model}{word.removeprefix(CONFIRMED)}"
    return f"{word} (the model had said: {model})"


def read(found: Resource | None, event: ImagingReportRead, *, id_: str, patient: Ref) -> Resource:
    """What should stand once a person has read the study: final, or amended where it was final; in their words.

    A report that is not there yet is made, so that nothing of what the person said is lost.
    """
    who = [person(event.by)]
    told = found is not None and found.get("resultsInterpreter") == who and found.get("issued") == exact(event.at)
    if found is not None and (told or newer(found, event.at)):  # told: an answer was lost, and it comes again
        return found
    status = "amended" if (found or {}).get("status") in {"final", "amended", "corrected"} else "final"
    ours: Resource = {
        "resourceType": "DiagnosticReport", "id": id_, "status": status, "extension": stamped(found, event.at),
        "subject": patient, "issued": exact(event.at), "resultsInterpreter": who,
    }  # fmt: skip
    stood = found or {
        "category": [coded(SECTIONS, "RAD")], "code": coded(LOINC, IMAGING),
        "imagingStudy": [logical("ImagingStudy", "urn:dicom:uid", f"urn:oid:{event.study}")],
    }  # fmt: skip
    before = str(stood.get("conclusion", ""))
    word = event.impression
    if event.decision != "override":
        word = CONFIRMED + (f". {event.impression}" if event.impression else "")
    return stood | ours | {"conclusion": joined(word, before) if before else word}


def words(event: ImagingStudyReported) -> str:
    """The outcome in words, what changed since the earlier study, and the model that says so."""
    model = f"{event.model} {event.version}"
    more = f"; {event.prior.words}" if event.prior is not None else ""
    if event.outcome in {"cannot assess", "refer"}:
        return f"{event.outcome}: {event.reason or 'no reason given'}{more} ({model})"
    sure = f", probability {event.probability:.2f}" if event.probability is not None else ""
    return f"{event.outcome}: {event.label or event.outcome}{sure}{more} ({model}); not read by a physician"
