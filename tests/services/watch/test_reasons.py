"""When reasons are told, and what they say (services/watch/answers.py, services/watch/reasons.py)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.risk.factors import factors
from ray_jobs.risk.feature_sets import Person
from schemas.events import Event, ForecastExplained, RiskForecasted
from services.runtime.ports import Partition
from services.runtime.stage import Answer, Ask, Received
from services.watch.answers import why_now
from services.watch.chart import Newest, Sight
from services.watch.reasons import reasons, trend
from services.watch.times import micros
from tests.services.watch.given import (
    CARD,
    COURSE_CARD,
    Driver,
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

NAMES = factors("sepsis").names


def admitted() -> Driver:
    """A driver whose model says a hundredth of the heart rate (bands at 0.2 and 0.5, people alerted at 0.3)."""
    driver = Driver(stage(), model=steered)
    driver.give(registered(), started())
    return driver


def beat(driver: Driver, minute: float, rate: float) -> list[Event]:
    """What is told of the model at this heart rate."""
    said = driver.give(vitals(minutes(minute), heart_rate=rate))
    return [e for e in said if isinstance(e, ForecastExplained | RiskForecasted)]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, 0.1, None), (None, 0.25, "band"), (None, 0.35, "alert"), (0.1, 0.19, None), (0.1, 0.2, "band"),
        (0.21, 0.29, None), (0.25, 0.3, "alert"), (0.31, 0.4, None), (0.4, 0.6, "band"), (0.1, 0.6, "alert"),
        (0.6, 0.4, "band"), (0.35, 0.25, None), (0.25, 0.1, "band"), (0.6, 0.1, "band"),
    ],
)  # fmt: skip
def test_reasons_are_told_when_a_band_is_crossed_or_an_alert_is_due(
    before: float | None, now: float, expected: str | None
) -> None:
    """Up and down, and at the level people are alerted at; a first forecast counts from the lowest band."""
    assert why_now(CARD, before, now) == expected


def test_reasons_come_before_their_forecast_and_only_when_there_is_news() -> None:
    """Low, raised, alert, high, low again: each change once, and nothing in between."""
    driver = admitted()
    told = []
    for n, rate in enumerate((15, 16, 25, 26, 35, 36, 60, 61, 12, 13)):
        said = beat(driver, n + 1, rate)
        if isinstance(said[0], ForecastExplained):
            assert isinstance(said[1], RiskForecasted)
            assert (said[0].forecast, said[0].probability) == (said[1].id, said[1].probability)
            told.append((rate, said[0].why_now, said[1].band))
    assert told == [(25, "band", "raised"), (35, "alert", "raised"), (60, "band", "high"), (12, "band", "low")]


def test_reasons_say_what_changed_since_the_last() -> None:
    """`previous` is the forecast explained before, `change` the difference of contributions; the first has neither."""
    driver = admitted()
    (first, _), _, (second, _) = beat(driver, 1, 25), beat(driver, 2, 27), beat(driver, 3, 60)
    assert isinstance(first, ForecastExplained)
    assert isinstance(second, ForecastExplained)
    assert first.previous is None
    assert {f.change for f in first.factors} == {None}
    assert second.previous is not None
    assert (second.previous.probability, second.previous.as_of) == (first.probability, first.as_of)
    place = {name: i for i, name in enumerate(NAMES)}
    for factor in second.factors:
        i = place[factor.feature]
        assert factor.contribution == second.contributions[i]
        assert factor.change == second.contributions[i] - first.contributions[i]
        assert factor.without == second.probability / 2  # type: ignore[operator]


def test_another_stay_begins_without_a_past() -> None:
    """Forecasts and reasons of an earlier stay are compared with nothing."""
    driver = admitted()
    beat(driver, 1, 60)
    driver.give(started("enc-2", minutes(30)))
    explained, _ = beat(driver, 31, 60)
    assert isinstance(explained, ForecastExplained)
    assert (explained.why_now, explained.previous) == ("alert", None)


def test_a_forecast_whose_reasons_do_not_come_is_told_without_them() -> None:
    """A late or foreign answer to the second question costs the reasons, never the forecast; nothing is owed."""
    driver = admitted()
    effects = driver.watch.step(driver.state, Received(vitals(minutes(1), heart_rate=60), Partition("clinical", 0), 9))[
        1
    ]
    first = next(e for e in effects if isinstance(e, Ask))
    _, (second,) = driver.watch.answered(driver.state, first, Answer(0.6))
    _, told = driver.watch.missed(driver.state, second, "no answer in 1 s")
    assert [type(e.event) for e in told] == [RiskForecasted]
    endless = np.full(len(NAMES), np.inf)
    for strange in (np.ones(3), endless):
        _, foreign = driver.watch.answered(driver.state, second, Answer(0.6, strange, strange))
        assert [type(e.event) for e in foreign] == [RiskForecasted]
    assert driver.state.told.of("sepsis").owed == 0


def test_a_person_who_asks_is_answered_about_the_present_forecast() -> None:
    """With the same reasons, marked as asked; asking again counts its changes from the same explanation as before."""
    driver = admitted()
    (spoken, _), (_,) = beat(driver, 1, 25), beat(driver, 2, 27)
    forecast = driver.said[-1]
    (first,) = driver.give(requested(minutes(3)))
    (second,) = driver.give(requested(minutes(4), name="q2"))
    assert isinstance(first, ForecastExplained)
    assert isinstance(second, ForecastExplained)
    assert isinstance(spoken, ForecastExplained)
    assert (first.why_now, first.forecast, first.as_of) == ("asked", forecast.id, forecast.as_of)  # type: ignore[attr-defined]
    assert first.known == minutes(3)
    assert first.previous is not None
    assert first.previous.as_of == spoken.as_of
    assert second == first.model_copy(update={"id": second.id, "known": minutes(4)})
    assert driver.give(requested(minutes(5), name="q2")) == [second.model_copy(update={"known": minutes(5)})]


def test_a_person_who_asks_about_nothing_gets_nothing() -> None:
    """Another stay, another model, a model that declined or owes its forecast: there is no present forecast."""
    driver = admitted()
    assert driver.give(requested(minutes(0))) == []
    beat(driver, 1, 25)
    assert driver.give(requested(minutes(2), model="deterioration")) == []
    assert driver.give(requested(minutes(2)).model_copy(update={"encounter": "enc-9"})) == []
    driver.answering = False
    beat(driver, 3, 26)
    driver.answering = True
    assert driver.give(requested(minutes(4))) == []
    assert len(driver.tick(minutes(5))) == 1
    assert len(driver.give(requested(minutes(6)))) == 1


def test_a_factor_tells_the_reading_behind_it() -> None:
    """Newest value, when it was taken, its unit and adult range, and its trend over the last six hours."""
    driver = Driver(stage("{}", (COURSE_CARD,)), model=steered)
    driver.give(registered(), started())
    for hour in range(4):
        at = minutes(60 * hour + 10)
        driver.give(observed(at, reading("glasgow_coma_score", 15 - 2 * hour, at), reading("heart_rate", 30 + hour, at),
                             reading("temperature", 37, at), reading("spo2", 97, at)))  # fmt: skip
    (told,) = driver.give(requested(minutes(200)))
    assert isinstance(told, ForecastExplained)
    names = factors("course").names
    at = driver.state.chart.sight(3)
    picked = np.zeros(len(names))
    for name in ("glasgow_coma_score", "age", "time", "measuring", "unit"):
        picked[names.index(name)] = 1 + names.index(name)
    found = {
        f.feature: f for f in reasons("course", at, Person(69, "female", "medical"), 3, picked, picked / 100, None)
    }
    assert set(found) == {"glasgow_coma_score", "age", "time", "measuring", "unit"}
    coma = found["glasgow_coma_score"]
    assert (coma.value, coma.taken, coma.unit, coma.low, coma.high) == (9, minutes(190), "{score}", 15, 15)
    assert coma.trend_per_hour == pytest.approx(-2)
    assert (found["age"].value, found["age"].unit, found["time"].value, found["time"].unit) == (69, "a", 4, "h")
    assert (found["measuring"].value, found["measuring"].unit, found["unit"].label) == (
        None, None, "Unit: medical intensive care",
    )  # fmt: skip


@given(st.lists(st.floats(-5, 5), min_size=len(NAMES), max_size=len(NAMES)))
def test_the_eight_strongest_are_told_and_never_one_that_changed_nothing(values: list[float]) -> None:
    """By size, whatever their direction."""
    told = np.round(np.array(values))
    nothing = Sight({}, np.full((1, 45), np.nan))
    found = reasons("sepsis", nothing, Person(), 0, told, np.full(len(told), 0.5), None)
    sizes = [abs(f.contribution) for f in found]
    assert sizes == sorted(np.abs(told[told != 0]), reverse=True)[:8]


def test_a_reading_ahead_of_its_row_is_not_what_the_model_saw() -> None:
    """Where a sender's clock runs ahead into the next hour, the newest reading is the last one up to the row."""
    driver = admitted()
    at = minutes(58)
    driver.give(observed(at, reading("heart_rate", 20, at)), observed(at, reading("heart_rate", 99, minutes(61))))
    newest = driver.state.chart.sight(0).newest["heart_rate"]
    assert (newest.value, newest.taken) == (20, micros(at))
    assert isinstance(driver.state.chart.newest["heart_rate"], Newest)
    assert driver.state.chart.sight(1).newest["heart_rate"].value == 99
    ahead = reading("spo2", 97, minutes(61))
    driver.give(observed(minutes(59), ahead))
    assert "spo2" not in driver.state.chart.sight(0).newest
    assert [driver.state.chart.vitals_known(row) for row in (0, 1)] == [1, 2]


@given(st.floats(-3, 3), st.floats(-100, 100), st.sets(st.integers(0, 5), max_size=6))
def test_a_trend_is_the_slope_of_what_was_measured(slope: float, start: float, hours: set[int]) -> None:
    """Exact on a line; none with fewer than two values."""
    values = np.full(6, np.nan)
    for hour in hours:
        values[hour] = start + slope * hour
    found = trend(values)
    assert found is None if len(hours) < 2 else found == pytest.approx(slope, abs=1e-6)
