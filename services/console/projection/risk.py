"""What was computed (topic `risk`): scores, forecasts, and the lack of them as states of their own (design rule 9)."""

from schemas.events import (
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    PatientContextChanged,
    RiskForecasted,
    WarningScoreComputed,
)
from services.console.projection.store import micros
from services.console.projection.turn import Turn, as_json


def scored(turn: Turn, event: WarningScoreComputed) -> None:
    """One point of the score's history."""
    as_of = micros(event.as_of)
    if as_of < turn.oldest:
        return
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT OR IGNORE INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.id,
            event.patient,
            event.score,
            as_of,
            micros(event.known),
            event.total,
            event.lowest,
            event.highest,
            event.red,
            event.band,
            event.fresh,
            event.not_applicable,
            as_json(event.parameters),
        ),
    )


def forecast(turn: Turn, event: RiskForecasted | ForecastMissed | ForecastDeclined) -> None:
    """A model's answer, or why there is none."""
    as_of = micros(event.as_of)
    if as_of < turn.oldest:
        return
    turn.patient(event.patient, event.site)
    told: tuple[object, ...]
    if isinstance(event, RiskForecasted):
        told = ("forecast", event.probability, event.threshold, event.horizon_hours, event.late, event.fresh, None)
    else:
        state = "missed" if isinstance(event, ForecastMissed) else "cannot assess"
        told = (state, None, None, None, False, True, event.reason)
    turn.db.execute(
        "INSERT OR IGNORE INTO forecasts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.id, event.patient, event.model, event.version, event.mode, as_of, micros(event.known), *told),
    )


def explained(turn: Turn, event: ForecastExplained) -> None:
    """The features that moved a forecast."""
    as_of = micros(event.as_of)
    if as_of < turn.oldest:
        return
    turn.db.execute(
        "INSERT OR REPLACE INTO factors VALUES (?, ?, ?, ?)",
        (event.forecast, event.patient, as_of, as_json(event.factors)),
    )


def context(turn: Turn, event: PatientContextChanged) -> None:
    """The age the models used, for a patient whose registration is not in the log any more."""
    turn.patient(event.patient, event.site)
    turn.db.execute(
        "INSERT INTO contexts VALUES (?, ?, ?, ?, ?) ON CONFLICT (patient) DO UPDATE SET"
        " as_of = excluded.as_of, known = excluded.known, age_years = excluded.age_years"
        " WHERE (excluded.as_of, excluded.known) >= (contexts.as_of, contexts.known)",
        (event.patient, event.site, micros(event.as_of), micros(event.known), event.age_years),
    )
