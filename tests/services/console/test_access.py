"""Who may do what: every route has one rule, and every role meets every route."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AccessAudited
from schemas.ids import digest
from services.console import access
from services.console.access import ROLES, RULES, Right, Role
from services.console.app import console_app, served
from services.console.projection.fold import fold
from services.console.signin.sessions import Person, Sessions
from services.console.web.events import Rows
from services.console.web.session import who
from services.runtime.auth import Actor
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser.example_ward import example_ward
from tests.browser.running import Running, made_console, written

WARD = example_ward(hours=1)
HERE, THERE = (digest("example", n) for n in (0, 13))
"""A patient of 5B, and one of intensive care."""
KEY = b"k" * 32
MAY: dict[Role, set[str]] = {
    "ward-screen": {"/", "/api/board", "/api/search"},
    "care-team": {
        "/", "/api/board", "/api/search", f"/patients/{HERE}", f"/patients/{HERE}/now", f"/api/patients/{HERE}",
        f"/api/patients/{HERE}/explanations", f"/api/patients/{HERE}/advice/x/decisions", "/beds", "/beds/now",
        "/api/beds", "/api/places", "/schedule", "/schedule/now", "/api/schedule", "/api/proposals/x/evaluate",
        f"/api/alerts/{digest('alert', HERE, 'sepsis')}/decisions", "/films/x/picture",
    },
    "radiologist": {
        "/", "/api/board", "/api/search", f"/patients/{HERE}", f"/patients/{HERE}/now", f"/api/patients/{HERE}",
        f"/api/patients/{HERE}/explanations", "/films/x/picture", "/api/findings/x/reading",
    },
    "bed-manager": {
        "/beds", "/beds/now", "/api/beds", "/api/places", "/schedule", "/schedule/now", "/api/schedule",
        "/api/proposals/x/evaluate", "/api/proposals/x/questions", "/api/proposals/x/decisions",
    },
    "quality": {"/quality", "/quality/now", "/api/quality", "/system", "/system/now", "/api/system"},
}  # fmt: skip
"""Written by hand, apart from the table that the console uses. Nobody else's patients are in it."""
GUARDED = sorted(name for name, rule in RULES.items() if rule not in {"anyone", "metrics", "signed in"})


def path_of(route: str) -> str:
    """A route's path with a patient of 5B in it."""
    path = route.partition(" ")[2]
    alert = digest("alert", HERE, "sepsis")
    for name, value in {"{key}": HERE, "{item}": "x", "{alert}": alert, "{proposal}": "x", "{finding}": "x"}.items():
        path = path.replace(name, value)
    return path.replace("{layer}", "picture")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The console's parts with two wards folded in."""
    running = made_console(tmp_path_factory.mktemp("console"), WARD)
    running.log.append([outgoing(e, source="test", partitions=4) for e in WARD.events])
    fold(running.parts.store, running.log.records)
    running.parts = replace(running.parts, sessions=Sessions(KEY))
    return running


@pytest.fixture(scope="module")
def app(console: Running) -> FastAPI:
    """All routes."""
    return console_app(console.parts, Health("console"))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser that is not signed in."""
    with TestClient(app, follow_redirects=False) as client:
        yield client


def signed(client: TestClient, *roles: Role, wards: tuple[str, ...] = ("5B",)) -> TestClient:
    """The same browser, signed in with these roles."""
    client.cookies.set("wardwatch", Sessions(KEY).begin(Person("u1", "Amara", roles, wards)))
    return client


def asked(client: TestClient, route: str) -> int:
    """What a route answers to a person's request with the page's proof; a form that is not filled in is 422."""
    method, path = route.split(" ", maxsplit=1)[0], path_of(route)
    proof = client.get("/login").text.split('name="proof" content="')[1].split('"')[0]
    return int(client.request(method, path, headers={"X-Wardwatch-Proof": proof}).status_code)


def test_a_route_without_a_rule_does_not_start(app: FastAPI) -> None:
    """Whoever adds a route says who may, or the console does not start; and no rule is left over."""
    routes = [(name.split(" ")[0], name.split(" ")[1]) for name in RULES]
    access.complete(routes)
    with pytest.raises(LookupError, match="/new"):
        access.complete([*routes, ("GET", "/new")])
    with pytest.raises(LookupError, match="no such route"):
        access.complete(routes[1:])
    assert served(app.routes)


@pytest.mark.parametrize("route", GUARDED)
def test_a_stranger_is_refused_everywhere(client: TestClient, route: str) -> None:
    """Without a sign-in a page leads to the sign-in, everything else is 401."""
    assert asked(client, route) in {303, 401}


@pytest.mark.parametrize("role", sorted(MAY))
def test_a_role_may_what_it_may_and_nothing_else(client: TestClient, role: Role) -> None:
    """Every role at every route: refused (403, or led to its own page), or let in."""
    signed(client, role)
    found = {route: asked(client, route) for route in GUARDED}
    let_in = {path_of(route) for route, status in found.items() if status not in {401, 403, 303}}
    assert let_in == MAY[role]


def test_an_administrator_may_everything(client: TestClient) -> None:
    """No route refuses them."""
    signed(client, "administrator", wards=())
    assert {route for route in GUARDED if asked(client, route) in {401, 403}} == set()


def test_a_care_team_sees_its_wards_only(client: TestClient, console: Running) -> None:
    """Board, search, beds, patient, films, alerts and live rows hold no patient of another ward; trying is audited."""
    signed(client, "care-team")
    rows = client.get("/api/board").json()["rows"]
    assert {row["ward"] for row in rows} == {"5B"}
    assert {w["id"] for w in client.get("/api/board").json()["wards"]} == {"5B"}
    assert client.get(f"/api/board?ward={'ICU'}").json()["rows"] == []
    assert {f["key"] for f in client.post("/api/search", json={"text": "ICU"}).json()} == set()
    beds = client.get("/api/beds").json()
    assert {w["id"] for w in beds["wards"]} <= {"", "5B"}
    for path in (f"/patients/{THERE}", f"/api/patients/{THERE}", f"/events?page={THERE}"):
        assert client.get(path).status_code == 403
    audited = [e for e in written(console.log, "audit") if isinstance(e, AccessAudited)]
    assert ("Amara", THERE, False) in {(e.actor, e.subject, e.allowed) for e in audited}
    page = client.get(f"/patients/{THERE}", headers={"Accept": "text/html"})
    assert "not on one of your wards" in page.text
    for wards, expected in ((("*",), {"5B", "ICU"}), ((), set())):
        signed(client, "care-team", wards=wards)
        assert {row["ward"] for row in client.get("/api/board").json()["rows"]} == expected


def test_live_rows_of_another_ward_are_told_as_gone(console: Running, app: FastAPI) -> None:
    """A screen that is bound to a ward never gets a row of another, also not one drawn for someone else."""
    rows = Rows(console.parts)
    seen = {}
    for wards in (("*",), ("5B",)):
        cookie = Sessions(KEY).begin(Person("u1", "Amara", ("care-team",), wards))

        headers = [(b"cookie", f"wardwatch={cookie}".encode())]
        viewer = who(Request({"type": "http", "headers": headers, "app": app}))
        seen[wards] = rows.of([HERE, THERE], viewer, "en")
    assert seen["*",]["gone"] == []
    assert seen["5B",]["gone"] == [THERE]


def test_nobody_opens_a_page_that_is_not_theirs(client: TestClient) -> None:
    """The way in leads to a role's own page, and the navigation holds its pages only."""
    for role, home, others in (("bed-manager", "/beds", "/quality"), ("quality", "/quality", "/beds")):
        signed(client, role)  # type: ignore[arg-type]
        answer = client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, home)
        assert f'href="{others}"' not in client.get(home).text
    signed(client, "care-team")
    assert "data-decide" not in client.get("/beds").text


def test_a_bed_manager_opens_no_patient(client: TestClient) -> None:
    """Beds have names on them and lead nowhere."""
    page = signed(client, "bed-manager", wards=()).get("/beds").text
    assert "OKAFOR" in page
    assert 'href="/patients/' not in page


def test_a_role_that_is_no_longer_one_gives_nothing(client: TestClient) -> None:
    """A sign-in that holds an unknown role is one without rights."""
    client.cookies.set("wardwatch", Sessions(KEY).begin(Person("u1", "Amara", ("boss",), ("*",))))  # type: ignore[arg-type]
    assert client.get("/api/board").status_code == 403


@given(st.sets(st.sampled_from(sorted(ROLES))), st.sets(st.sampled_from(sorted(ROLES))))
def test_another_role_never_takes_a_right_away(some: set[Role], more: set[Role]) -> None:
    """Rights of several roles are those of each of them."""
    assert access.of_roles(some | more) == access.of_roles(some) | access.of_roles(more)


@given(st.sets(st.sampled_from(["read", "read:identity", "decide", "admin", "publish", "metrics"])))
def test_only_an_administrators_token_gives_every_right(scopes: set[str]) -> None:
    """Scopes give what they gave before there were roles; `publish` and `metrics` give nothing here."""
    rights = access.of_scopes(Actor("x", frozenset(scopes)))
    assert (rights == access.ALL) == ("admin" in scopes)
    assert ("names" in rights) == bool(scopes & {"read:identity", "admin"})
    assert rights <= set(get_args(Right))


@given(st.text(max_size=30))
def test_what_is_no_page_is_a_patient(page: str) -> None:
    """Following something that is not named needs the right about patients, so that no name opens a way around."""
    named = {"board", "beds", "schedule", "quality", "system"}
    assert access.of_page(page) == (page if page in named else "patients")
