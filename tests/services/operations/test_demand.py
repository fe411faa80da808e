"""Forecasts of wards, services and the site: by the hour and the day, made of stated parts, learning from what came."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from ray_jobs.beds.levels import LEVELS
from schemas.events import BedDemandForecasted, Event, LocationDefined, RiskForecasted, WardOccupancyChanged
from schemas.events.clinical import EncounterEnded, EncounterStarted, EncounterTransferred
from services.operations.demand import HORIZON_DAYS
from services.operations.demand_units import demand_facts, forecast_all
from services.operations.record import Record, RecordEvent
from services.operations.site import Site

NOW = datetime(2026, 3, 1, 8, 10, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Hours from now."""
    return NOW + timedelta(hours=hours)


def fact(of: type[Event], hours: float, **told: object) -> Event:
    """A fact known at an hour."""
    return of.model_validate({"id": f"{of.__name__} {hours} {told}"[:120], "site": "main", "known": at(hours), **told})


def ward(name: str, specialty: str) -> Event:
    """A ward exists."""
    return fact(LocationDefined, -900, location=name, kind="ward", name=name, specialty=specialty)


def stay(n: int, ward: str, came: float, left: float | None = None, outcome: str = "home") -> list[Event]:
    """Somebody was, or is, on a ward."""
    who: dict[str, object] = {"patient": f"patient-{n}", "encounter": f"e{n}"}
    told = [fact(EncounterStarted, came, started=at(came), place={"ward": ward}, **who)]
    return told if left is None else [*told, fact(EncounterEnded, left, ended=at(left), outcome=outcome, **who)]


def counted(ward: str | None, days: int, occupied: int) -> WardOccupancyChanged:
    """A ward's count at eleven, some days ago."""
    when = (NOW - timedelta(days=days)).replace(hour=11)
    told = {"id": f"{ward} {days}", "site": "main", "known": when, "ward": ward, "as_of": when}
    return WardOccupancyChanged.model_validate({**told, "occupied": occupied, "beds": 30})


def site(*events: Event) -> Site:
    """A hospital that has heard these."""
    found = Site("main")
    for event in events:
        found.fold(event)
    return found


def forecasts(known: Site, *wards: str | None) -> dict[tuple[str | None, str | None, str], BedDemandForecasted]:
    """By ward, service and resolution."""
    told = forecast_all(demand_facts(known, wards, NOW, {"5a": 20, "5b": 20, "icu": 8, None: 48}))
    return {(e.ward, e.service, e.resolution): e for e in told}


def hospital() -> list[Event]:
    """Three wards of two services, forty days of stays, ten patients."""
    places = [ward("5a", "medicine"), ward("5b", "medicine"), ward("icu", "intensive-care")]
    chance = np.random.default_rng(5)
    gone = [
        event
        for n in range(200)
        for event in stay(n, ("5a", "5b")[n % 2], -30 - 4.0 * n, -30 - 4.0 * n + float(chance.uniform(20, 29)))
    ]
    return [*places, *gone, *(e for n in range(10) for e in stay(900 + n, "5a", -5.0 * (n + 1)))]


def test_wards_services_and_the_site_are_forecast_by_hour_and_by_day() -> None:
    """72 hours and 28 middays with 23 rising quantiles each; a service is all wards of its specialty."""
    told = forecasts(site(*hospital()), "5a", "5b", "icu", None)
    units = {("5a", None), ("5b", None), ("icu", None), (None, None), (None, "medicine"), (None, "intensive-care")}
    assert {key[:2] for key in told} == units
    for (_, _, resolution), event in told.items():
        assert len(event.hours) == {"hour": 72, "day": 28}[resolution]
        quantiles = np.array([h.quantiles for h in event.hours])
        assert quantiles.shape[1] == len(LEVELS)
        assert (np.diff(quantiles, axis=1) >= 0).all()
    day = told[None, "medicine", "day"].hours
    assert {(NOW + timedelta(hours=h.hours, seconds=1)).strftime("%H:%M") for h in day} == {"12:00"}
    assert told["5a", None, "hour"].hours[0].mean == pytest.approx(10, abs=1)


def test_drivers_add_up_to_the_mean_at_the_end() -> None:
    """Who is here, less who leaves and where to, plus who comes, is the forecast."""
    for event in forecasts(site(*hospital()), "5a", None).values():
        assert sum(d.beds for d in event.drivers) == pytest.approx(event.hours[-1].mean, abs=0.02)
        assert event.drivers[0].label == "Here now"


def test_who_is_likelier_to_die_goes_home_later() -> None:
    """A high risk of one of two keeps that one's bed longer than a low one of the same kind keeps his."""

    def after_three_days(risk: float) -> float:
        told = {"model": "deterioration", "version": "1", "threshold": 0.5, "features": "x", "row": 1}
        risks = [
            fact(RiskForecasted, -1, patient=f"patient-90{n}", as_of=at(-1), probability=p, encounter=f"e90{n}", **told)
            for n, p in ((0, risk), *((n, 0.1) for n in range(1, 10)))
        ]
        hourly = forecasts(site(*hospital(), *risks), "5a")["5a", None, "hour"]
        return hourly.hours[23].mean

    assert after_three_days(0.9) > after_three_days(0.1) + 0.1


def test_where_people_go_is_learnt() -> None:
    """After many moves to intensive care from a ward, its forecast expects more."""
    moved = [
        event
        for n in range(300, 340)
        for event in (
            *stay(n, "5a", -30 - 10.0 * (n - 300)),
            fact(EncounterTransferred, -20 - 10.0 * (n - 300), patient=f"patient-{n}", encounter=f"e{n}",
                 moved=at(-20 - 10.0 * (n - 300)), place={"ward": "icu"}),
            fact(EncounterEnded, -10 - 10.0 * (n - 300), patient=f"patient-{n}", encounter=f"e{n}",
                 ended=at(-10 - 10.0 * (n - 300))),
        )
    ]  # fmt: skip

    def leaving(events: list[Event]) -> float:
        drivers = forecasts(site(*events), "5a")["5a", None, "day"].drivers
        return {d.label: d.beds for d in drivers}["Moving to intensive care"]

    assert leaving([*hospital(), *moved]) < leaving(hospital())


def test_a_history_of_the_census_is_mixed_in() -> None:
    """With seventy middays on record the far end of the forecast follows them, the near end who is here."""
    past = [counted("5a", days, 24 + days % 2) for days in range(100)]
    without = forecasts(site(*hospital()), "5a")["5a", None, "day"].hours
    known = forecasts(site(*hospital(), *past), "5a")["5a", None, "day"].hours
    assert known[0].mean == pytest.approx(without[0].mean, abs=2.5)
    assert known[-1].mean > without[-1].mean + 3
    assert known[-1].mean == pytest.approx(24.5, abs=4)


def test_a_record_is_the_same_in_any_order_and_from_its_own_events() -> None:
    """Shuffled, doubled and told again from what it holds: the same middays, forecasts and risks."""
    known = site(*hospital(), *(counted("5a", days, 20) for days in range(100)))
    events: list[RecordEvent] = [counted("5a", days, days % 7) for days in range(40)]
    events += [e for e in forecasts(known, "5a", None).values() if e.resolution == "day"]
    straight, shuffled, again = Record(), Record(), Record()
    for event in events:
        straight.fold(event)
    Random(3).shuffle(events)
    for event in [*events, *events]:
        shuffled.fold(event)
    for event in straight.events():
        again.fold(event)
    assert straight == shuffled == again


def test_past_outcomes_widen_a_forecast_that_was_too_sure() -> None:
    """When what came lay far outside again and again, the next 80 % interval is wider."""
    past = [counted("5a", days, 20 + (12 if days % 2 else -12)) for days in range(100)]
    known = site(*hospital(), *past)
    sure = forecasts(known, "5a")["5a", None, "day"]
    narrow = tuple(h.model_copy(update={"quantiles": (20.0,) * 11 + (20.5,) + (21.0,) * 11}) for h in sure.hours)
    for days in range(2, 28):
        when = NOW - timedelta(days=days)
        steps = tuple(h.model_copy(update={"hours": h.hours}) for h in narrow)
        known.fold(sure.model_copy(update={"id": f"f{days}", "as_of": when, "known": when, "hours": steps}))

    def width(event: BedDemandForecasted) -> float:
        return event.hours[1].quantiles[-3] - event.hours[1].quantiles[2]

    assert width(forecasts(known, "5a")["5a", None, "day"]) > width(sure)


def test_a_short_or_empty_history_says_nothing_and_an_empty_ward_stays_forecastable() -> None:
    """One midday, or none, mixes nothing in; a ward where nobody ever was gets a forecast near nothing known."""
    known = site(ward("icu", "intensive-care"), counted("icu", 3, 0))
    told = forecasts(known, "icu")["icu", None, "day"]
    assert len(told.hours) == HORIZON_DAYS
    assert told.hours[0].quantiles[0] == 0
