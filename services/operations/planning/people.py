"""Who is to be planned, from requests with surgery; who cannot be, and why, in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ray_jobs.scheduling.acuity import Level, stay_needs
from ray_jobs.scheduling.beds import Waiting
from ray_jobs.scheduling.ihtp import Patient
from ray_jobs.scheduling.words import counted
from schemas.events import AdmissionRequested
from schemas.events.clinical import Surgery
from services.operations import wards
from services.operations.planning.naming import short
from services.operations.planning.rooms import Rooms, gender
from services.operations.planning.settings import PlanningSettings
from services.operations.site import Site

EMERGENCY = 1
HOURS_PER_DAY = 24
OLDEST_DECADE = 9
AGE_GROUPS = (*(f"{10 * d}-{10 * d + 9}" for d in range(OLDEST_DECADE)), "90+")
AGE_UNKNOWN = "60-69"


@dataclass(slots=True)
class People:
    """`patients` in the order of their ids; `left` says of those who cannot be planned why."""

    patients: list[Patient] = field(default_factory=list)
    requests: dict[str, AdmissionRequested] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def people(
    site: Site,
    begins: date,
    rooms: Rooms,
    surgeons: Mapping[str, tuple[int, ...]],
    today_too: frozenset[str],
    settings: PlanningSettings,
) -> People:
    """Every request with surgery that waits; `today_too` are requests that may be operated today already.

    Others than emergencies are planned from tomorrow on: today's lists have begun.
    """
    found = People()
    waiting = [r for r in wards.waiting_requests(site) if r.surgery is not None]
    waiting.sort(key=_urgency)
    if len(waiting) > settings.most_requests:
        over = counted(len(waiting) - settings.most_requests, "less urgent request")
        found.notes.append(f"{over} beyond the first {settings.most_requests} not planned")
    for request in waiting[: settings.most_requests]:
        found.requests[request.request] = request
        surgery = request.surgery
        if surgery is None:
            continue
        soon = request.priority == EMERGENCY or request.request in today_too
        told = _dates(surgery, request, begins, settings, soon=soon)
        if isinstance(told, str):
            found.left[request.request] = told
        elif short(surgery.surgeon) not in surgeons:
            found.left[request.request] = f"surgeon {surgery.surgeon} is not known: no time was ever published"
            found.notes.append(f"request {request.request}: {found.left[request.request]}")
        else:
            if surgery.due is not None and surgery.due < begins:
                found.notes.append(f"request {request.request} was due on {surgery.due:%a %d %b}")
            found.patients.append(_patient(site, request, surgery, rooms, told, settings))
    found.patients.sort(key=lambda p: p.id)
    return found


def _urgency(request: AdmissionRequested) -> tuple[int, date, str]:
    due = request.surgery.due if request.surgery is not None else None
    return request.priority, due or date.max, request.request


def _dates(
    surgery: Surgery, request: AdmissionRequested, begins: date, settings: PlanningSettings, *, soon: bool
) -> dict[str, Any] | str:
    """Release, due and whether it must be planned; or the reason why not in this horizon."""
    first = max((surgery.release - begins).days, 0 if soon else 1)
    if first >= settings.days:
        return f"earliest day {surgery.release:%a %d %b} lies beyond the plan"
    due = None if surgery.due is None else (surgery.due - begins).days
    if request.priority == EMERGENCY:
        due = first if due is None or due < first else due
    elif due is not None and due < first:
        due = min(first + settings.overdue_days, settings.days - 1)
    if due is None or due >= settings.days:
        return {"mandatory": False, "surgery_release_day": first, "surgery_due_day": None}
    return {"mandatory": True, "surgery_release_day": first, "surgery_due_day": due}


def _patient(
    site: Site,
    request: AdmissionRequested,
    surgery: Surgery,
    rooms: Rooms,
    dates: Mapping[str, Any],
    settings: PlanningSettings,
) -> Patient:
    hours = request.expected_stay_hours
    nights = settings.default_stay_days if hours is None else max(1, math.ceil(hours / HOURS_PER_DAY))
    sex = wards.sex_of_request(site, request)
    asked = Waiting(request.request, request.patient, sex, request.specialty, request.priority, request.isolation)
    workload, skill = stay_needs(level(site, request.patient), nights, operated=True)
    return Patient(
        id=short(request.request), gender=gender(sex, request.patient, alone=request.isolation),
        age_group=age_group(site, request.patient, request.known.date()), length_of_stay=nights,
        workload_produced=workload, skill_level_required=skill, surgery_duration=surgery.minutes,
        surgeon_id=short(surgery.surgeon),
        incompatible_room_ids=rooms.closed_to(asked, other_specialties=settings.other_specialties), **dates,
    )  # fmt: skip


def level(site: Site, patient: str) -> Level:
    """The level of care by the newest warning score."""
    return site.acuity.level(patient)


def age_group(site: Site, patient: str, day: date) -> str:
    """The decade of life; the sixties where the birth date is not known or lies in the future."""
    registered = site.patients.get(patient)
    if registered is None or registered.born is None or registered.born > day:
        return AGE_UNKNOWN
    years = day.year - registered.born.year - ((day.month, day.day) < (registered.born.month, registered.born.day))
    return AGE_GROUPS[min(years // 10, OLDEST_DECADE)]
