"""Slots of one document → the availability of each resource on each day (docs/decisions/0130-days-not-slots.md).

Minutes are those of the union of its free slots less the union of the others, so a slot that is there
twice, or is taken back beside a longer one, counts as it should.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from schemas.events import AvailabilityPublished
from schemas.fhir.facts import Opening
from schemas.ids import digest

Span = tuple[datetime, datetime]
MOST: Final = 1440


def available(openings: Iterable[Opening], site: str, known: datetime) -> Iterator[AvailabilityPublished]:
    """An event for each resource and day (nurses: and shift) of which the document says anything."""
    days: dict[tuple[object, ...], list[Opening]] = {}
    for opening in openings:
        days.setdefault((opening.role, opening.location, opening.day, opening.shift), []).append(opening)
    for mine in days.values():
        last = next((o for o in reversed(mine) if o.free), mine[-1])
        free = [(o.start, o.end) for o in mine if o.free]
        taken = [(o.start, o.end) for o in mine if not o.free]
        # Night slots may begin on one day and end on the next: a day has no more than 24 hours all the same.
        minutes = min(int(length([*free, *taken]) - length(taken)) // 60, MOST)
        # The moment is part of the id, as for beds: a theatre that closes and opens again says the same twice.
        versions = sorted({o.version for o in mine})
        moment = known.isoformat() if "" in versions else "/".join(versions)
        yield AvailabilityPublished(
            id=digest("Availability", site, last.role, last.location, last.day, last.shift, minutes, last.skill,
                      last.most_workload, last.ward, last.specialty, moment),
            site=site, known=known, location=last.location, role=last.role, day=last.day, minutes=minutes,
            shift=last.shift, skill=last.skill, most_workload=last.most_workload, ward=last.ward,
            specialty=last.specialty,
        )  # fmt: skip


def length(spans: Iterable[Span]) -> float:
    """Seconds covered by at least one of the spans."""
    seconds, reached = 0.0, None
    for start, end in sorted(spans):
        begin = start if reached is None else max(start, reached)
        if end > begin:
            seconds += (end - begin).total_seconds()
            reached = end
    return seconds
