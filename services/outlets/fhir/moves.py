"""What is different for whom between the plan that stood and the plan that stands: what a person has to act on.

Compared with what the hospital was last told, not with what the proposal was made from, which may never have been
approved.
"""

from dataclasses import dataclass
from datetime import date, datetime

from schemas.events import Booking, ScheduleProposed

Place = tuple[date | None, datetime | None, str | None, str | None]
"""Day, start, theatre (or bed), ward."""


@dataclass(frozen=True, slots=True)
class Move:
    """A request whose time or place is another one than before; `text` says it. `gone`: the booking that is no more.

    Nobody has to act on a bed that is no longer kept: the patient lies in it.
    """

    request: str
    patient: str
    text: str
    gone: Booking | None = None


def moves(before: ScheduleProposed | None, after: ScheduleProposed | None) -> list[Move]:
    """In the order of the plan that stands, then what it leaves out; in its words if it was made from the former."""
    former = before.proposal if before is not None else None
    said = {c.request: c.text for c in after.changes} if after is not None and after.base == former else {}
    old, now = _places(before), _places(after)
    found = [
        Move(request, patient, said.get(request) or _words(place, old[request][1] if request in old else None))
        for request, (patient, place) in now.items()
        if request not in old or old[request][1] != place
    ]
    gone = [
        Move(b.request, b.patient, said.get(b.request) or f"no longer planned; was {_told(old[b.request][1])}", b)
        for b in (before.bookings if before is not None else ())
        if b.request in old and b.request not in now
    ]
    return found + gone


def begun(booking: Booking, now: datetime) -> bool:
    """Whether the time has come; a day without an hour has begun when it is over."""
    if booking.start is not None:
        return booking.start <= now
    return booking.day is not None and booking.day < now.date()


def _places(plan: ScheduleProposed | None) -> dict[str, tuple[str, Place]]:
    if plan is None:
        return {}
    booked: dict[str, tuple[str, Place]] = {
        b.request: (b.patient, (b.day, b.start, b.theatre, b.ward)) for b in plan.bookings if b.day is not None
    }
    return booked | {a.request: (a.patient, (None, None, a.bed, a.ward)) for a in plan.assignments if a.bed is not None}


def _words(place: Place, old: Place | None) -> str:
    return f"{_told(old)} → {_told(place)}" if old is not None else f"new: {_told(place)}"


def _told(place: Place) -> str:
    day, start, name, ward = place
    when = f"{start:%a %d %b %H:%M}" if start else f"{day:%a %d %b}" if day else ""
    return ", ".join(part for part in (when, name, f"ward {ward}" if ward else "") if part)
