"""Sepsis that is treated: amber is withheld with the reason, red and NEWS2 are not."""

from schemas.events import AlertSuppressed
from tests.services.alerting.given import UNTOLD, context, forecast, minutes, names, score, with_policy
from tests.services.alerting.policy_files import policy


def test_amber_is_withheld_with_the_reason_and_red_is_raised() -> None:
    """Told once; what goes on as amber says nothing more; red raises a new alert, also after a restart."""
    driver = with_policy(UNTOLD)
    driver.give(context(minutes(1), treated=minutes(0)))
    (said,) = driver.give(*(forecast(minutes(2 + n), 0.15) for n in range(4)))
    assert isinstance(said, AlertSuppressed)
    assert said.reason == (
        "treated already: antibiotics since 2026-03-01T08:00+00:00, last dose 2026-03-01T08:00+00:00; for 1 d after a "
        "dose only a red risk is told"
    )
    driver.restart()
    (alert,) = driver.give(forecast(minutes(10), 0.4))
    assert (names([alert]), alert.severity) == (["Raised"], "red")
    assert alert.alert != said.alert


def test_a_red_parameter_is_news2s_own_alert() -> None:
    """No antibiotic withholds it, nor deterioration."""
    driver = with_policy(UNTOLD)
    driver.give(context(minutes(1), treated=minutes(0)))
    assert [e.kind for e in driver.give(score(minutes(2), 3, red=True))] == ["news2"]
    said = driver.give(*(forecast(minutes(3 + n), 0.4, model="deterioration", threshold=0.3) for n in range(2)))
    assert [(names([e])[0], e.kind) for e in said] == [("Raised", "deterioration")]


def test_when_the_time_is_over_the_next_risk_counts_anew() -> None:
    """From the newest dose; none at all where the policy gives no time."""
    driver = with_policy(policy(treated_sepsis_for="6 h"))
    driver.give(context(minutes(1), treated=minutes(0)))
    assert names(driver.give(*(forecast(minutes(2 + n), 0.15) for n in range(2)))) == ["Suppressed"]
    assert names(driver.give(*(forecast(minutes(361 + n), 0.15) for n in range(2)))) == ["Raised"]
    free = with_policy(policy(treated_sepsis_for="0 min"))
    free.give(context(minutes(1), treated=minutes(0)))
    assert names(free.give(*(forecast(minutes(2 + n), 0.15) for n in range(2)))) == ["Raised"]


def test_an_alert_that_stands_stays() -> None:
    """The dose is the answer to it: only recovery or a person ends it."""
    driver = with_policy(UNTOLD)
    driver.give(*(forecast(minutes(2 + n), 0.15) for n in range(2)))
    assert driver.give(context(minutes(5), treated=minutes(4))) == []
    assert names(driver.give(forecast(minutes(6), 0.4))) == ["Escalated"]
