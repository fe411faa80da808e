"""What a decision asks to be written, as values: appointments booked and cancelled, tasks for people, who vouches.

What has begun is left alone: the past belongs to the hospital.
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.events import Booking, ScheduleDecided, ScheduleProposed
from services.outlets.fhir.moves import begun, moves
from services.outlets.fhir.plans import Change


@dataclass(frozen=True, slots=True)
class Book:
    """The operation has this time and theatre."""

    booking: Booking


@dataclass(frozen=True, slots=True)
class Cancel:
    """The operation has no time any more, for this reason, unless the patient has come in for it.

    `begun`: its hour is over, so it is taken back only where the hour was never fixed.
    """

    booking: Booking
    reason: str
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A person should do something because of what a decision (`about`) changed: tell the patient, the ward.

    `gone`: the booking that the plan has no more, unless the patient has come in for it.
    """

    request: str
    patient: str
    about: str
    proposal: str
    text: str
    gone: Booking | None = None


@dataclass(frozen=True, slots=True)
class CallOff:
    """A person need not do any more what an earlier decision (`about`) asked."""

    request: str
    patient: str
    about: str
    reason: str


Effect = Book | Cancel | Ask | CallOff


def effects(change: Change) -> tuple[Effect, ...]:
    """All that is to be written for a change, in the order in which it is written."""
    decided, now, why = change.decided, change.decided.known, _why(change.decided)
    before, after = _booked(change.before), _booked(change.after)
    after = {r: _bookable(b, now) if b != before.get(r) else b for r, b in after.items()}
    found: list[Effect] = [Book(b) for b in after.values() if not begun(b, now)]
    gone = (b for request, b in before.items() if request not in after)
    found += [Cancel(b, why, begun(b, now)) for b in gone if b.day is not None and b.day >= now.date()]
    past = {r for r, b in (before | after).items() if begun(b, now)}
    for move in moves(change.before, change.after):
        if move.request in past:
            continue
        asked = change.asked.get(move.request)
        if asked is not None and asked != decided.id:
            found.append(CallOff(move.request, move.patient, asked, why))
        found.append(Ask(move.request, move.patient, decided.id, decided.proposal, move.text, move.gone))
    return tuple(found)


def _booked(plan: ScheduleProposed | None) -> dict[str, Booking]:
    return {b.request: b for b in plan.bookings if b.day is not None} if plan is not None else {}


def _bookable(booking: Booking, now: datetime) -> Booking:
    """An emergency may be planned into a list that has begun: its hour is not known then, its day is."""
    return booking.model_copy(update={"start": None}) if begun(booking, now) else booking


def _why(decided: ScheduleDecided) -> str:
    done = "Approval taken back" if decided.decision == "undo" else "Replaced by another plan"
    return f"{done} by {decided.by}" + (f": {decided.why}" if decided.why else "")
