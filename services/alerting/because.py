"""The reasons of a model's forecasts: kept from its last explanation, told with the alerts that follow it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from schemas.events import Event, ForecastExplained, RiskForecasted
from schemas.events.alerts import Kind
from services.alerting import words
from services.alerting.case import Case


def explained(cases: Mapping[Kind, Case], event: ForecastExplained) -> dict[Kind, Case]:
    """Keep the reasons of a live model: alerts are told with them, also those of the forecasts that follow."""
    return {
        kind: replace(case, because=words.factors(event.factors), explained=event.as_of)
        if kind == event.model and event.mode == "live" and (case.explained is None or event.as_of >= case.explained)
        else case
        for kind, case in cases.items()
    }


def because(cases: Mapping[Kind, Case], event: Event) -> str:
    """The reasons that still hold for a forecast; how much older they are is said."""
    case = next((c for k, c in cases.items() if isinstance(event, RiskForecasted) and k == event.model), None)
    if case is None or not case.because or case.explained is None or not isinstance(event, RiskForecasted):
        return ""
    age = event.as_of - case.explained
    if not timedelta(0) <= age <= words.REASONS_HOLD:
        return ""
    minutes = age // timedelta(minutes=1)
    return f"{case.because} (reasons {minutes} min older)" if minutes else case.because
