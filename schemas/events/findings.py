"""What a model saw in a picture, and what is said of the whole study (topic `findings`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Id, Name, PatientEvent, Probability, Reason, Value
from schemas.events.imaging import Uid


class ClassProbability(Value):
    """One class of the model and its calibrated probability."""

    name: Name
    probability: Probability


Share = Annotated[float, Field(ge=0, le=1)]


class Box(Value):
    """Where in the picture: shares of its width and height, from the upper left corner."""

    left: Share
    top: Share
    right: Share
    bottom: Share


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
    series: Uid | None = None
    sop_class: Uid | None = None
    modality: Annotated[str, Field(max_length=16)] | None = None
    rows: Annotated[int, Field(ge=1, le=65535)] | None = None
    columns: Annotated[int, Field(ge=1, le=65535)] | None = None
    frames: Annotated[int, Field(ge=1)] = 1
    frame: Annotated[int, Field(ge=1)] = 1
    """The one that is spoken of, counted from 1."""
    box: Box | None = None
    """Where the evidence is compact; None where it is spread, or where there is none."""


class SeenInstance(Value):
    """One instance of a reported study and what came of it; `finding` is the id of its ImagingFindingReported."""

    instance: Uid
    series: Uid
    sop_class: Uid
    modality: Annotated[str, Field(max_length=16)]
    finding: Id
    model: Name
    version: Name
    outcome: Literal["finding", "no finding", "refer", "cannot assess"]


class PriorComparison(Value):
    """The patient's earlier study that the same model read: its probability, and what the change means in words.

    `change` is this study's log-odds less the earlier one's; `noise` the standard deviation that two pictures of
    the same state differ by.
    """

    study: Uid
    as_of: AwareDatetime
    probability: Probability
    change: float
    noise: Annotated[float, Field(ge=0)]
    words: Reason


class ImagingStudyReported(PatientEvent):
    """The one report of a study: what its most telling instance says, what else was seen; preliminary, never final."""

    topic: ClassVar[str] = "findings"

    study: Uid
    model: Name
    version: Name
    mode: Literal["silent", "live"] = "silent"
    as_of: AwareDatetime
    outcome: Literal["finding", "no finding", "refer", "cannot assess"]
    priority: Literal["routine", "urgent"] = "routine"
    label: Name | None = None
    probability: Probability | None = None
    threshold: Probability | None = None
    classes: tuple[ClassProbability, ...] = ()
    reason: Reason | None = None
    shown: Uid
    """The instance that the report speaks of."""
    rows: Annotated[int, Field(ge=1, le=65535)] | None = None
    columns: Annotated[int, Field(ge=1, le=65535)] | None = None
    frames: Annotated[int, Field(ge=1)] = 1
    frame: Annotated[int, Field(ge=1)] = 1
    """The one of `shown` that is spoken of, counted from 1."""
    box: Box | None = None
    picture: Annotated[str, Field(max_length=512)] | None = None
    heatmap: Annotated[str, Field(max_length=512)] | None = None
    prior: PriorComparison | None = None
    instances: tuple[SeenInstance, ...]


class ImagingReportRead(PatientEvent):
    """A physician read the study and made the report final: as the model has it, or in other words (`override`)."""

    topic: ClassVar[str] = "decisions"

    study: Uid
    model: Name
    version: Name
    decision: Literal["finalise", "override"]
    impression: Reason = ""
    by: Name
    at: AwareDatetime
