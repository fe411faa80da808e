"""Data types of HL7 v2 as elements of FHIR R4 (HL7 v2-to-FHIR implementation guide, data type maps)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final

from schemas.hl7v2.message import Field, Message, MessageError, Segment

Element = dict[str, Any]
"""An element or a resource as FHIR JSON: it is read by schemas.fhir like any other document."""
V2: Final = "http://terminology.hl7.org/CodeSystem/v2-"
SYSTEMS: Final[Mapping[str, str]] = {
    "LN": "http://loinc.org", "SCT": "http://snomed.info/sct", "SNM3": "http://snomed.info/sct",
    "UCUM": "http://unitsofmeasure.org", "I10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm", "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "ATC": "http://www.whocc.no/atc", "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "NDC": "http://hl7.org/fhir/sid/ndc", "MDC": "urn:iso:std:iso:11073:10101",
}  # fmt: skip
"""Table 0396: the coding systems that FHIR has a name for."""
_DTM: Final = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\.\d{1,6})?([+-]\d{4})?", re.ASCII)
_OFFSET: Final = re.compile(r"[+-]\d{4}$", re.ASCII)
_NO_ID: Final = re.compile(r"[^A-Za-z0-9.\-]+")


@dataclass(frozen=True, slots=True)
class Site:
    """What a message leaves to the place it is sent to.

    `authorities`: assigning authority's namespace (CX-4.1) to the `Identifier.system` that FHIR senders use for it;
    `authority`: the system of numbers that name none; `zone`: of times without offset, None where nobody said.
    """

    zone: tzinfo | None = None
    authorities: Mapping[str, str] = field(default_factory=dict)
    authority: str = ""


def sent_in(message: Message, site: Site) -> Site:
    """The site as this message sees it: an offset in MSH-7 holds for every time without one (v2.9, 2.A.22).

    Raises MessageError where that offset is none.
    """
    offset = _OFFSET.search(message.header.text(7))
    if offset is None:
        return site
    try:
        zone = datetime.strptime(offset[0], "%z").tzinfo
    except ValueError:
        raise MessageError("an offset that no clock on Earth has", "MSH-7", "102") from None
    return Site(zone, site.authorities, site.authority)


def moment(text: str, site: Site, where: str) -> str | None:
    """DTM → FHIR dateTime, as exact as it was written; None where there is none. Raises MessageError."""
    return _moment(text, site.zone, where) if text else None


@lru_cache(maxsize=4096)
def _moment(text: str, zone_of_site: tzinfo | None, where: str) -> str:
    """The results of a message mostly share their time."""
    found = _DTM.fullmatch(text)
    if found is None:
        raise MessageError("not a time (YYYYMMDDHHMMSS.SSS+ZZZZ)", where, "102")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        if day is None or hour is None:
            shown = "-".join(part for part in (year, month, day) if part)
            date(int(year), int(month or 1), int(day or 1))
            return shown
        micros = int((fraction or ".0")[1:].ljust(6, "0"))
        zone = datetime.strptime(offset, "%z").tzinfo if offset else zone_of_site
        at = datetime(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0), micros, zone)
    except ValueError:
        raise MessageError("a time that is on no calendar or clock", where, "102") from None
    if zone is None:
        raise MessageError("a time without offset: send one, here or in MSH-7, or set WARDWATCH_HL7_ZONE", where, "102")
    return at.isoformat()


def date_of(text: str, where: str) -> str | None:
    """DT or DTM → FHIR date; None where there is none. Raises MessageError."""
    return moment(text[:8], Site(), where) if text else None


def identifier(cx: Field, site: Site) -> Element | None:
    """CX → Identifier; None without a number."""
    if not cx.component(1):
        return None
    found: Element = {"value": cx.component(1)}
    if system := authority(cx, 4, site):
        found["system"] = system
    if kind := cx.component(5):
        found["type"] = {"coding": [{"system": f"{V2}0203", "code": kind}]}
    return found


def authority(cx: Field, number: int, site: Site) -> str:
    """HD → the system of a number: an OID or UUID as URI, else the site's name for the namespace, else its own."""
    namespace, universal, kind = (cx.component(number, sub) for sub in (1, 2, 3))
    return _system(namespace, universal, kind, site) or site.authority


def entity(ei: Field, site: Site) -> Element | None:
    """EI → Identifier: what a system calls an order or an appointment; None without a number."""
    if not ei.component(1):
        return None
    system = _system(ei.component(2), ei.component(3), ei.component(4), site)
    return {"value": ei.component(1)} | ({"system": system} if system else {})


def _system(namespace: str, universal: str, kind: str, site: Site) -> str:
    if namespace in site.authorities:
        return site.authorities[namespace]
    match kind.upper(), bool(universal):
        case "ISO", True:
            return f"urn:oid:{universal}"
        case (("UUID" | "GUID"), True):
            return f"urn:uuid:{universal.lower()}"
        case "URI", True:
            return universal
        case _:
            return f"urn:hl7v2:{_slug(namespace)}" if namespace else ""


def concept(cwe: Field, table: str = "") -> Element | None:
    """CE, CWE or IS → CodeableConcept: the code and its alternate; `table` is the system where none is named."""
    codings = []
    for start in (1, 4):
        code, text, named = (cwe.component(start + n) for n in range(3))
        if not code:
            continue
        coding: Element = {"code": re.sub(r"\s+", " ", code)}
        if text:
            coding["display"] = text
        system = SYSTEMS.get(named.upper()) or (f"{V2}{named[-4:]}" if re.fullmatch(r"HL7\d{4}", named) else "")
        if system or (table and not named):
            coding["system"] = system or f"{V2}{table}"
        codings.append(coding)
    found: Element = {"coding": codings} if codings else {}
    if text := cwe.component(9) or cwe.component(2):
        found["text"] = text
    return found or None


def person(xpn: Field) -> Element | None:
    """XPN → HumanName: family and given names; None without either."""
    given = [part for part in (xpn.component(2), xpn.component(3)) if part]
    found: Element = {"family": xpn.component(1)} if xpn.component(1) else {}
    if given:
        found["given"] = given
    if found and (use := {"L": "official", "D": "usual", "M": "maiden", "N": "nickname"}.get(xpn.component(7))):
        found["use"] = use
    return found or None


def places(pl: Field) -> list[tuple[str, str]]:
    """PL → (level, location's name) of FHIR's physical types wa, ro, bd: POC, POC-ROOM, POC-ROOM-BED.

    Rooms and beds are unique in a point of care only, so their names hold it.
    """
    point, room, bed = (_slug(pl.component(n)) for n in (1, 2, 3))
    found = [("wa", point)] if point else []
    if point and room:
        found.append(("ro", f"{point}-{room}"))
    if point and bed:
        found.append(("bd", "-".join(part for part in (point, room, bed) if part)))
    return found


def at_of_event(message: Message, site: Site) -> str | None:
    """When it happened: EVN-6, else EVN-2, else MSH-7; only with a time of day."""
    event = message.first("EVN")
    given: list[tuple[Segment | None, int, str]] = [
        (event, 6, "EVN-6"),
        (event, 2, "EVN-2"),
        (message.header, 7, "MSH-7"),
    ]
    for segment, number, where in given:
        found = moment(segment.text(number), site, where) if segment else None
        if found and "T" in found:
            return found
    return None


def _slug(text: str) -> str:
    return _NO_ID.sub("-", text).strip("-")
