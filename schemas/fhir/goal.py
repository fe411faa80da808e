"""Goal → a prescribed oxygen target (FHIR R4 Goal whose target measures saturation: LOINC 59408-5, 2708-6 or 20564-1).

NEWS2 scores saturation on scale 2 only where 88-92 % was prescribed (Royal College of Physicians 2017, chart 1 note);
every other target keeps scale 1, and so does a goal that is no longer pursued.
"""

from collections.abc import Mapping
from typing import (
    Final,
    Literal,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.codes import LOINC, MEASUREMENTS
from schemas.events import OxygenTargetPrescribed
from schemas.fhir.elements import CLOSED, Code, CodeableConcept, Identifier, IdText, Meta, Quantity, Reference
from schemas.fhir.facts import Context, Events, Fact, codes, ignore, refuse, required_name, updated
from schemas.fhir.library import read
from schemas.ids import digest

SATURATION: Final = frozenset({*MEASUREMENTS["spo2"].loinc, *MEASUREMENTS["sao2"].loinc})
PURSUED: Final = frozenset({"accepted", "active"})
DROPPED: Final = frozenset({"cancelled", "completed", "rejected", "entered-in-error", "on-hold"})
SCALE_2: Final = (88.0, 92.0)


@with_config(CLOSED)
class _Range(TypedDict, total=False):
    low: Quantity
    high: Quantity


@with_config(CLOSED)
class _Target(TypedDict, total=False):
    measure: CodeableConcept
    detailRange: _Range


@with_config(CLOSED)
class _Goal(TypedDict, total=False):
    id: IdText
    meta: Meta
    identifier: list[Identifier]
    lifecycleStatus: Required[Code]
    subject: Required[Reference]
    target: list[_Target]


_SHAPE = TypeAdapter(_Goal)


def goal(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """An oxygen target; raises Stop. Prescribed when the resource was last updated, else now."""
    found = read(_SHAPE, content)
    target = next(
        (t for t in found.get("target") or () if not SATURATION.isdisjoint(codes(t.get("measure"), LOINC))), None
    )
    bounds = target.get("detailRange") if target is not None else None
    if bounds is None:
        ignore("Goal without a target range for oxygen saturation")
    if found["lifecycleStatus"] not in PURSUED | DROPPED:
        ignore("Goal that is only proposed")
    patient = context.patient(found["subject"], "Goal.subject")
    low, high = _percent(bounds.get("low")), _percent(bounds.get("high"))
    if not low <= high:
        refuse("the target's low is above its high", "Goal.target.detailRange")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "Goal")
    changed = updated(found.get("meta"))
    scale: Literal[1, 2] = 2 if found["lifecycleStatus"] in PURSUED and (low, high) == SCALE_2 else 1
    event = OxygenTargetPrescribed(
        id=digest(context.site, "Goal", name, changed or "", scale, low, high),
        site=context.site,
        known=context.known,
        patient=patient,
        prescribed=changed if changed and not context.too_late(changed) else context.known,
        scale=scale,
        low_percent=low,
        high_percent=high,
    )
    return Events((event,))


def _percent(quantity: Quantity | None) -> float:
    value = quantity.get("value") if quantity is not None else None
    if quantity is None or value is None or (quantity.get("code") or quantity.get("unit")) != "%":
        refuse("a saturation target needs low and high in %", "Goal.target.detailRange")
    if not 50 <= value <= 100:  # noqa: PLR2004 - the event's own bounds
        refuse("a saturation target lies between 50 and 100 %", "Goal.target.detailRange")
    return value
