"""Forecasts at the hospital's FHIR server: few, of live models, each with where it comes from."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import RiskForecasted
from schemas.events.alerts import Kind
from services.alerting.case import Case, standing
from services.outlets.fhir.forecasts import assessment_id
from services.outlets.fhir.thinning import Thinning
from tests.services.outlets.alerts import PATIENT
from tests.services.outlets.fhir.bench import Bench, fail_at
from tests.services.outlets.fhir.care import (
    SITE,
    START,
    context,
    encounter,
    explained,
    forecast,
    forecasts,
    observation,
    people,
)

RISING = forecast(5, 0.2, "raised")


def bench() -> Bench:
    """Forecasts to a server in memory."""
    return Bench(make=forecasts, people=people())


def told(it: Bench) -> list[tuple[str, float]]:
    """Hour and probability of what stands."""
    found = it.standing("RiskAssessment")
    return sorted((r["occurrenceDateTime"][11:16], r["prediction"][0]["probabilityDecimal"]) for r in found)


def test_a_band_crossed_is_an_assessment() -> None:
    """With the hospital's own stay and readings, and a Provenance that names the model and the same readings."""
    it = bench()
    for resource in (
        encounter("e-0"), encounter(), observation("o-lac", "2524-7", 4.1, "mmol/L", START - timedelta(minutes=10)),
        observation("o-other", "2524-7", 1.0, "mmol/L", START - timedelta(minutes=40)),
    ):  # fmt: skip
        it.memory.standing[resource["resourceType"], resource["id"]] = resource
    it.say(forecast(0, 0.01, "low"), explained(RISING), RISING)
    it.turns()
    (found,) = it.standing("RiskAssessment")
    assert found["id"] == assessment_id(SITE, PATIENT, "sepsis", RISING.as_of)
    assert (found["subject"], found["encounter"]) == ({"reference": "Patient/p-1"}, {"reference": "Encounter/e-1"})
    assert found["prediction"][0]["probabilityDecimal"] == 0.2
    assert found["basis"][0] == {"reference": "Observation/o-lac"}
    assert found["basis"][1]["identifier"]["value"] == "heart_rate@2026-03-01T08:00:00.000+00:00"
    (source,) = it.standing("Provenance")
    assert source["target"] == [{"reference": f"RiskAssessment/{found['id']}"}]
    assert source["agent"][0]["who"]["identifier"]["value"] == "sepsis|1.2"
    assert [e["what"] for e in source["entity"]][:2] == found["basis"]
    assert it.invalid() == []


def test_at_most_one_an_hour() -> None:
    """Above the alarm level each hour has its assessment; more of the same band within it change nothing."""
    it = bench()
    it.say(explained(RISING), RISING, *(forecast(n, 0.21, "raised") for n in range(10, 150, 10)))
    it.turns()
    assert told(it) == [("08:05", 0.2), ("09:00", 0.21), ("10:00", 0.21)]


def test_a_new_band_is_told_within_the_hour() -> None:
    """The hour's resource is brought up to date; so is a fall back to low."""
    it = bench()
    high, low = forecast(20, 0.4, "high"), forecast(70, 0.02, "low")
    it.say(explained(RISING), RISING, explained(high, "alert"), high, explained(low), low)
    it.turns()
    assert told(it) == [("08:20", 0.4), ("09:10", 0.02)]


@pytest.mark.parametrize(
    "more", [{"mode": "silent"}, {"fresh": False}, {"probability": 0.05, "band": "low"}], ids=["silent", "old", "low"]
)
def test_what_is_not_written(more: dict[str, object]) -> None:
    """A silent model, readings too old to alert on, a low risk that was low before."""
    it = bench()
    it.say(*(RISING.model_copy(update={"id": f"f{n}", **more}) for n in range(3)))
    it.turns()
    assert (it.standing("RiskAssessment"), it.standing("Provenance"), it.buried()) == ([], [], [])


@pytest.mark.parametrize("limit", ["palliative", "comfort"])
def test_nobody_under_comfort_care_is_assessed(limit: str) -> None:
    """From the decision on, until it is lifted."""
    it = bench()
    it.say(context(1, care_limit=limit), explained(RISING), RISING)
    it.turns()
    assert it.standing("RiskAssessment") == []
    later = forecast(90, 0.3, "raised")
    it.say(context(80, care_limit="full"), later)
    it.turns()
    assert told(it) == [("09:30", 0.3)]


def test_a_new_process_knows_the_limits() -> None:
    """Said weeks ago, it stands in alert-state, as the alert authority writes it."""
    it = bench()
    kind: Kind = "sepsis"
    it.say(standing(Case(kind, limit="comfort"), id_="s", site=SITE, patient=PATIENT, known=START))
    it.start()
    it.say(explained(RISING), RISING)
    it.turns()
    assert it.standing("RiskAssessment") == []


def test_a_new_process_knows_the_reasons() -> None:
    """Killed between the reasons and their forecast: the forecast is written with them."""
    it = bench()
    falling = forecast(5, 0.05, "low")
    it.say(explained(falling))
    it.turns()
    it.start()
    it.say(falling)
    it.turns()
    assert told(it) == [("08:05", 0.05)]
    assert len(it.standing("RiskAssessment")[0]["basis"]) == 2


def test_a_new_process_writes_no_hour_twice() -> None:
    """What stands for the hour and band is left as it is."""
    it = bench()
    it.say(explained(RISING), RISING)
    it.turns()
    it.start()
    it.say(forecast(30, 0.22, "raised"))
    it.turns()
    assert told(it) == [("08:05", 0.2)]


def test_a_late_forecast_overwrites_nothing() -> None:
    """A forecast that was owed since earlier in the hour leaves the newer one."""
    it = bench()
    late = forecast(1, 0.5, "high", late=True)
    it.say(explained(RISING), RISING, explained(late), late)
    it.turns()
    assert told(it) == [("08:05", 0.2)]


@pytest.mark.parametrize("call", range(1, 12))
def test_a_fault_at_any_call(call: int) -> None:
    """Whichever call fails first, the same stands in the end as without a fault."""
    whole, broken = bench(), bench()
    high = forecast(20, 0.4, "high")
    for it in (whole, broken):
        it.memory.standing["Encounter", "e-1"] = encounter()
        it.say(explained(RISING), RISING, explained(high, "alert"), high, forecast(65, 0.41, "high"))
    whole.turns()
    fail_at(broken.memory, call)
    broken.turns(10, seconds=100)
    assert broken.memory.standing == whole.memory.standing
    assert len(told(broken)) == 2


BANDS = {"low": 0.01, "raised": 0.2, "high": 0.4}


@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(sorted(BANDS))), max_size=40))
def test_no_flood(steps: list[tuple[int, str]]) -> None:
    """However forecasts come: no more than bands crossed, and hours above the alarm level."""
    thinning, minute, before = Thinning(), 0, "low"
    written, crossed, hours = 0, 0, set()
    for gap, band in steps:
        minute += gap
        event: RiskForecasted = forecast(minute, BANDS[band], band)
        if band != before:
            thinning.fold(explained(event))
            crossed, before = crossed + 1, band
        elif band != "low":
            hours.add(minute // 60)
        written += thinning.wanted(event) is not None
        thinning.fold(event)
    assert crossed <= written <= crossed + len(hours)
