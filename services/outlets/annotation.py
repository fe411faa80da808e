"""From an alert's transition to the annotation that should stand: a fold whose memory is the annotation's own text.

The text is the alert's summary and evidence, then a line per transition in the order of their times. A
transition whose line already stands changes nothing, so any part of the log may be delivered again. Nothing of
a person is written (design rule 10): no key, no names of staff, no words that a person typed.
"""

import html
import re
from datetime import UTC, datetime

from schemas.events.alerts import (
    AlertAcknowledged,
    AlertEscalated,
    AlertEvent,
    AlertMerged,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertUnreached,
    AlertWentStale,
)
from services.outlets.board import Annotation, alert_tag

STATES: dict[type[AlertEvent], str] = {
    AlertRaised: "raised",
    AlertEscalated: "escalated",
    AlertAcknowledged: "acknowledged",
    AlertSnoozed: "snoozed",
    AlertWentStale: "stale",
    AlertSuppressed: "suppressed",
    AlertMerged: "merged",
    AlertResolved: "resolved",
}
CLOSING = (AlertSuppressed, AlertMerged, AlertResolved)

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC ")
OURS = ("wardwatch", "alert:", "site:", "kind:", "severity:", "state:", "ward:", "room:", "bed:")
PLACES = ("ward:", "room:", "bed:")

# Grafana's tag columns hold 100 characters; the longest lines keep a text far below what its databases take.
TAG_CHARACTERS = 100
LINES_KEPT = 40


def revised(found: Annotation | None, event: AlertEvent) -> Annotation | None:
    """What should stand after this transition, given what stands; None: nothing should.

    That a receiver has an alert, or none has, is no news for another one; what a policy suppressed was never shown.
    """
    if isinstance(event, AlertNotified | AlertUnreached) or (found is None and isinstance(event, AlertSuppressed)):
        return found
    at_ms = int(event.at.timestamp() * 1000)
    line = written(event)
    if found is None:
        start = at_ms
        return Annotation(event.alert, start, start, tags(event, ()), "\n".join([*head(event), line]))
    body = found.text.split("\n")
    told = [known for known in body if LINE.match(known)]
    if line in told:
        return found
    # Lines begin with their time in UTC, so their text sorts as their times do; equal times keep their arrival.
    told = sorted([*told, line], key=lambda known: known[:19])
    told = told[:1] + told[1:][-(LINES_KEPT - 1) :]
    text = "\n".join([known for known in body if not LINE.match(known)] + told)
    start = min(found.start_ms, at_ms)
    if told[-1] != line:
        end = found.end_ms if found.end_ms != found.start_ms else start
        return Annotation(event.alert, start, end, found.tags, text)
    end = max(at_ms, start) if isinstance(event, CLOSING) else start
    return Annotation(event.alert, start, end, tags(event, found.tags), text)


def tags(event: AlertEvent, standing: tuple[str, ...]) -> tuple[str, ...]:
    """The tags after this transition; those that a person added stay, and the place if the event names none."""
    place = event.place
    where = [("ward:", place.ward), ("room:", place.room), ("bed:", place.bed)]
    named = [prefix + name for prefix, name in where if name]
    mine = ["wardwatch", alert_tag(event.alert), f"site:{event.site}", f"kind:{event.kind}"]
    mine += [f"severity:{event.severity}", f"state:{STATES[type(event)]}"]
    mine += named or [tag for tag in standing if tag.startswith(PLACES)]
    theirs = [tag for tag in standing if not tag.startswith(OURS)]
    return tuple(dict.fromkeys(tag[:TAG_CHARACTERS] for tag in mine + theirs))


def head(event: AlertEvent) -> list[str]:
    """What it is about: summary and, where the event tells it, the evidence."""
    evidence = event.evidence if isinstance(event, AlertRaised) else ()
    return [shown(event.summary) or event.kind, *(f"- {shown(reason.text)}" for reason in evidence if reason.text)]


def written(event: AlertEvent) -> str:
    """The transition's line: its time, its name, and the reason where a rule and not a person gave it."""
    match event:
        case AlertEscalated(reason=reason):
            detail = f" to {event.severity}: {reason}"
        case AlertSnoozed(until=until):
            detail = f" until {instant(until)}"
        case AlertWentStale(reason=reason) | AlertSuppressed(reason=reason) | AlertResolved(reason=reason, by=None):
            detail = f": {reason}"
        case AlertRaised():
            detail = f" {event.severity}"
        case _:
            detail = ""
    return f"{instant(event.at)} {STATES[type(event)]}{shown(detail[:300])}"


def instant(at: datetime) -> str:
    """An instant to the second in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def shown(words: str) -> str:
    """Words on one line, safe in Grafana's tooltips, which show text as HTML."""
    flat = " ".join(words.split())
    return html.escape((" " if words.startswith(" ") else "") + flat, quote=False)
