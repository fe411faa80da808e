"""Readings as drift needs them: code, value and time, parsed without the rest (a fifth of the cost of the event)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, TypeAdapter
from typing_extensions import TypedDict

from schemas.events import ObservationsRecorded


class SlimReading(TypedDict):
    """One reading of an `ObservationsRecorded`."""

    code: str
    value: float
    taken: AwareDatetime


class SlimReadings(TypedDict):
    """An `ObservationsRecorded` without ids, sources, units and devices."""

    site: str
    known: AwareDatetime
    patient: str
    readings: list[SlimReading]


SLIM: Final = TypeAdapter(SlimReadings)
Triple = tuple[str, float, datetime]


def slim(content: bytes) -> SlimReadings:
    """From the event's JSON; raises pydantic's ValidationError."""
    return SLIM.validator.validate_json(content)  # type: ignore[no-any-return]


def triples(given: SlimReadings | ObservationsRecorded) -> Iterable[Triple]:
    """Code, value and time taken of each reading."""
    if isinstance(given, ObservationsRecorded):
        return [(r.code, r.value, r.taken) for r in given.readings]
    return [(r["code"], r["value"], r["taken"]) for r in given["readings"]]
