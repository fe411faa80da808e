"""What watch says on each fact (services/watch/stage.py)."""

from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.risk.factors import factors
from ray_jobs.risk.features import features_all
from ray_jobs.risk.grid import GridReading, build_grid, static_vector
from schemas.events import (
    CareLimitSet,
    ConditionRecorded,
    EncounterTransferred,
    Event,
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    MedicationAdministered,
    OxygenTargetPrescribed,
    PatientContextChanged,
    PatientHistoryMoved,
    PatientMerged,
    Place,
    ReadingsRetracted,
    RiskForecasted,
    WarningScoreComputed,
)
from services.watch.forecasts import Question
from services.watch.pack import pack, unpack
from services.watch.state import PatientState
from tests.services.watch.given import (
    PATIENT,
    SITE,
    T0,
    VITALS,
    Driver,
    ended,
    minutes,
    observed,
    reading,
    registered,
    stage,
    started,
    vitals,
)  # fmt: skip

E = TypeVar("E", bound=Event)


def admitted(modes: str = '{"sepsis": {"*": "live"}}') -> Driver:
    """A driver with a woman of 69 in a bed of ward 5B."""
    driver = Driver(stage(modes))
    driver.give(registered(), started())
    return driver


def only(said: list[Event], kind: type[E]) -> E:
    """The one event of its kind."""
    found = [e for e in said if isinstance(e, kind)]
    assert len(found) == 1, said
    return found[0]


def test_normal_vital_signs_score_zero() -> None:
    """A full set within the normal cells is NEWS2 0, each parameter with its reading."""
    score = only(admitted().give(vitals(minutes(5))), WarningScoreComputed)
    assert (score.total, score.lowest, score.highest, score.band, score.fresh) == (0, 0, 0, "low", True)
    assert all(p.reading and p.taken == minutes(5) for p in score.parameters)


def test_a_parameter_older_than_an_hour_is_missing_from_the_score() -> None:
    """The total is null, the bounds hold, and what is known still counts."""
    driver = admitted()
    driver.give(vitals(minutes(5)))
    score = only(driver.give(observed(minutes(90), reading("respiratory_rate", 26, minutes(89)))), WarningScoreComputed)
    assert score.total is None
    assert score.lowest == 3
    assert score.red


def test_the_second_oxygen_scale_needs_a_prescription() -> None:
    """SpO₂ 90 % on air scores 3, and 0 once a target of 88-92 % is prescribed; the score is told again at once."""
    driver = admitted()
    first = only(driver.give(vitals(minutes(5), spo2=90)), WarningScoreComputed)
    prescribed = OxygenTargetPrescribed(
        id="ox",
        site=SITE,
        patient=PATIENT,
        known=minutes(6),
        prescribed=minutes(6),
        scale=2,
        low_percent=88,
        high_percent=92,
    )
    second = only(driver.give(prescribed), WarningScoreComputed)
    assert (first.total, second.total) == (3, 0)


def test_pregnancy_and_childhood_are_not_scored() -> None:
    """NEWS2 says why it does not apply."""
    driver = admitted()
    driver.give(ConditionRecorded(
        id="c", site=SITE, patient=PATIENT, known=minutes(1), condition="c", system="http://snomed.info/sct",
        code="77386006",
    ))  # fmt: skip
    score = only(driver.give(vitals(minutes(5))), WarningScoreComputed)
    child = Driver(stage())
    child.give(registered(date(2016, 1, 1)), started())
    second = only(child.give(vitals(minutes(5))), WarningScoreComputed)
    assert score.not_applicable == "not applicable: pregnancy"
    assert second.not_applicable == "not applicable: under 16 years"


def test_the_last_forecast_of_each_row_has_the_offline_features() -> None:
    """Live, over 30 hours with gaps, corrections within the hour and ticks: each row's bits equal features_all's."""
    driver, known = admitted(), []
    rng = np.random.default_rng(7)
    for hour in range(30):
        driver.tick(minutes(60 * hour))
        if hour % 4 == 3:
            continue
        for minute in sorted(rng.integers(0, 60, 2)):
            at = minutes(60 * hour + int(minute))
            codes = rng.choice(
                [c for c in VITALS if c not in {"consciousness", "supplemental_oxygen"}], 4, replace=False
            )
            event = observed(at, *(reading(str(c), float(np.round(rng.uniform(30, 200), 1)), at) for c in codes))
            driver.give(event)
            known += list(event.readings)
    grid = build_grid([GridReading(r.code, r.value, r.taken, r.id) for r in known], T0, 30)
    offline = features_all(grid, static_vector(69, "female", "medical", -5))
    last = {ask.context.row: ask.row for ask in driver.asked if isinstance(ask.context, Question)}
    assert sorted(last) == list(range(30))
    for row, features in last.items():
        np.testing.assert_array_equal(features, offline[row])


def test_a_forecast_carries_its_mode_row_and_reasons() -> None:
    """Live where the ward says so, silent elsewhere, nothing where the model is off."""
    modes = '{"sepsis": {"*": "silent", "5B": "live", "ICU": "off"}}'
    driver = admitted(modes)
    said = driver.give(vitals(minutes(130), heart_rate=150))
    forecast = only(said, RiskForecasted)
    assert (forecast.mode, forecast.row, forecast.fresh, forecast.late) == ("live", 2, True, False)
    if forecast.probability >= forecast.threshold:
        explained = only(said, ForecastExplained)
        assert explained.forecast == forecast.id
        assert [f.feature for f in explained.factors] == list(factors("sepsis").names[:-9:-1])
    for ward, mode in (("4A", "silent"), ("ICU", None)):
        moved = minutes(140 + len(ward))
        driver.give(EncounterTransferred(
            id=f"t{ward}", site=SITE, patient=PATIENT, known=moved, encounter="enc-1", moved=moved,
            place=Place(ward=ward),
        ))  # fmt: skip
        found = [e.mode for e in driver.give(vitals(moved, heart_rate=99)) if isinstance(e, RiskForecasted)]
        assert found == ([mode] if mode else [])


def test_outside_the_population_the_model_declines_once() -> None:
    """A child is refused with the reason, not on every event; once the age is corrected, it is assessed."""
    driver = Driver(stage())
    driver.give(registered(date(2014, 1, 1)), started())
    declined = only(driver.give(vitals(minutes(5))), ForecastDeclined)
    assert declined.reason == "cannot assess: child, sepsis is for 18 to 120 years"
    assert not [e for e in driver.give(vitals(minutes(10))) if isinstance(e, ForecastDeclined | RiskForecasted)]
    assert driver.watch.due(driver.state) is None
    driver.give(registered(known=minutes(11)))
    assert only(driver.give(vitals(minutes(12))), RiskForecasted)


def test_a_missed_forecast_is_recorded_and_made_once_the_models_answer() -> None:
    """NEWS2 goes on; when Ray is back, one late forecast follows for the patient."""
    driver = admitted()
    driver.tick(minutes(0))
    driver.answering = False
    said = [*driver.give(vitals(minutes(5))), *driver.give(vitals(minutes(6)))]
    assert [type(e) for e in said] == [WarningScoreComputed, ForecastMissed] * 2
    assert driver.tick(minutes(7), ready=False) == []
    assert driver.tick(minutes(7)) == driver.tick(minutes(7)) == []  # asked for again and missed again: nothing new
    driver.answering = True
    late = only(driver.tick(minutes(8)), RiskForecasted)
    assert late.late
    assert driver.tick(minutes(9)) == []


def test_every_hour_is_forecast_or_missed_even_without_readings() -> None:
    """A tick at the start of each clock hour since admission asks; after a jump of the clock, for the present row."""
    driver = admitted()
    rows = [e.row for h in range(5) for e in driver.tick(minutes(60 * h)) if isinstance(e, RiskForecasted)]
    assert rows == [0, 1, 2, 3, 4]
    jumped = [e.row for e in driver.tick(minutes(60 * 20)) if isinstance(e, RiskForecasted)]
    assert jumped == [20]
    assert driver.watch.due(driver.state) == minutes(60 * 21)


def test_a_corrected_admission_counts_its_hours_anew() -> None:
    """The same encounter sent again with another start has another grid, and its present row is forecast."""
    driver = admitted()
    for hour in range(5):
        driver.tick(minutes(60 * hour))
    driver.give(started(at=minutes(120)))
    assert [e.row for e in driver.tick(minutes(250)) if isinstance(e, RiskForecasted)] == [2]
    assert driver.watch.due(driver.state) == minutes(120 + 180)


def test_old_readings_give_a_forecast_that_is_not_fresh() -> None:
    """More than an hour after the newest vital sign a forecast must not alert."""
    driver = admitted()
    driver.give(vitals(minutes(5)))
    first, second = (only(driver.tick(minutes(m)), RiskForecasted) for m in (60, 120))
    assert (first.fresh, second.fresh) == (True, False)


def test_a_stay_beyond_two_weeks_is_declined() -> None:
    """The grid has 336 rows; after that the model says that it cannot assess, once."""
    driver = admitted()
    declined = only(driver.tick(minutes(60 * 336)), ForecastDeclined)
    assert "14 days" in declined.reason
    assert driver.watch.due(driver.state) is None


def test_a_retraction_is_scored_again_without_it() -> None:
    """The reading that never was right no longer counts."""
    driver = admitted()
    bad = reading("respiratory_rate", 40, minutes(5))
    driver.give(vitals(minutes(4)), observed(minutes(5), bad))
    gone = ReadingsRetracted(id="r", site=SITE, patient=PATIENT, known=minutes(7), sources=(bad.source,))
    score = only(driver.give(gone), WarningScoreComputed)
    assert score.total == 0
    assert driver.give(gone) == []


def test_context_is_told_on_change_only() -> None:
    """Admission, transfer, care limit and discharge each say once where the patient is."""
    driver = Driver(stage())
    facts = [
        registered(), started(),
        EncounterTransferred(
            id="t", site=SITE, patient=PATIENT, known=minutes(9), encounter="enc-1", moved=minutes(8),
            place=Place(ward="4A"),
        ),
        CareLimitSet(id="l", site=SITE, patient=PATIENT, known=minutes(10), decided=minutes(10), limit="palliative"),
        ended(minutes(20)),
    ]  # fmt: skip
    said = [e for fact in facts for e in driver.give(fact, fact) if isinstance(e, PatientContextChanged)]
    assert [(e.open, e.place.ward, e.care_limit) for e in said] == [
        (False, None, "full"), (True, "5B", "full"), (True, "4A", "full"), (True, "4A", "palliative"),
        (False, None, "palliative"),
    ]  # fmt: skip


def test_a_sepsis_of_this_stay_is_told_with_the_context() -> None:
    """Its onset, until it is no longer active; one of an earlier stay and other diagnoses are not told."""
    driver = admitted()

    def diagnosed(name: str, code: str, onset: datetime, *, active: bool = True) -> list[datetime | None]:
        fact = ConditionRecorded(
            id=f"{name}-{active}", site=SITE, patient=PATIENT, known=minutes(60 if active else 90), condition=name,
            system="http://snomed.info/sct", code=code, onset=onset, active=active,
        )  # fmt: skip
        return [e.sepsis_since for e in driver.give(fact) if isinstance(e, PatientContextChanged)]

    assert diagnosed("old", "91302008", minutes(0) - timedelta(days=30)) == []
    assert diagnosed("other", "38341003", minutes(5)) == []
    assert diagnosed("now", "91302008", minutes(5)) == [minutes(5)]
    assert diagnosed("now", "91302008", minutes(5), active=False) == [None]


def test_antibiotics_of_this_stay_are_told_with_the_context() -> None:
    """First and newest dose of the treatment, whatever order they come in; other drugs and last year's are not told."""
    driver = admitted()
    atc, rxnorm = "http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm"

    def dose(at: datetime, code: str, system: str = atc) -> list[tuple[datetime | None, datetime | None]]:
        name = f"{system}/{code}/{at.isoformat()}"
        fact = MedicationAdministered(
            id=name, site=SITE, patient=PATIENT, known=minutes(90), administration=name[-100:], system=system,
            code=code, given=at,
        )  # fmt: skip
        return [(e.treated_since, e.treated_last) for e in driver.give(fact) if isinstance(e, PatientContextChanged)]

    assert dose(minutes(0) - timedelta(days=300), "J01CR05") == []
    assert dose(minutes(10), "N02BE01") == []
    assert dose(minutes(10), "860975", rxnorm) == []
    assert dose(minutes(30), "J01CR05") == [(minutes(30), minutes(30))]
    assert dose(minutes(80), "11124", rxnorm) == [(minutes(30), minutes(80))]
    assert dose(minutes(20), "J01DD04") == [(minutes(20), minutes(80))]
    assert dose(minutes(80), "J01DD04") == []
    assert unpack(pack(driver.state)).course == driver.state.course


@pytest.mark.parametrize("born", [date(1850, 1, 1), date(2031, 1, 1)])
def test_an_impossible_birth_date_fails_nothing(born: date) -> None:
    """Older than 150 or not yet born: the age is told as unknown, the score is still computed."""
    driver = Driver(stage())
    (told,) = [e for e in driver.give(registered(born)) if isinstance(e, PatientContextChanged)]
    assert told.age_years is None
    said = driver.give(started(), vitals(minutes(4)))
    assert any(isinstance(e, WarningScoreComputed) for e in said)


def test_a_state_leaves_a_week_after_the_stay() -> None:
    """Seven days after discharge the state can be forgotten, and not before."""
    driver = admitted()
    driver.give(ended(minutes(600)))
    due = driver.watch.due(driver.state)
    assert due == minutes(600) + timedelta(days=7)
    driver.tick(due - timedelta(seconds=1))
    assert not driver.watch.spent(driver.state)
    driver.tick(due)
    assert driver.watch.spent(driver.state)


def test_a_merge_moves_the_history_and_forwards_what_comes_later() -> None:
    """The survivor ends with the readings, the stay and the limits of both; the losing key is silent from then on."""
    loser, survivor = admitted(), Driver(stage(), PatientState(SITE, "patient-0002"))
    loser.give(*(vitals(minutes(5 + n)) for n in range(30)))
    said = loser.give(PatientMerged(id="m", site=SITE, patient=PATIENT, known=minutes(40), into="patient-0002"))
    context = only(said, PatientContextChanged)
    assert (context.open, context.merged_into) == (False, "patient-0002")
    later = loser.give(vitals(minutes(41)))
    moved = [e for e in [*said, *later] if not isinstance(e, PatientContextChanged)]
    assert all(len(e.readings) <= 200 for e in moved if isinstance(e, PatientHistoryMoved))
    assert {e.key for e in moved} == {f"{SITE}/patient-0002"}
    survivor.give(registered().model_copy(update={"patient": "patient-0002"}), *moved)
    assert survivor.state.ledger.applied == 31 * len(VITALS)
    assert survivor.state.told.inherited == 31 * len(VITALS)
    assert survivor.state.course.stay is not None
    assert survivor.give(*moved) == []
    assert loser.watch.due(loser.state) is not None


def test_two_patients_merged_into_each_other_fall_silent() -> None:
    """What was told once is not told again, so nothing is sent round for ever."""
    a, b = admitted(), Driver(stage(), PatientState(SITE, "patient-0002"))
    b.give(PatientMerged(id="m2", site=SITE, patient="patient-0002", known=minutes(2), into=PATIENT))
    waiting = a.give(PatientMerged(id="m1", site=SITE, patient=PATIENT, known=minutes(3), into="patient-0002"))
    waiting += a.give(vitals(minutes(5)))
    for _ in range(4):
        waiting = [
            e for fact in waiting if fact.topic == "clinical"
            for e in (a if fact.key.endswith(PATIENT) else b).give(fact)
        ]  # fmt: skip
    assert waiting == []


happenings = st.lists(
    st.tuples(st.sampled_from(["vitals", "tick", "down", "up"]), st.integers(1, 90), st.integers(40, 160)), max_size=25
)


@settings(max_examples=30)
@given(happenings, st.integers(0, 25))
def test_a_restart_from_packed_bytes_changes_no_output(rows: list[tuple[str, int, int]], cut: int) -> None:
    """The same inputs give the same outputs, with or without a restart in the middle."""

    def run(restart: int | None) -> list[Event]:
        driver, clock = admitted(), 0
        for n, (what, step, value) in enumerate(rows):
            if n == restart:
                driver.state = unpack(pack(driver.state))
            clock += step
            if what == "vitals":
                driver.give(vitals(minutes(clock), heart_rate=value))
            elif what == "tick":
                driver.tick(minutes(clock), ready=driver.answering)
            else:
                driver.answering = what == "up"
        return driver.said

    assert run(None) == run(cut)


@pytest.mark.parametrize("content", [b"", b"something else"])
def test_bytes_of_another_version_are_refused(content: bytes) -> None:
    """ValueError, so that the loop rebuilds instead."""
    with pytest.raises(ValueError, match="not a state of this version"):
        unpack(content)
