"""NEWS2 of the latest readings as an event (RCP 2017; the score itself is `ray_jobs.risk.news2`)."""

from datetime import timedelta
from typing import Final

from ray_jobs.risk.grid import age_years
from ray_jobs.risk.news2 import PARAMETERS, Reading, news2
from schemas.events import ScoredParameter, WarningScoreComputed
from schemas.ids import digest
from services.watch.state import PatientState
from services.watch.times import instant

SCORE: Final = "NEWS2"
FRESHNESS: Final = timedelta(hours=1)


def warning_score(state: PatientState, cause: str) -> WarningScoreComputed:
    """The score now: null where a parameter is missing or older than an hour, its bounds always."""
    course, latest, at = state.course, state.chart.latest, state.as_of
    scored = news2(
        {name: Reading(r.value, instant(r.taken)) for name, r in latest.items()},
        at=at,
        age_years=None if course.born is None else age_years(course.born, at.date()),
        pregnant=course.pregnant,
        oxygen_scale=course.oxygen_scale,
        freshness=FRESHNESS,
    )
    return WarningScoreComputed(
        id=digest("WarningScoreComputed", SCORE, state.site, state.patient, cause),
        site=state.site,
        patient=state.patient,
        known=at,
        as_of=at,
        score=SCORE,
        encounter=None if course.stay is None else course.stay.encounter,
        total=scored.total,
        lowest=scored.lowest or 0,
        highest=scored.highest or 0,
        red=scored.red,
        band=scored.band,
        parameters=tuple(
            ScoredParameter(
                name=p.name,
                value=p.value,
                points=p.score,
                taken=p.taken,
                reading=latest[p.name].id if p.name in latest else None,
            )
            for p in scored.parameters
        ),
        not_applicable=scored.reason,
        fresh=any(p.status in {"scored", "needs oxygen"} for p in scored.parameters),
    )


def scored_codes(codes: set[str]) -> bool:
    """Whether any of these short names is a parameter of the score."""
    return not codes.isdisjoint(PARAMETERS)
