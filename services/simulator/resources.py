"""What the simulated hospital says, as FHIR R4 resources (plain JSON, as a hospital system would send it)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.codes import ANSWERS, LOINC, MEASUREMENTS, SNOMED, UCUM
from schemas.codes.coded import SNOMED_MEASUREMENTS
from services.simulator.hospital import SURGICAL, WARDS, Inpatient

Resource = dict[str, Any]

_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"
_BED_STATUS = "http://terminology.hl7.org/CodeSystem/v2-0116"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
MEDICAL_ICU = "441994008"
PRESSURE_PANEL = "85354-9"
_PRESSURES = ("systolic_bp", "diastolic_bp")


def instant(at: datetime) -> str:
    """FHIR instant with milliseconds."""
    return at.isoformat(timespec="milliseconds")


def bundle(resources: Iterable[Resource]) -> Resource:
    """A transaction of PUTs: sending it again changes nothing."""
    return {
        "resourceType": "Bundle", "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:wardwatch:sim:{r['resourceType']}/{r['id']}", "resource": r,
                "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"},
            }
            for r in resources
        ],
    }  # fmt: skip


def locations() -> list[Resource]:
    """Wards, rooms and beds."""
    found: list[Resource] = []
    for ward in (*WARDS, SURGICAL):
        found.append(_location(ward.code, ward.name, "wa", None, [ward.specialty]))
        rooms: dict[str, list[str]] = {}
        for room, bed in ward.beds():
            rooms.setdefault(room, []).append(bed)
        for room, beds in rooms.items():
            kinds = [ward.specialty, "ISOL"] if len(beds) == 1 else [ward.specialty]
            found.append(_location(room, f"Room {room}", "ro", ward.code, kinds))
            found.extend(_location(bed, f"Bed {bed}", "bd", room, kinds) for bed in beds)
    return found


def _location(code: str, name: str, kind: str, within: str | None, types: list[str]) -> Resource:
    found: Resource = {
        "resourceType": "Location", "id": code, "status": "active", "name": name,
        "physicalType": {"coding": [{"system": _PHYSICAL, "code": kind}]},
        "type": [{"coding": [{"system": "urn:wardwatch:location", "code": t}]} for t in types],
    }  # fmt: skip
    return found | ({"partOf": {"reference": f"Location/{within}"}} if within else {})


def bed_status(bed: str, status: str, at: datetime) -> Resource:
    """A bed's operational status: U free, O occupied, K being cleaned (table 0116)."""
    found = next(place for place in locations() if place["id"] == bed)
    found["operationalStatus"] = {"system": _BED_STATUS, "code": status}
    found["meta"] = {"versionId": at.strftime("%Y%m%dT%H%M%S"), "lastUpdated": instant(at)}
    return found


def patient(who: Inpatient) -> Resource:
    """The person."""
    return {
        "resourceType": "Patient", "id": f"pat-{who.mrn}",
        "identifier": [{"type": {"coding": [{"system": _V2, "code": "MR"}]}, "value": who.mrn}],
        "name": [{"use": "official", "family": who.family, "given": [who.given]}],
        "gender": who.sex, "birthDate": who.born.isoformat(),
    }  # fmt: skip


def encounter(who: Inpatient, *, ended: datetime | None = None) -> Resource:
    """The stay, with where the patient lies."""
    if who.ward is None or who.admitted is None:
        msg = f"{who.encounter} has no bed"
        raise ValueError(msg)
    begin = instant(who.admitted)
    period = {"start": begin} | ({"end": instant(ended)} if ended else {})
    places = ((who.ward.code, "wa"), (who.room, "ro"), (who.bed, "bd"))
    return {
        "resourceType": "Encounter", "id": who.encounter, "status": "finished" if ended else "in-progress",
        "class": {"system": _ACT, "code": "IMP"}, "subject": {"reference": f"Patient/pat-{who.mrn}"},
        "serviceType": {
            "coding": [{"system": "urn:wardwatch:specialty", "code": who.ward.specialty}]
            + ([{"system": SNOMED, "code": MEDICAL_ICU}] if who.ward.intensive else [])
        },
        "period": period,
        "location": [
            {
                "location": {"reference": f"Location/{code}"}, "status": "completed" if ended else "active",
                "physicalType": {"coding": [{"system": _PHYSICAL, "code": kind}]}, "period": period,
            }
            for code, kind in places
        ],
    } | ({"hospitalization": {"dischargeDisposition": {"coding": [{"code": "home"}]}}} if ended else {})  # fmt: skip


def admission_request(who: Inpatient, at: datetime, specialty: str, *, priority: str, hours: float) -> Resource:
    """Someone waits for a bed."""
    return {
        "resourceType": "ServiceRequest", "id": f"req-{who.mrn}", "status": "active", "intent": "order",
        "priority": priority, "code": {"coding": [{"system": SNOMED, "code": "32485007"}]},
        "subject": {"reference": f"Patient/pat-{who.mrn}"}, "authoredOn": instant(at),
        "occurrencePeriod": {"start": instant(at), "end": instant(at + timedelta(hours=hours))},
        "performerType": {"coding": [{"system": "urn:wardwatch:specialty", "code": specialty}]},
    }  # fmt: skip


def fulfilled(request: Resource) -> Resource:
    """The request after the patient got a bed."""
    return request | {"status": "completed"}


def observations(who: Inpatient, at: datetime, values: Mapping[str, float], kind: str) -> list[Resource]:
    """One Observation per value; both pressures in one panel. Ids name patient, minute and code."""
    stamp = at.strftime("%Y%m%d%H%M%S")
    found = [
        _observation(who, at, _name(who, stamp, code), kind, code) | _quantity(code, value)
        for code, value in values.items()
        if code not in _PRESSURES
    ]
    pressures = {code: values[code] for code in _PRESSURES if code in values}
    if pressures:
        panel = _observation(who, at, _name(who, stamp, "bp"), kind, None)
        panel["component"] = [{"code": _coding(code)} | _quantity(code, value) for code, value in pressures.items()]
        found.append(panel)
    return found


def assessments(who: Inpatient, at: datetime, *, oxygen: bool, confused: bool) -> list[Resource]:
    """Air or oxygen, and consciousness (ACVPU), as coded answers."""
    stamp = at.strftime("%Y%m%d%H%M%S")
    answers = (
        ("supplemental_oxygen", "371825009" if oxygen else "722742002"),
        ("consciousness", "130987000" if confused else "248234008"),
    )
    found = []
    for code, answer in answers:
        resource = _observation(who, at, _name(who, stamp, code), "vital-signs", code)
        resource["valueCodeableConcept"] = {"coding": [{"system": SNOMED, "code": answer}]}
        found.append(resource)
    return found


def readings(resource: Resource) -> list[tuple[str, str, str, float]]:
    """(Observation id, code, taken, value) of every reading an Observation holds: how the simulator counts."""
    identity, taken = str(resource["id"]), str(resource["effectiveDateTime"])
    if "component" in resource:
        values = [float(part["valueQuantity"]["value"]) for part in resource["component"]]
        return [(identity, code, taken, value) for code, value in zip(_PRESSURES, values, strict=True)]
    code = identity.rsplit(".", 1)[1].replace("-", "_")
    if "valueQuantity" in resource:
        return [(identity, code, taken, float(resource["valueQuantity"]["value"]))]
    answer = resource["valueCodeableConcept"]["coding"][0]["code"]
    return [(identity, code, taken, ANSWERS[code][answer])]


def _name(who: Inpatient, stamp: str, code: str) -> str:
    """A FHIR id: letters, digits, hyphens and dots only."""
    return f"{who.mrn}.{stamp}.{code.replace('_', '-')}"


def _observation(who: Inpatient, at: datetime, identity: str, kind: str, code: str | None) -> Resource:
    return {
        "resourceType": "Observation", "id": identity, "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": kind}]}],
        "code": _coding(code) if code else {"coding": [{"system": LOINC, "code": PRESSURE_PANEL}]},
        "subject": {"reference": f"Patient/pat-{who.mrn}"}, "encounter": {"reference": f"Encounter/{who.encounter}"},
        "effectiveDateTime": instant(at),
    }  # fmt: skip


def _coding(code: str) -> Resource:
    measured = MEASUREMENTS[code]
    if not measured.loinc:
        named = next(concept for concept, name in SNOMED_MEASUREMENTS.items() if name == code)
        return {"coding": [{"system": SNOMED, "code": named}], "text": measured.display}
    return {"coding": [{"system": LOINC, "code": measured.loinc[0]}], "text": measured.display}


def _quantity(code: str, value: float) -> Resource:
    unit = MEASUREMENTS[code].unit
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}
