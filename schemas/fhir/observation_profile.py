"""Observation read fast, with the verdict of the full library (FHIR R4, Observation; fhir.resources R4B).

The profile accepts a subset of what fhir.resources accepts (a test holds that on real, broken and generated
documents). What it refuses, fhir.resources decides; so the verdict is the library's and only common documents are fast.
"""

from collections.abc import Mapping
from typing import (
    Annotated,
    Literal,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from schemas.fhir.elements import (
    CLOSED,
    Annotation,
    Code,
    CodeableConcept,
    DateTime,
    Extension,
    Identifier,
    IdText,
    Instant,
    Integer,
    Meta,
    Narrative,
    Period,
    Quantity,
    Reference,
    ReferenceRange,
    String,
)
from schemas.fhir.library import Invalid, describe, validate, without_nulls


@with_config(CLOSED)
class _Valued(TypedDict, total=False):
    """What Observation and its components share: one value at most (the choice type value[x])."""

    id: IdText
    code: Required[CodeableConcept]
    valueQuantity: Quantity
    valueCodeableConcept: CodeableConcept
    valueInteger: Integer
    valueBoolean: bool
    valueString: String
    dataAbsentReason: CodeableConcept
    interpretation: list[CodeableConcept]
    referenceRange: list[ReferenceRange]


@with_config(CLOSED)
class Component(_Valued, total=False):
    """A part of a panel, such as the systolic pressure of 85354-9."""


@with_config(CLOSED)
class Observation(_Valued, total=False):
    """An Observation as hospital senders write it."""

    resourceType: Required[Literal["Observation"]]
    meta: Meta
    text: Narrative
    extension: list[Extension]
    identifier: list[Identifier]
    basedOn: list[Reference]
    partOf: list[Reference]
    status: Required[Code]
    category: list[CodeableConcept]
    subject: Reference
    focus: list[Reference]
    encounter: Reference
    effectiveDateTime: DateTime
    effectiveInstant: Instant
    effectivePeriod: Period
    issued: Instant
    performer: list[Reference]
    note: list[Annotation]
    bodySite: CodeableConcept
    method: CodeableConcept
    specimen: Reference
    device: Reference
    hasMember: list[Reference]
    derivedFrom: list[Reference]
    component: list[Component]


VALUES = frozenset({"valueQuantity", "valueCodeableConcept", "valueInteger", "valueBoolean", "valueString"})
_TIMES = frozenset({"effectiveDateTime", "effectiveInstant", "effectivePeriod"})


def _one_choice(resource: Observation) -> Observation:
    """The choice types value[x] and effective[x] hold one thing at most (FHIR R4, 2.24.0.2)."""
    if len(_TIMES & resource.keys()) > 1:
        msg = "more than one effective[x]"
        raise ValueError(msg)
    for part in (resource, *resource.get("component", ())):
        if len(VALUES & part.keys()) > 1:
            msg = "more than one value[x]"
            raise ValueError(msg)
    for extension in resource.get("extension", ()):
        if len(extension) > len(("url", "value[x]")):
            msg = "more than one value[x] in an extension"
            raise ValueError(msg)
    return resource


CheckedObservation = Annotated[Observation, AfterValidator(_one_choice)]


@with_config(CLOSED)
class Request(TypedDict, total=False):
    """What a bundle's entry asks for (Bundle.entry.request)."""

    method: Required[Code]
    url: Annotated[str, Field(pattern=r"^[^\s\x1c-\x1f]*$")]


@with_config(CLOSED)
class Entry(TypedDict, total=False):
    """An entry that holds an Observation."""

    fullUrl: str
    resource: Required[CheckedObservation]
    request: Request


@with_config(CLOSED)
class ObservationBundle(TypedDict, total=False):
    """A bundle of nothing but Observations: what a monitor sends every minute."""

    resourceType: Required[Literal["Bundle"]]
    id: IdText
    meta: Meta
    identifier: Identifier
    type: Required[Literal["transaction", "batch", "collection"]]
    timestamp: Instant
    entry: Required[list[Entry]]


_OBSERVATION: TypeAdapter[Observation] = TypeAdapter(CheckedObservation)
_BUNDLE = TypeAdapter(ObservationBundle)


def read_bundle(document: bytes) -> ObservationBundle | None:
    """The bundle, when it holds nothing but Observations of the profile; else None: read it entry by entry."""
    try:
        return _BUNDLE.validate_json(document)
    except ValidationError:
        return None


def read_observation(content: Mapping[str, object]) -> Observation | Invalid:
    """The Observation, or why it is none: fast where the profile knows it, else by the full library."""
    try:
        return _OBSERVATION.validate_python(content)
    except ValidationError:
        verdict = validate(content)
    if verdict is not None:
        return verdict
    try:
        return _OBSERVATION.validate_python(without_nulls(content), extra="ignore")
    except ValidationError as error:
        return describe(error)
