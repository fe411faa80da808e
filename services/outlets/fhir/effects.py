"""What a decision asks to be written, as values: appointments booked and cancelled, tasks for people, who vouches.

What has begun is left alone: the past belongs to the hospital.
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.events import Assignment, Booking, ScheduleDecided, ScheduleProposed
from services.outlets.fhir.plans import Change


@dataclass(frozen=True, slots=True)
class Book:
    """The operation has this time and theatre."""

    booking: Booking


@dataclass(frozen=True, slots=True)
class Cancel:
    """The operation has no time any more, for this reason."""

    booking: Booking
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A person should do something because of what a plan changed; `about` tells it from other things to do."""

    request: str
    patient: str
    about: str
    proposal: str
    text: str


@dataclass(frozen=True, slots=True)
class CallOff:
    """A person need not do it any more."""

    request: str
    patient: str
    about: str
    reason: str


Effect = Book | Cancel | Ask | CallOff


def effects(change: Change) -> tuple[Effect, ...]:
    """All that is to be written for a change, in the order in which it is written."""
    decided, now = change.decided, change.decided.known
    before, after = _booked(change.before), _booked(change.after)
    found: list[Effect] = [Book(b) for b in after.values() if not _begun(b, now)]
    gone = [b for request, b in before.items() if request not in after and not _begun(b, now)]
    found += [Cancel(b, _why(decided)) for b in gone]
    found += _tasks(change)
    return tuple(found)


def _tasks(change: Change) -> list[Effect]:
    """Tasks of the other plan that hold no longer are called off, then those of the plan that stands are asked."""
    why, old, new = _why(change.decided), _asked(change.before), _asked(change.after)
    kept = {b.request for b in change.after.bookings} if change.after is not None and change.undone is None else set()
    still = kept - {request for request, _ in new}  # the plan that stands now moves nothing of these
    called_off: list[Effect] = [
        CallOff(request, ask.patient, about, why)
        for (request, about), ask in old.items()
        if (request, about) not in new and request not in still
    ]
    now, booked = change.decided.known, _booked(change.after)
    past = {request for request, booking in booked.items() if _begun(booking, now)}
    return called_off + [ask for (request, _), ask in new.items() if request not in past]


def _asked(plan: ScheduleProposed | None) -> dict[tuple[str, str], Ask]:
    """What a plan asks people to do, by request and what it is about."""
    if plan is None:
        return {}
    patients = {b.request: b.patient for b in plan.bookings}
    asks = [
        Ask(c.request, patients[c.request], plan.proposal, plan.proposal, c.text or "The theatre plan changed.")
        for c in plan.changes
        if c.request in patients
    ]
    asks += [
        Ask(a.request, a.patient, f"bed {a.bed}", plan.proposal, _bed(a)) for a in plan.assignments if a.bed is not None
    ]
    return {(ask.request, ask.about): ask for ask in asks}


def _bed(assignment: Assignment) -> str:
    return f"Bed {assignment.bed}" + (f" on ward {assignment.ward}" if assignment.ward else "") + " is kept."


def _booked(plan: ScheduleProposed | None) -> dict[str, Booking]:
    return {b.request: b for b in plan.bookings if b.day is not None} if plan is not None else {}


def _begun(booking: Booking, now: datetime) -> bool:
    """Whether the time has come; a day without an hour has begun when it is over."""
    if booking.start is not None:
        return booking.start <= now
    return booking.day is not None and booking.day < now.date()


def _why(decided: ScheduleDecided) -> str:
    done = "Approval taken back" if decided.decision == "undo" else "Replaced by another plan"
    return f"{done} by {decided.by}" + (f": {decided.why}" if decided.why else "")
