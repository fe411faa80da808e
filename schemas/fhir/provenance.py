"""Who decided what was written → Provenance (FHIR R4 Provenance): the person who approved, and the proposal."""

from collections.abc import Sequence

from schemas.events import ScheduleDecided
from schemas.fhir.ours import SYSTEM, Ref, Resource, instant

AGENTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
OPERATIONS = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
ACTIVITIES = {"approve": "UPDATE", "undo": "NULLIFY"}


def provenance(id_: str, decided: ScheduleDecided, targets: Sequence[Ref]) -> Resource:
    """`targets`: all that the decision made what it is. The person is named by the account that decided."""
    found: Resource = {
        "resourceType": "Provenance", "id": id_, "target": list(targets), "recorded": instant(decided.known),
        "activity": {"coding": [{"system": OPERATIONS, "code": ACTIVITIES.get(decided.decision, "UPDATE")}]},
        "agent": [
            _agent("verifier", {"type": "Practitioner", "identifier": {"system": SYSTEM, "value": decided.by}}),
            _agent("assembler", {"type": "Device", "identifier": {"system": SYSTEM, "value": "operations"}}),
        ],
        "entity": [{"role": "source", "what": {"identifier": {"system": SYSTEM, "value": decided.proposal}}}],
    }  # fmt: skip
    return found | ({"reason": [{"text": decided.why[:500]}]} if decided.why else {})


def _agent(code: str, who: Ref) -> Resource:
    return {"type": {"coding": [{"system": AGENTS, "code": code}]}, "who": who}
