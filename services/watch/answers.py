"""What a model's answer means: the forecast, and the reasons for it when they are worth telling.

Reasons cost forty times a forecast, and whether a band was crossed is known only from the answer: so the answer
decides, and the reasons are a second question in the same turn, about the same row. A level sent with the first one
(`Ask.explain_above`) would know the forecast before only as it stood when the poll began: what is told would depend on
where polls end, and no level catches a fall. The forecast waits for its reasons: who raises an alert has them at hand.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from ray_jobs.registry import Card
from ray_jobs.risk.factors import factors
from schemas.events import EarlierForecast, ForecastExplained, RiskForecasted
from schemas.ids import digest
from services.runtime.stage import Answer, Ask, Effect, Emit
from services.watch.forecasts import Question
from services.watch.reasons import reasons
from services.watch.said import Forecast, held
from services.watch.state import PatientState
from services.watch.times import instant


@dataclass(frozen=True, slots=True)
class Wanted:
    """The second question: reasons for a forecast that is told with them."""

    question: Question
    forecast: RiskForecasted
    why_now: Literal["band", "alert"]


def answered(state: PatientState, ask: Ask, answer: Answer) -> tuple[Effect, ...]:
    """The forecast; or the question for its reasons; or the reasons, and the forecast after them."""
    context = ask.context
    if isinstance(context, Wanted):
        told = _explained(state, context.question, context.why_now, held(context.forecast), answer)
        return (*told, Emit(context.forecast))
    q = cast("Question", context)
    if q.request is not None:
        present = state.said.forecast(q.card.name, q.encounter)
        return () if present is None else _explained(state, q, "asked", present, answer)
    forecast = _forecast(q, ask, answer)
    before = state.said.forecast(q.card.name, q.encounter)
    why = why_now(q.card, None if before is None else before.probability, forecast.probability)
    state.said.remember(forecast)
    return (Emit(forecast),) if why is None else (replace(ask, context=Wanted(q, forecast, why), explain_above=0.0),)


def why_now(card: Card, before: float | None, now: float) -> Literal["band", "alert"] | None:
    """Whether a forecast is news beside the one before (None: the first of a stay, measured from the lowest band)."""
    if now >= card.alerts_at and (before is None or before < card.alerts_at):
        return "alert"
    return "band" if card.band(now) != card.band(0.0 if before is None else before) else None


def _forecast(q: Question, ask: Ask, answer: Answer) -> RiskForecasted:
    card, p = q.card, answer.probability
    version = answer.metadata.get("version", card.version)
    return RiskForecasted(
        id=digest("RiskForecasted", card.name, version, q.site, q.patient, q.cause), site=q.site, patient=q.patient,
        known=q.as_of, as_of=q.as_of, model=card.name, version=version, encounter=q.encounter, mode=q.mode,
        horizon_hours=card.horizon_hours, probability=p, threshold=card.alerts_at, band=card.band(p),
        conformal=cast("tuple[Literal['no', 'yes'], ...] | None", card.conformal_set(p)),
        features=hashlib.sha256(ask.row.tobytes()).hexdigest(), row=q.row, late=q.late, fresh=q.fresh,
    )  # fmt: skip


def _explained(
    state: PatientState, q: Question, why: Literal["band", "alert", "asked"], forecast: Forecast, answer: Answer
) -> tuple[Emit, ...]:
    """The reasons; nothing where the answer has none of this model's form."""
    card, told, without = q.card, answer.contributions, answer.without
    count = len(factors(card.feature_set).names)
    if told is None or without is None or not told.shape == without.shape == (count,):
        return ()
    if not (np.isfinite(told).all() and np.isfinite(without).all()):
        return ()
    version = answer.metadata.get("version", card.version)
    before = state.said.explanation(card.name, version, q.encounter)
    as_of = instant(forecast.as_of)
    event = ForecastExplained(
        id=digest("ForecastExplained", forecast.id, *([q.request.id] if q.request else [])), site=q.site,
        patient=q.patient, known=q.request.known if q.request else as_of, as_of=as_of, model=card.name,
        version=version, encounter=q.encounter, mode=q.mode, forecast=forecast.id, probability=answer.probability,
        why_now=why, contributions=tuple(told.tolist()),
        previous=before and EarlierForecast(probability=before.probability, as_of=instant(before.as_of)),
        factors=reasons(
            card.feature_set, q.sight, q.person, q.row, told, without, before and before.contributions
        ),
    )  # fmt: skip
    state.said.remember(event)
    return (Emit(event),)


def unexplained(context: object) -> tuple[Emit, ...]:
    """The reasons did not come in time: the forecast is told without them; who asked for them may ask again."""
    return (Emit(context.forecast),) if isinstance(context, Wanted) else ()
