"""Plans as the console tells them: what stands, what an edit breaks and costs, and what was asked."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.scheduling.check import check_timetable
from schemas.events import (
    AccessAudited,
    Event,
    Hindrance,
    PlanEdit,
    PlanQuestionAnswered,
    PlanQuestionAsked,
    ScheduleDecided,
    ScheduleProposed,
)
from services.console import plan_words
from services.console.app import console_app
from services.console.plans.document import Documents, NoDocument
from services.console.plans.evaluate import evaluate
from services.console.plans.standing import Verb, Word, standing
from services.console.projection.fold import fold
from services.console.projection.store import Store
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser import example_theatres as theatres
from tests.browser.example_event import NOW, event
from tests.browser.example_plan import FIRST, REPAIR, department
from tests.browser.running import Running, made_console, written

DEPARTMENT = department()
SISTER, SCREEN, ADMIN = "sister-token", "screen-token", "admin-token"
EVALUATE, DECIDE, ASK = (f"/api/proposals/{REPAIR}/{verb}" for verb in ("evaluate", "decisions", "questions"))
WEISS = "surgery-22"


@pytest.fixture
def console(tmp_path: Path) -> Running:
    """The console's parts with a surgical department folded in."""
    running = made_console(tmp_path, DEPARTMENT)
    tell(running, DEPARTMENT.events)
    running.parts.clock.told(NOW)
    return running


@pytest.fixture
def client(console: Running) -> Iterator[TestClient]:
    """A client that is not signed in."""
    with TestClient(console_app(console.parts, Health("console")), follow_redirects=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


def tell(running: Running, events: list[Event]) -> None:
    """Append to the log and fold it."""
    before = {p: len(r) for p, r in running.log.records.items()}
    running.log.append([outgoing(e, source="test", partitions=4) for e in events])
    fold(running.parts.store, {p: r[before.get(p, 0) :] for p, r in running.log.records.items()})


def follow(running: Running) -> None:
    """Fold what the console itself wrote to `plans`."""
    fold(running.parts.store, {p: r[-1:] for p, r in running.log.records.items() if p.topic == "plans"})


def word(decision: Verb, minute: int) -> Word:
    """Someone's decision a few minutes from now."""
    return Word(decision, "Dana", "", NOW + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ((), None),
        (("approve",), "approve"),
        (("approve", "reject"), "approve"),
        (("reject", "approve"), "reject"),
        (("edit",), "edit"),
        (("undo",), None),
        (("approve", "undo"), "undo"),
        (("undo", "approve"), "approve"),
        (("approve", "undo", "approve"), "undo"),
    ],
)
def test_the_first_word_counts_until_it_is_taken_back(said: tuple[Verb, ...], stands: str | None) -> None:
    """Later words change nothing but an undo, after which a proposal is done with."""
    found = standing(word(decision, n) for n, decision in enumerate(said))
    assert (found.decision if found else None) == stands


def test_what_stands_does_not_depend_on_the_order_of_arrival(tmp_path: Path) -> None:
    """Proposal, approval and undo may be folded in any order: the rows are the same."""
    about = {"proposal": "p", "by": "Dana"}
    facts: list[Event] = [
        event(ScheduleProposed, NOW, as_of=NOW, proposal="p", kind="theatres"),
        event(ScheduleDecided, NOW + timedelta(minutes=1), as_of=NOW, decision="approve", **about),
        event(ScheduleDecided, NOW + timedelta(minutes=2), as_of=NOW, decision="undo", **about),
    ]
    seen = set()
    for n, order in enumerate(permutations(facts)):
        store = Store(f"sqlite:///{tmp_path}/{n}.db")
        running = made_console(tmp_path, DEPARTMENT)
        running = replace(running, parts=replace(running.parts, store=store))
        tell(running, list(order))
        with store.reading() as db:
            rows = [tuple(r) for t in ("proposals", "plan_decisions") for r in db.execute(f"SELECT * FROM {t}")]  # noqa: S608
        seen.add(json.dumps(rows))
    assert len(seen) == 1


def test_the_newest_plan_is_shown_with_everything_that_it_says(client: TestClient) -> None:
    """Bookings with names, places and limits; price, changes, risks; and the plan that is in force."""
    view = client.get("/api/schedule", headers=bearer(ADMIN)).json()
    plan = view["plan"]
    by = {b["request"]: b for b in plan["bookings"]}
    assert (plan["id"], view["approved"]["id"], view["approved"]["who"]) == (REPAIR, FIRST, "Dana Admin")
    assert len(plan["bookings"]) == len(theatres.FAMILIES)
    assert (by[WEISS]["label"].split(",")[0], by[WEISS]["moved"]) == ("WEISS", True)
    assert {b["sex"] for b in plan["bookings"]} == {"F", "M"}
    assert (
        plan["total"] == check_timetable(theatres.instance(closed=True), theatres.solution(closed=True))["total_cost"]
    )
    assert sum(c["percent"] for c in plan["costs"]) == pytest.approx(100)
    assert plan["lying"][0]["label"].startswith("AZIZ")
    assert plan["risks"][1] == {"name": "overtime, minutes", "text": "18", "otherwise": "42"}
    assert plan["overflow"][0]["where"] == "Surgery 1"


def test_names_on_the_schedule_are_for_those_who_may_read_them(client: TestClient) -> None:
    """A screen without read:identity sees the beginning of a key, in bookings and in what stands against an edit."""
    page = client.get("/schedule", headers=bearer(SCREEN)).text
    told = client.get("/api/schedule", headers=bearer(SCREEN)).text
    tried = client.post(EVALUATE, json={"edits": [{"request": WEISS, "day": "2026-03-13"}]}, headers=bearer(SCREEN))
    for family in ("WEISS", "AZIZ", "BOYD"):
        assert family not in page + told + tried.text
    assert "Patient " in told


def test_looking_at_the_schedule_is_audited(client: TestClient, console: Running) -> None:
    """Who saw which plan lies in the audit topic."""
    client.get("/schedule", headers=bearer(SISTER))
    audited = [e for e in written(console.log, "audit") if isinstance(e, AccessAudited)]
    assert ("Sr. Hughes", "schedule viewed", REPAIR) in {(e.actor, e.action, e.subject) for e in audited}


edits = st.lists(
    st.tuples(
        st.sampled_from([p.request for p in theatres.people()]),
        st.integers(0, theatres.DAYS - 1) | st.none(),
        st.sampled_from(list(theatres.THEATRES)),
        st.sampled_from(list(theatres.ROOMS)),
    ),
    max_size=4,
    unique_by=lambda e: e[0],
)


@given(edits)
def test_an_evaluation_is_what_schedule_check_says(chosen: list[tuple[str, int | None, str, str]]) -> None:
    """Whatever is edited, the price is that of the official rules for the timetable with the edits made."""
    objects = FakeObjectStore()
    objects.put("plan", theatres.document())
    opened = Documents(objects).open("plan")
    begins = theatres.BEGINS
    asked = [
        PlanEdit(request=r) if day is None else PlanEdit(request=r, day=begins + timedelta(days=day), theatre=t, room=m)
        for r, day, t, m in chosen
    ]
    found = evaluate(opened, asked, {})
    moved = {d.id: d for d in theatres.solution().patients}
    for request, day, theatre, room in chosen:
        place = found.places[request]
        assert (place is None) == (day is None)
        assert place is None or (place.day, place.theatre, place.room) == (day, theatre, room)
        moved.pop(request, None)
    assert found.before == check_timetable(theatres.instance(), theatres.solution())
    left = {name: found.after[name] for name in ("MandatoryUnscheduledPatients", "ElectiveUnscheduledPatients")}
    gone = {r for r, day, _, _ in chosen if day is None} | {
        p.id for p in theatres.instance().patients if p.id not in moved and p.id not in {r for r, *_ in chosen}
    }
    mandatory = {p.id for p in theatres.instance().patients if p.mandatory}
    assert left["MandatoryUnscheduledPatients"] == len(gone & mandatory)
    assert left["ElectiveUnscheduledPatients"] == 150 * len(gone - mandatory)


def test_an_edit_that_breaks_a_rule_names_the_rule_in_words(client: TestClient) -> None:
    """On a day without time for the surgeon the answer says so, and that it is not allowed; the page may know names."""
    told = client.post(EVALUATE, json={"edits": [{"request": WEISS, "day": "2026-03-14"}]}, headers=bearer(SISTER))
    found = told.json()
    texts = [a["text"] for a in found["against"][WEISS] if a["cost"] is None]
    assert not found["allowed"]
    assert "Dr Chen has no time on Sat 14 Mar" in texts
    assert {c["name"] for c in found["components"] if c["hard"]} >= {"SurgeonOvertime", "OperatingTheaterOvertime"}
    assert found["places"][WEISS]["day"] == 1


def test_no_edits_change_nothing(client: TestClient) -> None:
    """The plan against itself: allowed, at its own price, with nothing to tell."""
    found = client.post(EVALUATE, json={"edits": []}, headers=bearer(SISTER)).json()
    assert (found["allowed"], found["components"]) == (True, [])
    assert found["total"] == found["total_before"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"edits": [{"request": "nobody", "day": "2026-03-16"}]}, "nobody is not among those to be planned"),
        ({"edits": [{"request": WEISS, "day": "2027-01-01"}]}, "lies outside the plan"),
        ({"edits": [{"request": WEISS, "day": "2026-03-16", "room": "attic"}]}, "attic is no room or theatre"),
        ({"edits": [{"request": WEISS, "day": "2026-03-16"}] * 2}, "a request is edited twice"),
        ({"edits": [{"request": WEISS, "day": "soon"}]}, "valid date"),
        ({"edits": [{"request": WEISS}] * 101}, "at most 100"),
        ({}, "Field required"),
    ],
)
def test_a_wrong_edit_is_answered_in_words(client: TestClient, body: dict[str, object], says: str) -> None:
    """Unknown ids, days outside the plan and what is no edit are 422 with the reason, never a fault."""
    answer = client.post(EVALUATE, json=body, headers=bearer(SISTER))
    assert answer.status_code == 422
    assert says in answer.text


def test_a_plan_without_its_document_is_shown_and_decided_but_not_tried_out(
    client: TestClient, console: Running
) -> None:
    """The object store lost it: the page stands, says what is missing, and an edit cannot be weighed (409)."""
    console.parts.objects.delete("plans/theatres-2.json")
    plan = client.get("/api/schedule", headers=bearer(ADMIN)).json()["plan"]
    assert plan["editable"] == "the plan's document is no longer in the object store"
    assert (plan["tryable"], plan["may"]) == (False, ["approve", "reject"])
    assert len(plan["theatres"]) == 2  # those that have bookings
    answer = client.post(EVALUATE, json={"edits": []}, headers=bearer(SISTER))
    assert (answer.status_code, answer.json()["error"]) == (409, "the plan's document is no longer in the object store")
    assert client.post(DECIDE, json={"decision": "approve"}, headers=bearer(ADMIN)).status_code == 202


@pytest.mark.parametrize("content", [b"", b"{}", b'{"instance": 1}', b"\xff\xfe"])
def test_a_document_that_cannot_be_read_is_no_fault(content: bytes) -> None:
    """What is not a plan's document is said to be none."""
    objects = FakeObjectStore()
    objects.put("plan", content)
    with pytest.raises(NoDocument, match="cannot be read"):
        Documents(objects).open("plan")


def test_an_approval_is_taken_back(client: TestClient, console: Running) -> None:
    """Approve, then undo: both lie in the log with who; after that only a new proposal can be decided."""
    assert client.post(DECIDE, json={"decision": "undo"}, headers=bearer(ADMIN)).status_code == 409
    for decision in ("approve", "undo"):
        console.parts.clock.told(console.parts.clock.now() + timedelta(minutes=1))
        assert client.post(DECIDE, json={"decision": decision}, headers=bearer(ADMIN)).status_code == 202
        follow(console)
    told = [e for e in written(console.log, "plans") if isinstance(e, ScheduleDecided) and e.proposal == REPAIR]
    assert [(e.decision, e.by) for e in told] == [("approve", "Dana Admin"), ("undo", "Dana Admin")]
    view = client.get("/api/schedule", headers=bearer(ADMIN)).json()
    assert (view["plan"]["decision"], view["plan"]["may"], view["approved"]["id"]) == ("undo", [], FIRST)
    assert [s["decision"] for s in view["said"]] == ["undo", "approve", "approve"]
    late = client.post(DECIDE, json={"decision": "approve"}, headers=bearer(ADMIN))
    assert (late.status_code, late.json()["error"]) == (409, "Dana Admin has decided already: undo")


def test_edits_are_saved_with_who_and_why(client: TestClient, console: Running) -> None:
    """The event carries the edits as they were made; nothing to edit, or an unknown request, is refused."""
    edit = {"request": WEISS, "day": "2026-03-19", "theatre": "T1", "room": "S2-3"}
    assert client.post(DECIDE, json={"decision": "edit"}, headers=bearer(ADMIN)).status_code == 422
    unknown = {"decision": "edit", "edits": [edit | {"request": "nobody"}]}
    assert client.post(DECIDE, json=unknown, headers=bearer(ADMIN)).json()["error"] == "nobody is not in this plan"
    assert client.post(DECIDE, json={"decision": "edit", "edits": [edit]}, headers=bearer(SCREEN)).status_code == 403
    told = {"decision": "edit", "why": "family comes on Thursday", "edits": [edit]}
    assert client.post(DECIDE, json=told, headers=bearer(ADMIN)).status_code == 202
    saved = written(console.log, "plans")[-1]
    assert isinstance(saved, ScheduleDecided)
    assert (saved.decision, saved.why, saved.edits) == ("edit", told["why"], (PlanEdit.model_validate(edit),))


def test_an_older_plan_cannot_be_decided(client: TestClient) -> None:
    """Only the newest plan is decided; the older one that was approved can still be taken back."""
    path = f"/api/proposals/{FIRST}/decisions"
    assert client.post(path, json={"decision": "reject", "why": "x"}, headers=bearer(ADMIN)).status_code == 409
    assert client.post(path, json={"decision": "undo"}, headers=bearer(ADMIN)).status_code == 202


def test_why_not_is_answered_at_once_and_priced_later(client: TestClient, console: Running) -> None:
    """What stands against it comes with the answer; the question lies in the log; the price when it is told."""
    edit = {"request": WEISS, "day": "2026-03-19", "theatre": "T1"}
    assert client.post(ASK, json={"edit": edit}, headers=bearer(SCREEN)).status_code == 403
    asked = client.post(ASK, json={"edit": edit}, headers=bearer(ADMIN))
    assert asked.status_code == 202
    assert asked.json()["against"]
    question = written(console.log, "plans")[-1]
    assert isinstance(question, PlanQuestionAsked)
    follow(console)
    shown = client.get("/api/schedule", headers=bearer(ADMIN)).json()["plan"]["questions"][0]
    assert (shown["answered"], shown["asked"]) == (False, "WEISS, Ben: Thu 19 Mar, Theatre 1")
    at = NOW + timedelta(minutes=1)
    answer = event(
        PlanQuestionAnswered, at, as_of=at, question=question.question, proposal=REPAIR, price=35,
        hindrances=(Hindrance(rule="SurgeonOvertime", text="35 minutes short"),), text="Possible for 35 more.",
    )  # fmt: skip
    tell(console, [answer])
    shown = client.get("/api/schedule", headers=bearer(ADMIN)).json()["plan"]["questions"][0]
    assert (shown["answered"], shown["price"], shown["against"][0]["text"]) == (True, 35, "35 minutes short")


def test_who_waits_for_a_day_of_surgery_does_not_wait_for_a_bed(client: TestClient) -> None:
    """The beds page counts them and points to the schedule; its own list is of those who need a bed now."""
    view = client.get("/api/beds", headers=bearer(ADMIN)).json()
    assert (view["waiting"], view["for_surgery"]) == ([], len(theatres.FAMILIES))
    assert "for a day of surgery" in client.get("/beds", headers=bearer(ADMIN)).text


def test_before_any_plan_the_page_says_so(tmp_path: Path) -> None:
    """No plan is a state of its own, not an empty calendar."""
    running = made_console(tmp_path, DEPARTMENT)
    running.parts.clock.told(NOW)
    with TestClient(console_app(running.parts, Health("console"))) as client:
        assert client.get("/api/schedule", headers=bearer(ADMIN)).json()["plan"] is None
        assert "No theatre plan yet" in client.get("/schedule", headers=bearer(ADMIN)).text


@pytest.mark.parametrize(
    ("group", "tier"),
    [("under 65", 0), ("0-9", 0), ("60-69", 1), ("65 to 79", 1), ("80 and over", 2), ("90+", 2), ("", 0)],
)
def test_age_groups_have_a_pattern_by_their_first_number(group: str, tier: int) -> None:
    """Names of age groups are the hospital's; the pattern is by years."""
    assert plan_words.age_tier(group) == tier
