"""Why someone is left for later: what stood in the way on each allowed day, counted and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ray_jobs.scheduling.edits import crowded
from ray_jobs.scheduling.words import Words, counted

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Patient
    from ray_jobs.scheduling.occupancy import Occupancy

AS_IT_IS = Words()


def why_left(instance: Instance, used: Occupancy, patient: Patient, *, words: Words = AS_IT_IS) -> str:
    """One sentence, for a patient whom the timetable behind `used` does not admit."""
    due = patient.surgery_due_day if patient.mandatory and patient.surgery_due_day is not None else instance.days - 1
    days = range(patient.surgery_release_day, min(due, instance.days - 1) + 1)
    surgeon = words.name(patient.surgeon_id)
    blocked: dict[str, list[int]] = {}
    open_days: list[int] = []
    for day in days:
        reason = _blocker(instance, used, patient, day, surgeon)
        if reason is None:
            open_days.append(day)
        else:
            blocked.setdefault(reason, []).append(day)
    if not days:
        return "left for later: no allowed day lies in this plan"
    told = [
        f"{reason} on {'any day' if len(on) == len(days) else counted(len(on), 'day')}"
        for reason, on in sorted(blocked.items(), key=lambda b: -len(b[1]))
    ]
    if open_days:
        told.append(f"on {words.days(open_days)} it would cost more than it is worth")
    return "left for later: " + "; ".join(told)


def _blocker(instance: Instance, used: Occupancy, patient: Patient, day: int, surgeon: str) -> str | None:
    """The first rule that leaves no place on a day."""
    minutes = patient.surgery_duration
    limit = next(s.max_surgery_time[day] for s in instance.surgeons if s.id == patient.surgeon_id)
    if used.surgeon_minutes.get((patient.surgeon_id, day), 0) + minutes > limit:
        return f"{surgeon} has no {minutes} minutes left" if limit else f"{surgeon} does not operate"
    theatres = instance.operating_theaters
    if not any(used.theatre_minutes.get((t.id, day), 0) + minutes <= t.availability[day] for t in theatres):
        return f"no theatre has {minutes} minutes left"
    for room in instance.rooms:
        if room.capacity and room.id not in patient.incompatible_room_ids:
            full, mixed = crowded(instance, used, patient, room.id, day)
            if not full and not mixed:
                return None
    return "no bed in a room for this patient is free for the whole stay"
