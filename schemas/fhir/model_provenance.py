"""What a model made and from what → Provenance (FHIR R4 Provenance): the model as a Device, the readings as sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.fhir.ours import Ref, Resource, coded, exact, logical, model, newer, stamped, without
from schemas.fhir.provenance import AGENTS, OPERATIONS

FEATURES: Final = "urn:wardwatch:features"
"""System of the hash of the feature values that a forecast was made from."""


def model_provenance(
    found: Resource | None, *, id_: str, targets: Sequence[Ref], name: str, version: str, at: datetime,
    recorded: datetime, sources: Sequence[Ref],
) -> Resource:  # fmt: skip
    """`at`: the clinical moment that was judged; `recorded`: when it was. What tells of a later moment is kept."""
    if found is not None and newer(found, at):
        return found
    ours: Resource = {
        "resourceType": "Provenance", "id": id_, "extension": stamped(found, at), "target": list(targets),
        "occurredDateTime": exact(at), "recorded": exact(recorded),
        "activity": coded(OPERATIONS, "CREATE" if found is None else "UPDATE"),
        "agent": [{"type": coded(AGENTS, "author"), "who": model(name, version)}],
    }  # fmt: skip
    if found is not None:
        ours["activity"] = found.get("activity", ours["activity"])
    ours |= {"entity": [{"role": "source", "what": what} for what in sources]} if sources else {}
    return without(found) | ours


def features(value: str) -> Ref:
    """The hash of the features: they can be computed again from the log and compared."""
    return {"identifier": logical("", FEATURES, value)["identifier"], "display": "feature values, by their hash"}
