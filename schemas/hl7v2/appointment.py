"""SCH, TQ1 and AIS → Appointment (v2-to-FHIR: SCH[Appointment], AIS[Appointment]): who comes, when, for what."""

from datetime import datetime, timedelta
from typing import Final

from schemas.hl7v2.message import Message, MessageError, Segment
from schemas.hl7v2.patient import subject
from schemas.hl7v2.types import Element, Site, concept, entity, moment

EVENTS: Final = {"S15": "cancelled", "S17": "entered-in-error", "S26": "noshow"}
"""Trigger events that say what became of it, whatever SCH-25 still says."""
STATUS: Final = {
    "PENDING": "pending", "WAITLIST": "waitlist", "BOOKED": "booked", "STARTED": "arrived", "COMPLETE": "fulfilled",
    "CANCELLED": "cancelled", "DC": "cancelled", "DELETED": "entered-in-error", "NOSHOW": "noshow",
}  # fmt: skip
"""Table 0278 → appointmentstatus (v2-to-FHIR: HL70278); a filler that says nothing has booked."""
SECONDS: Final = {"s": 1, "sec": 1, "min": 60, "minutes": 60, "m": 60, "h": 3600, "hr": 3600, "hours": 3600}
"""Units of a duration, in lower case (AIS-8, SCH-10)."""
MOST_DIGITS: Final = 6


def appointment(message: Message, site: Site) -> Element:
    """The booking as this message tells it; raises MessageError without a number, a beginning or an end."""
    sch, ais = message.first("SCH"), message.first("AIS")
    if sch is None:
        raise MessageError("no SCH: which appointment?", "SCH", "100")
    # The filler is whose calendar it is: its number stays, the placer may have none.
    number = entity(sch.first(2), site) or entity(sch.first(1), site)
    if number is None:
        raise MessageError("no number: what is the appointment called? (SCH-2 or SCH-1)", "SCH-2", "101")
    start, end = _times(message, sch, ais, site)
    found: Element = {
        "resourceType": "Appointment",
        "identifier": [number],
        "status": EVENTS.get(message.kind[1]) or STATUS.get(sch.text(25).upper(), "booked"),
        "start": start,
        "end": end,
        "participant": [{"actor": {"type": "Patient"} | subject(message, site), "status": "accepted"}],
    }
    if service := concept(ais.first(3)) if ais else None:
        found["serviceType"] = [service]
    return found


def _times(message: Message, sch: Segment, ais: Segment | None, site: Site) -> tuple[str, str]:
    """TQ1-7 and TQ1-8, else SCH-11 (TQ.4, TQ.5; before v2.5), else AIS-4; without an end, AIS-7 or SCH-9 after it."""
    tq1 = message.first("TQ1")
    start = (
        (moment(tq1.text(7), site, "TQ1-7") if tq1 else None)
        or moment(sch.text(11, 4), site, "SCH-11")
        or (moment(ais.text(4), site, "AIS-4") if ais else None)
    )
    if start is None or "T" not in start:
        raise MessageError("when does the appointment begin? (TQ1-7, SCH-11 or AIS-4)", "SCH-11", "101")
    end = (moment(tq1.text(8), site, "TQ1-8") if tq1 else None) or moment(sch.text(11, 5), site, "SCH-11")
    if end is None:
        length = (_length(ais, 7) if ais else None) or _length(sch, 9)
        end = (datetime.fromisoformat(start) + length).isoformat() if length else None
    if end is None or "T" not in end:
        raise MessageError("when does the appointment end? (TQ1-8, SCH-11, AIS-7 or SCH-9)", "SCH-11", "101")
    return start, end


def _length(segment: Segment, number: int) -> timedelta | None:
    """A duration and, in the field after it, its unit; None where one of them is not there or not known."""
    text, unit = segment.text(number), SECONDS.get(segment.text(number + 1).lower())
    if unit is None or not (text.isascii() and text.isdigit()) or len(text) > MOST_DIGITS:
        return None
    return timedelta(seconds=int(text) * unit)
