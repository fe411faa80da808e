"""The planner and the console agree: plans that it really makes are shown, weighed, decided and repaired."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.events import EncounterStarted, Event, Place, PlanQuestionAsked, ScheduleDecided, ScheduleProposed
from services.console.app import console_app
from services.console.projection.fold import fold
from services.operations.core import Operations
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser.example_ward import ExampleWard
from tests.browser.running import Running, made_console, written
from tests.services.operations.test_core import at, came
from tests.services.operations.theatre import answered, day, jobs, needs, plan, planning, surgical

ADMIN = {"Authorization": "Bearer admin-token"}
REGISTERED, STARTED = came(9, "s4", sex="female")
assert isinstance(STARTED, EncounterStarted)
FACTS = [
    *surgical(),
    REGISTERED,
    STARTED.model_copy(update={"place": Place(ward="5s", bed="s4")}),
    needs(1, due=3),
    needs(2, sex="female"),
    needs(3, surgeon="roy", release=3),
    needs(4, 240, surgeon="roy", due=2),
]


@pytest.fixture
def operations() -> Operations:
    """Operations that know the facts."""
    return planning(FACTS)[0]


@pytest.fixture
def console(tmp_path: Path, operations: Operations) -> Running:
    """A console over the same facts and the planner's object store."""
    running = made_console(tmp_path, ExampleWard())
    assert operations.tools is not None
    running = replace(running, parts=replace(running.parts, objects=operations.tools.objects))
    tell(running, FACTS)
    return running


@pytest.fixture
def client(console: Running) -> Iterator[TestClient]:
    """A client that is not signed in."""
    with TestClient(console_app(console.parts, Health("console"))) as client:
        yield client


def tell(running: Running, events: Sequence[Event]) -> None:
    """Append to the log and fold it."""
    before = {p: len(r) for p, r in running.log.records.items()}
    running.log.append([outgoing(e, source="test", partitions=4) for e in events])
    fold(running.parts.store, {p: r[before.get(p, 0) :] for p, r in running.log.records.items()})


def heard(running: Running, operations: Operations, hours: float, client: TestClient, path: str, body: Any) -> Event:  # noqa: ANN401 - JSON
    """What a person says at the console at an hour, as both sides hear it."""
    running.parts.clock.told(at(hours))
    answer = client.post(path, json=body, headers=ADMIN)
    assert answer.status_code == 202, answer.text
    said = written(running.log, "plans")[-1]
    fold(running.parts.store, {p: r[-1:] for p, r in running.log.records.items() if p.topic == "plans"})
    operations.fold(said)
    return said


def shown(client: TestClient) -> dict[str, Any]:
    """The plan on the page."""
    found: dict[str, Any] = client.get("/api/schedule", headers=ADMIN).json()["plan"]
    return found


def test_a_real_plan_is_shown_and_weighed_at_its_own_price(
    client: TestClient, console: Running, operations: Operations
) -> None:
    """Every booking has its sex, age and limits; who lies in a room is named; no edits cost what the event says."""
    proposal = plan(operations, 0)
    tell(console, [proposal])
    console.parts.clock.told(at(0))
    page = shown(client)
    assert page["editable"] == ""
    assert page["total"] == sum(c.cost for c in proposal.costs)
    assert {b["request"]: b["sex"] for b in page["bookings"]} == {"q1": "M", "q2": "F", "q3": "M", "q4": "M"}
    assert [line["label"][:8] for line in page["lying"]] == ["Patient "]
    assert {t["id"] for t in page["theatres"]} == {"t1", "t2"}
    tried = client.post(f"/api/proposals/{proposal.proposal}/evaluate", json={"edits": []}, headers=ADMIN).json()
    assert (tried["total"], tried["allowed"]) == (page["total"], True)
    for booking in proposal.bookings:
        assert booking.day is not None
        same = {"request": booking.request, "day": str(booking.day), "theatre": booking.theatre, "room": booking.room}
        again = client.post(f"/api/proposals/{proposal.proposal}/evaluate", json={"edits": [same]}, headers=ADMIN)
        assert (again.json()["total"], again.json()["against"][booking.request]) == (page["total"], [])


def test_what_is_tried_out_here_is_what_the_planner_answers(
    client: TestClient, console: Running, operations: Operations
) -> None:
    """The hindrances that the page shows at once are those that the answer names later."""
    proposal = plan(operations, 0)
    tell(console, [proposal])
    edit = {"request": "q3", "day": str(day(1))}
    path = f"/api/proposals/{proposal.proposal}"
    tried = client.post(f"{path}/evaluate", json={"edits": [edit]}, headers=ADMIN).json()["against"]["q3"]
    asked = heard(console, operations, 0.1, client, f"{path}/questions", {"edit": edit})
    assert isinstance(asked, PlanQuestionAsked)
    answer = answered(operations, 0.1)
    assert [(h.rule, h.cost) for h in answer.hindrances] == [(a["rule"], a["cost"]) for a in tried]
    tell(console, [answer])
    (question,) = shown(client)["questions"]
    assert (question["answered"], question["text"], question["price"]) == (True, answer.text, answer.price)


def test_an_edit_is_repaired_and_the_repair_decided(
    client: TestClient, console: Running, operations: Operations
) -> None:
    """Edited here, planned there, shown here with what it moves, approved, and taken back: a new proposal follows."""
    first = plan(operations, 0)
    tell(console, [first])
    edit = {"request": "q3", "day": str(day(5)), "theatre": "t1"}
    told = {"decision": "edit", "edits": [edit], "why": "family"}
    heard(console, operations, 0.1, client, f"/api/proposals/{first.proposal}/decisions", told)
    assert (shown(client)["decision"], shown(client)["may"]) == ("edit", ["undo"])
    repaired = plan(operations, 0.2)
    tell(console, [repaired])
    page = shown(client)
    assert (page["id"], page["cause"], page["decision"]) == (repaired.proposal, "edited by Dana Admin: family", None)
    (moved,) = [b for b in page["bookings"] if b["request"] == "q3"]
    assert (moved["day"], moved["theatre"], moved["pinned"]) == (5, "t1", True)
    path = f"/api/proposals/{repaired.proposal}/decisions"
    for n, decision in enumerate(("approve", "undo")):
        said = heard(console, operations, 0.3 + n / 10, client, path, {"decision": decision})
        assert isinstance(said, ScheduleDecided)
        stands = operations.sites["main"].ledger.holds(repaired.proposal, "approve")
        assert (stands is not None) == (shown(client)["decision"] == "approve")
    follows = [e for e in jobs(operations, 0.5) if isinstance(e, ScheduleProposed)]
    assert len(follows) == 1
    tell(console, follows)
    assert shown(client)["decision"] is None


def test_every_day_between_two_plans_is_the_same_day_on_both_sides(
    client: TestClient, console: Running, operations: Operations
) -> None:
    """Days count from the plan's first day on the page, and are dates in the events."""
    proposal = plan(operations, 0)
    tell(console, [proposal])
    assert proposal.begins is not None
    by = {b.request: b.day for b in proposal.bookings}
    for booking in shown(client)["bookings"]:
        assert proposal.begins + timedelta(days=booking["day"]) == by[booking["request"]]
