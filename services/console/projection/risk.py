"""What was computed (topic `risk`): scores, forecasts, and the lack of them as states of their own (design rule 9)."""

import json

from schemas.events import (
    ForecastDeclined,
    ForecastExplained,
    ForecastMissed,
    PatientContextChanged,
    RiskForecasted,
    WarningScoreComputed,
)
from services.console.projection.store import micros
from services.console.projection.turn import HOUR_US, Turn, as_json


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
    if isinstance(event, RiskForecasted) and as_of >= turn.stay:
        turn.db.execute(
            "INSERT INTO risk_hours VALUES (?, ?, ?, ?) ON CONFLICT (patient, model, hour) DO UPDATE SET"
            " probability = max(probability, excluded.probability)",
            (event.patient, event.model, as_of // HOUR_US * HOUR_US, event.probability),
        )
    if as_of < turn.oldest:
        return
    turn.patient(event.patient, event.site)
    told: tuple[object, ...]
    if isinstance(event, RiskForecasted):
        told = ("forecast", event.probability, event.threshold, event.horizon_hours, event.late, event.fresh, None)
        held = None if event.conformal is None else json.dumps(event.conformal)
        told = (*told, event.band, held)
    else:
        state = "missed" if isinstance(event, ForecastMissed) else "cannot assess"
        told = (state, None, None, None, False, True, event.reason, None, None)
    turn.db.execute(
        "INSERT OR IGNORE INTO forecasts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (event.id, event.patient, event.model, event.version, event.mode, as_of, micros(event.known), *told),
    )


def explained(turn: Turn, event: ForecastExplained) -> None:
    """Why a forecast is what it is; explained again (a person asked), the later word stands."""
    as_of, before = micros(event.as_of), event.previous
    if as_of < turn.oldest:
        return
    turn.db.execute(
        "INSERT INTO explanations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (forecast) DO UPDATE SET"
        " id = excluded.id, known = excluded.known, probability = excluded.probability, why_now = excluded.why_now,"
        " previous_probability = excluded.previous_probability, previous_as_of = excluded.previous_as_of,"
        " factors = excluded.factors WHERE (excluded.known, excluded.id) > (explanations.known, explanations.id)",
        (
            event.forecast,
            event.id,
            event.patient,
            event.model,
            as_of,
            micros(event.known),
            event.probability,
            event.why_now,
            None if before is None else before.probability,
            None if before is None else micros(before.as_of),
            as_json(event.factors),
        ),
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
