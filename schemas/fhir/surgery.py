"""What a ServiceRequest says of an operation: how long, by whom, between which days, how long in hospital after it.

Days are those of the sender's own offset. `occurrencePeriod` is the time allowed: it starts on the earliest day; its
end binds only where the request must be done (priority urgent, asap or stat of something that was ordered).
"""

import math
from datetime import date
from typing import (
    Final,
    Required,  # pydantic reads typing.TypedDict from Python 3.12 on only
)

from pydantic import with_config
from typing_extensions import TypedDict

from schemas.events import Surgery
from schemas.fhir.elements import (
    CLOSED,
    Code,
    CodeableConcept,
    DateTime,
    Identifier,
    IdText,
    Period,
    Quantity,
    Reference,
    Uri,
)
from schemas.fhir.facts import Context, refuse
from schemas.fhir.schedule import practitioner

SURGICAL: Final = "387713003"
"""SNOMED CT: surgical procedure (R4's value set servicerequest-category)."""
EXPECTED_STAY: Final = "urn:wardwatch:expected-stay"
"""Extension (valueDuration in h or d): how long the patient is expected to stay."""
ASKED: Final = "urn:wardwatch:asked-occurrence"
"""Extension (valuePeriod) that our outlet leaves when it writes the planned time into `occurrence`."""
MINUTES: Final = {"min": 1.0, "h": 60.0}
HOURS: Final = {"h": 1.0, "d": 24.0, "wk": 168.0}
MUST: Final = frozenset({"stat", "asap", "urgent"})
NOT_ORDERED: Final = frozenset({"proposal", "plan", "option"})
MOST_MINUTES: Final = 1440
MOST_HOURS: Final = 8760.0
LAST_DAYS: Final = 730


@with_config(CLOSED)
class Told(TypedDict, total=False):
    """One of our extensions."""

    url: Required[Uri]
    valueDuration: Quantity
    valuePeriod: Period


@with_config(CLOSED)
class ServiceRequest(TypedDict, total=False):
    """The elements of a ServiceRequest that are read."""

    id: IdText
    identifier: list[Identifier]
    extension: list[Told]
    status: Required[Code]
    intent: Required[Code]
    category: list[CodeableConcept]
    code: CodeableConcept
    orderDetail: list[CodeableConcept]
    subject: Required[Reference]
    performerType: CodeableConcept
    priority: Code
    authoredOn: DateTime
    occurrenceDateTime: DateTime
    occurrencePeriod: Period
    quantityQuantity: Quantity
    performer: list[Reference]


def surgery(found: ServiceRequest, context: Context) -> Surgery:
    """The operation; Stop where it cannot be planned, with the reason."""
    release, last = _window(found)
    must = found.get("priority") in MUST and found["intent"] not in NOT_ORDERED
    if must and last is None:
        if found.get("priority") != "stat":
            refuse("an urgent operation says until when: occurrencePeriod.end", "ServiceRequest.occurrencePeriod")
        last = release
    if last is not None and last < release:
        refuse("the time allowed ends before it starts", "ServiceRequest.occurrencePeriod")
    if abs((release - context.known.date()).days) > LAST_DAYS:
        refuse(f"the operation is more than {LAST_DAYS} days away", "ServiceRequest.occurrencePeriod")
    return Surgery(
        minutes=_minutes(found), surgeon=_surgeon(found, context), release=release, due=last if must else None
    )


def expected_stay_hours(found: ServiceRequest) -> float | None:
    """The extension's hours; None without it. Stop where it says nothing that can be true."""
    told = next((e["valueDuration"] for e in found.get("extension", ()) if e["url"] == EXPECTED_STAY), None)
    if told is None:
        return None
    value, unit = told.get("value"), told.get("code") or told.get("unit")
    hours = value * HOURS[unit] if value is not None and unit in HOURS else None
    if hours is None or not 0 < hours <= MOST_HOURS:
        refuse(f"{EXPECTED_STAY} is a valueDuration in h, d or wk, above 0 and at most a year", "extension")
    return hours


def _window(found: ServiceRequest) -> tuple[date, date | None]:
    """First and last day. What was asked goes before what was planned: our own words may come back to us."""
    asked = (e["valuePeriod"] for e in found.get("extension", ()) if e["url"] == ASKED and "valuePeriod" in e)
    period = next(asked, found.get("occurrencePeriod", {}))
    if "occurrenceDateTime" in found and not period:
        day = _day(found["occurrenceDateTime"])
        return day, day
    begin, end = period.get("start") or found.get("authoredOn", ""), period.get("end")
    return _day(begin), _day(end) if end else None


def _day(text: str) -> date:
    if len(text) < len("2026-01-01"):
        refuse("a day is needed, not a month or a year", "ServiceRequest.occurrencePeriod")
    return date.fromisoformat(text[:10])


def _minutes(found: ServiceRequest) -> int:
    amount = found.get("quantityQuantity", {})
    value, unit = amount.get("value"), amount.get("code") or amount.get("unit")
    if value is None or unit not in MINUTES:
        refuse("how long? quantityQuantity in min or h (UCUM)", "ServiceRequest.quantityQuantity")
    minutes = value * MINUTES[unit]
    if not 0 < minutes <= MOST_MINUTES:
        refuse(f"{minutes:g} minutes in theatre cannot be: above 0, at most a day", "ServiceRequest.quantityQuantity")
    return math.ceil(minutes)


def _surgeon(found: ServiceRequest, context: Context) -> str:
    if not found.get("performer"):
        refuse("who operates? the first performer is the surgeon", "ServiceRequest.performer")
    return practitioner(found["performer"][0], context)
