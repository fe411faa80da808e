"""What a CDS client sends, read once (CDS Hooks 2.0, "Calling a CDS Service"; the hooks' own pages for their context).

Unknown fields are passed over, as the specification asks of receivers; what is named must be right. Problems say where
and what, and never repeat what was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.fhir.facts import Stop
from schemas.fhir.patient import PatientResource, read_patient
from services.cds_hooks.response import Url

MOST_PROBLEMS: Final = 10
FhirId = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,64}$")]
"""A logical id alone: `patientId` is "the FHIR Patient.id", never `Patient/ID`."""
UserId = Annotated[str, Field(pattern=r"^(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}$")]
OrderId = Annotated[str, Field(pattern=r"^[A-Za-z]+/[A-Za-z0-9.-]{1,64}$")]
STATUSES: Final = frozenset(
    {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown", "cancelled", "stopped"}
)
"""Of requests: FHIR R4 request-status, and medicationrequest-status beside it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where (a path with dots)."""

    path: str
    text: str


class Unusable(Exception):  # noqa: N818 - the answer, not a fault
    """The document cannot be used; answered with 400."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.path}: {p.text}" for p in problems))
        self.problems = tuple(problems)


class Sent(BaseModel):
    """An object of a client's."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class FhirAuthorization(Sent):
    """A token for the client's FHIR server. We never use it: the log knows the patient."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: str


class Context(Sent):
    """What every hook here has in common."""

    userId: UserId  # noqa: N815 - the specification's name
    patientId: FhirId  # noqa: N815 - the specification's name
    encounterId: FhirId | None = None  # noqa: N815 - the specification's name


class DischargeContext(Context):
    """Of `encounter-discharge`: the stay is named."""

    encounterId: FhirId  # noqa: N815 - the specification's name


class Orders(Context):
    """Of `order-sign`: all orders that are about to be signed."""

    draftOrders: dict[str, Any]  # noqa: N815 - the specification's name

    @field_validator("draftOrders")
    @classmethod
    def _bundle(cls, bundle: dict[str, Any]) -> dict[str, Any]:
        if bundle.get("resourceType") != "Bundle" or not isinstance(bundle.get("entry", []), list):
            raise ValueError("must be a FHIR Bundle")
        for entry in bundle.get("entry", []):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                raise ValueError("each entry needs a resource with its resourceType")  # noqa: TRY004 - of the document
            status = resource.get("status", "draft")
            if not isinstance(status, str) or status not in STATUSES:
                raise ValueError("an order has a status that no order can have")
        return bundle

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The drafts."""
        return [entry["resource"] for entry in self.draftOrders.get("entry", [])]


class SelectedOrders(Orders):
    """Of `order-select`: which of them were selected just now."""

    selections: tuple[OrderId, ...] = Field(strict=False)


CONTEXTS: Final[dict[str, type[Context]]] = {
    "patient-view": Context,
    "order-select": SelectedOrders,
    "order-sign": Orders,
    "encounter-discharge": DischargeContext,
}
"""What each hook's context must hold."""


class HookRequest(Sent):
    """One call of a service."""

    hook: str
    hookInstance: str  # noqa: N815 - the specification's name
    fhirServer: Url | None = None  # noqa: N815 - the specification's name
    fhirAuthorization: FhirAuthorization | None = None  # noqa: N815 - the specification's name
    context: dict[str, Any]
    prefetch: dict[str, dict[str, Any] | None] = Field(default_factory=dict)

    @field_validator("hookInstance")
    @classmethod
    def _uuid(cls, text: str) -> str:
        try:
            UUID(text)
        except ValueError:
            raise ValueError("must be a UUID") from None
        return text

    @field_validator("prefetch")
    @classmethod
    def _resources(cls, prefetch: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any] | None]:
        if any(value is not None and not isinstance(value.get("resourceType"), str) for value in prefetch.values()):
            raise ValueError("each key holds a FHIR resource or null")
        return prefetch

    @model_validator(mode="after")
    def _server(self) -> "HookRequest":
        if self.fhirAuthorization is not None and self.fhirServer is None:
            raise ValueError("fhirAuthorization needs fhirServer")
        return self


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was read whole. `patient`: the prefetched Patient; `prefetched`: whether that key came at all."""

    hook: str
    instance: str
    context: Context
    patient: PatientResource | None
    prefetched: bool


class AcceptedSuggestion(Sent):
    """A suggestion by its uuid."""

    id: str


class Reason(Sent):
    """Why a card was overridden."""

    code: str
    system: str
    display: str | None = None


class OverrideReason(Sent):
    """The reason chosen, what was typed, or both."""

    reason: Reason | None = None
    userComment: str | None = None  # noqa: N815 - the specification's name


class Feedback(Sent):
    """What became of one card ("Feedback")."""

    card: str
    outcome: Literal["accepted", "overridden"]
    acceptedSuggestions: tuple[AcceptedSuggestion, ...] | None = Field(None, strict=False)  # noqa: N815
    overrideReason: OverrideReason | None = None  # noqa: N815 - the specification's name
    outcomeTimestamp: AwareDatetime = Field(strict=False)  # noqa: N815 - the specification's name

    @model_validator(mode="after")
    def _whole(self) -> "Feedback":
        if self.outcome == "accepted" and not self.acceptedSuggestions:
            raise ValueError("accepted needs acceptedSuggestions")
        return self


class FeedbackRequest(Sent):
    """Several at once."""

    feedback: Annotated[tuple[Feedback, ...], Field(min_length=1, max_length=100, strict=False)]


def read_call(content: bytes) -> Call:
    """A call; raises Unusable."""
    given = _json(content)
    try:
        request = HookRequest.model_validate(given)
    except ValidationError as error:
        raise Unusable(_problems(error, "")) from None
    shape = CONTEXTS.get(request.hook)
    if shape is None:
        raise Unusable([Problem("hook", f"is none of {', '.join(CONTEXTS)}")])
    try:
        context = shape.model_validate(request.context)
    except ValidationError as error:
        raise Unusable(_problems(error, "context.")) from None
    patient = _patient(request.prefetch.get("patient"), context)
    return Call(request.hook, request.hookInstance, context, patient, "patient" in request.prefetch)


def read_feedback(content: bytes) -> tuple[Feedback, ...]:
    """Feedback; raises Unusable."""
    try:
        return FeedbackRequest.model_validate(_json(content)).feedback
    except ValidationError as error:
        raise Unusable(_problems(error, "")) from None


def _patient(given: dict[str, Any] | None, context: Context) -> PatientResource | None:
    if given is None:
        return None
    try:
        patient = read_patient(given)
    except Stop as stop:
        raise Unusable([Problem("prefetch.patient", stop.fact.reason)]) from None
    if patient.get("id", context.patientId) != context.patientId:
        raise Unusable([Problem("prefetch.patient", "is another patient than context.patientId")])
    return patient


def _json(content: bytes) -> Any:  # noqa: ANN401 - unread JSON
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Unusable([Problem("", "is not JSON")]) from None


def _problems(error: ValidationError, prefix: str) -> list[Problem]:
    found = error.errors(include_input=False, include_url=False)[:MOST_PROBLEMS]
    return [Problem(f"{prefix}{'.'.join(map(str, one['loc']))}".rstrip("."), one["msg"]) for one in found]
