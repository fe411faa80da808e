"""Which forecast to ask for, what the answer means, and what to say when there is none (brief: one row per clock hour).

A forecast is for the row in which `as_of` lies: floor((as_of - admission) / 1 h). Each event with new readings asks for
the current row; a tick asks at the start of each hour, so that a row without readings is forecast too. If the clock
jumps over hours, only the row it lands in is forecast: the skipped hours were never the present.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ray_jobs.registry import Card, outside
from ray_jobs.risk.features import FEATURES, features_row
from ray_jobs.risk.grid import HOUR, age_years, row_of, static_vector
from schemas.events import Factor, ForecastDeclined, ForecastExplained, ForecastMissed, RiskForecasted
from schemas.ids import digest
from services.runtime.stage import Answer, Ask, Emit
from services.watch.chart import ROWS
from services.watch.course import Course, Stay
from services.watch.labels import LABELS
from services.watch.state import PatientState, Told
from services.watch.times import instant, micros

Vector = npt.NDArray[np.float64]
TOP_FACTORS: Final = 6
HOUR_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be known when the answer comes, besides the row itself."""

    site: str
    patient: str
    encounter: str
    as_of: datetime
    row: int
    mode: Literal["silent", "live"]
    version: str
    threshold: float
    horizon_hours: float
    fresh: bool
    late: bool
    again: bool
    """Asked before for this row: if it is missed again, there is nothing new to say."""
    cause: str


def forbidden(card: Card, course: Course, stay: Stay, at: datetime) -> str | None:
    """Why the model must not be asked about this patient now, in words; None when it may."""
    if stay.kind == "ambulatory":
        return "cannot assess: an outpatient visit"
    if row_of(at, stay.started) >= ROWS:
        return f"cannot assess: {card.name} is for the first {ROWS // 24} days of a stay"
    return outside(card, None if course.born is None else age_years(course.born, at.date()))


def ask(
    state: PatientState, card: Card, mode: Literal["silent", "live"], at: datetime, cause: str, *, late: bool = False
) -> Ask | Emit | None:
    """The question for the current row of the open stay, or the refusal where it was not told yet, or nothing."""
    course, told = state.course, state.told
    stay = course.stay
    if stay is None or course.merged_into is not None or at < stay.started:
        return None
    if other_grid(told, stay):
        told.encounter, told.started, told.row, told.declined = stay.encounter, micros(stay.started), -1, ""
    why = forbidden(card, course, stay, at)
    if why is not None:
        return _declined(state, card, mode, at, cause, why)
    row, grid = row_of(at, stay.started), state.chart.grid
    assert grid is not None, "an open stay has a grid"  # noqa: S101 - narrows the type: the stay is open
    again = late and row == told.row
    told.row, told.owed, told.declined = max(told.row, row), 0, ""
    question = Question(
        state.site, state.patient, stay.encounter, at, row, mode, card.version, card.alerts_at, card.horizon_hours or 0,
        state.chart.fresh(micros(at)), late, again, cause,
    )  # fmt: skip
    return Ask(card.name, features_row(grid, static(course, stay), row), state.key, question, card.threshold)


def other_grid(told: Told, stay: Stay) -> bool:
    """Whether rows told so far count from another admission: another stay, or the same one corrected."""
    return (told.encounter, told.started) != (stay.encounter, micros(stay.started))


def static(course: Course, stay: Stay) -> Vector:
    """The static vector of a stay: what was known of the person at admission."""
    return static_vector(
        None if course.born is None else age_years(course.born, stay.started.date()),
        course.sex if course.sex in {"female", "male"} else None,
        stay.icu,
        None if stay.admitted is None else (stay.admitted - stay.started).total_seconds() / HOUR_SECONDS,
    )


def _declined(
    state: PatientState, card: Card, mode: Literal["silent", "live"], at: datetime, cause: str, why: str
) -> Emit | None:
    told = state.told
    told.owed = 0
    if told.declined == why:
        return None
    told.declined = why
    return Emit(
        ForecastDeclined(
            id=digest("ForecastDeclined", card.name, card.version, state.site, state.patient, cause), site=state.site,
            patient=state.patient, known=at, as_of=at, model=card.name, version=card.version, encounter=told.encounter,
            mode=mode, reason=why,
        )
    )  # fmt: skip


def answered(model: str, row: Vector, question: Question, answer: Answer) -> tuple[Emit, ...]:
    """The forecast, and its strongest factors where they were asked for."""
    q = question
    version = answer.metadata.get("version", q.version)
    forecast = RiskForecasted(
        id=digest("RiskForecasted", model, version, q.site, q.patient, q.cause), site=q.site, patient=q.patient,
        known=q.as_of, as_of=q.as_of, model=model, version=version, encounter=q.encounter, mode=q.mode,
        horizon_hours=q.horizon_hours, probability=answer.probability, threshold=q.threshold,
        features=hashlib.sha256(row.tobytes()).hexdigest(), row=q.row, late=q.late, fresh=q.fresh,
    )  # fmt: skip
    if answer.contributions is None:
        return (Emit(forecast),)
    contributions = answer.contributions
    strongest = np.argsort(-np.abs(contributions), kind="stable")[:TOP_FACTORS]
    factors = tuple(
        Factor(
            feature=FEATURES[i],
            label=LABELS[FEATURES[i]],
            value=float(row[i]) if np.isfinite(row[i]) else None,
            contribution=float(contributions[i]),
        )
        for i in strongest
    )
    explained = ForecastExplained(
        id=digest("ForecastExplained", forecast.id), site=q.site, patient=q.patient, known=q.as_of, as_of=q.as_of,
        model=model, version=version, encounter=q.encounter, mode=q.mode, forecast=forecast.id, factors=factors,
    )  # fmt: skip
    # The reasons first: whoever raises an alert on the forecast has them at hand.
    return Emit(explained), Emit(forecast)


def missed(state: PatientState, model: str, question: Question, reason: str) -> tuple[Emit, ...]:
    """Say that there is no answer (once, however often it is asked for again), and remember that one is owed."""
    q = question
    state.told.owed = micros(q.as_of)
    if q.again:
        return ()
    event = ForecastMissed(
        id=digest("ForecastMissed", model, q.version, q.site, q.patient, q.cause), site=q.site, patient=q.patient,
        known=q.as_of, as_of=q.as_of, model=model, version=q.version, encounter=q.encounter, mode=q.mode, row=q.row,
        reason=reason,
    )  # fmt: skip
    return (Emit(event),)


def next_due(state: PatientState) -> datetime | None:
    """When the next forecast without an event is to be made: at once if one is owed, else at the next row's start."""
    course, told = state.course, state.told
    stay = course.stay
    if stay is None or course.merged_into is not None:
        return None
    if other_grid(told, stay):
        return stay.started
    if told.owed:
        return instant(told.owed)
    return None if told.declined else stay.started + (told.row + 1) * HOUR
