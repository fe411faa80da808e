"""What all resources that we write have in common: our names, times, the device that speaks (FHIR R4).

A resource is a dict as it goes over the wire. Every builder is given what stands on the server and returns what
should stand: our elements replaced, all others kept. `as_of` is the time of the newest event that a resource tells
of: an older event that comes late (a replay, a repeat) changes nothing that a newer one said.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Resource = dict[str, Any]
Ref = dict[str, Any]
SYSTEM: Final = "urn:wardwatch"
AS_OF: Final = "urn:wardwatch:as-of"
"""Extension with the time of the newest event told."""
MODEL: Final = "urn:wardwatch:model"
"""System of a model's name and version."""
UCUM: Final = "http://unitsofmeasure.org"
LOINC: Final = "http://loinc.org"


def identifier(value: str) -> list[Resource]:
    """Our name of a resource."""
    return [{"system": SYSTEM, "value": value}]


def instant(at: datetime) -> str:
    """To the second, with its offset."""
    return at.isoformat(timespec="seconds")


def exact(at: datetime) -> str:
    """To the millisecond in UTC, which is what FHIR servers keep."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def coded(system: str, code: str, text: str = "", **more: str) -> Resource:
    """A CodeableConcept with one code."""
    concept: Resource = {"coding": [{"system": system, "code": code} | more]}
    return concept | ({"text": text} if text else {})


def logical(kind: str, system: str, value: str, display: str = "") -> Ref:
    """A reference by identifier: the server need not have the resource."""
    ref: Ref = {"type": kind, "identifier": {"system": system, "value": value}}
    return ref | ({"display": display} if display else {})


def model(name: str, version: str) -> Ref:
    """A registered model as the Device that it is."""
    return logical("Device", MODEL, f"{name}|{version}", f"{name} {version}")


def person(by: str) -> Ref:
    """A member of staff by the account that decided."""
    return logical("Practitioner", SYSTEM, by)


def as_of(found: Mapping[str, Any]) -> datetime | None:
    """The time of the newest event that the resource tells of; None where it does not say."""
    for extension in found.get("extension", ()):
        if extension.get("url") == AS_OF:
            return datetime.fromisoformat(extension["valueDateTime"])
    return None


def newer(found: Mapping[str, Any] | None, at: datetime) -> bool:
    """Whether what stands tells of something later than `at`."""
    stands = None if found is None else as_of(found)
    return stands is not None and stands > datetime.fromisoformat(exact(at))


def stamped(found: Mapping[str, Any] | None, at: datetime) -> list[Resource]:
    """The extensions of the resource with `at` as its time."""
    others = [e for e in (found or {}).get("extension", ()) if e.get("url") != AS_OF]
    return [*others, {"url": AS_OF, "valueDateTime": exact(at)}]


def without(found: Mapping[str, Any] | None, *names: str) -> Resource:
    """What stands, less the elements that are ours to set anew."""
    return {name: value for name, value in (found or {}).items() if name not in names}
