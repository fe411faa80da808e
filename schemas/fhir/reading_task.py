"""The report of a study → Task (FHIR R4 Task): a physician should read it, a finding before all others.

The priority is the place in the hospital's own reading worklist; the task is completed by whoever reads the study.
"""

from typing import Final

from schemas.events import ImagingReportRead, ImagingStudyReported
from schemas.fhir.alert import AUTHORITY
from schemas.fhir.ours import Ref, Resource, exact, identifier, newer, person, stamped, without

UNDER_WAY: Final = frozenset({"accepted", "received", "ready", "in-progress", "on-hold"})
DONE: Final = frozenset({"completed", "cancelled", "rejected", "failed", "entered-in-error"})


def reading_task(
    found: Resource | None, event: ImagingStudyReported, *, id_: str, patient: Ref, report: Ref | None,
    stands_as: Resource | None = None,
) -> Resource:  # fmt: skip
    """What should stand after this report; what the hospital's workflow made of it is kept.

    `stands_as` is the DiagnosticReport: where a person's word came first, there is nothing left to read.
    """
    stands = str((found or {}).get("status", ""))
    if found is not None and (stands in DONE or newer(found, event.known)):
        return found
    ours: Resource = {
        "resourceType": "Task", "id": id_, "identifier": identifier(event.id), "extension": stamped(found, event.known),
        "status": stands if stands in UNDER_WAY else "requested", "intent": "order", "priority": event.priority,
        "code": {"text": "Read the imaging study"}, "description": f"{event.outcome} by {event.model}", "for": patient,
        "authoredOn": exact(event.known), "lastModified": exact(event.known), "requester": AUTHORITY,
    }  # fmt: skip
    done: Resource = {}
    if stands_as is not None and (who := stands_as.get("resultsInterpreter")):
        done = {"status": "completed", "owner": who[0], "lastModified": stands_as["issued"]}
        done["extension"] = stands_as["extension"]
    return without(found) | ours | done | ({"focus": report} if report else {})


def read_task(found: Resource | None, event: ImagingReportRead) -> Resource | None:
    """The task is done by whoever read the study; None where there is none."""
    if found is None or found.get("status") in DONE or newer(found, event.at):
        return found
    done = {"status": "completed", "owner": person(event.by), "lastModified": exact(event.at)}
    return found | done | {"extension": stamped(found, event.at)}
