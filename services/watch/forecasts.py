"""Which forecast to ask for, and what to say when there is none (one row per clock hour of a stay).

A forecast is for the row in which `as_of` lies: floor((as_of - admission) / 1 h). Each event with new readings asks for
the current row; a tick asks at the start of each hour, so that a row without readings is forecast too. If the clock
jumps over hours, only the row it lands in is forecast: the skipped hours were never the present.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from ray_jobs.registry import Card, outside
from ray_jobs.risk.feature_sets import FEATURE_SETS, Person
from ray_jobs.risk.grid import HOUR, age_years, row_of
from schemas.events import ExplanationRequested, ForecastDeclined, ForecastMissed
from schemas.ids import digest
from services.runtime.stage import Ask, Emit
from services.watch.chart import ROWS, Sight
from services.watch.course import Course, Stay
from services.watch.state import Asked, PatientState
from services.watch.times import instant, micros

SpokenMode = Literal["silent", "live"]
HOUR_SECONDS: Final = 3600
DAYS_FROM_HOURS: Final = 72


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be known when the answer comes, besides the row itself."""

    site: str
    patient: str
    encounter: str
    as_of: datetime
    row: int
    mode: SpokenMode
    card: Card
    fresh: bool
    late: bool
    again: bool
    """Asked before for this row: if it is missed again, there is nothing new to say."""
    cause: str
    person: Person
    sight: Sight
    request: ExplanationRequested | None = None
    """The person's request that this answers; then only the reasons are told."""


def forbidden(state: PatientState, card: Card, stay: Stay, at: datetime) -> str | None:
    """Why the model must not be asked about this patient now, in words; None when it may."""
    if stay.kind == "ambulatory":
        return "cannot assess: an outpatient visit"
    row, hours = row_of(at, stay.started), min(card.max_hours, ROWS)
    if row >= hours:
        first = f"{hours // 24} days" if hours >= DAYS_FROM_HOURS else f"{hours} hours"
        return f"cannot assess: {card.name} is for the first {first} of a stay"
    born = state.course.born
    why = outside(card, None if born is None else age_years(born, at.date()))
    if why is None and card.min_vitals and state.chart.vitals_known(row) < card.min_vitals:
        return f"cannot assess: fewer than {card.min_vitals} different vital signs measured"
    return why


def ask(
    state: PatientState, card: Card, mode: SpokenMode, at: datetime, cause: str, *, late: bool = False
) -> Ask | Emit | None:
    """The question for the current row of the open stay, or the refusal where it was not told yet, or nothing."""
    stay = state.course.stay
    if stay is None or state.course.merged_into is not None or at < stay.started:
        return None
    asked = state.told.begin(card.name)
    if other_grid(asked, stay):
        asked.encounter, asked.started, asked.row, asked.declined = stay.encounter, micros(stay.started), -1, ""
    why = forbidden(state, card, stay, at)
    if why is not None:
        return _declined(state, card, mode, at, cause, why)
    row = row_of(at, stay.started)
    again = late and row == asked.row
    asked.row, asked.owed, asked.declined = max(asked.row, row), 0, ""
    return _question(state, stay, card, mode, at, row, cause, late=late, again=again)


def explain(state: PatientState, card: Card, mode: SpokenMode, request: ExplanationRequested, cause: str) -> Ask | None:
    """The question for the reasons of the present forecast, where there is or will be one."""
    stay, asked = state.course.stay, state.told.of(card.name)
    if stay is None or state.course.merged_into is not None or request.encounter != stay.encounter:
        return None
    if other_grid(asked, stay) or asked.row < 0 or asked.declined or asked.owed:
        return None
    return _question(state, stay, card, mode, state.as_of, asked.row, cause, request=request)


def _question(
    state: PatientState,
    stay: Stay,
    card: Card,
    mode: SpokenMode,
    at: datetime,
    row: int,
    cause: str,
    *,
    late: bool = False,
    again: bool = False,
    request: ExplanationRequested | None = None,
) -> Ask:
    chart, person = state.chart, person_of(state.course, stay)
    assert chart.grid is not None, "an open stay has grids"  # noqa: S101 - narrows the type
    assert chart.extra is not None, "an open stay has grids"  # noqa: S101 - narrows the type
    features = FEATURE_SETS[card.feature_set].row(chart.grid, chart.extra, person, row)
    question = Question(
        state.site, state.patient, stay.encounter, at, row, mode, card, chart.fresh(micros(at)), late, again, cause,
        person, chart.sight(row), request,
    )  # fmt: skip
    return Ask(card.name, features, state.key, question, None if request is None else 0.0)


def other_grid(asked: Asked, stay: Stay) -> bool:
    """Whether rows asked so far count from another admission: another stay, or the same one corrected."""
    return (asked.encounter, asked.started) != (stay.encounter, micros(stay.started))


def person_of(course: Course, stay: Stay) -> Person:
    """What does not change in a stay: what was known of the person at admission."""
    return Person(
        None if course.born is None else age_years(course.born, stay.started.date()),
        "female" if course.sex == "female" else "male" if course.sex == "male" else None,
        stay.icu,
        None if stay.admitted is None else (stay.admitted - stay.started).total_seconds() / HOUR_SECONDS,
    )


def _declined(state: PatientState, card: Card, mode: SpokenMode, at: datetime, cause: str, why: str) -> Emit | None:
    asked = state.told.begin(card.name)
    asked.owed = 0
    if asked.declined == why:
        return None
    asked.declined = why
    return Emit(
        ForecastDeclined(
            id=digest("ForecastDeclined", card.name, card.version, state.site, state.patient, cause), site=state.site,
            patient=state.patient, known=at, as_of=at, model=card.name, version=card.version,
            encounter=asked.encounter, mode=mode, reason=why,
        )
    )  # fmt: skip


def missed(state: PatientState, q: Question, reason: str) -> tuple[Emit, ...]:
    """Say that there is no answer (once, however often it is asked for again), and remember that one is owed."""
    state.told.begin(q.card.name).owed = micros(q.as_of)
    if q.again:
        return ()
    model, version = q.card.name, q.card.version
    event = ForecastMissed(
        id=digest("ForecastMissed", model, version, q.site, q.patient, q.cause), site=q.site, patient=q.patient,
        known=q.as_of, as_of=q.as_of, model=model, version=version, encounter=q.encounter, mode=q.mode, row=q.row,
        reason=reason,
    )  # fmt: skip
    return (Emit(event),)


def next_due(state: PatientState, model: str) -> datetime | None:
    """When the next forecast without an event is to be made: at once if one is owed, else at the next row's start."""
    stay, asked = state.course.stay, state.told.of(model)
    if stay is None or state.course.merged_into is not None:
        return None
    if other_grid(asked, stay):
        return stay.started
    if asked.owed:
        return instant(asked.owed)
    return None if asked.declined else stay.started + (asked.row + 1) * HOUR
