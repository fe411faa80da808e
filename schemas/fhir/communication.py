"""An alert → Communication (FHIR R4 Communication): who was told of it, when, and what became of that.

Our notes are the whole memory, a transition each; everything else is computed from them in the order of their times,
so that any part of the log may come again, or late.
"""

from datetime import datetime
from typing import Final

from schemas.events import AlertAcknowledged, AlertEscalated, AlertEvent, AlertNotified, AlertSuppressed
from schemas.fhir.alert import AUTHORITY, PRIORITY, SAID, addressed, code, reason
from schemas.fhir.ours import Ref, Resource, coded, exact, identifier, logical, newer, stamped, without

CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/communication-category"
RECEIVER: Final = "urn:wardwatch:receiver"
AUTHOR: Final = "Wardwatch"
NOTES: Final = 60
OVER: Final = frozenset({"resolved", "merged", "suppressed"})


def communication(
    found: Resource | None, event: AlertEvent, *, id_: str, patient: Ref, flag: Ref | None, stay: Ref | None = None
) -> Resource | None:
    """What should stand after this transition; None for None: what was never shown was told nobody."""
    if found is None and isinstance(event, AlertSuppressed):
        return None
    if found is not None and found.get("status") == "entered-in-error":
        return found
    notes = _notes(found, event)
    words = [str(note["text"]).partition(":")[0] for note in notes]
    ours: Resource = {
        "resourceType": "Communication", "id": id_, "identifier": identifier(event.alert), "subject": patient,
        "category": [coded(CATEGORY, "alert")], "sender": AUTHORITY, "note": [*_theirs(found), *notes],
    } | _status(words, notes)  # fmt: skip
    told = [note for note, word in zip(notes, words, strict=True) if word in {"notified", "escalated"}]
    if told:
        ours["sent"] = told[0]["time"]
    if recipients := _recipients(found, event):
        ours["recipient"] = recipients
    if (taken := next((n["time"] for n, w in zip(notes, words, strict=True) if w == "acknowledged"), None)) is not None:
        ours["received"] = taken
    if found is None or not newer(found, event.at):
        ours |= {
            "extension": stamped(found, event.at), "priority": PRIORITY[event.severity], "topic": code(event),
            "payload": [{"contentString": event.summary}],
        }  # fmt: skip
    ours |= {"about": [flag]} if flag else {}
    ours |= {"encounter": stay} if stay else {}
    return without(found, "sent", "recipient", "received", "statusReason") | ours


def line(event: AlertEvent) -> str:
    """The transition in words; what is before the first colon is its code."""
    word = SAID[type(event)]
    match event:
        case AlertNotified():
            return f"{word}: {event.receiver}"
        case AlertEscalated():
            return f"{word}: to {event.severity}, {event.reason}"
        case AlertAcknowledged():
            return f"{word}: by {event.by}" + (f", {event.why}" if event.why else "")
        case _:
            return f"{word}: {why}" if (why := reason(event)) else word


def _notes(found: Resource | None, event: AlertEvent) -> list[Resource]:
    """Our notes in the order of their times; the newest are kept."""
    standing = [n for n in (found or {}).get("note", ()) if n.get("authorString") == AUTHOR]
    fresh: Resource = {"authorString": AUTHOR, "time": exact(event.at), "text": line(event)}
    both = standing if any(_key(n) == _key(fresh) for n in standing) else [*standing, fresh]
    return sorted(both, key=_key)[-NOTES:]


def _key(note: Resource) -> tuple[datetime, str]:
    return datetime.fromisoformat(note["time"]), str(note["text"])


def _theirs(found: Resource | None) -> list[Resource]:
    return [n for n in (found or {}).get("note", ()) if n.get("authorString") != AUTHOR]


def _status(words: list[str], notes: list[Resource]) -> Resource:
    """Told nobody yet, told, answered or over; over before anybody was told."""
    told = bool({"notified", "escalated"} & set(words))
    last = next((w for w in reversed(words) if w not in {"notified", "raised", "stale", "unreached"}), "")
    if last in OVER and not told and "acknowledged" not in words:
        return {"status": "not-done", "statusReason": {"text": str(notes[-1]["text"])[:500]}}
    if last in OVER | {"acknowledged", "snoozed"}:
        return {"status": "completed"}
    return {"status": "in-progress" if told else "preparation"}


def _recipients(found: Resource | None, event: AlertEvent) -> list[Ref]:
    """Receivers and roles, each once, in the order in which they were told of."""
    told: list[Ref] = list((found or {}).get("recipient", ()))
    fresh = [addressed(event)] if isinstance(event, AlertNotified | AlertEscalated) else []
    if isinstance(event, AlertNotified):
        fresh.append(logical("Device", RECEIVER, event.receiver, event.receiver))
    known = [r.get("identifier") for r in told]
    return [*told, *(r for r in fresh if r is not None and r["identifier"] not in known)]
