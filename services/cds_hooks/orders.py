"""What a card suggests to order, as FHIR R4 ServiceRequests, and whether a draft of it is there already.

Sepsis: lactate and blood cultures, Surviving Sepsis Campaign 2021 (Evans et al., Crit Care Med 49:e1063),
recommendations on screening and the Hour-1 bundle. Vital signs: NEWS2 report (RCP 2017), chart 4, which asks for a
complete set at an interval that follows the score.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.cds_hooks.response import Action

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


@dataclass(frozen=True, slots=True)
class Order:
    """Something to order: how it is called, its code, and the codes by which a draft of it is known."""

    name: str
    label: str
    system: str
    code: str
    display: str
    priority: str
    known: frozenset[str]


VITAL_SIGNS: Final = Order(
    "vital-signs", "Measure all vital signs now", SNOMED, "61746007", "Taking patient vital signs", "urgent",
    frozenset({"61746007", "46680005", "85353-1", "8716-3"}),
)  # fmt: skip
LACTATE: Final = Order(
    "lactate", "Order lactate", LOINC, "2524-7", "Lactate [Moles/volume] in Serum or Plasma", "stat",
    frozenset({"2524-7", "2518-9", "2519-7", "32693-4", "19240-1", "59032-3", "30242-1"}),
)  # fmt: skip
CULTURES: Final = Order(
    "blood-cultures", "Order blood cultures", LOINC, "600-7", "Bacteria identified in Blood by Culture", "stat",
    frozenset({"600-7", "17928-3", "30088009"}),
)  # fmt: skip


def action(order: Order, patient_id: str, encounter_id: str | None, why: str) -> Action:
    """Create a draft of it, for this patient and stay."""
    resource: dict[str, Any] = {
        "resourceType": "ServiceRequest", "status": "draft", "intent": "proposal", "priority": order.priority,
        "code": {"coding": [{"system": order.system, "code": order.code, "display": order.display}]},
        "subject": {"reference": f"Patient/{patient_id}"}, "reasonCode": [{"text": why}],
    }  # fmt: skip
    if encounter_id:
        resource["encounter"] = {"reference": f"Encounter/{encounter_id}"}
    return Action(type="create", description=order.label, resource=resource)


def drafted(order: Order, drafts: Iterable[dict[str, Any]]) -> bool:
    """Whether a draft holds one of its codes."""
    return any(order.known & codes(draft) for draft in drafts)


def codes(draft: dict[str, Any]) -> frozenset[str]:
    """All codes of a draft's `code`, whatever else it holds."""
    concept = draft.get("code")
    coding = concept.get("coding") if isinstance(concept, dict) else None
    listed = coding if isinstance(coding, list) else []
    return frozenset(str(one["code"]) for one in listed if isinstance(one, dict) and "code" in one)
