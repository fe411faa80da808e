"""The patient page's word on risk: both models, why, what is asked next, and what people decide about it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.events import DecisionMade, Event, ExplanationRequested, ForecastExplained, RiskForecasted
from services.console.app import console_app
from services.console.projection.fold import fold
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from tests.browser.example_event import NOW
from tests.browser.example_ward import example_ward
from tests.browser.running import Running, made_console, written

WARD = example_ward(hours=3)
SISTER, SCREEN, ADMIN = ({"Authorization": f"Bearer {who}-token"} for who in ("sister", "screen", "admin"))
OKAFOR, MARSH, TANAKA, BROWN, CAMPBELL, COHEN = (
    WARD.keys[name] for name in ("Okafor", "Marsh", "Tanaka", "Brown", "Campbell", "Cohen")
)


@pytest.fixture
def console(tmp_path: Path) -> Running:
    """The console's parts with a ward folded in."""
    running = made_console(tmp_path, WARD)
    tell(running, WARD.events)
    running.parts.clock.told(NOW)
    return running


@pytest.fixture
def client(console: Running) -> Iterator[TestClient]:
    """A client that is not signed in."""
    with TestClient(console_app(console.parts, Health("console")), follow_redirects=False) as client:
        yield client


def tell(console: Running, events: list[Event]) -> None:
    """Append to the log and fold all that is new."""
    before = {p: len(records) for p, records in console.log.records.items()}
    console.log.append([outgoing(e, source="test", partitions=4) for e in events])
    fold(console.parts.store, {p: records[before.get(p, 0) :] for p, records in console.log.records.items()})


def view(client: TestClient, key: str, who: dict[str, str] = SISTER) -> dict[str, Any]:
    """The page as JSON."""
    found: dict[str, Any] = client.get(f"/api/patients/{key}", headers=who).json()
    return found


def panel(client: TestClient, key: str, model: str, who: dict[str, str] = SISTER) -> dict[str, Any]:
    """One model's panel."""
    found: dict[str, Any] = next(p for p in view(client, key, who)["panels"] if p["model"] == model)
    return found


def requests(console: Running) -> list[ExplanationRequested]:
    """What watch was asked to explain."""
    return [e for e in written(console.log, "decisions") if isinstance(e, ExplanationRequested)]


def test_each_live_model_says_band_certainty_trend_and_course(client: TestClient) -> None:
    """The words beside the number, for both models."""
    sepsis, deterioration = (panel(client, OKAFOR, model) for model in ("sepsis", "deterioration"))
    assert (sepsis["forecast"]["band"], sepsis["forecast"]["rank"], sepsis["horizon"]) == (
        "very high", 3, "within 6 hours",
    )  # fmt: skip
    assert deterioration["horizon"] == "death in this hospital stay"
    assert sepsis["certainty"] == "At 90 % certainty: cannot be excluded"
    assert panel(client, WARD.keys["O'Neill"], "deterioration")["certainty"] == "At 90 % certainty: not expected"
    assert len(sepsis["course"]) == 4
    told = [e for e in WARD.events if isinstance(e, RiskForecasted) and (e.patient, e.model) == (OKAFOR, "sepsis")]
    assert [p["value"] for p in sepsis["course"]] == [
        max(e.probability for e in told if e.as_of.hour == hour) for hour in sorted({e.as_of.hour for e in told})
    ]


def test_the_reasons_are_a_table_that_can_be_checked(client: TestClient) -> None:
    """Value with unit, range and side, trend, share, the probability without it; those explained first come first."""
    why = panel(client, OKAFOR, "sepsis")["why"]
    assert why["current"]
    first = why["factors"][0]
    assert (first["label"], first["outside"], first["range_text"]) == ("Respiratory rate", "above", "12–20")
    assert first["text"].endswith(" /min")
    assert first["without_text"].endswith(" %")
    assert first["share"] == 1
    assert {f["text"] for f in why["factors"]} >= {"71 years", "not measured"}
    assert why["before"]


def test_no_answer_is_said_on_the_page(client: TestClient) -> None:
    """Missed, cannot assess and why, nothing yet: each is a panel with words."""
    page = client.get(f"/patients/{TANAKA}", headers=SISTER).text
    assert "Missed" in page
    assert "no answer within 1 s" in page
    page = client.get(f"/patients/{CAMPBELL}", headers=SISTER).text
    assert "Deterioration is for the first 2 days of a stay. NEWS2 goes on." in page


def test_a_model_in_use_that_has_not_spoken_is_named(client: TestClient, console: Running) -> None:
    """On a ward where a model is live, a patient without a forecast has a panel that says so."""
    with console.parts.store.writing() as db:
        db.execute("DELETE FROM forecasts WHERE patient = ? AND model = 'sepsis'", (MARSH,))
    assert panel(client, MARSH, "sepsis")["forecast"] is None
    assert "No forecast yet" in client.get(f"/patients/{MARSH}", headers=SISTER).text


def test_an_old_forecast_is_stale(client: TestClient, console: Running) -> None:
    """Two hours without a forecast: it is marked, and no advice is made of it."""
    console.parts.clock.told(NOW + timedelta(hours=3))
    assert panel(client, OKAFOR, "sepsis")["forecast"]["stale"]
    assert "the last forecast is too old" in " ".join(a["instead"] for a in view(client, OKAFOR)["advice"])


def test_a_silent_model_is_for_administrators(client: TestClient) -> None:
    """The care team sees neither its panel nor advice of it."""
    rossi = WARD.keys["Rossi"]
    assert view(client, rossi)["panels"] == []
    assert {p["mode"] for p in view(client, rossi, ADMIN)["panels"]} == {"silent"}
    assert [a["subject"] for a in view(client, rossi, ADMIN)["advice"]] == ["news2"]


def test_opening_a_page_asks_why_once(client: TestClient, console: Running) -> None:
    """One request for each live model whose present forecast has no reasons; redrawing the page asks nothing."""
    client.get(f"/patients/{MARSH}", headers=SISTER)
    client.get(f"/patients/{MARSH}/now", headers=SISTER)
    view(client, MARSH)
    asked = requests(console)
    assert [(e.patient, e.by, e.model, e.encounter) for e in asked] == [
        (MARSH, "Sr. Hughes", "deterioration", "enc-2"), (MARSH, "Sr. Hughes", "sepsis", "enc-2"),
    ]  # fmt: skip
    client.get(f"/patients/{OKAFOR}", headers=SISTER)
    client.get(f"/patients/{WARD.keys['Rossi']}", headers=ADMIN)
    assert requests(console) == asked


def test_the_answer_is_shown(client: TestClient, console: Running) -> None:
    """Watch explains the present forecast: the page has its reasons, and says whom they were made for."""
    forecast = panel(client, MARSH, "sepsis")["forecast"]
    assert not panel(client, MARSH, "sepsis")["why"]["current"]
    old = next(
        e for e in WARD.events if isinstance(e, ForecastExplained) and e.patient == MARSH and e.model == "sepsis"
    )
    tell(console, [old.model_copy(update={"id": "new", "forecast": forecast["id"], "why_now": "asked",
                                          "as_of": NOW - timedelta(minutes=1)})])  # fmt: skip
    why = panel(client, MARSH, "sepsis")["why"]
    assert (why["current"], why["because"]) == (True, "someone looked")


def test_the_button_asks_too_and_only_from_our_page(client: TestClient, console: Running) -> None:
    """Whoever may read may ask; a cookie alone, as another site could send it, is refused."""
    answer = client.post(f"/api/patients/{MARSH}/explanations", headers=SCREEN)
    assert (answer.status_code, answer.json()) == (202, {"models": ["deterioration", "sepsis"]})
    assert {e.by for e in requests(console)} == {"Ward screen"}
    client.cookies.set("wardwatch", "sister-token")
    assert client.post(f"/api/patients/{MARSH}/explanations").status_code == 403
    assert client.post("/api/patients/nobody-at-all/explanations", headers=SCREEN).status_code == 404


def test_a_log_that_is_down_hides_no_patient(client: TestClient, console: Running) -> None:
    """The page is shown without reasons of its own."""
    console.log.down = True
    assert client.get(f"/patients/{MARSH}", headers=SISTER).status_code == 200
    console.log.down = False


def test_the_guideline_of_each_level_is_shown(client: TestClient) -> None:
    """The most urgent first; each item with person, time and source; decided by nobody yet."""
    advice = view(client, OKAFOR)["advice"]
    assert [(a["subject"], a["level"]) for a in advice] == [
        ("news2", "7 and over"), ("sepsis", "Very high"), ("deterioration", "High"),
    ]  # fmt: skip
    lactate = next(i for i in advice[1]["items"] if i["id"] == "sepsis-very-high-lactate")
    assert (lactate["who"], lactate["within"], lactate["decided"]) == ("Nurse", "1 h", None)
    assert lactate["source"].endswith("2018: table 1")


def test_advice_does_not_apply_where_care_or_age_say_so(client: TestClient) -> None:
    """Palliative care: said once for all; a child: neither chart nor models."""
    (only,) = view(client, BROWN)["advice"]
    assert only["items"] == []
    assert "comfort and the agreed plan come first" in only["instead"]
    assert only["label"] == "NEWS2, Deterioration, Sepsis"
    (child,) = view(client, COHEN)["advice"]
    assert "16 and over" in child["instead"]


def test_a_decision_about_advice_is_an_event_and_is_shown(client: TestClient, console: Running) -> None:
    """Done, not appropriate with a reason, taken back; done is asked again after its hours."""
    path = f"/api/patients/{OKAFOR}/advice/sepsis-very-high-lactate/decisions"
    assert client.post(path, json={"decision": "done"}, headers=SCREEN).status_code == 403
    assert client.post(path, json={"decision": "not appropriate"}, headers=SISTER).status_code == 422
    wrong = f"/api/patients/{OKAFOR}/advice/no-such-thing/decisions"
    assert client.post(wrong, json={"decision": "done"}, headers=SISTER).status_code == 404

    def decide(**told: str) -> dict[str, Any] | None:
        assert client.post(path, json=told, headers=SISTER).status_code == 202
        last = written(console.log, "decisions")[-1]
        assert isinstance(last, DecisionMade)
        assert (last.about, last.subject, last.by) == ("patient", "advice:sepsis-very-high-lactate", "Sr. Hughes")
        fold(console.parts.store, {p: r[-1:] for p, r in console.log.records.items() if p.topic == "decisions"})
        return lactate()

    def lactate() -> dict[str, Any] | None:
        items = view(client, OKAFOR)["advice"][1]["items"]
        found: dict[str, Any] | None = next(i["decided"] for i in items if i["id"] == "sepsis-very-high-lactate")
        return found

    decided = decide(decision="done")
    assert decided is not None
    assert (decided["what"], decided["who"], decided["again"]) == ("Done", "Sr. Hughes", False)
    console.parts.clock.told(NOW + timedelta(minutes=5))
    assert decide(decision="taken back") is None
    console.parts.clock.told(NOW + timedelta(minutes=6))
    decided = decide(decision="not appropriate", why="Done already")
    assert decided is not None
    assert (decided["what"], decided["why"]) == ("Not appropriate", "Done already")
    console.parts.clock.told(NOW + timedelta(minutes=7))
    decide(decision="done")
    later = NOW + timedelta(hours=5)
    about = next(
        e for e in WARD.events if isinstance(e, RiskForecasted) and e.patient == OKAFOR and e.model == "sepsis"
    )
    told = about.model_dump() | {"known": later, "as_of": later, "probability": 0.5, "band": "very high"}
    tell(console, [RiskForecasted.model_validate(told | {"id": "later"})])
    console.parts.clock.told(later)
    items = next(a for a in view(client, OKAFOR)["advice"] if a["subject"] == "sepsis")["items"]
    assert next(i["decided"]["again"] for i in items if i["id"] == "sepsis-very-high-lactate")


def test_the_board_names_the_highest_band_and_why(client: TestClient) -> None:
    """One model a row: that of the highest band; its reasons in one line; who did not answer is named."""
    rows = {r["key"]: r for r in client.get("/api/board", headers=SISTER).json()["rows"]}
    okafor = rows[OKAFOR]["risk"]
    assert (okafor["forecast"]["model"], okafor["forecast"]["band_text"]) == ("sepsis", "Very high")
    assert okafor["line"].startswith("Resp ")
    assert rows[MARSH]["risk"]["forecast"]["model"] == "deterioration"
    assert rows[TANAKA]["risk"]["unanswered"] == ["Sepsis missed"]
    assert rows[CAMPBELL]["risk"]["unanswered"] == ["Deterioration cannot assess"]
