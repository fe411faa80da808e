"""A hospital's facts as one instance of the integrated timetabling problem, with the words to speak of it.

Day 0 is today (the site's time zone). Only emergencies and what was approved or edited for today are planned today:
its lists have begun. Minutes of today's lists that went to who has already come in are taken off.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ray_jobs.scheduling.acuity import stay_needs
from ray_jobs.scheduling.ihtp import Instance, Occupant
from ray_jobs.scheduling.words import Words
from schemas.events import AdmissionRequested, Booking
from services.operations import wards
from services.operations.planning.naming import short
from services.operations.planning.people import AGE_GROUPS, age_group, people
from services.operations.planning.remaining import Remaining
from services.operations.planning.resources import SHIFTS, Resources, resources
from services.operations.planning.rooms import Rooms, rooms_of
from services.operations.planning.settings import PlanningSettings
from services.operations.planning.standing import Standing
from services.operations.site import Site

SKILLS = 3
INTENSIVE = "intensive-care"


@dataclass(frozen=True, slots=True)
class Problem:
    """`requests` by patient id of the instance; `left` by request: why it is in no plan; `notes`: what is wrong.

    `full` gives back the names that were too long for ids.
    """

    instance: Instance
    begins: date
    as_of: datetime
    words: Words
    wards: Mapping[str, str]
    requests: Mapping[str, AdmissionRequested]
    left: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_requests: Mapping[str, AdmissionRequested] = field(default_factory=dict)
    full: Mapping[str, str] = field(default_factory=dict)


def problem(site: Site, at: datetime, standing: Standing, settings: PlanningSettings) -> Problem:
    """What is to be planned from these facts at an instant."""
    begins = settings.today(at)
    remaining = Remaining(site, at, settings)
    rooms = rooms_of(site, planned_wards(site), remaining.days)
    words = Words(_names(site), begins)
    have = resources(site, begins, settings.days, _used_today(site, begins, standing), words)
    surgeons = {s.id: s.max_surgery_time for s in have.surgeons}
    today_too = frozenset(
        [r for r, b in standing.approved.items() if b.day == begins]
        + [r for r, e in standing.edits.items() if e.edit.day == begins]
    )
    asked = people(site, begins, rooms, surgeons, today_too, settings)
    taken_out = {r: f"taken out by {e.by}{f': {e.why}' if e.why else ''}" for r, e in standing.edits.items() if e.out}
    patients = tuple(p for p in asked.patients if p.id not in {short(r) for r in taken_out})
    left = {**asked.left, **{r: why for r, why in taken_out.items() if r in asked.requests}}
    nurses_skill = max((n.skill_level for n in have.nurses), default=0)
    instance = Instance(
        days=settings.days, skill_levels=max(SKILLS, nurses_skill + 1), shift_types=SHIFTS, age_groups=AGE_GROUPS,
        weights=settings.weights, occupants=_occupants(site, rooms, begins), patients=patients,
        surgeons=have.surgeons, operating_theaters=have.theatres, rooms=tuple(rooms.rooms), nurses=have.nurses,
    )  # fmt: skip
    by_id = {short(r): q for r, q in asked.requests.items()}
    return Problem(
        instance, begins, at, words, dict(rooms.ward), {p.id: by_id[p.id] for p in patients}, left,
        (*rooms.notes, *asked.notes, *have.notes, *_empty(instance, have)),
        {r.request: r for r in wards.waiting_requests(site) if r.request in left},
        {short(name): name for name in (*site.locations, *(s[0] for s in site.availability)) if short(name) != name},
    )  # fmt: skip


def planned_wards(site: Site) -> frozenset[str]:
    """Wards that take patients of a specialty that asks for surgery, wards for all, and wards with a roster."""
    asked = {r.specialty for r in wards.waiting_requests(site) if r.surgery is not None}
    rostered = {a.ward for a in site.availability.values() if a.role == "nurse"}
    return frozenset(
        p.location
        for p in site.locations.values()
        if p.kind == "ward" and p.active and (p.specialty in asked or p.specialty is None or p.location in rostered)
    )


def _occupants(site: Site, rooms: Rooms, begins: date) -> tuple[Occupant, ...]:
    seen: Counter[str] = Counter()
    found = []
    for lying in rooms.lying:
        seen[lying.encounter] += 1
        place = site.locations.get(rooms.ward[lying.room])
        intensive = place is not None and place.specialty == INTENSIVE
        level = site.acuity.level(lying.patient, intensive=intensive)
        workload, skill = stay_needs(level, lying.days, operated=False)
        found.append(
            Occupant(
                id=short(f"here {lying.encounter}"), gender=lying.gender, room_id=lying.room,
                age_group=age_group(site, lying.patient, begins), length_of_stay=lying.days,
                workload_produced=workload, skill_level_required=skill,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda o: o.id))


def _used_today(site: Site, begins: date, standing: Standing) -> Mapping[str, int]:
    """Minutes of today's approved bookings whose patients have come in: they wait no longer."""
    waiting = {r.request for r in wards.waiting_requests(site)}
    used: Counter[str] = Counter()
    for booking in standing.approved.values():
        if booking.day == begins and booking.request not in waiting and _came(site, booking):
            used[booking.surgeon] += booking.minutes
            used[booking.theatre or ""] += booking.minutes
    return used


def _came(site: Site, booking: Booking) -> bool:
    request = site.requests.get(booking.request)
    return request is not None and request.status != "withdrawn"


def _names(site: Site) -> dict[str, str]:
    return {short(p.location): p.name for p in site.locations.values()}


def _empty(instance: Instance, have: Resources) -> list[str]:
    missing = [("surgeons", have.surgeons), ("theatres", have.theatres), ("rooms", instance.rooms)]
    return [f"no {what} are known: nothing can be planned" for what, known in missing if not known]
