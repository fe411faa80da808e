"""What was computed about a patient (topic `risk`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Id, Name, PatientEvent, PatientKey, Probability, Reason, Value
from schemas.events.clinical import Place


class RiskEvent(PatientEvent):
    """Something computed for the clinical moment `as_of`; facts known later played no part."""

    topic: ClassVar[str] = "risk"

    as_of: AwareDatetime


class ScoredParameter(Value):
    """One parameter of a score: `points` is None when nothing fresh was measured."""

    name: Name
    value: float | None = None
    points: Annotated[int, Field(ge=0, le=3)] | None = None
    taken: AwareDatetime | None = None
    reading: Id | None = None


class WarningScoreComputed(RiskEvent):
    """A published score (NEWS2). `total` is None when a parameter is missing; the bounds always hold."""

    score: Name
    encounter: Id | None = None
    total: Annotated[int, Field(ge=0, le=20)] | None
    lowest: Annotated[int, Field(ge=0, le=20)]
    highest: Annotated[int, Field(ge=0, le=20)]
    red: bool
    band: Literal["low", "low-medium", "medium", "high"] | None
    parameters: tuple[ScoredParameter, ...] = ()
    not_applicable: Reason | None = None
    fresh: bool = True


class ModelEvent(RiskEvent):
    """An answer, or the lack of one, of a registered model on an encounter."""

    model: Name
    version: Name
    encounter: Id | None = None
    mode: Literal["silent", "live"] = "silent"


class RiskForecasted(ModelEvent):
    """The probability of the model's outcome within `horizon_hours` after `as_of` (None: to the end of the stay).

    `band` is the level of risk people act on (`registry.Card.bands`), `conformal` those of "no" and "yes" that the
    forecast cannot exclude at the card's level; both None for a model without them. `row` is the clock hour since
    admission (0 = first); `features` is the hash of the feature vector's bytes, `threshold` the model's own alarm
    level; `late` marks a forecast that was owed. `fresh` is false when the facts behind it are too old to alert on
    (design rule 5).
    """

    horizon_hours: Annotated[float, Field(gt=0)] | None = None
    probability: Probability
    threshold: Probability
    band: Name | None = None
    conformal: tuple[Literal["no", "yes"], ...] | None = None
    features: Annotated[str, Field(max_length=64)]
    row: Annotated[int, Field(ge=0)]
    late: bool = False
    fresh: bool = True


class ForecastMissed(ModelEvent):
    """The model did not answer in time; a late forecast follows when it can."""

    row: Annotated[int, Field(ge=0)]
    reason: Reason


class ForecastDeclined(ModelEvent):
    """The model must not be asked about this patient: 'cannot assess', with the reason."""

    reason: Reason


class Factor(Value):
    """How much one reading (or one thing known of the person) moved a forecast.

    `feature` is a short name of `schemas.codes`, or age, sex, unit, time or measuring. `value` is the newest one that
    the model knew, in `unit` (UCUM), measured at `taken`; `low` and `high` the adult reference range
    (`schemas.codes.reference`); `trend_per_hour` the least-squares slope of the last six hourly values.
    `contribution` is in log-odds, above 0 where the reading raises the forecast: the forecast's minus that of the same
    patient without it, whose probability is `without`. `change` is the contribution minus that of the explanation
    before, None where there was none.
    """

    feature: Name
    label: Annotated[str, Field(max_length=200)]
    value: float | None
    unit: Annotated[str, Field(max_length=32)] | None = None
    taken: AwareDatetime | None = None
    low: float | None = None
    high: float | None = None
    trend_per_hour: float | None = None
    contribution: float
    without: Probability | None = None
    change: float | None = None


class EarlierForecast(Value):
    """What was forecast when the model explained itself last."""

    probability: Probability
    as_of: AwareDatetime


class ForecastExplained(ModelEvent):
    """What moved a forecast most, strongest first, and why it is told now.

    `why_now`: it crossed from one band into another, reached the level people are alerted at, or a person `asked`.
    `previous` is the forecast of the last explanation that nobody had asked for: what `Factor.change` counts from.
    `contributions` (log-odds) are those of all factors of the model's feature set, in the order of
    `ray_jobs.risk.factors`: the next explanation counts its changes from them.
    """

    forecast: Id
    probability: Probability | None = None
    why_now: Literal["band", "alert", "asked"] = "alert"
    previous: EarlierForecast | None = None
    factors: tuple[Factor, ...]
    contributions: Annotated[tuple[float, ...], Field(max_length=200)] = ()


class PatientContextChanged(RiskEvent):
    """Where the patient is now and what limits care; told on change, for those who read no `clinical`.

    `sepsis_since` is the onset of a sepsis that was diagnosed in this stay. `treated_since` is the first dose of the
    antibiotics that are being given (doses at most 48 h apart), `treated_last` the newest of them.
    """

    encounter: Id | None = None
    open: bool
    place: Place = Place()
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    age_years: Annotated[int, Field(ge=0, le=150)] | None = None
    care_limit: Literal["full", "no_escalation", "palliative", "comfort"] = "full"
    oxygen_scale: Literal[1, 2] = 1
    merged_into: PatientKey | None = None
    sepsis_since: AwareDatetime | None = None
    treated_since: AwareDatetime | None = None
    treated_last: AwareDatetime | None = None
