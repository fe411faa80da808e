"""What drift says of a hospital: nothing of the same patients, the truth of others, and silence where there are few."""

import math
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.events import Event, ModelDriftEnded, ModelDriftFound, ModelDriftMeasured
from services.drift import snapshot
from services.drift.core import Drift
from services.drift.snapshot import pack
from services.drift.state import MASK, Person, hour_of
from services.drift.watchable import Watchable
from services.runtime.fakes import FakeObjectStore
from tests.services.drift.given import (
    T0,
    Beds,
    Ward,
    alarms,
    at,
    ended,
    forecast,
    measured,
    missed,
    played,
    readings,
    watchable,
)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_patients_have_not_drifted(seed: int) -> None:
    """Ten days of 30 beds drawn as the training's were: 240 measurements of 11 measures, no alarm."""
    said = played(Drift(watchable()), Beds(seed=seed), 0, 240, Ward())
    assert alarms(said) == []
    newest = measured(said)[-1]
    assert {m.name for m in newest.measures} >= {"forecast distribution", "alarm rate", "estimated AUROC"}
    assert all(r.distribution is not None and r.frequency is not None for r in newest.readings)


def test_a_reading_in_another_unit_is_found() -> None:
    """Temperatures in degrees Fahrenheit after a clean week: found within six hours, some 90 readings in 30 beds."""
    drift, beds = Drift(watchable()), Beds()
    assert alarms(played(drift, beds, 0, 168, Ward())) == []
    said = played(drift, beds, 168, 216, Ward(fahrenheit=True))
    found = [e for e in said if isinstance(e, ModelDriftFound)]
    assert [e.measure for e in found] == ["temperature distribution"]
    hours = round((found[0].as_of - at(168)).total_seconds() / 3600)
    assert hours <= 6
    temperature = next(r for r in measured(said)[-1].readings if r.reading == "temperature")
    assert temperature.distance is not None
    assert temperature.distance > 0.1


@pytest.mark.parametrize(
    ("ward", "expected"),
    [
        (Ward(heart_rate=110), {"heart_rate distribution"}),
        (Ward(temperature_share=0.1), {"temperature frequency"}),
        (Ward(sick=-1.0), {"forecast distribution", "alarm rate"}),
        (Ward(sick=-9.0), {"forecast distribution"}),
    ],
)
def test_each_kind_of_drift_has_its_measure(ward: Ward, expected: set[str]) -> None:
    """Other values, other habits of measuring, other forecasts: what changed is named, and nothing else."""
    found = {name for what, name in alarms(played(Drift(watchable()), Beds(beds=60), 0, 96, ward)) if what == "found"}
    assert expected <= found
    assert found <= expected | {"forecast distribution", "alarm rate", "estimated AUROC", "calibration"}


def test_an_outcome_that_forecasts_no_longer_tell_is_found_by_labels_only() -> None:
    """Concept drift: the estimate stays where it was, labels say that calibration is gone."""
    said = played(Drift(watchable()), Beds(beds=100), 0, 24 * 8, Ward(real=2.5))
    assert alarms(said) == [("found", "calibration")]
    newest = measured(said)[-1]
    assert newest.labelled is not None
    assert newest.labelled.observed > 2 * newest.labelled.expected
    assert newest.estimated is not None
    assert newest.estimated.auroc == pytest.approx(newest.estimated.reference_auroc, abs=0.05)


def test_calibrated_forecasts_stay_calibrated() -> None:
    """Labels of a month's stays agree with the forecasts, in sum and in rank."""
    said = played(Drift(watchable()), Beds(beds=60), 0, 24 * 8, Ward())
    labelled = measured(said)[-1].labelled
    assert labelled is not None
    assert labelled.stays == 60 * 6  # eight days: those of the first six ended a day ago
    assert labelled.observed == pytest.approx(labelled.expected, rel=0.35)
    assert labelled.auroc == pytest.approx(labelled.reference_auroc, abs=0.08)
    assert alarms(said) == []


def test_a_hospital_that_sends_no_diagnoses_is_no_badly_calibrated_one() -> None:
    """Not one outcome in hundreds of stays: nobody sends them, and nothing is said of calibration."""
    said = played(Drift(watchable()), Beds(beds=60, diagnoses=False), 0, 24 * 8, Ward())
    assert alarms(said) == []
    assert measured(said)[-1].labelled is not None
    assert all(m.name != "calibration" for m in measured(said)[-1].measures)


def death_model() -> dict[str, Watchable]:
    """The same model, whose outcome is death in the stay."""
    return {"deterioration": replace(watchable()["sepsis"], model="deterioration", horizon_hours=None)}


def test_death_labels_the_whole_stay_and_an_unknown_end_labels_nothing() -> None:
    """Three stays of two hours: one died, one went home, of one nobody said: two are settled, one with the outcome."""
    drift = Drift(death_model())
    for number, outcome in enumerate(("died", "home", "unknown")):
        for hour in (0, 1):
            drift.fold(forecast(number, at(hour), 0.25).model_copy(update={"model": "deterioration"}))
        drift.fold(ended(number, at(2)).model_copy(update={"outcome": outcome}))
    drift.ticked(at(2.5))
    drift.fold(forecast(9, at(40), 0.1).model_copy(update={"model": "deterioration"}))
    drift.ticked(at(41.5))
    watched = drift.state.sites["main"].models["deterioration"]["1"]
    (settled,) = watched.settled.values()
    assert (settled.stays, settled.with_outcome) == (2, 1)
    assert (settled.observed, settled.expected) == (2, 1.0)
    assert list(watched.stays) == ["stay-9"]


def test_nothing_is_said_of_few_patients() -> None:
    """Nineteen patients, however strange: counts and silence."""
    drift = Drift(watchable())
    said = played(drift, Beds(beds=19, stay=1000), 0, 60, Ward(fahrenheit=True, heart_rate=150, sick=0))
    assert alarms(said) == []
    for event in measured(said):
        assert event.readings == ()
        assert event.measures == ()
        assert event.estimated is None
        assert event.labelled is None
        assert event.alarms_per_patient_day is None
    assert measured(said)[-1].patients == 19


def test_an_alarm_is_found_once_and_ends_when_it_is_well_below() -> None:
    """A month: two weeks of another unit, then the right one. One found, one ended, of the same alarm."""
    drift, beds = Drift(watchable()), Beds()
    said = played(drift, beds, 0, 48, Ward(fahrenheit=True)) + played(drift, beds, 48, 48 + 24 * 9, Ward())
    assert [a for a in alarms(said) if a[1].startswith("temp")] == [
        ("found", "temperature distribution"), ("ended", "temperature distribution"),
    ]  # fmt: skip
    first, last = (e for e in said if isinstance(e, ModelDriftFound | ModelDriftEnded) and "temp" in e.measure)
    assert first.alarm == last.alarm
    assert first.value >= first.limit
    assert last.value < 0.8 * last.limit
    assert "patient-" not in first.text


def test_silence_ends_nothing() -> None:
    """All patients but a few go: the alarm stands though nothing can be told any more."""
    drift = Drift(watchable())
    assert alarms(played(drift, Beds(), 0, 48, Ward(fahrenheit=True))) == [("found", "temperature distribution")]
    few = Beds(beds=5, seed=9, _came=5000)
    assert alarms(played(drift, few, 48 + 168, 48 + 168 + 30, Ward())) == []
    assert drift.state.sites["main"].models["sepsis"]["1"].standing.keys() == {"temperature distribution"}


def test_an_alarm_ends_with_the_version_that_gave_it() -> None:
    """Another version of the model begins clean."""
    drift = Drift(watchable())
    played(drift, Beds(), 0, 48, Ward(fahrenheit=True))
    after = Drift(watchable("2"), drift.state)
    after.fold(forecast(1, at(60), 0.5, version="2"))
    said = after.ticked(at(62))
    assert [(e.measure, e.version) for e in said if isinstance(e, ModelDriftEnded)] == [
        ("temperature distribution", "1")
    ]
    assert measured(said)[0].version == "2"
    assert measured(said)[0].patient_hours == 1
    assert after.ticked(at(70)) == []


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.permutations(range(40)))
def test_the_order_of_reading_changes_nothing(order: list[int]) -> None:
    """Patients may come in any order (they lie on different partitions): the same is measured."""
    facts = [fact for _, hour in Beds(beds=40).hours(0, 24, Ward()) for fact in hour]
    by_patient: dict[str, list[Event]] = {}
    for fact in facts:
        by_patient.setdefault(fact.patient, []).append(fact)  # type: ignore[attr-defined]
    patients = sorted(by_patient)
    said = []
    for ranks in (range(40), order):
        drift = Drift(watchable())
        chosen = sorted(patients, key=lambda name, r=ranks: r[patients.index(name) % 40])  # type: ignore[misc]
        for name in chosen:
            for fact in by_patient[name]:
                drift.fold(fact)
        said.append(drift.ticked(at(25.5)))
    assert [e.model_dump() for e in said[0]] == [e.model_dump() for e in said[1]]
    assert len(measured(said[0])) == 24


def test_a_restart_in_the_middle_says_the_same() -> None:
    """From its packed state drift goes on as if it had never stopped."""
    straight, beds = Drift(watchable()), Beds()
    expected = played(straight, beds, 0, 60, Ward(fahrenheit=True))
    first, beds = Drift(watchable()), Beds()
    said = played(first, beds, 0, 30, Ward(fahrenheit=True))
    objects = FakeObjectStore()
    snapshot.write(objects, first.state, {})
    state, _ = snapshot.read(objects)
    assert pack(state) == pack(first.state)
    said += played(Drift(watchable(), state), beds, 30, 60, Ward(fahrenheit=True))
    assert said == expected


def test_what_comes_after_its_hour_was_closed_is_left_out() -> None:
    """A fact known more than a quarter of an hour after its hour is late, whether or not the hour is still open."""
    drift = Drift(watchable())
    drift.fold(readings(1, at(0.5), at(1.2), heart_rate=80))
    drift.fold(readings(2, at(0.5), at(1.3), heart_rate=80))
    assert drift.state.sites["main"].late == 1
    drift.ticked(at(1.25))
    drift.fold(forecast(3, at(0.7), 0.1))
    assert drift.state.sites["main"].late == 2


def test_the_last_of_an_hour_counts_once() -> None:
    """Sixty readings and forecasts of an hour are one patient-hour with the last value and probability."""
    drift = Drift(watchable())
    for minute in range(60):
        drift.fold(readings(1, at(minute / 60), heart_rate=200 if minute < 59 else 80))
        drift.fold(forecast(1, at(minute / 60), 0.9 if minute < 59 else 0.001))
    drift.fold(readings(1, at(0.2), heart_rate=200))
    drift.fold(missed(2, at(0.5)))
    (event,) = measured(drift.ticked(at(1.5)))
    assert (event.patient_hours, event.patients, event.missed) == (1, 1, 1)
    tally = drift.state.sites["main"].models["sepsis"]["1"].hours[hour_of(T0)]
    assert (tally.over, tally.alarms, tally.total) == (0, 0, 0.001)
    assert sum(tally.readings["heart_rate"]) == 1
    assert tally.readings["heart_rate"][-2:] == [0, 0]


def test_alarms_are_followed_by_a_day_of_silence() -> None:
    """Thirty hours above the threshold are two alarms, as the card counts them."""
    drift = Drift(watchable())
    for hour in range(30):
        drift.fold(forecast(1, at(hour), 0.9))
    drift.ticked(at(31.5))
    tallies = drift.state.sites["main"].models["sepsis"]["1"].hours.values()
    assert sum(t.over for t in tallies) == 30
    assert sum(t.alarms for t in tallies) == 2


@given(st.lists(st.integers(0, 400), min_size=1, max_size=30, unique=True))
def test_masks_hold_the_newest_week(hours: list[int]) -> None:
    """A bit for each of the newest 168 hours in which something was measured, the newest first."""
    person = Person(min(hours))
    for hour in sorted(hours):
        person.came(hour)
        person.masks["x"] = person.masks.get("x", 0) | 1
    newest = max(hours)
    expected = sum(1 << (newest - hour) for hour in hours if newest - hour < 168)
    assert person.masks["x"] == expected
    assert expected <= MASK


def test_measures_are_finite_and_named() -> None:
    """What is told is a number with a limit, under a name of its own."""
    said = played(Drift(watchable()), Beds(), 0, 30, Ward())
    event: ModelDriftMeasured = measured(said)[-1]
    names = [m.name for m in event.measures]
    assert len(names) == len(set(names))
    assert all(math.isfinite(m.value) and m.limit > 0 for m in event.measures)
    assert event.id == measured(played(Drift(watchable()), Beds(), 0, 30, Ward()))[-1].id
