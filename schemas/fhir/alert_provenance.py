"""Why an alert was raised → Provenance (FHIR R4 Provenance): the forecast, score or film, and its readings."""

from schemas.events import AlertRaised
from schemas.fhir.alert import AUTHORITY
from schemas.fhir.ours import SYSTEM, Ref, Resource, coded, exact, logical
from schemas.fhir.provenance import AGENTS, OPERATIONS


def alert_provenance(
    found: Resource | None, event: AlertRaised, *, id_: str, targets: list[Ref], assessment: str | None
) -> Resource:
    """An alert is raised once, so what stands is kept. `assessment`: our name of the RiskAssessment of a forecast."""
    if found is not None:
        return found
    what = [logical("RiskAssessment", SYSTEM, assessment)] if assessment else []
    # Ids on the bus: of a forecast, score or finding (that DiagnosticReport has it as its identifier), or of a reading.
    said = {event.source: event.summary} | {e.source: e.text for e in event.evidence if e.source}
    what += [{"identifier": {"system": SYSTEM, "value": value}, "display": text} for value, text in said.items()]
    return {
        "resourceType": "Provenance", "id": id_, "target": targets, "occurredDateTime": exact(event.at),
        "recorded": exact(event.known), "activity": coded(OPERATIONS, "CREATE"),
        "agent": [{"type": coded(AGENTS, "author"), "who": AUTHORITY}],
        "entity": [{"role": "source", "what": source} for source in what],
    }  # fmt: skip
