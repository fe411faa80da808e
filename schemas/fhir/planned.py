"""What was decided here → the hospital's resources: Appointment, ServiceRequest, Task (FHIR R4).

Each function is given what stands on the server and returns what should: our elements replaced, all others
kept. What the hospital has carried on with (arrived, done, refused) is returned as it is. References are the
hospital's own, translated by the caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.events import Booking
from schemas.fhir.ours import SYSTEM, Ref, Resource, identifier, instant, person
from schemas.fhir.surgery import ASKED

PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CANCELLATION: Final = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
CARRIED_ON: Final = frozenset({"arrived", "checked-in", "fulfilled", "noshow", "entered-in-error"})
"""Appointment statuses in which the hospital is past our plan."""
NOT_BEGUN: Final = frozenset({"draft", "requested", "received", "accepted", "ready", "on-hold"})
"""Task statuses in which nobody is at work yet."""


@dataclass(frozen=True, slots=True)
class Refs:
    """Who and what an operation is about; `request` None: the server has no such ServiceRequest."""

    patient: Ref
    surgeon: Ref
    theatre: Ref | None
    request: Ref | None


def appointment(found: Resource | None, id_: str, booking: Booking, refs: Refs) -> Resource:
    """The operation's appointment; a booking without an hour is proposed for its day."""
    if found is not None and found.get("status") in CARRIED_ON:
        return found
    ours: Resource = {
        "resourceType": "Appointment", "id": id_, "identifier": identifier(booking.request),
        "minutesDuration": booking.minutes, "description": "Operation planned with Wardwatch",
    } | _when(booking)  # fmt: skip
    if refs.request is not None:
        ours["basedOn"] = [refs.request]
    kept = {k: v for k, v in (found or {}).items() if k not in {"cancelationReason", "start", "end", "requestedPeriod"}}
    moved = found is None or any(found.get(name) != ours.get(name) for name in ("status", "start", "end"))
    ours["participant"] = _participants(found or {}, refs, moved=moved)
    return kept | ours


def cancelled(found: Resource | None, reason: str) -> Resource | None:
    """The appointment taken back, with the reason; nothing where there is none or it has happened."""
    if found is None or found.get("status") in CARRIED_ON | {"cancelled"}:
        return found
    why = {"coding": [{"system": CANCELLATION, "code": "other"}], "text": reason[:500]}
    return found | {"status": "cancelled", "cancelationReason": why}


def planned(found: Resource | None, booking: Booking) -> Resource | None:
    """The request with the planned time as its occurrence; what was asked for is kept in an extension."""
    if found is None or found.get("status") != "active":
        return found
    extensions = list(found.get("extension", ()))
    if not any(e.get("url") == ASKED for e in extensions):
        day = found.get("occurrenceDateTime")
        asked = found.get("occurrencePeriod") or ({"start": day, "end": day} if day else None)
        extensions += [{"url": ASKED, "valuePeriod": asked}] if asked else []
    kept = {k: v for k, v in found.items() if not k.startswith("occurrence")}
    wanted = kept | {"occurrencePeriod": _period(booking)}
    return wanted | ({"extension": extensions} if extensions else {})


def unplanned(found: Resource | None) -> Resource | None:
    """The request as it was asked; what nobody planned stays as it is."""
    extensions = list((found or {}).get("extension", ()))
    asked = next((e["valuePeriod"] for e in extensions if e.get("url") == ASKED), None)
    if found is None or asked is None or found.get("status") != "active":
        return found
    left = [e for e in extensions if e.get("url") != ASKED]
    kept = {k: v for k, v in found.items() if k != "extension"} | {"occurrencePeriod": asked}
    return kept | ({"extension": left} if left else {})


def task(
    found: Resource | None, id_: str, *, text: str, proposal: str, patient: Ref, focus: Ref | None,
    request: Ref | None, asked: datetime, by: str,
) -> Resource:  # fmt: skip
    """Something for a person to do; once somebody has taken it up it is left alone, called off it is asked again."""
    if found is not None and found.get("status") != "cancelled":
        return found
    ours: Resource = {
        "resourceType": "Task", "id": id_, "identifier": identifier(id_), "status": "requested", "intent": "order",
        "groupIdentifier": {"system": SYSTEM, "value": proposal}, "description": text[:1000], "for": patient,
        "authoredOn": instant(asked), "requester": person(by),
    }  # fmt: skip
    ours |= {"focus": focus} if focus else {}
    ours |= {"basedOn": [request]} if request else {}
    return {k: v for k, v in (found or {}).items() if k != "statusReason"} | ours


def called_off(found: Resource | None, reason: str) -> Resource | None:
    """The task, unless somebody is at work or it is done."""
    if found is None or found.get("status") not in NOT_BEGUN:
        return found
    return found | {"status": "cancelled", "statusReason": {"text": reason[:500]}}


def _when(booking: Booking) -> Resource:
    if booking.start is None:
        return {"status": "proposed", "requestedPeriod": [_period(booking)]}
    period = _period(booking)
    return {"status": "booked", "start": period["start"], "end": period["end"]}


def _period(booking: Booking) -> Resource:
    if booking.start is None:
        day = str(booking.day)
        return {"start": day, "end": day}
    return {"start": instant(booking.start), "end": instant(booking.start + timedelta(minutes=booking.minutes))}


def _participants(found: Mapping[str, Any], refs: Refs, *, moved: bool) -> list[Resource]:
    """Patient, surgeon and theatre, then whoever else the hospital added; answers count until the time moves."""
    actors = (
        ("SBJ", refs.patient, "needs-action"),
        ("PPRF", refs.surgeon, "needs-action"),
        ("LOC", refs.theatre, "accepted"),
    )
    theirs: Sequence[Resource] = found.get("participant", ())
    answers = {} if moved else {str(p.get("actor")): p.get("status") for p in theirs}
    ours = [
        {
            "type": [{"coding": [{"system": PARTICIPATION, "code": code}]}], "actor": actor, "required": "required",
            "status": answers.get(str(actor)) or status,
        }
        for code, actor, status in actors
        if actor is not None
    ]  # fmt: skip
    codes = {code for code, _, _ in actors}
    return ours + [p for p in theirs if codes.isdisjoint(_codes(p))]


def _codes(participant: Mapping[str, Any]) -> set[str]:
    return {c.get("code", "") for concept in participant.get("type", ()) for c in concept.get("coding", ())}
