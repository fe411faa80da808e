"""How far what a model meets lies from what it was made with, told to the model's owner (topic `models`).

About a site and a model, never about a patient: only counts and shares, and none below the stated minimum.
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from schemas.events.base import Event, Name, Probability, Value

Count = Annotated[int, Field(ge=0)]
Share = Probability
Size = Annotated[float, Field(ge=0)]


class ModelDriftEvent(Event):
    """Something measured of a model at a site at the full hour `as_of`."""

    topic: ClassVar[str] = "models"

    model: Name
    version: Name
    as_of: AwareDatetime

    @property
    def key(self) -> str:
        """Site and model."""
        return f"{self.site}/{self.model}"


class Measure(Value):
    """A measure of drift: `value` beyond `limit` is drift. `limit` is never below what chance gives this many.

    `count` are the patient-hours, readings or stays behind it, of so many `patients` in the newest `hours`.
    """

    name: Name
    value: Size
    limit: Annotated[float, Field(gt=0)]
    count: Count
    patients: Count
    hours: Count

    @property
    def beyond(self) -> bool:
        """Whether it passed its limit."""
        return self.value >= self.limit


class ReadingDrift(Value):
    """One reading against the training data, in the newest `hours`; what is None was too little to tell.

    `distribution` is the population stability index, `distance` Kolmogorov-Smirnov's at the bins' edges, `measured`
    the share of patient-hours with a measurement and `frequency` its log-odds ratio to the reference's, as a size.
    """

    reading: Name
    hours: Count
    count: Count
    distribution: Measure | None = None
    distance: Share | None = None
    median: float | None = None
    reference_median: float | None = None
    measured: Share
    reference_measured: Share
    frequency: Measure | None = None


class EstimatedPerformance(Value):
    """What calibrated probabilities promise without labels (confidence-based estimation); `reference_`: on the card's
    held-out patients, by the same estimate. Blind to a change in what the readings mean for the outcome.
    """

    hours: Count
    auroc: Share | None
    reference_auroc: Share | None
    ppv: Share | None
    reference_ppv: Share | None
    recall: Share | None
    reference_recall: Share | None
    mean: Probability
    reference_mean: Probability


class LabelledPerformance(Value):
    """What became of stays that ended, as far as the bus tells: labelled patient-hours against the forecasts."""

    stays: Count
    with_outcome: Count
    observed: Size
    expected: Size
    auroc: Share | None
    reference_auroc: Share | None


class ModelDriftMeasured(ModelDriftEvent):
    """One hour's measurement. `measures` are those of the forecasts; with too few patients they are left out.

    `missed` and `declined` count the model's `ForecastMissed` and `ForecastDeclined` of the newest day.
    """

    patient_hours: Count
    patients: Count
    missed: Count
    declined: Count
    alarms_per_patient_day: Size | None
    reference_alarms_per_patient_day: Size
    readings: tuple[ReadingDrift, ...] = ()
    measures: tuple[Measure, ...] = ()
    estimated: EstimatedPerformance | None = None
    labelled: LabelledPerformance | None = None


class ModelDriftAlarm(ModelDriftEvent):
    """A measure passed its limit, or came well below it again: for the model's owner, not for a care team.

    `alarm` is the same from found to ended.
    """

    alarm: Annotated[str, Field(max_length=64)]
    measure: Name
    value: Size
    limit: Annotated[float, Field(gt=0)]
    text: Annotated[str, Field(max_length=500)]


class ModelDriftFound(ModelDriftAlarm):
    """The measure passed its limit."""


class ModelDriftEnded(ModelDriftAlarm):
    """The measure is well below its limit again."""
