"""PV1 and EVN → Encounter (v2-to-FHIR: PV1[Encounter]): class, number, place with its time, start, end, discharge."""

from typing import Final

from schemas.hl7v2.message import Field, Message, MessageError, Segment
from schemas.hl7v2.patient import subject
from schemas.hl7v2.types import V2, Element, Site, at_of_event, concept, identifier, moment, places

CLASS: Final = {"I": "IMP", "E": "EMER", "O": "AMB", "R": "AMB", "B": "IMP", "P": "PRENC"}
"""Table 0004 → v3-ActCode (v2-to-FHIR: HL70004)."""
ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PHYSICAL: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
DISPOSITION: Final = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
DISPOSITIONS: Final = {
    **dict.fromkeys(("01", "1", "06", "6", "08"), "home"),
    **dict.fromkeys(("02", "2", "05", "5", "43", "66"), "other-hcf"),
    **dict.fromkeys(("03", "3", "61", "64"), "snf"), **dict.fromkeys(("62",), "rehab"), "63": "long", "65": "psy",
    **dict.fromkeys(("20", "40", "41", "42"), "exp"), **dict.fromkeys(("07", "7"), "aadvice"),
    **dict.fromkeys(("50", "51"), "hosp"),
}  # fmt: skip
"""PV1-36, table 0112 as HL7 suggests it (the UB-04 patient status codes) → discharge-disposition."""
ENDED: Final = frozenset({"A03"})
CANCELLED: Final = frozenset({"A11", "A38"})
MOVED: Final = frozenset({"A02", "A12"})
CHANGED: Final = frozenset({"A06", "A07"})
"""Of class, and often of place: PV1-3 is the new one, PV1-6 says from where (3.3.6, 3.3.7)."""
PLANNED: Final = frozenset({"A05", "A14"})
TAKEN_BACK: Final = "A13"
"""A discharge that was cancelled."""
BEGINNING: Final = frozenset({"A01", "A04", "A06", "A07"})
"""Their event may be the beginning of the stay, where PV1-44 does not say it."""
IN_PASSING: Final = MOVED | CHANGED | ENDED | {TAKEN_BACK}
"""These tell of the beginning, but know the place of now."""


def encounter(message: Message, site: Site) -> Element:
    """The stay as this message tells it; raises MessageError where its number or every time is missing."""
    segment, (_, trigger) = _pv1(message), message.kind
    happened = at_of_event(message, site)
    found: Element = {
        "resourceType": "Encounter",
        "identifier": [number(message, site)],
        "status": _status(trigger),
        "class": _class(segment),
        "subject": subject(message, site),
    }
    started = moment(segment.text(44), site, "PV1-44") or (happened if trigger in BEGINNING else None)
    ended = (moment(segment.text(45), site, "PV1-45") or happened) if trigger in ENDED else None
    if not (started or happened or ended or trigger in CANCELLED | PLANNED):
        raise MessageError("when was that? (PV1-44, PV1-45, EVN-6 or EVN-2)", "EVN-2", "101")
    if period := {name: at for name, at in (("start", started), ("end", ended)) if at}:
        found["period"] = period
    if trigger in ENDED and (code := segment.text(36)):
        found["hospitalization"] = {"dischargeDisposition": _disposition(code)}
    if trigger == TAKEN_BACK and happened:
        found["statusHistory"] = [{"status": "finished", "period": {"end": happened}}]
    if service := concept(segment.first(10), "0069"):
        found["serviceType"] = service
    if located := _locations(segment, trigger, happened):
        found["location"] = located
    return found


def number(message: Message, site: Site) -> Element:
    """PV1-19, else PID-18 (account): what the stay is called; raises MessageError without either."""
    pid = message.first("PID")
    held: tuple[tuple[Segment | None, int], ...] = ((message.first("PV1"), 19), (pid, 18))
    for segment, field in held:
        found = identifier(segment.first(field), site) if segment else None
        if found:
            return {name: found[name] for name in ("system", "value") if name in found}
    raise MessageError("no visit number: what is the stay called?", "PV1-19", "101")


def _status(trigger: str) -> str:
    if trigger in CANCELLED:
        return "cancelled"
    if trigger in PLANNED:
        return "planned"
    return "finished" if trigger in ENDED else "in-progress"


def _pv1(message: Message) -> Segment:
    found = message.first("PV1")
    if found is None:
        raise MessageError("no PV1: which stay?", "PV1", "100")
    return found


def _class(segment: Segment) -> Element:
    code = segment.text(2).upper()
    if code in CLASS:
        return {"system": ACT, "code": CLASS[code]}
    return {"system": f"{V2}0004", "code": code or "U"}


def _disposition(code: str) -> Element:
    known = DISPOSITIONS.get(code)
    return {"coding": [{"system": DISPOSITION, "code": known} if known else {"system": f"{V2}0112", "code": code}]}


def _locations(segment: Segment, trigger: str, happened: str | None) -> list[Element]:
    """Where the patient lies; after a transfer where before, too (PV1-6), and since when the new place."""
    if trigger not in MOVED | CHANGED:
        return _located(segment.first(3), None, None)
    return [*_located(segment.first(6), None, happened), *_located(segment.first(3), happened, None)]


def _located(pl: Field, start: str | None, end: str | None) -> list[Element]:
    found = []
    for level, name in places(pl):
        entry: Element = {
            "location": {"reference": f"Location/{name}"},
            "physicalType": {"coding": [{"system": PHYSICAL, "code": level}]},
        }
        period = {key: at for key, at in (("start", start), ("end", end)) if at}
        found.append(entry | ({"period": period} if period else {}))
    return found
