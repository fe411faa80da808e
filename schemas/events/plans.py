"""Beds now, beds to come, and who should lie where (topic `plans`)."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Event, Id, Name, PatientKey, Reason, Value

Count = Annotated[int, Field(ge=0)]


class PlanEvent(Event):
    """Something planned or counted for a ward, or for the whole site when `ward` is None."""

    topic: ClassVar[str] = "plans"

    ward: Name | None = None
    as_of: AwareDatetime

    @property
    def key(self) -> str:
        """Ward or site."""
        return f"{self.site}/{self.ward or ''}"


class WardOccupancyChanged(PlanEvent):
    """The live census of a ward."""

    occupied: Count
    beds: Count
    closed: Count = 0
    waiting: Count = 0


class DemandHour(Value):
    """Occupied beds expected `hours` after `as_of`: mean and quantiles at the forecast's levels."""

    hours: Annotated[float, Field(gt=0)]
    mean: Annotated[float, Field(ge=0)]
    quantiles: tuple[float, ...]


class BedDemandForecasted(PlanEvent):
    """A forecast of occupied beds; `levels` are the quantile levels of every hour."""

    model: Name
    version: Name
    levels: tuple[float, ...]
    hours: tuple[DemandHour, ...]


class Assignment(Value):
    """One waiting request and the bed proposed for it, or the reason why it goes on waiting."""

    request: Id
    patient: PatientKey
    bed: Name | None = None
    ward: Name | None = None
    reason: Reason


class ScheduleProposed(PlanEvent):
    """A proposal, not an order: an administrator approves, edits or rejects it."""

    proposal: Id
    kind: Literal["beds", "theatres"] = "beds"
    assignments: tuple[Assignment, ...] = ()


class ScheduleDecided(PlanEvent):
    """What became of a proposal, by whom and why."""

    proposal: Id
    decision: Literal["approve", "reject"]
    by: Name
    why: Reason = ""
