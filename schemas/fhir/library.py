"""The full library's verdict on a resource (fhir.resources, R4B classes: equal to R4 for the resources used here).

Loaded on first use: its classes cost a second to import, and a gateway that only hears monitors never needs them.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.fhir.facts import refuse
from schemas.fhir.types import RESOURCE_TYPES

T = TypeVar("T")


class Invalid(NamedTuple):
    """What is wrong and where; never quotes the content, which may name a person."""

    reason: str
    path: str


@cache
def _class(resource_type: str) -> type[BaseModel]:
    found: type[BaseModel] = getattr(import_module(f"fhir.resources.R4B.{resource_type.lower()}"), resource_type)
    return found


def warm(kinds: Iterable[str]) -> None:
    """Load these classes now: otherwise the first sender of each waits for it."""
    for kind in kinds:
        _class(kind)


def validate(content: Mapping[str, object]) -> Invalid | None:
    """None when the content is a valid resource of the type it names, else the first thing that is wrong."""
    kind = content.get("resourceType")
    if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
        return Invalid("resourceType does not name a FHIR R4 resource", "resourceType")
    try:
        _class(kind).model_validate(content)
    except ValidationError as error:
        return describe(error)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # The library raises these itself on some malformed input (a contained resource of an unknown type);
        # whatever the document did to it, the verdict is the document's.
        return Invalid(f"the FHIR library refuses it ({type(error).__name__})", kind)
    return None


def problems(content: Mapping[str, object]) -> list[Invalid]:
    """Everything that is wrong, for `wardwatch validate`; empty means valid."""
    kind = content.get("resourceType")
    if not isinstance(kind, str) or kind not in RESOURCE_TYPES:
        return [Invalid("resourceType does not name a FHIR R4 resource", "resourceType")]
    try:
        _class(kind).model_validate(content)
    except ValidationError as error:
        return [Invalid(_words(e["msg"]), f"{kind}.{_path(e['loc'])}") for e in error.errors(include_input=False)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        return [Invalid(f"the FHIR library refuses it ({type(error).__name__})", kind)]  # see `validate`
    return []


def read(shape: TypeAdapter[T], content: Mapping[str, object]) -> T:
    """What we need of a resource, once the library has found it valid; raises Stop."""
    verdict = validate(content)
    if verdict is not None:
        refuse(verdict.reason, verdict.path)
    try:
        return shape.validate_python(without_nulls(content), extra="ignore")
    except ValidationError as error:
        refuse(*describe(error))


def without_nulls(content: object) -> object:
    """The same document without `null` elements, which say nothing in FHIR's JSON."""
    if isinstance(content, dict):
        return {name: without_nulls(value) for name, value in content.items() if value is not None}
    if isinstance(content, list):
        return [without_nulls(value) for value in content]
    return content


def describe(error: ValidationError) -> Invalid:
    """The first of pydantic's errors, without the content it saw."""
    first = error.errors(include_input=False, include_url=False)[0]
    return Invalid(_words(first["msg"]), _path(first["loc"]))


def _words(message: str) -> str:
    """The message on one line; quoted content stays behind."""
    return " ".join(message.split())[:200]


def _path(location: tuple[int | str, ...]) -> str:
    """FHIRPath-like: `component[1].code`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:  # a name the sender made up might say anything
            text += ("." if text else "") + (part if part.isidentifier() and part.isascii() else "?")
    return text[:200]
