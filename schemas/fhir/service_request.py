"""ServiceRequest → someone waits for a bed (FHIR R4 ServiceRequest with SNOMED CT 32485007, hospital admission)."""

from collections.abc import Mapping
from typing import (
    Final,
    Literal,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.events import AdmissionRequested
from schemas.fhir.elements import (
    CLOSED,
    Code,
    CodeableConcept,
    DateTime,
    Identifier,
    IdText,
    Period,
    Reference,
    moment,
)
from schemas.fhir.facts import (
    Context,
    Events,
    Fact,
    codes,
    end_of,
    ignore,
    refuse,
    required_name,
    start_of,
    word,
)
from schemas.fhir.library import read
from schemas.ids import digest

ADMISSIONS: Final = frozenset({"32485007", "183452005", "8715000"})
"""SNOMED CT: hospital admission; emergency; elective."""
ISOLATION: Final = "40174006"
"""SNOMED CT: isolation procedure, in orderDetail."""
PRIORITIES: Final = {"stat": 1, "asap": 2, "urgent": 3, "routine": 4}
STATUSES: Final[dict[str, Literal["active", "withdrawn", "fulfilled"]]] = {
    "active": "active", "revoked": "withdrawn", "entered-in-error": "withdrawn", "completed": "fulfilled",
}  # fmt: skip


@with_config(CLOSED)
class _ServiceRequest(TypedDict, total=False):
    id: IdText
    identifier: list[Identifier]
    status: Required[Code]
    priority: Code
    code: CodeableConcept
    orderDetail: list[CodeableConcept]
    subject: Required[Reference]
    authoredOn: DateTime
    occurrencePeriod: Period
    performerType: CodeableConcept


_SHAPE = TypeAdapter(_ServiceRequest)


def service_request(content: Mapping[str, object], context: Context, full_url: str | None = None) -> Fact:
    """A request for a bed; raises Stop. The expected stay is the length of occurrencePeriod."""
    found = read(_SHAPE, content)
    if ADMISSIONS.isdisjoint(codes(found.get("code"))):
        ignore("ServiceRequest that asks for no admission")
    if found["status"] not in STATUSES:
        ignore("ServiceRequest that is not active yet")
    patient = context.patient(found["subject"], "ServiceRequest.subject")
    name = required_name(found.get("id"), found.get("identifier"), full_url, "ServiceRequest")
    requested = moment(found.get("authoredOn"))
    if requested is None or context.too_late(requested):
        refuse("authoredOn must be an instant that is not in the future", "ServiceRequest.authoredOn")
    begin, end = start_of(found.get("occurrencePeriod")), end_of(found.get("occurrencePeriod"))
    stay = (end - begin).total_seconds() / 3600 if begin and end and end > begin else None
    content_of = {
        "requested": requested,
        "specialty": word(found.get("performerType")) or "general",
        "priority": PRIORITIES.get(found.get("priority") or "routine", 4),
        "isolation": any(ISOLATION in codes(c) for c in found.get("orderDetail") or ()),
        "sex": context.references.sex(patient),
        "expected_stay_hours": min(stay, 8760.0) if stay else None,
        "status": STATUSES[found["status"]],
    }
    request = digest(context.site, "ServiceRequest", name)
    base = {"site": context.site, "known": context.known, "patient": patient, "request": request}
    event = base | content_of | {"id": digest(request, *content_of.values())}
    return Events((AdmissionRequested.model_validate(event),))
