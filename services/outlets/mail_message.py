"""A transition of an alert → a mail in plain text (RFC 5322), with the event's id as its Message-ID.

Names of the patient and of staff, and words that a person typed, only where the receiver is the hospital itself.
"""

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from schemas.events import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertUnreached,
    AlertWentStale,
)
from schemas.events.alerts import AddressingEvent
from schemas.ids import digest
from services.outlets.annotation import instant
from services.outlets.choosing import transition
from services.outlets.leaving import personal
from services.runtime.ports import Person

KINDS: Final = {"sepsis": "Sepsis", "deterioration": "Deterioration", "news2": "NEWS2", "imaging": "Imaging"}
FOOT: Final = "Sent by Wardwatch. Do not reply: answer the alert in the console."


def mail(
    event: AlertEvent, *, sender: str, to: tuple[str, ...], console: str, hospital: bool, person: Person | None
) -> EmailMessage:
    """The mail. `console`: base address of the console, or '' for no link; `person`: only used for the hospital."""
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(to)
    message["Subject"] = subject(event)
    message["Date"] = format_datetime(event.at)
    message["Message-ID"] = reference(event.site, event.id)
    message["References"] = reference(event.site, event.alert)
    # RFC 3834: nobody's holiday notice should answer it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text(event, console=console, person=person if hospital else None, hospital=hospital))
    return message


def reference(site: str, name: str) -> str:
    """A Message-ID: equal for equal names, so that mail programs thread an alert's mails and drop a repeat."""
    return f"<{digest(name)}@{site}.wardwatch.invalid>"


def subject(event: AlertEvent) -> str:
    """Severity, kind, where and what happened; nothing of a person: subjects are shown on locked screens."""
    where = place(event)
    return f"[{event.severity}] {KINDS.get(event.kind, event.kind)} {transition(event)}" + (
        f": {where}" if where else ""
    )


def place(event: AlertEvent) -> str:
    """Ward and bed in words."""
    named = (("ward", event.place.ward), ("bed", event.place.bed))
    return ", ".join(f"{what} {_flat(name)}" for what, name in named if name)


def text(event: AlertEvent, *, console: str, person: Person | None, hospital: bool) -> str:
    """The body."""
    lines = [f"{KINDS.get(event.kind, event.kind)} alert ({event.severity}): {transition(event)}"]
    if where := place(event):
        lines.append(f"Where: {where}")
    lines.append(f"When: {instant(event.at)}")
    if isinstance(event, AddressingEvent) and event.role is not None:
        contact = f", {_flat(event.contact)}" if event.contact and hospital else ""
        lines.append(f"For: {event.role.replace('_', ' ')}{contact}")
    if person is not None:
        lines.append(f"Patient: {named(person)}")
    lines += ["", _flat(event.summary)]
    if isinstance(event, AlertRaised):
        lines += [f"- {_flat(reason.text)}" for reason in event.evidence if reason.text]
    if said := _said(event, hospital=hospital):
        lines += ["", said]
    if console:
        lines += ["", f"Open: {console.rstrip('/')}/patients/{event.patient}"]
    return "\n".join([*lines, "", FOOT]) + "\n"


def named(person: Person) -> str:
    """FAMILY, Given, born, record number: as on a wristband."""
    name = ", ".join(part for part in (person.family.upper(), person.given) if part)
    born = f"born {person.born:%Y-%m-%d}" if person.born else ""
    return "; ".join(_flat(part) for part in (name, born, person.mrn and f"record {person.mrn}") if part) or "unknown"


def _said(event: AlertEvent, *, hospital: bool) -> str:
    """Why it changed; what a person typed only to the hospital."""
    hidden = set() if hospital else personal(event)
    match event:
        case AlertEscalated(reason=reason) | AlertWentStale(reason=reason) | AlertSuppressed(reason=reason):
            said = f"Why: {reason}"
        case AlertUnreached(reason=reason):
            said = f"Why: {reason}"
        case AlertResolved(reason=reason) if "reason" not in hidden:
            said = f"Why: {reason}"
        case AlertAcknowledged(by=by, why=why) if not hidden:
            said = f"By: {by}" + (f". {why}" if why else "")
        case AlertSnoozed(by=by, why=why, until=until) if not hidden:
            said = f"By: {by}, until {instant(until)}. {why}"
        case AlertSnoozed(until=until):
            said = f"Until: {instant(until)}"
        case _:
            said = ""
    return _flat(said)


def _flat(words: str) -> str:
    """On one line."""
    return " ".join(words.split())
