"""Explanations and courses of risk in the projection (services/console/projection/risk.py)."""

from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.events import EarlierForecast, Factor, ForecastExplained, RiskForecasted
from services.console.projection.fold import fold
from tests.browser.example_event import NOW
from tests.services.console.test_projection import EVENTS, folder, logged, store_in

__all__ = ["folder"]


def explained(id_: str, minutes: int, probability: float) -> ForecastExplained:
    """One explanation of one forecast, told some minutes after it."""
    return ForecastExplained(
        id=id_, site="main", known=NOW + timedelta(minutes=minutes), patient="patient-1", as_of=NOW, model="sepsis",
        version="1", mode="live", forecast="f-1", probability=probability, why_now="asked",
        previous=EarlierForecast(probability=0.1, as_of=NOW - timedelta(hours=2)),
        factors=(Factor(feature="lactate", label="Lactate", value=4.2, contribution=0.7, without=0.1),),
    )  # fmt: skip


@given(st.permutations(range(3)))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_last_explanation_of_a_forecast_stands(folder: Path, order: list[int]) -> None:
    """A forecast explained again has its newest reasons, whichever of them was read first and how often."""
    told = [explained("a", 0, 0.3), explained("b", 5, 0.31), explained("b", 5, 0.31)]
    store = store_in(folder)
    fold(store, logged([told[i] for i in order]).records)
    with store.reading() as db:
        found = db.execute("SELECT id, probability, previous_probability FROM explanations").fetchall()
    assert [tuple(r) for r in found] == [("b", 0.31, 0.1)]


def test_the_course_of_a_risk_outlives_the_forecasts(folder: Path) -> None:
    """The highest of each hour is kept for fourteen days, single forecasts for two."""
    store = store_in(folder)
    one = next(e for e in EVENTS if isinstance(e, RiskForecasted))

    def at(hours: float, p: float) -> RiskForecasted:
        when = NOW - timedelta(hours=hours)
        return one.model_copy(update={"id": f"f-{hours}", "as_of": when, "known": when, "probability": p})

    told = [at(15 * 24, 0.9), at(72, 0.2), at(71.9, 0.4), at(71.8, 0.3), at(0, 0.1)]
    fold(store, logged(told[:1]).records)
    fold(store, logged(told).records)
    late = at(70, 0.5)
    fold(store, {p: r[-1:] for p, r in logged([*told, late]).records.items() if r})
    with store.reading() as db:
        kept = [r["probability"] for r in db.execute("SELECT probability FROM risk_hours ORDER BY hour")]
        single = [r["id"] for r in db.execute("SELECT id FROM forecasts")]
    assert kept == [0.4, 0.5, 0.1]
    assert single == ["f-0"]
