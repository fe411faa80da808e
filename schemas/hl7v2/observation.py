"""OBR and OBX → Observation (v2-to-FHIR: OBX[Observation]): what was measured, when, how much; does it stand."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.hl7v2.encounter import number
from schemas.hl7v2.message import Field, Message, MessageError, Segment
from schemas.hl7v2.patient import subject
from schemas.hl7v2.types import SYSTEMS, Element, Site, concept, moment
from schemas.hl7v2.units import UNITS

STATUS: Final = {
    "F": "final", "U": "final", "B": "final", "C": "corrected", "A": "amended",
    "P": "preliminary", "R": "preliminary", "S": "preliminary", "V": "preliminary",
    "D": "entered-in-error", "W": "entered-in-error", "X": "cancelled",
    "I": "registered", "N": "registered", "O": "registered",
}  # fmt: skip
"""Table 0085 → observation-status (v2-to-FHIR: HL70085)."""
LABORATORY: Final = frozenset({"LAB", "CH", "HM", "BG", "CG", "MB", "SR", "IMM", "TX", "VR", "BLB", "URN"})
"""Table 0074, diagnostic service sections that measure samples."""
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
COMPARATORS: Final = frozenset({"<", "<=", ">=", ">"})
NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
NUMERIC, STRUCTURED, CODED = "NM", "SN", frozenset({"CE", "CWE", "CNE", "IS"})


def observations(message: Message, site: Site) -> Iterator[Element | MessageError]:
    """Every OBX, in order; one that cannot be read is a MessageError in its place, so that the others count."""
    order: Segment | None = None
    person = subject(message, site)
    try:
        stay: Element | None = {"identifier": number(message, site)}
    except MessageError:
        stay = None  # a result may come without its stay
    for segment in message.segments:
        if segment.name == "OBR":
            order = segment
        elif segment.name == "OBX":
            try:
                yield _observation(segment, order, person, stay, site)
            except MessageError as error:
                yield error


def _observation(obx: Segment, obr: Segment | None, person: Element, stay: Element | None, site: Site) -> Element:
    code = concept(obx.first(3))
    if code is None:
        raise MessageError("what was measured? (OBX-3)", "OBX-3", "101")
    status = STATUS.get(obx.text(11))
    if status is None:
        raise MessageError("OBX-11 does not say whether the result stands (table 0085)", "OBX-11", "103")
    found: Element = {"resourceType": "Observation", "status": status, "code": code, "subject": person}
    at = (
        moment(obx.text(14), site, "OBX-14")
        or (moment(obr.text(7), site, "OBR-7") if obr else None)
        or (moment(obr.text(22), site, "OBR-22") if obr else None)
    )
    if at:
        found["effectiveDateTime"] = at
    if stay:
        found["encounter"] = stay
    if name := _name(obx, obr, at):
        found["identifier"] = [name]
    if obr and obr.text(24) in LABORATORY:
        found["category"] = [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}]
    if device := obx.text(18):
        found["device"] = {"identifier": {"value": device}}
    return found | _value(obx)


def _name(obx: Segment, obr: Segment | None, at: str | None) -> Element | None:
    """What the source calls this result, so that a correction finds it: OBX-21, else order, test, part and time.

    The time is in it since monitors use one order number for a whole stay: without it each minute would replace the one
    before. None where no order is named: then a result is known by what it says.
    """
    if given := obx.text(21):
        return {"value": given}
    order = (obr.text(3) or obr.text(2)) if obr else ""
    if not order:
        return None
    return {"value": "/".join((order, obx.text(3), obx.text(4), at or ""))}


def _value(obx: Segment) -> Element:
    """OBX-5 by its type (OBX-2); nothing where there is no value."""
    kind, value = obx.text(2), obx.first(5)
    if not value:
        return {}
    if kind in {NUMERIC, STRUCTURED} and len(obx.all(5)) > 1:
        raise MessageError("OBX-5 holds several numbers: which of them was measured? Send an OBX each", "OBX-5", "102")
    if kind == NUMERIC:
        return _quantity(str(value), obx, "")
    if kind == STRUCTURED:
        comparator, amount = value.component(1), value.component(2)
        if value.component(3) or comparator not in COMPARATORS | {"", "="}:
            return {"valueString": " ".join(value.component(n) for n in range(1, 5)).strip()}
        return _quantity(amount, obx, "" if comparator == "=" else comparator)
    if kind in CODED:
        found = concept(value)
        return {"valueCodeableConcept": found} if found else {}
    return {"valueString": str(value)}


def _quantity(text: str, obx: Segment, comparator: str) -> Element:
    if NUMBER.fullmatch(text) is None:
        raise MessageError("OBX-5 is no number, as OBX-2 says it is", "OBX-5", "102")
    found: Element = {"value": float(text)}
    if comparator:
        found["comparator"] = comparator
    return {"valueQuantity": found | _unit(obx.first(6))}


def _unit(given: Field) -> Element:
    """OBX-6: UCUM as it is; else a spelling that can mean one UCUM unit only; else as written."""
    code, named = given.component(1), given.component(3).upper()
    if not code:
        return {}
    known = code if named == "UCUM" else UNITS.get(code, UNITS.get(code.lower()))
    if known is None:
        return {"unit": code}
    return {"unit": code, "system": SYSTEMS["UCUM"], "code": known}
