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
    """The probability of the model's outcome within `horizon_hours` after `as_of`.

    `row` is the clock hour since admission (0 = first); `features` is the hash of the feature
    vector's bytes, `threshold` the model's own alarm level; `late` marks a forecast that was owed.
    `fresh` is false when the facts behind it are too old to alert on (design rule 5).
    """

    horizon_hours: Annotated[float, Field(gt=0)]
    probability: Probability
    threshold: Probability
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
    """How much one feature moved the forecast (log-odds), and the value it had."""

    feature: Name
    label: Annotated[str, Field(max_length=200)]
    value: float | None
    contribution: float


class ForecastExplained(ModelEvent):
    """The features that moved a forecast most, strongest first."""

    forecast: Id
    factors: tuple[Factor, ...]


class PatientContextChanged(RiskEvent):
    """Where the patient is now and what limits care; told on change, for those who read no `clinical`."""

    encounter: Id | None = None
    open: bool
    place: Place = Place()
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    age_years: Annotated[int, Field(ge=0, le=150)] | None = None
    care_limit: Literal["full", "no_escalation", "palliative", "comfort"] = "full"
    oxygen_scale: Literal[1, 2] = 1
    merged_into: PatientKey | None = None
