"""What the console's routes give to whom, and what they refuse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from schemas.events import AccessAudited, DecisionMade, ImagingReportRead, ScheduleDecided
from schemas.ids import digest
from services.console.app import console_app
from services.console.projection.fold import fold
from services.runtime.errors import LogUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing, Publisher
from services.runtime.publishing import LazyPublisher
from tests.browser.example_event import NOW
from tests.browser.example_ward import example_ward
from tests.browser.running import Running, made_console, written

WARD = example_ward(hours=3)
SISTER, SCREEN, ADMIN = "sister-token", "screen-token", "admin-token"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The console's parts with a ward folded in."""
    running = made_console(tmp_path_factory.mktemp("console"), WARD)
    running.log.append([outgoing(e, source="test", partitions=4) for e in WARD.events])
    fold(running.parts.store, running.log.records)
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


@pytest.mark.parametrize("path", ["/api/board", "/api/beds", "/api/schedule", "/api/system", "/events"])
def test_data_without_a_token_is_refused(client: TestClient, path: str) -> None:
    """Every route passes the doorkeeper."""
    assert client.get(path).status_code == 401


def test_a_page_without_a_token_leads_to_the_sign_in(client: TestClient) -> None:
    """A person is shown where to sign in, and comes back to the page they wanted."""
    answer = client.get("/beds")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fbeds")


def test_a_link_with_a_token_signs_in_and_forgets_it(client: TestClient) -> None:
    """The token leaves the address, into a cookie that no script and no other site can use."""
    answer = client.get("/?view=wall&token=sister-token")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?view=wall")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_signing_in_with_an_unknown_token_says_so(client: TestClient) -> None:
    """A wrong token is answered with the form again, never with a cookie; and the way back stays inside."""
    answer = client.post("/login", data={"token": "nope", "next": "//evil.example"})
    assert answer.status_code == 401
    assert "not known here" in answer.text
    assert "set-cookie" not in answer.headers
    answer = client.post("/login", data={"token": SISTER, "next": "//evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_pages_load_nothing_from_elsewhere(client: TestClient) -> None:
    """The policy allows our own scripts, styles and pictures only, and nothing is kept on a shared screen."""
    answer = client.get("/", headers=bearer(SISTER))
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text


def test_the_most_worrying_patient_comes_first(client: TestClient) -> None:
    """Unanswered red alerts, then NEWS2, then its rise; the answered and the steady behind."""
    rows = client.get("/api/board", headers=bearer(SISTER)).json()["rows"]
    assert rows[0]["name"] == "OKAFOR, Grace"
    assert [r["worry"] for r in rows] == sorted((r["worry"] for r in rows), reverse=True)
    assert rows[0]["urgency"] == "now"
    assert rows[-1]["urgency"] == "steady"


def test_names_are_for_those_who_may_read_them(client: TestClient) -> None:
    """A screen without read:identity gets beds and keys, and finds nobody by name."""
    rows = client.get("/api/board", headers=bearer(SCREEN)).json()["rows"]
    assert {r["name"] for r in rows} == {None}
    assert "OKAFOR" not in client.get("/", headers=bearer(SCREEN)).text
    assert client.post("/api/search", json={"text": "okafor"}, headers=bearer(SCREEN)).json() == []


@pytest.mark.parametrize("text", ["okafor", "4100200", "5B-1A", "5b-1a"])
def test_a_patient_is_found_by_name_number_or_bed(client: TestClient, text: str) -> None:
    """Any of the three leads to the patient, in any case."""
    found = client.post("/api/search", json={"text": text}, headers=bearer(SISTER)).json()
    assert [f["key"] for f in found] == [WARD.keys["Okafor"]]


def test_a_silent_model_speaks_to_administrators_only(client: TestClient) -> None:
    """Forecasts of a silent model are recorded; the care team does not see them."""

    def shown(token: str) -> set[str]:
        rows = client.get("/api/board", headers=bearer(token)).json()["rows"]
        return {f["mode"] for r in rows for f in r["forecasts"]}

    assert shown(SISTER) == {"live"}
    assert shown(ADMIN) == {"live", "silent"}


def test_no_answer_is_a_word_and_not_a_blank(client: TestClient) -> None:
    """A missed forecast, a patient outside the model's population, an incomplete score: each says what it is."""
    page = client.get("/", headers=bearer(ADMIN)).text
    for words in ("Sepsis missed", "cannot assess", "Not complete", "no reading"):
        assert words in page


def test_looking_at_a_patient_is_audited(client: TestClient, console: Running) -> None:
    """Who saw whom lies in the audit topic, by key."""
    key = WARD.keys["Lindqvist"]
    assert client.get(f"/patients/{key}", headers=bearer(SISTER)).status_code == 200
    audited = [e for e in written(console.log, "audit") if isinstance(e, AccessAudited)]
    assert ("Sr. Hughes", "patient viewed", key) in {(e.actor, e.action, e.subject) for e in audited}


def test_the_patient_page_holds_what_its_json_holds(client: TestClient) -> None:
    """Score line by line, trends, reasons, alerts with their story, films."""
    view = client.get(f"/api/patients/{WARD.keys['Lindqvist']}", headers=bearer(SISTER)).json()
    assert sum(p["points"] for p in view["row"]["score"]["parameters"]) == view["row"]["score"]["total"]
    assert {t["code"] for t in view["trends"]} >= {"heart_rate", "spo2"}
    assert [p["model"] for p in view["panels"]] == ["deterioration", "sepsis"]
    assert {abs(p["why"]["factors"][0]["share"]) for p in view["panels"]} == {1}
    assert [t["what"] for t in view["stories"][0]["transitions"]] == ["Acknowledged", "Raised"]
    assert [f["outcome"] for f in view["films"]] == ["finding", "cannot assess"]


def test_an_unknown_patient_is_not_found(client: TestClient) -> None:
    """A key without a stay here is a 404 in words, as page and as JSON."""
    assert client.get("/api/patients/nobody-at-all", headers=bearer(SISTER)).json() == {
        "error": "no such patient has, or had, a stay here"
    }
    page = client.get("/patients/nobody-at-all", headers=bearer(SISTER) | {"Accept": "text/html"})
    assert page.status_code == 404
    assert "That did not work" in page.text


def test_films_come_from_the_object_store(client: TestClient) -> None:
    """Picture and heatmap are pictures; a layer that is not there is a 404."""
    finding = client.get(f"/api/patients/{WARD.keys['Lindqvist']}", headers=bearer(SISTER)).json()["films"]
    picture = client.get(f"/films/{finding[0]['id']}/heatmap", headers=bearer(SISTER))
    assert picture.headers["content-type"] == "image/png"
    assert client.get(f"/films/{finding[1]['id']}/heatmap", headers=bearer(SISTER)).status_code == 404


def test_a_physicians_reading_is_an_event_of_the_study(client: TestClient, console: Running) -> None:
    """It needs the right; to override also words; the film's page then says who read the study."""
    film = client.get(f"/api/patients/{WARD.keys['Lindqvist']}", headers=bearer(SISTER)).json()["films"][0]
    path = f"/api/findings/{film['id']}/reading"
    assert film["read_by"] is None
    assert client.post(path, json={"decision": "finalise"}, headers=bearer(SISTER)).status_code == 403
    assert client.post(path, json={"decision": "override"}, headers=bearer(ADMIN)).status_code == 422
    assert (
        client.post("/api/findings/x/reading", json={"decision": "finalise"}, headers=bearer(ADMIN)).status_code == 404
    )
    told = {"decision": "override", "why": "Atelectasis, no pneumonia"}
    assert client.post(path, json=told, headers=bearer(ADMIN)).status_code == 202
    event = written(console.log, "decisions")[-1]
    assert isinstance(event, ImagingReportRead)
    assert (event.patient, event.decision, event.impression) == (WARD.keys["Lindqvist"], *told.values())


def test_a_decision_is_an_event_with_who_and_why(client: TestClient, console: Running) -> None:
    """Acknowledging needs the scope; snoozing also a reason; both land in the log under the patient."""
    alert = digest("alert", WARD.keys["Marsh"], "deterioration")
    path = f"/api/alerts/{alert}/decisions"
    assert client.post(path, json={"decision": "acknowledge"}, headers=bearer(SCREEN)).status_code == 403
    assert client.post(path, json={"decision": "snooze"}, headers=bearer(SISTER)).status_code == 422
    told = {"decision": "snooze", "why": "With the doctor now", "hours": 2}
    assert client.post(path, json=told, headers=bearer(SISTER)).status_code == 202
    event = written(console.log, "decisions")[-1]
    assert isinstance(event, DecisionMade)
    assert (event.patient, event.by, event.why) == (WARD.keys["Marsh"], "Sr. Hughes", "With the doctor now")
    assert event.until is not None
    assert (event.until - event.at).total_seconds() == 7200


def test_a_change_from_another_site_is_refused(client: TestClient) -> None:
    """With only the cookie, a request without the page's proof, or from elsewhere, changes nothing."""
    client.cookies.set("wardwatch", SISTER)
    path = f"/api/alerts/{digest('alert', WARD.keys['Marsh'], 'deterioration')}/decisions"
    assert client.post(path, json={"decision": "acknowledge"}).status_code == 403
    page = client.get("/").text
    proof = page.split('name="proof" content="')[1].split('"')[0]
    elsewhere = {"X-Wardwatch-Proof": proof, "Sec-Fetch-Site": "cross-site"}
    assert client.post(path, json={"decision": "acknowledge"}, headers=elsewhere).status_code == 403
    assert client.post(path, json={"decision": "acknowledge"}, headers={"X-Wardwatch-Proof": proof}).status_code == 202


def test_a_decision_that_cannot_be_recorded_says_so(client: TestClient, console: Running) -> None:
    """When the log does not answer, the person hears that nothing was recorded."""
    alert = digest("alert", WARD.keys["Okafor"], "sepsis")
    console.log.down = True
    answer = client.post(f"/api/alerts/{alert}/decisions", json={"decision": "acknowledge"}, headers=bearer(SISTER))
    console.log.down = False
    assert answer.status_code == 503
    assert "not recorded" in answer.json()["error"]


def test_a_publisher_connects_when_the_log_is_there() -> None:
    """While the log cannot be reached a message fails and nothing else does; the next one tries again."""
    log = FakeLog()

    def opened() -> Publisher:
        log.check()
        return log.publisher()

    publisher, message = LazyPublisher(opened), Outgoing("audit", "someone", b"{}")
    log.down = True
    with pytest.raises(LogUnavailable):
        publisher.publish([message]).result(0)
    log.down = False
    publisher.publish([message]).result(0)
    assert sum(len(records) for records in log.records.values()) == 1


def test_a_proposal_is_decided_once(client: TestClient, console: Running) -> None:
    """An approval becomes ScheduleDecided; the second word comes too late."""
    path = "/api/proposals/plan-1/decisions"
    assert client.post(path, json={"decision": "reject"}, headers=bearer(SISTER)).status_code == 422
    assert client.post(path, json={"decision": "approve"}, headers=bearer(SISTER)).status_code == 202
    event = written(console.log, "plans")[-1]
    assert isinstance(event, ScheduleDecided)
    fold(console.parts.store, {p: r[-1:] for p, r in console.log.records.items() if p.topic == "plans"})
    late = client.post(path, json={"decision": "reject", "why": "no"}, headers=bearer(SISTER))
    assert (late.status_code, late.json()["error"]) == (409, "Sr. Hughes has decided already: approve")


def test_the_api_describes_itself(client: TestClient) -> None:
    """Each page's JSON is in the OpenAPI document, with its schema."""
    document = client.get("/openapi.json").json()
    assert {"/api/board", "/api/patients/{key}", "/api/beds", "/api/schedule", "/api/system"} <= set(document["paths"])
    assert {"Board", "PatientView", "BedsView", "ScheduleView", "SystemView"} <= set(document["components"]["schemas"])


def test_static_files_are_small_and_local() -> None:
    """All assets ship with the console and weigh less than a photograph; none names another host."""
    static = Path(__file__).parents[3] / "services/console/static"
    assert sum(f.stat().st_size for f in static.iterdir()) < 150_000
    for file in static.glob("*.[jc]s*"):
        assert "//" not in file.read_text().replace("// ", "").replace("http://www.w3.org", ""), file.name
