"""ServiceRequest → someone waits for a bed, or for an operation with one (FHIR R4 ServiceRequest).

A bed: `code` is SNOMED CT 32485007, hospital admission. An operation: `category` is 387713003, surgical procedure.
"""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import TypeAdapter

from schemas.events import AdmissionRequested
from schemas.fhir.elements import moment
from schemas.fhir.facts import Context, Events, Fact, codes, end_of, ignore, refuse, required_name, start_of, word
from schemas.fhir.library import read
from schemas.fhir.surgery import SURGICAL, ServiceRequest, expected_stay_hours, surgery
from schemas.ids import digest

ADMISSIONS: Final = frozenset({"32485007", "183452005", "8715000"})
"""SNOMED CT: hospital admission; emergency; elective."""
ISOLATION: Final = "40174006"
"""SNOMED CT: isolation procedure, in orderDetail."""
PRIORITIES: Final = {"stat": 1, "asap": 2, "urgent": 3, "routine": 4}
STATUSES: Final[dict[str, Literal["active", "withdrawn", "fulfilled"]]] = {
    "active": "active", "revoked": "withdrawn", "entered-in-error": "withdrawn", "completed": "fulfilled",
}  # fmt: skip


_SHAPE = TypeAdapter(ServiceRequest)


def service_request(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """A request for a bed or an operation; raises Stop."""
    found = read(_SHAPE, content)
    surgical = any(SURGICAL in codes(c) for c in found.get("category") or ())
    if not surgical and ADMISSIONS.isdisjoint(codes(found.get("code"))):
        ignore("ServiceRequest that asks for no admission and no operation")
    if found["status"] not in STATUSES:
        ignore("ServiceRequest that is not active yet")
    patient = context.patient(found["subject"], "ServiceRequest.subject")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "ServiceRequest")
    requested = moment(found.get("authoredOn"))
    if requested is None or context.too_late(requested):
        refuse("authoredOn must be an instant that is not in the future", "ServiceRequest.authoredOn")
    status = STATUSES[found["status"]]
    content_of = {
        "requested": requested,
        "specialty": word(found.get("performerType")) or "general",
        "priority": PRIORITIES.get(found.get("priority") or "routine", 4),
        "isolation": any(ISOLATION in codes(c) for c in found.get("orderDetail") or ()),
        "sex": context.references.sex(patient),
        "expected_stay_hours": expected_stay_hours(found) if surgical else _stay(found),
        "status": status,
    }
    if surgical and status == "active":  # what is over or withdrawn needs no day and no surgeon any more
        content_of["surgery"] = surgery(found, context)
    request = request_id(context.site, name)
    base = {"site": context.site, "known": context.known, "patient": patient, "request": request}
    event = base | content_of | {"id": digest(request, *content_of.values())}
    return Events((AdmissionRequested.model_validate(event),))


def request_id(site: str, name: str) -> str:
    """The id of a request on the bus; its number may name a person, so it is hashed."""
    return digest(site, "ServiceRequest", name)


def _stay(found: ServiceRequest) -> float | None:
    """The expected stay in hours: the extension, else for a bed the length of occurrencePeriod."""
    begin, end = start_of(found.get("occurrencePeriod")), end_of(found.get("occurrencePeriod"))
    stay = (end - begin).total_seconds() / 3600 if begin and end and end > begin else None
    return expected_stay_hours(found) or (min(stay, 8760.0) if stay else None)
