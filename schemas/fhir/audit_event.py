"""What we wrote → AuditEvent (FHIR R4 AuditEvent, DICOM PS3.15 A.5): one for each event of ours that was written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.fhir.ours import SYSTEM, Ref, Resource, exact, logical

KINDS: Final = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"}
INTERACTIONS: Final = {"system": "http://hl7.org/fhir/restful-interaction", "code": "update"}
PARTS: Final = {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2"}
"""System object."""
SOURCES: Final = {"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}
"""Application server."""


def audit_event(
    id_: str, *, site: str, cause: str, said: str, targets: Sequence[Ref], refused: int, at: datetime
) -> Resource:
    """`cause`, `said`: id and name of the event of ours; `refused`: how many resources the server would not take."""
    return {
        "resourceType": "AuditEvent", "id": id_, "type": KINDS, "subtype": [INTERACTIONS], "action": "U",
        "recorded": exact(at), "outcome": "4" if refused else "0",
        "outcomeDesc": f"{said}: {len(targets)} written, {refused} refused",
        "agent": [{"who": logical("Device", SYSTEM, "outlets-fhir", "Wardwatch"), "requestor": True}],
        "source": {"site": site, "observer": logical("Device", SYSTEM, "outlets-fhir", "Wardwatch"), "type": [SOURCES]},
        "entity": [
            *({"what": target, "type": PARTS} for target in targets),
            {"what": {"identifier": {"system": SYSTEM, "value": cause}}, "name": said},
        ],
    }  # fmt: skip
