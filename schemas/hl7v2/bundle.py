"""Which message says what: a table from code and trigger event to the FHIR R4 resources that are made of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from schemas.hl7v2.appointment import appointment
from schemas.hl7v2.encounter import encounter
from schemas.hl7v2.message import Message, MessageError
from schemas.hl7v2.observation import observations
from schemas.hl7v2.patient import groups, merged, patient
from schemas.hl7v2.types import Element, Site, sent_in

Maker = Callable[[Message, Site], list[Element | MessageError]]


class Understood(NamedTuple):
    """What a message says: resources in the order in which they take effect; an error where one could not be made."""

    parts: tuple[Element | MessageError, ...]
    ignored: str = ""
    """Why there is nothing for us in it."""


def _person(message: Message, site: Site) -> list[Element | MessageError]:
    return [patient(message, site)]


def _stay(message: Message, site: Site) -> list[Element | MessageError]:
    return [patient(message, site), _or_error(encounter, message, site)]


def _booking(message: Message, site: Site) -> list[Element | MessageError]:
    return [patient(message, site), _or_error(appointment, message, site)]


def _merge(message: Message, site: Site) -> list[Element | MessageError]:
    """A40 may hold several people, each a PID and an MRG: every one of them is a merge of its own."""
    found: list[Element | MessageError] = []
    for one in groups(message):
        found += [_or_error(patient, one, site), _or_error(merged, one, site)]
    return found or [patient(message, site)]


def _results(message: Message, site: Site) -> list[Element | MessageError]:
    return [patient(message, site), *observations(message, site)]


def _or_error(make: Callable[[Message, Site], Element], message: Message, site: Site) -> Element | MessageError:
    try:
        return make(message, site)
    except MessageError as error:
        return error


MAKERS: Final[Mapping[tuple[str, str], Maker]] = {
    **{
        ("ADT", event): _stay
        for event in ("A01", "A02", "A03", "A04", "A05", "A06", "A07", "A11", "A12", "A13", "A14", "A38")
    },
    **{("ADT", event): _person for event in ("A08", "A28", "A31")},
    **{("ADT", event): _merge for event in ("A18", "A30", "A34", "A36", "A40", "A47")},
    **{("SIU", event): _booking for event in ("S12", "S13", "S14", "S15", "S17", "S26")},
    **{("ORU", event): _results for event in ("R01", "R30", "R31", "R32", "R40")},
}
"""Chapters 3 (patient administration), 7 (observations) and 10 (scheduling), as far as they change what we know.

A08 and A31 correct a person, never a stay: their PV1 says where the patient lies now, not since when.
"""


def understood(message: Message, site: Site) -> Understood:
    """The message as resources; raises MessageError when the message says nothing of whom or what."""
    code, event = message.kind
    make = MAKERS.get((code, event))
    if make is None:
        return Understood((), f"{code}^{event} is not used here")
    return Understood(tuple(make(message, sent_in(message, site))))


def bundle(found: Understood) -> dict[str, Any]:
    """A collection Bundle (FHIR R4) of what could be made."""
    entries = [{"resource": part} for part in found.parts if not isinstance(part, MessageError)]
    return {"resourceType": "Bundle", "type": "collection"} | ({"entry": entries} if entries else {})
