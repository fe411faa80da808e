"""The FHIR R4 data types an Observation is made of, as closed, strict typed dicts (FHIR R4, 2.24 Data Types).

This is a profile: it holds what hospital senders use. What it does not know it refuses, and the reader
(`observation_profile`) then asks the full library, so the verdict never depends on this list, only the speed.
Typed dicts because pydantic reads them three times faster than models (docs/decisions/0010-fhir-profile.md).
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import (
    Annotated,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import ConfigDict, Field, PlainValidator, with_config
from typing_extensions import TypedDict

_DATE_TIME = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
    r"(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)?)?"
)
"""The regular expression of FHIR's dateTime (R4, 2.24.0.1)."""


@lru_cache(maxsize=8192)
def instant(text: str) -> datetime | None:
    """The instant a FHIR dateTime names, in UTC; None for a date without time. ValueError when it is no dateTime."""
    if not _DATE_TIME.fullmatch(text):
        msg = "not a FHIR dateTime"
        raise ValueError(msg)
    if "T" not in text:
        if len(text) == len("2020-01-01"):
            date.fromisoformat(text)
        return None
    try:
        return as_written(text).astimezone(UTC)
    except OverflowError:
        msg = "outside the years that can be represented"
        raise ValueError(msg) from None


def as_written(text: str) -> datetime:
    """The instant in the offset in which it was written: its day and hour are the sender's."""
    leap = text[17:19] == "60"  # a leap second cannot be represented: it is read as the second before
    return datetime.fromisoformat(f"{text[:17]}59{text[19:]}" if leap else text)


def moment(text: str | None) -> datetime | None:
    """`instant` of a text that was validated before; None where there is none."""
    return instant(text) if text else None


def _date_time(value: object) -> str:
    if not isinstance(value, str):
        msg = "a dateTime is a string"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into an error of the document
    instant(value)
    return value


def _instant(value: object) -> str:
    text = _date_time(value)
    if "T" not in text:
        msg = "an instant has a time"
        raise ValueError(msg)
    return text


String = Annotated[str, Field(pattern=r"[ \r\n\t\S]+")]
Code = Annotated[str, Field(pattern=r"^[^\s]+(\s[^\s]+)*$")]
IdText = Annotated[str, Field(pattern=r"^[A-Za-z0-9\-.]+$")]
Uri = Annotated[str, Field(pattern=r"^[^\s\x1c-\x1f]*$")]
DateTime = Annotated[str, PlainValidator(_date_time)]
Instant = Annotated[str, PlainValidator(_instant)]
Integer = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


CLOSED = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""Unknown elements are refused, and a number is a number and not a text that looks like one."""


@with_config(CLOSED)
class Coding(TypedDict, total=False):
    """A code of a code system."""

    id: String
    system: Uri
    version: String
    code: Code
    display: String
    userSelected: bool


@with_config(CLOSED)
class CodeableConcept(TypedDict, total=False):
    """The same meaning in several codes."""

    id: String
    coding: list[Coding]
    text: String


@with_config(CLOSED)
class Period(TypedDict, total=False):
    """From when to when."""

    start: DateTime
    end: DateTime


@with_config(CLOSED)
class Identifier(TypedDict, total=False):
    """A name that some authority gave."""

    use: Code
    type: CodeableConcept
    system: Uri
    value: String
    period: Period


@with_config(CLOSED)
class Reference(TypedDict, total=False):
    """Another resource, by place or by identifier."""

    reference: String
    type: Uri
    identifier: Identifier
    display: String


@with_config(CLOSED)
class Quantity(TypedDict, total=False):
    """A measured amount."""

    value: float
    comparator: Code
    unit: String
    system: Uri
    code: Code


@with_config(CLOSED)
class Meta(TypedDict, total=False):
    """Where this version of the resource comes from."""

    versionId: IdText
    lastUpdated: Instant
    source: Uri
    profile: list[Uri]
    security: list[Coding]
    tag: list[Coding]


@with_config(CLOSED)
class ReferenceRange(TypedDict, total=False):
    """What the sender calls normal; read by nobody here, but often there."""

    low: Quantity
    high: Quantity
    type: CodeableConcept
    text: String


@with_config(CLOSED)
class Annotation(TypedDict, total=False):
    """A remark; read by nobody here."""

    authorString: String
    time: DateTime
    text: Required[Annotated[str, Field(pattern=r"^\s*(\S|\s)*$")]]


@with_config(CLOSED)
class Narrative(TypedDict, total=False):
    """The resource in words; read by nobody here."""

    status: Required[Code]
    div: Required[Annotated[str, Field(min_length=1)]]


@with_config(CLOSED)
class Extension(TypedDict, total=False):
    """A simple extension; read by nobody here, but devices send them with every value."""

    url: Required[Uri]
    valueString: String
    valueCode: Code
    valueBoolean: bool
    valueInteger: Integer
    valueDecimal: float
    valueCoding: Coding
    valueCodeableConcept: CodeableConcept
    valueReference: Reference
    valueQuantity: Quantity
