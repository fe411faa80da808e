"""What each hook answers about which patient."""

from datetime import timedelta
from itertools import permutations

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import given as prop
from hypothesis import strategies as st

from schemas.events import AlertAcknowledged, AlertMerged, AlertResolved, AlertSnoozed, AlertWentStale, Event
from services.cds_hooks.response import Cards
from services.cds_hooks.standing import Patients
from services.cds_hooks.words import short
from tests.services.cds_hooks.given import (
    CONSOLE,
    PATIENT,
    Bench,
    about,
    context,
    drafts,
    explained,
    forecast,
    minutes,
    raised,
    score,
)

FIRST_HOUR = ["2524-7", "600-7"]


def after(kind: type[Event], minute: float = 5, **more: object) -> Event:
    """What became of the alert."""
    first = raised()
    given = first.model_dump() | about(minutes(minute), kind.__name__) | {"at": minutes(minute)} | more
    return kind.model_validate({k: v for k, v in given.items() if k in kind.model_fields})


def test_an_open_alert_is_a_card_with_reasons() -> None:
    """Severity, evidence, NEWS2's parts, the live forecast with its strongest reason first, links and choices."""
    bench = Bench([context(), raised(), score(7), forecast(0.31), explained()])
    (card,) = bench.cards()
    assert (card["indicator"], card["summary"]) == ("critical", "Sepsis alert, red: Sepsis risk 0.71")
    detail = card["detail"]
    for part in (
        "lactate 4.1 mmol/L \\> 2", "NEWS2 7 (high)", "respiratory rate 26: 3", "not measured lately: temperature",
        "within 6 h: 31.0%", "model sepsis 3", "Lactate 4.2 mmol/L raises it",
    ):  # fmt: skip
        assert part in detail
    assert detail.index("Lactate 4.2") < detail.index("Age 30")
    assert card["links"] == [
        {"label": "Patient in Wardwatch", "url": f"{CONSOLE}/patients/{PATIENT}", "type": "absolute"}
    ]
    assert card["source"]["topic"]["code"] == "sepsis"
    assert [s["label"] for s in card["suggestions"]] == ["I am looking after this"]
    assert all(reason["display"] for reason in card["overrideReasons"])


def test_a_well_patient_has_no_card() -> None:
    """A low score and a low forecast are no reason to interrupt anybody, a patient nobody knows neither."""
    assert Bench([context(), score(2), forecast(0.001)]).cards() == []
    assert Bench().cards() == []
    assert Bench().cards(context={"patientId": "nobody"}) == []


def test_a_silent_model_says_nothing() -> None:
    """Neither a card nor a line on one (design rule 9); a model that became silent neither."""
    assert Bench([context(), forecast(0.9, mode="silent")]).cards() == []
    bench = Bench([context(), forecast(0.9), forecast(0.9, 5, mode="silent"), raised()])
    assert "within 6 h" not in bench.cards()[0]["detail"]


@pytest.mark.parametrize(
    ("total", "red", "indicator"), [(7, False, "critical"), (5, False, "warning"), (3, True, "warning")]
)
def test_a_high_score_without_an_alert_is_a_card(total: int, red: bool, indicator: str) -> None:
    """NEWS2 of 5, a single 3, or 7 (RCP 2017, table 2), with an order for vital signs that is FHIR R4."""
    (card,) = Bench([context(), score(total, red=red)]).cards()
    assert card["indicator"] == indicator
    resource = card["suggestions"][0]["actions"][0]["resource"]
    assert ServiceRequest.model_validate(resource).subject.reference == "Patient/p-1"


def test_a_forecast_above_its_level_is_a_card() -> None:
    """Of a live model."""
    (card,) = Bench([context(), forecast(0.31)]).cards()
    assert card["summary"] == "Sepsis risk 31%, alarm from 2%"


def test_comfort_care_is_not_alarmed() -> None:
    """Where care is limited to comfort, what stands out is information."""
    (card,) = Bench([context(care_limit="comfort"), score(9)]).cards()
    assert card["indicator"] == "info"
    assert "comfort care" in card["detail"]


def test_what_somebody_took_is_quieter_and_what_is_snoozed_is_quiet() -> None:
    """An acknowledged alert informs, a snoozed one is seen only before discharge, one that is over nowhere."""
    taken = Bench([context(), raised(), after(AlertAcknowledged, by="Sister")])
    assert taken.cards()[0]["indicator"] == "info"
    assert "suggestions" not in taken.cards()[0]
    quiet = Bench([context(), raised(), after(AlertSnoozed, by="x", why="y", until=minutes(60))])
    assert (quiet.cards(), len(quiet.cards("encounter-discharge"))) == ([], 1)
    over = Bench([context(), score(1), raised(), after(AlertResolved, reason="better")])
    assert over.cards() == over.cards("encounter-discharge") == over.cards("order-select") == []


def test_silence_is_not_recovery() -> None:
    """A stale alert stays, says so, and asks for vital signs."""
    (card,) = Bench([context(), raised(), after(AlertWentStale, reason="no vital signs")]).cards()
    assert "(no new data)" in card["summary"]
    assert "Measure all vital signs now" in [s["label"] for s in card["suggestions"]]


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_orders_of_the_first_hour_are_suggested_where_they_are_missing(hook: str) -> None:
    """While a sepsis alert is open; not what a draft holds, nothing when all is there, nothing without sepsis."""
    bench = Bench([context(), raised()])

    def ordered(*codes: str) -> list[str]:
        found = bench.cards(hook, context={"draftOrders": drafts(*codes)})
        actions = [s["actions"][0]["resource"] for c in found for s in c["suggestions"] if "actions" in s]
        assert all(ServiceRequest.model_validate(one).status == "draft" for one in actions)
        return [one["code"]["coding"][0]["code"] for one in actions]

    assert ordered() == FIRST_HOUR
    assert ordered("600-7", "1234-5") == ["2524-7"]
    assert bench.cards(hook, context={"draftOrders": drafts(*FIRST_HOUR)}) == []
    assert Bench([context(), raised(kind="deterioration")]).cards(hook) == []


def test_before_discharge_an_unknown_score_is_told() -> None:
    """Twelve hours without a complete NEWS2, or one that is not complete; not when it is recent and low."""
    assert Bench([context(), score(1)]).cards("encounter-discharge") == []
    for events in ([context()], [context(), score(None)], [context(), score(1), context(13 * 60)]):
        (card,) = Bench(events).cards("encounter-discharge")
        assert card["summary"] == "No complete NEWS2 in the last 12 hours"


def test_a_merged_patient_is_found_by_either_key() -> None:
    """What is known stands under the survivor."""
    survivor = raised().model_copy(update={"patient": "patientkey-0002"})
    bench = Bench([context(merged_into="patientkey-0002"), context(patient="patientkey-0002"), survivor])
    assert len(bench.cards()) == 1


def test_a_merge_of_alerts_ends_one() -> None:
    """The alert that went on elsewhere is no card."""
    bench = Bench([context(), score(1), raised(), after(AlertMerged, into="a2", into_patient="patientkey-0002")])
    assert bench.cards() == []


def test_any_order_of_the_topics_gives_the_same_standing() -> None:
    """`risk` and `alerts` are read as they come; the newest by clinical time stands."""
    events: list[Event] = [context(), score(7), score(2, 5), forecast(0.3), forecast(0.01, 5)]
    seen = set()
    for order in permutations(events):
        patients = Patients()
        for event in order:
            patients.fold(event)
        standing = patients.of(PATIENT)
        assert standing is not None
        assert standing.score is not None
        seen.add((standing.score.total, standing.live()[0].probability))
    assert seen == {(2, 0.01)}


def test_who_left_long_ago_is_forgotten() -> None:
    """A week after the stay ended; not while it is open, nor while an alert is."""
    patients = Patients()
    for event in (context(), context(10, open=False)):
        patients.fold(event)
    patients.forget(minutes(10) + timedelta(days=6))
    assert len(patients) == 1
    patients.forget(minutes(10) + timedelta(days=8))
    assert len(patients) == 0


@prop(st.text(max_size=400))
def test_a_summary_is_short_whatever_it_says(text: str) -> None:
    """Fewer than 140 characters, on one line."""
    assert len(short(text)) < 140
    assert "\n" not in short(text)


def test_without_an_address_there_is_no_link() -> None:
    """Where nobody said where the console is."""
    (card,) = Bench([context(), raised()], console="").cards()
    assert "links" not in card
    assert "url" not in card["source"]


def test_every_answer_conforms() -> None:
    """Every card of every hook is one that the closed model takes again."""
    events = [context(), raised(), raised(1, "news2", "amber", "a2"), score(7), forecast(0.31), explained()]
    for hook in ("patient-view", "order-select", "order-sign", "encounter-discharge"):
        found = Bench(events).cards(hook)
        assert found
        assert Cards.model_validate({"cards": found})
