"""Several models a patient: each asked, declined, missed and remembered for itself (services/watch/stage.py)."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.registry import Card, write_card
from ray_jobs.risk import course_names
from ray_jobs.risk.course_features import course_rows
from ray_jobs.risk.feature_sets import Person, course_static
from ray_jobs.risk.grid import GridReading, build_grid
from ray_jobs.risk.names import features_sha
from schemas.codes import MEASUREMENTS
from schemas.events import (
    Event,
    ForecastDeclined,
    ForecastMissed,
    ReadingsRetracted,
    RiskForecasted,
    WarningScoreComputed,
)
from services.watch.forecasts import Question
from services.watch.main import live_cards
from services.watch.pack import pack, unpack
from services.watch.said import Said
from tests.services.watch.given import (
    CARD,
    COURSE_CARD,
    PATIENT,
    SITE,
    T0,
    Driver,
    extra_grid,
    minutes,
    observed,
    reading,
    registered,
    requested,
    stage,
    started,
    steered,
    vitals,
)  # fmt: skip

BOTH = (COURSE_CARD, CARD)
NAMES = [card.name for card in BOTH]


def admitted(modes: str = "{}") -> Driver:
    """A driver with both models and a woman of 69 in a bed of ward 5B."""
    driver = Driver(stage(modes, BOTH), model=steered)
    driver.give(registered(), started())
    return driver


def of(said: list[Event], kind: type[Event]) -> list[str]:
    """Models of the events of a kind."""
    return [e.model for e in said if isinstance(e, kind)]  # type: ignore[attr-defined]


def test_every_model_forecasts_every_event_with_its_own_card() -> None:
    """Band, conformal set, horizon and threshold are the card's; a model without them says None."""
    course, sepsis = (e for e in admitted().give(vitals(minutes(5), heart_rate=30)) if isinstance(e, RiskForecasted))
    assert (course.model, course.horizon_hours, course.threshold) == ("deterioration", None, 0.6)
    assert (course.band, course.conformal) == ("raised", ("no", "yes"))
    assert (sepsis.model, sepsis.horizon_hours, sepsis.threshold) == ("sepsis", 6, 0.3)
    assert (sepsis.band, sepsis.conformal) == ("raised", None)


def test_one_model_that_fails_is_missed_alone() -> None:
    """The other one and NEWS2 go on; when it answers again, only its own forecast is made late."""
    driver = admitted()
    driver.give(vitals(minutes(5)))
    driver.answering = {"sepsis"}
    said = driver.give(vitals(minutes(6)))
    assert (of(said, ForecastMissed), of(said, RiskForecasted)) == (["deterioration"], ["sepsis"])
    assert any(isinstance(e, WarningScoreComputed) for e in said)
    driver.answering = True
    late = driver.tick(minutes(8))
    assert [(e.model, e.late) for e in late if isinstance(e, RiskForecasted)] == [("deterioration", True)]
    assert driver.tick(minutes(9)) == []


def test_a_model_that_is_off_somewhere_is_not_asked_there() -> None:
    """Modes are by model and ward."""
    driver = admitted('{"sepsis": {"*": "live"}, "deterioration": {"*": "live", "5B": "off"}}')
    assert of(driver.give(vitals(minutes(5))), RiskForecasted) == ["sepsis"]
    assert [e.model for h in range(3) for e in driver.tick(minutes(60 * h)) if isinstance(e, RiskForecasted)] == [
        "sepsis", "sepsis",
    ]  # fmt: skip


def test_a_model_speaks_once_enough_is_measured() -> None:
    """With fewer kinds of vital signs than it needs it declines once; the reading that completes them is forecast."""
    driver = admitted()
    said = driver.give(
        observed(minutes(5), reading("heart_rate", 80, minutes(4)), reading("heart_rate", 82, minutes(5))),
        observed(minutes(6), reading("spo2", 97, minutes(6)), reading("lactate", 2, minutes(6))),
    )
    (declined,) = [e for e in said if isinstance(e, ForecastDeclined)]
    assert declined.model == "deterioration"
    assert declined.reason == "cannot assess: fewer than 3 different vital signs measured"
    assert of(said, RiskForecasted) == ["sepsis", "sepsis"]
    third = reading("temperature", 37, minutes(7))
    assert of(driver.give(observed(minutes(7), third)), RiskForecasted) == NAMES
    gone = ReadingsRetracted(id="r", site=SITE, patient=PATIENT, known=minutes(8), sources=(third.source,))
    assert of(driver.give(gone), ForecastDeclined) == ["deterioration"]
    assert of(driver.give(vitals(minutes(9))), RiskForecasted) == NAMES


def test_a_model_falls_silent_after_the_hours_it_was_made_for() -> None:
    """At hour 48 it says once that it cannot assess; the other goes on."""
    driver = admitted()
    driver.give(vitals(minutes(5)))
    said = [e for hour in (47, 48, 49) for e in driver.tick(minutes(60 * hour))]
    assert of(said, RiskForecasted) == [*NAMES, "sepsis", "sepsis"]
    (declined,) = [e for e in said if isinstance(e, ForecastDeclined)]
    assert declined.reason == "cannot assess: deterioration is for the first 48 hours of a stay"
    assert driver.watch.due(driver.state) == minutes(60 * 50)


def test_each_model_has_its_own_population() -> None:
    """Someone of 17 is assessed by the one that is for them and declined by the other."""
    driver = Driver(stage("{}", BOTH))
    driver.give(registered(date(2008, 6, 1)), started())
    said = driver.give(vitals(minutes(5)))
    assert (of(said, RiskForecasted), of(said, ForecastDeclined)) == (["deterioration"], ["sepsis"])


CODES = ("heart_rate", "temperature", "systolic_bp", "fio2", "pao2", "urine_output", "glasgow_coma_score",
         "mechanical_ventilation", "weight", "height", "troponin_t", "sodium")  # fmt: skip
course_facts = st.lists(
    st.tuples(
        st.sampled_from(CODES), st.integers(0, 60 * 20), st.integers(0, 300), st.floats(0, 1), st.sampled_from("abc"),
    ),
    min_size=1, max_size=40, unique_by=lambda r: (r[0], r[1]),
)  # fmt: skip


@given(st.data(), course_facts)
def test_course_features_live_equal_offline_to_the_bit(
    data: st.DataObject, rows: list[tuple[str, int, int, float, str]]
) -> None:
    """Late, corrected and retracted readings in any order: the next row has the bits of the clean course."""
    facts, standing = [], []
    for code, minute, delay, share, fate in rows:
        what = MEASUREMENTS[code]
        value = what.low + share * (what.high - what.low)
        final = reading(code, value, minutes(minute), source=f"{code}/{minute}", version=2)
        known = minutes(minute + delay)
        if fate != "a":
            wrong = reading(code, what.low, minutes(minute), source=final.source, version=1)
            facts.append(observed(known - timedelta(seconds=1), wrong))
        if fate == "c":
            facts.append(ReadingsRetracted(
                id=final.id, site=SITE, patient=PATIENT, known=known, sources=(final.source,)
            ))  # fmt: skip
        else:
            facts.append(observed(known, final))
            standing.append(GridReading(code, final.value, final.taken, final.id))
    driver = Driver(stage("{}", (COURSE_CARD.model_copy(update={"min_vitals": 0}),)))
    driver.give(registered(), started(), *data.draw(st.permutations(facts)))
    last = minutes(60 * 26)
    driver.give(observed(last, reading("diastolic_bp", 70, last)))
    standing.append(GridReading("diastolic_bp", 70, last, "last"))
    row = next(a.row for a in reversed(driver.asked) if isinstance(a.context, Question))
    offline = course_rows(
        build_grid(standing, T0, 27), extra_grid(standing, T0, 27),
        course_static(Person(69, "female", "medical", -5.0)), np.array([26]),
    )  # fmt: skip
    np.testing.assert_array_equal(row, offline[0])


happenings = st.lists(
    st.tuples(st.sampled_from(["vitals", "tick", "down", "half", "up", "ask", "stay"]), st.integers(1, 90),
              st.integers(20, 90)), max_size=30,
)  # fmt: skip


@given(happenings, st.integers(0, 30))
def test_what_was_said_is_the_fold_of_what_lies_in_the_log(rows: list[tuple[str, int, int]], cut: int) -> None:
    """What is remembered of answers is recalled from the outputs alike; no output depends on a restart."""

    def run(restart: int | None) -> Driver:
        driver, clock, stays = admitted(), 0, 1
        for n, (what, step, value) in enumerate(rows):
            if n == restart:
                driver.state = unpack(pack(driver.state))
            clock += step
            if what == "vitals":
                driver.give(vitals(minutes(clock), heart_rate=value))
            elif what == "tick":
                driver.tick(minutes(clock), ready=bool(driver.answering))
            elif what == "ask":
                before = pack(driver.state)
                driver.give(requested(minutes(clock), name=f"q{n}"))
                assert pack(driver.state) == before
            elif what == "stay":
                stays += 1
                driver.give(started(f"enc-{stays}", minutes(clock)))
            else:
                driver.answering = {"down": False, "half": {"sepsis"}, "up": True}[what]
        return driver

    driver, again = run(None), run(cut)
    assert driver.said == again.said
    recalled = Said()
    for event in driver.said:
        recalled.remember(event)
    assert driver.state.said == recalled == again.state.said


def test_only_models_for_the_bedside_are_asked(tmp_path: Path) -> None:
    """Live risk models whose features this version computes, by name; a broken one hides no other."""

    def ship(name: str, **changed: object) -> None:
        card = CARD.model_copy(update={"name": name, "features_sha": features_sha(), **changed})
        (tmp_path / name).mkdir()
        write_card(tmp_path / name, card, ())

    ship("sepsis")
    ship("sepsis-a", live=False)
    ship("films", task="imaging")
    ship("old", features_sha="0" * 64)
    ship("course", feature_set="course", features_sha=course_names.features_sha())
    ship("strange", feature_set="nobody")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text("{")
    assert [card.name for card in live_cards(tmp_path)] == ["course", "sepsis"]
    assert live_cards(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("cards", [(), BOTH])
def test_without_any_model_the_score_goes_on(cards: tuple[Card, ...]) -> None:
    """No card, or no answer: NEWS2 is computed, and each missing forecast is told as missed."""
    driver = Driver(stage("{}", cards), answering=False)
    driver.give(registered(), started())
    said = driver.give(vitals(minutes(5)))
    assert [type(e) for e in said] == [WarningScoreComputed, *[ForecastMissed] * len(cards)]
