"""What a model saw in a picture (topic `findings`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Id, Name, PatientEvent, Probability, Reason, Value
from schemas.events.imaging import Uid


class ClassProbability(Value):
    """One class of the model and its calibrated probability."""

    name: Name
    probability: Probability


class ImagingFindingReported(PatientEvent):
    """One report per instance and model version; preliminary, never final.

    `outcome` is 'cannot assess' with a `reason` when the picture is not one the model may read;
    `heatmap` names an 8-bit PNG in the object store that shows where the evidence lies.
    """

    topic: ClassVar[str] = "findings"

    study: Uid
    instance: Uid
    model: Name
    version: Name
    mode: Literal["silent", "live"] = "silent"
    as_of: AwareDatetime
    outcome: Literal["finding", "no finding", "refer", "cannot assess"]
    label: Name | None = None
    probability: Probability | None = None
    threshold: Probability | None = None
    classes: tuple[ClassProbability, ...] = ()
    reason: Reason | None = None
    picture: Annotated[str, Field(max_length=512)] | None = None
    heatmap: Annotated[str, Field(max_length=512)] | None = None
    source: Id
