"""What alerting says on the forecasts of models, and with which reasons (services/alerting/signals.py, words.py)."""

import pytest

from schemas.events import AlertEvent, AlertRaised
from tests.services.alerting.given import Driver, context, explained, forecast, minutes


def test_a_silent_model_raises_nothing() -> None:
    """Only live forecasts alert, and only after two in a row; the reason is told with them."""
    driver = Driver()
    driver.give(context(minutes(0)))
    assert driver.give(*(forecast(minutes(n), 0.9, mode="silent") for n in range(5))) == []
    assert driver.give(*(forecast(minutes(10 + n), 0.9, fresh=False) for n in range(5))) == []
    first, second = forecast(minutes(20), 0.62), forecast(minutes(21), 0.62)
    assert driver.give(explained(first), first) == []
    (alert,) = driver.give(explained(second), second)
    assert alert.summary == (
        "Sepsis risk 62 % within 6 h: respiratory rate 28 /min, rising 2 an hour; lactate 4.2 mmol/L; on oxygen"
    )


def test_a_deterioration_alert_says_what_is_feared_and_why() -> None:
    """It is an alert of its own kind beside sepsis, and its words name the outcome where there is no horizon."""
    driver = Driver()
    driver.give(context(minutes(0)))
    told: list[AlertEvent] = []
    for n in range(2):
        for model in ("sepsis", "deterioration"):
            one = forecast(minutes(1 + n), 0.72, model=model)
            told += driver.give(explained(one), one)
    assert [(type(e), e.kind, e.severity) for e in told] == [
        (AlertRaised, "sepsis", "red"), (AlertRaised, "deterioration", "red"),
    ]  # fmt: skip
    assert told[1].summary == (
        "Deterioration risk 72 % (death in this hospital stay): respiratory rate 28 /min, rising 2 an hour; "
        "lactate 4.2 mmol/L; on oxygen"
    )


@pytest.mark.parametrize(
    ("probability", "threshold", "severity"),
    [(0.34, 0.1, None), (0.36, 0.1, "amber"), (0.56, 0.1, "red"), (0.45, 0.5, None), (0.52, 0.5, "amber")],
)
def test_deterioration_levels(probability: float, threshold: float, severity: str | None) -> None:
    """Amber and red by the policy; the model's own threshold where it is higher."""
    driver = Driver()
    said = driver.give(*(forecast(minutes(n), probability, model="deterioration", threshold=threshold) for n in (1, 2)))
    assert [e.severity for e in said] == ([severity] if severity else [])


def test_reasons_hold_for_an_hour() -> None:
    """A forecast without reasons of its own is told with the last ones and how old they are; not with older ones."""
    for later, words in ((20, "on oxygen (reasons 20 min older)"), (61, "within 6 h")):
        driver = Driver()
        first, second = forecast(minutes(1), 0.2), forecast(minutes(1 + later), 0.2)
        driver.give(explained(first), first)
        (alert,) = driver.give(second)
        assert alert.summary.endswith(words)


def test_reasons_of_one_model_are_not_those_of_another() -> None:
    """Sepsis was explained, deterioration was not."""
    driver = Driver()
    driver.give(explained(forecast(minutes(1), 0.01)))
    (alert,) = driver.give(*(forecast(minutes(n), 0.5, model="deterioration") for n in (1, 2)))
    assert alert.summary == "Deterioration risk 50 % (death in this hospital stay)"
