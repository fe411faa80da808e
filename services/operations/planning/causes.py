"""Why a plan is made now: what came in since the last one, in words, and whether it can wait."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schemas.events import AvailabilityPublished
from services.operations import wards
from services.operations.planning.people import EMERGENCY
from services.operations.planning.resources import published
from services.operations.planning.settings import PlanningSettings
from services.operations.planning.standing import Standing, standing
from services.operations.site import Site

NURSE_MATTERS = timedelta(days=3)
MOST_TOLD, LONGEST = 5, 900


@dataclass(frozen=True, slots=True)
class Cause:
    """`urgent`: the plan is repaired at once."""

    text: str
    urgent: bool = False


def causes(site: Site, at: datetime, settings: PlanningSettings) -> list[Cause]:
    """Urgent ones first; none where nothing can be planned, or nothing came in since the last plan that matters."""
    begins = settings.today(at)
    asked = any(r.surgery is not None for r in wards.waiting_requests(site))
    last = site.ledger.planned
    if not published(site, begins, settings.days) or not (asked or last is not None):
        return []
    if last is None:
        return [Cause("first plan", urgent=True)]
    since, held = last.known, standing(site.ledger)
    found = [
        *_decided(site, since),
        *_requested(site, since),
        *_available(site, since, begins, held),
        *([Cause("a new day", urgent=True)] if last.begins != begins else []),
    ]
    return sorted(found, key=lambda c: not c.urgent)


def told(found: list[Cause]) -> str:
    """The first few kinds in one line, each with how often; the keys of requests would tell a reader nothing."""
    texts = Counter(c.text for c in found)
    lines = [text if n == 1 else f"{text} ({n} times)" for text, n in texts.items()]
    more = len(lines) - MOST_TOLD
    line = "; ".join(lines[:MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
    return (line or "stays and beds changed")[:LONGEST]


def _decided(site: Site, since: datetime) -> Iterator[Cause]:
    ledger = site.ledger
    for decision in sorted((*ledger.decisions.values(), *ledger.undone.values()), key=lambda d: (d.known, d.id)):
        proposal = ledger.proposals.get(decision.proposal)
        if proposal is None or proposal.kind != "theatres" or decision.known <= since:
            continue
        why = f": {decision.why}" if decision.why else ""
        if decision.decision == "edit":
            yield Cause(f"edited by {decision.by}{why}", urgent=True)
        elif decision.decision == "undo":
            yield Cause(f"decision undone by {decision.by}{why}", urgent=True)
        elif decision.decision == "reject":
            yield Cause(f"rejected by {decision.by}{why}")


def _requested(site: Site, since: datetime) -> Iterator[Cause]:
    waiting = {r.request for r in wards.waiting_requests(site)}
    here = {s.patient for s in site.census.present()}
    for request in sorted(site.requests.values(), key=lambda r: (r.priority, r.request)):
        if request.known <= since:
            continue
        surgery = request.surgery
        if request.request in waiting and surgery is not None:
            if request.priority == EMERGENCY:
                yield Cause(f"an emergency: {surgery.minutes} minutes for {surgery.surgeon}", urgent=True)
            else:
                yield Cause("a request is new or changed")
        elif request.patient in here and request.expected_stay_hours is not None:
            yield Cause("someone is expected to stay for another time than planned", urgent=True)
        elif surgery is not None and request.status == "withdrawn":
            yield Cause("a request was withdrawn")


def _available(site: Site, since: datetime, begins: date, held: Standing) -> Iterator[Cause]:
    """Lists and rosters that changed; urgent where the plan uses what is gone."""
    planned = held.bookings.values()
    lists = {(b.theatre, b.day) for b in planned} | {(b.surgeon, b.day) for b in planned}
    used = {b.theatre for b in planned if b.day is not None and b.day >= begins}
    for place in site.locations.values():
        if place.kind == "theatre" and not place.active and place.known > since:
            yield Cause(f"theatre {place.name} is out of service", urgent=place.location in used)
    changed = [a for a in site.availability.values() if a.known > since and a.day >= begins]
    for now in sorted(changed, key=lambda a: (a.day, a.location, a.shift or "")):
        if now.minutes:
            yield Cause("lists or rosters changed", urgent=(now.location, now.day) in lists)
        else:
            yield _gone(site, now, begins, urgent=(now.location, now.day) in lists)


def _gone(site: Site, now: AvailabilityPublished, begins: date, *, urgent: bool) -> Cause:
    place = site.locations.get(now.location)
    name = place.name if place is not None else now.location
    day = f"{now.day:%a %d %b}"
    if now.role == "nurse":
        return Cause(f"nurse {name} is away on {day}, {now.shift} shift", urgent=now.day - begins < NURSE_MATTERS)
    if now.role == "theatre":
        return Cause(f"theatre {name} is closed on {day}", urgent=urgent)
    return Cause(f"surgeon {name} is away on {day}", urgent=urgent)
