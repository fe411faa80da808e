"""The surgical department as a log tells it: places, who lies and who waits, an approved plan and its repair."""

from datetime import date, timedelta
from typing import Any

from schemas.events import (
    AdmissionRequested,
    AvailabilityPublished,
    EncounterStarted,
    Event,
    LocationDefined,
    PatientRegistered,
    Place,
    ScheduleDecided,
    ScheduleProposed,
)
from schemas.events.clinical import Surgery
from schemas.ids import digest
from services.runtime.ports import Identifier, Person
from tests.browser import example_theatres as theatres
from tests.browser.example_event import NOW, SITE, event
from tests.browser.example_ward import ExampleWard, Sex

FIRST, REPAIR = "theatres-1", "theatres-2"
LYING: tuple[tuple[str, Sex, int], ...] = (
    ("Aziz", "female", 59),
    ("Boyd", "female", 68),
    ("Clark", "male", 83),
    ("Dunn", "female", 62),
    ("Egan", "male", 70),
)


def department() -> ExampleWard:
    """Two surgical wards; the first plan approved this morning, its repair waiting since a theatre was closed."""
    ward = ExampleWard(events=_places())
    for n, (family, sex, age) in enumerate(LYING):
        _person(ward, f"stay-{n}", digest("lying", n), family, sex, age)
        room = theatres.instance().occupants[n].room_id
        place = Place(ward=theatres.ROOMS[room][0], room=room, bed=f"{room}{'AB'[n == 1]}")
        since = NOW - timedelta(hours=30 + n)
        ward.events.append(
            event(EncounterStarted, since, n, patient=digest("lying", n), encounter=f"stay-{n}", started=since,
                  admitted=since, kind="inpatient", specialty="surgery", place=place)
        )  # fmt: skip
    for who, p in zip(theatres.people(), theatres.instance().patients, strict=True):
        _person(ward, who.request, who.key, who.family, who.sex, who.age)
        at = NOW - timedelta(days=9)
        due = None if p.surgery_due_day is None else _day(p.surgery_due_day)
        surgery = Surgery(
            minutes=p.surgery_duration, surgeon=p.surgeon_id, release=_day(p.surgery_release_day), due=due
        )
        ward.events.append(
            event(AdmissionRequested, at, who.request, patient=who.key, request=who.request, requested=at,
                  specialty="surgery", priority=4, sex=who.sex,
                  expected_stay_hours=24 * p.length_of_stay, surgery=surgery)
        )  # fmt: skip
    ward.objects["plans/theatres-1.json"] = theatres.document()
    ward.objects["plans/theatres-2.json"] = theatres.document(closed=True)
    return ExampleWard([*ward.events, *_plans()], ward.people, ward.keys, ward.objects)


def _day(day: int) -> date:
    return theatres.BEGINS + timedelta(days=day)


def _person(ward: ExampleWard, number: str, key: str, family: str, sex: Sex, age: int) -> None:
    born, given = date(NOW.year - age, 2, 1), "Alma" if sex == "female" else "Ben"
    ward.keys[family] = key
    ward.people.append((Identifier("mrn", number), Person(key, SITE, family, given, born, sex, number)))
    at = NOW - timedelta(days=10)
    ward.events.append(event(PatientRegistered, at, key, patient=key, born=born, sex=sex))


def _places() -> list[Event]:
    at = NOW - timedelta(days=20)
    found: list[Event] = []

    def define(location: str, kind: str, name: str, within: str, **more: object) -> None:
        told = {"location": location, "kind": kind, "name": name, "within": within} | more
        found.append(event(LocationDefined, at, location, **told))

    for ward, name in (("S1", "Surgery 1"), ("S2", "Surgery 2")):
        define(ward, "ward", name, SITE, specialty="surgery")
    for room, (ward, beds) in theatres.ROOMS.items():
        define(room, "room", f"Room {room}", ward)
        for letter in "AB"[:beds]:
            define(f"{room}{letter}", "bed", f"{room}{letter}", room)
    for theatre, name in theatres.THEATRES.items():
        define(theatre, "theatre", name, SITE)
    for t in theatres.instance().operating_theaters:
        found += [
            event(AvailabilityPublished, at, t.id, d, location=t.id, role="theatre", day=_day(d), minutes=m)
            for d, m in enumerate(t.availability)
        ]
    return found


def _plans() -> list[Event]:
    first_at, closed_at = NOW - timedelta(hours=6), NOW - timedelta(minutes=20)
    about: dict[str, Any] = {"kind": "theatres", "begins": theatres.BEGINS, "days": theatres.DAYS}
    first = event(
        ScheduleProposed, first_at, FIRST, as_of=first_at, proposal=FIRST, bookings=theatres.bookings(), **about,
        costs=theatres.costs(), document="plans/theatres-1.json", cause="weekly plan",
    )  # fmt: skip
    approved = event(
        ScheduleDecided, NOW - timedelta(hours=5), FIRST, as_of=NOW - timedelta(hours=5), proposal=FIRST,
        decision="approve", by="Dana Admin",
    )  # fmt: skip
    closed = event(AvailabilityPublished, closed_at, "closed", location="T2", role="theatre", day=_day(4), minutes=0)
    repair = event(
        ScheduleProposed, NOW - timedelta(minutes=18), REPAIR, as_of=NOW - timedelta(minutes=18), proposal=REPAIR,
        bookings=theatres.bookings(closed=True), costs=theatres.costs(closed=True), base=FIRST, **about,
        document="plans/theatres-2.json", cause="Theatre 2 is closed on Tue 17 Mar", changes=_changes(), risks=_risks(),
    )  # fmt: skip
    return [first, approved, closed, repair]


def _changes() -> list[dict[str, Any]]:
    before = {b["request"]: b for b in theatres.bookings()}
    found = []
    for b in theatres.bookings(closed=True):
        was, keys = before[b["request"]], ("day", "theatre", "room")
        if any(was.get(k) != b.get(k) for k in keys):
            now = {k: b.get(k) for k in keys} | {f"{k}_before": was.get(k) for k in keys}
            words = "moved, as Theatre 2 is closed" if b.get("day") else "left for later: no other day fits"
            found.append({"request": b["request"], "text": words, **now})
    return found


def _risks() -> list[dict[str, Any]]:
    total = sum(c["cost"] for c in theatres.costs(closed=True))
    told = (
        ("operations planned", 40, 41, "mean number"), ("overtime, minutes", 18.2, 41.5, "minutes"),
        ("theatre days in overtime", 0.6, 1.4, "mean number"), ("operations cancelled", 0.6, 1.3, "mean number"),
        ("highest chance of overflow", 0.04, 0.11, "probability"),
        ("cost of the plan", total, total - 21, "mean number"),
    )  # fmt: skip
    found: list[dict[str, Any]] = []
    for name, value, otherwise, unit in told:
        found.append({"name": name, "value": value, "unit": unit})
        found.append({"name": f"{name} without room for longer stays", "value": otherwise, "unit": unit})
    for day, ward, chance in ((5, "S1", 0.04), (6, "S1", 0.02), (6, "S2", 0.011)):
        about = {"name": "above capacity", "value": chance, "unit": "probability"}
        found.append(about | {"ward": ward, "day": _day(day)})
    return found
