"""What alerting says on each fact (services/alerting/stage.py)."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from schemas.events import (
    AlertEscalated,
    AlertMerged,
    AlertRaised,
    AlertSnoozed,
    AlertStanding,
    WarningScoreComputed,
)
from services.alerting.case import restored
from services.alerting.rules import Rule
from tests.services.alerting.given import (
    Driver,
    context,
    decided,
    finding,
    forecast,
    minutes,
    names,
    score,
)  # fmt: skip


def raised(driver: Driver, total: int = 5) -> str:
    """Admitted, and an alert stands; its id."""
    driver.give(context(minutes(0)))
    (alert,) = driver.give(score(minutes(1), total))
    return alert.alert


def test_a_high_score_is_raised_once_with_its_reason() -> None:
    """NEWS2 7 is red; the same again says nothing; the alert names place, reading and event."""
    driver = Driver()
    driver.give(context(minutes(0)))
    first = score(minutes(1), 7, red=True)
    (alert,) = driver.give(first)
    assert isinstance(alert, AlertRaised)
    assert (alert.severity, alert.place.ward, alert.source) == ("red", "5B", first.id)
    assert alert.summary == "NEWS2 7: breathing 26/min (3)"
    assert alert.evidence[1].source == "r1"
    assert driver.give(*(score(minutes(2 + n), 7) for n in range(5))) == []


def test_a_single_red_parameter_is_amber_at_least() -> None:
    """3 in one parameter is urgent though the total is low (RCP 2017, table 2)."""
    (alert,) = Driver().give(score(minutes(1), 3, red=True))
    assert (type(alert), alert.severity) == (AlertRaised, "amber")


def test_the_lowest_possible_total_is_enough() -> None:
    """What is missing cannot hide what is already too high; what is possible only does not raise."""
    (alert,) = Driver().give(score(minutes(1), None, lowest=7, highest=12))
    assert alert.severity == "red"
    assert alert.summary.startswith("NEWS2 at least 7")
    assert Driver().give(score(minutes(1), None, lowest=4, highest=12)) == []


def test_only_measured_recovery_resolves() -> None:
    """Two scores at or below the lower level in a row; between the levels, unknown or stale data never do."""
    driver = Driver()
    raised(driver)
    assert driver.give(score(minutes(2), 4), score(minutes(3), None, lowest=0, highest=9)) == []
    assert driver.give(score(minutes(4), 1), score(minutes(5), 4), score(minutes(6), 1)) == []
    assert driver.give(score(minutes(7), 1, fresh=False)) == []
    assert names(driver.give(score(minutes(8), 1))) == ["Resolved"]


def test_silence_makes_an_alert_stale_and_never_resolves_it() -> None:
    """After two hours without a score it is unknown; heard again and still high, it is raised again."""
    driver = Driver()
    alert = raised(driver)
    driver.give(decided(minutes(5), alert, "acknowledge"))
    assert driver.tick(minutes(60)) == []
    assert names(driver.tick(minutes(130))) == ["WentStale"]
    assert driver.tick(minutes(6000)) == []
    assert names(driver.give(score(minutes(6001), 5))) == ["Escalated"]


def test_worse_is_escalated_and_needs_a_new_answer() -> None:
    """An acknowledged amber alert that becomes red is raised again under the same id."""
    driver = Driver()
    alert = raised(driver)
    driver.give(decided(minutes(2), alert, "acknowledge"))
    (worse,) = driver.give(score(minutes(3), 9))
    assert isinstance(worse, AlertEscalated)
    assert (worse.alert, worse.severity) == (alert, "red")


def test_an_unanswered_alert_is_escalated_to_red_then_once_more() -> None:
    """Amber after an hour, red after a further quarter; then it has been said."""
    driver = Driver()
    raised(driver)
    assert names(driver.tick(minutes(61))) == ["Escalated"]
    assert names(driver.tick(minutes(76))) == ["Escalated"]
    assert [e for e in names(driver.tick(minutes(120))) if e == "Escalated"] == []


def test_a_snooze_ends_and_is_never_longer_than_the_policy() -> None:
    """A day is cut to eight hours; worse breaks it; its end raises again."""
    driver = Driver()
    alert = raised(driver)
    (snoozed,) = driver.give(decided(minutes(2), alert, "snooze", minutes(24 * 60)))
    assert isinstance(snoozed, AlertSnoozed)
    assert snoozed.until == minutes(2 + 8 * 60)
    driver.give(*(score(minutes(60 * n), 5) for n in range(1, 8)))
    assert names(driver.tick(minutes(2 + 8 * 60))) == ["Escalated"]
    driver.give(decided(minutes(500), alert, "snooze", minutes(560)))
    assert names(driver.give(score(minutes(501), 8))) == ["Escalated"]


@pytest.mark.parametrize("word", ["resolve", "wrong", "override"])
def test_a_person_can_end_it(word: str) -> None:
    """The decision is the alert's last event; a new high score raises a new alert."""
    driver = Driver()
    alert = raised(driver)
    (over,) = driver.give(decided(minutes(2), alert, word))  # type: ignore[arg-type]
    assert names([over]) == ["Resolved"]
    (again,) = driver.give(score(minutes(3), 5))
    assert again.alert != alert


def test_a_film_stands_until_a_person_says_so() -> None:
    """A second film adds no alert, silence does not make it stale."""
    driver = Driver()
    driver.give(context(minutes(0)))
    (alert,) = driver.give(finding(minutes(1)))
    assert driver.give(finding(minutes(2))) == []
    driver.give(decided(minutes(3), alert.alert, "acknowledge"))
    assert driver.tick(minutes(60 * 24 * 3)) == []


def test_discharge_resolves_and_nothing_is_raised_after_it() -> None:
    """A late score of a patient who went home is no alert."""
    driver = Driver()
    raised(driver)
    assert names(driver.give(context(minutes(5), open_=False))) == ["Resolved"]
    assert driver.give(score(minutes(6), 9)) == []


def test_a_care_limit_suppresses_until_it_is_lifted() -> None:
    """What stands is suppressed; what would be raised is told once as suppressed; afterwards it is raised again."""
    driver = Driver()
    raised(driver)
    assert names(driver.give(context(minutes(2), limit="palliative"))) == ["Suppressed"]
    assert driver.give(score(minutes(3), 9), score(minutes(4), 9)) == []
    assert driver.give(context(minutes(5))) == []
    assert names(driver.give(score(minutes(6), 9))) == ["Raised"]
    other = Driver()
    other.give(context(minutes(0), limit="comfort"))
    assert names(other.give(score(minutes(1), 7), score(minutes(2), 7))) == ["Suppressed"]


def test_a_merge_closes_the_losing_patients_alerts() -> None:
    """The survivor's own readings raise the survivor's own alert."""
    driver = Driver()
    raised(driver)
    (merged,) = driver.give(context(minutes(5), open_=False, into="patient-0002"))
    assert isinstance(merged, AlertMerged)
    assert merged.into_patient == "patient-0002"


def test_ordinary_events_write_nothing() -> None:
    """A score below the levels has no effect at all: the loop needs no transaction for it."""
    driver = Driver()
    driver.give(context(minutes(0)))
    written = len(driver.said)
    driver.give(*(score(minutes(n), 2) for n in range(1, 50)), *(forecast(minutes(n), 0.01) for n in range(1, 50)))
    assert len(driver.said) == written


def test_cases_are_forgotten_a_week_after_the_stay() -> None:
    """And not while the patient is here."""
    driver = Driver()
    raised(driver)
    driver.give(context(minutes(9), open_=False))
    assert driver.state is not None
    assert driver.stage.due(driver.state) == minutes(9) + timedelta(days=7)
    driver.tick(minutes(9) + timedelta(days=7))
    assert driver.stage.spent(driver.state)


def test_a_rule_whose_levels_cross_is_refused() -> None:
    """Or one signal could raise and recover."""
    with pytest.raises(ValidationError):
        Rule(amber=5, red=7, resolve=5)


def test_the_score_is_what_watch_writes() -> None:
    """The events of these tests are valid events of the bus."""
    event = score(minutes(1), 7, red=True)
    assert WarningScoreComputed.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize(("extra", "role"), [({"unanswered": "yes"}, "rapid_response"), ({}, "bedside_nurse")])
def test_a_standing_of_an_earlier_version_is_understood(extra: dict[str, str], role: str) -> None:
    """What was counted and whether anybody answered is taken over."""
    old = AlertStanding(
        id="s", site="main", patient="patient-0001", known=minutes(1), kind="sepsis", phase="raised", alert="a",
        severity="red", raised=minutes(0), changed=minutes(1), over=1, extra={"limit": "full", **extra},
    )  # fmt: skip
    case = restored(old)
    assert (case.recent, case.role, case.alert) == ("1", role, "a")
