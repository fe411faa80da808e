"""Theatre plans, decisions about them, and the hospital that they are about, for tests."""

from datetime import UTC, date, datetime, timedelta

from schemas.events import Booking, PlanChange, PlanEdit, ScheduleDecided, ScheduleProposed
from schemas.fhir.service_request import request_id
from services.outlets.fhir.server import Resource
from services.runtime.identity import FakeIdentity
from services.runtime.ports import Identifier, Person

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SITE = "main"
PATIENTS = {"p-1": "key-000001", "p-2": "key-000002", "p-3": "key-000003"}


def identity() -> FakeIdentity:
    """Three people, one of them known by record number only."""
    keys = iter(PATIENTS.values())
    found = FakeIdentity(lambda: next(keys))
    for n, id_ in enumerate(PATIENTS):
        names = [Identifier("fhir", id_), Identifier("mrn", f"471{n}")][1 if id_ == "p-3" else 0 :]
        found.register(SITE, names, Person("", SITE, family="Doe", given="Jane", mrn=f"471{n}"))
    return found


def patient(id_: str) -> Resource:
    """The hospital's Patient."""
    return {"resourceType": "Patient", "id": id_, "name": [{"family": "Doe"}]}


def service_request(n: int, id_: str = "p-1") -> Resource:
    """The hospital's request for an operation."""
    return {
        "resourceType": "ServiceRequest", "id": f"op-{n}", "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{id_}"}, "performer": [{"reference": "PractitionerRole/surgeon-7"}],
        "occurrencePeriod": {"start": "2026-01-05", "end": "2026-01-12"}, "note": [{"text": "the hospital's own"}],
    }  # fmt: skip


def hospital() -> list[Resource]:
    """What stands on the server before anybody plans."""
    return [patient("p-1"), patient("p-2"), service_request(1, "p-1"), service_request(2, "p-2")]


def booking(n: int, day: int | None, hour: int | None = 9, *, who: str = "p-1", theatre: str = "OR-1") -> Booking:
    """Operation n of a patient on a day of January; None: left for later."""
    start = datetime(2026, 1, day, hour, tzinfo=UTC) if day is not None and hour is not None else None
    return Booking(
        request=request_id(SITE, f"op-{n}"), patient=PATIENTS[who], surgeon="dr-7", minutes=90, nights=2,
        day=date(2026, 1, day) if day else None, theatre=theatre if day else None, start=start,
    )  # fmt: skip


def plan(name: str, *bookings: Booking, moves: int = 0, at: datetime = NOW) -> ScheduleProposed:
    """A proposal; the first `moves` bookings are said to be changes."""
    changes = [
        PlanChange(request=b.request, text=f"to {b.day} in {b.theatre}", day=b.day, theatre=b.theatre)
        for b in bookings[:moves]
    ]
    return ScheduleProposed(
        id=f"event-{name}", site=SITE, known=at, as_of=at, proposal=name, kind="theatres", bookings=bookings,
        changes=tuple(changes),
    )  # fmt: skip


def decide(name: str, decision: str = "approve", *, minutes: int = 1, why: str = "") -> ScheduleDecided:
    """An administrator's word."""
    at = NOW + timedelta(minutes=minutes)
    edits = (PlanEdit(request="r"),) if decision == "edit" else ()
    return ScheduleDecided.model_validate(
        {"id": f"{decision}-{name}-{minutes}", "site": SITE, "known": at, "as_of": at, "proposal": name,
         "decision": decision, "by": "admin", "why": why, "edits": edits}
    )  # fmt: skip
