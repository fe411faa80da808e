"""Beds now, beds to come, and the nurses that they need (topic `plans`)."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Event, Name, Probability, Value
from schemas.events.places import Shift

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


class Driver(Value):
    """What a forecast is made of: so many of the beds at its end are due to this."""

    label: Name
    beds: float


class BedDemandForecasted(PlanEvent):
    """A forecast of occupied beds of a ward, of a service (specialty) or of the site, by the hour or by the day.

    `levels` are the quantile levels of every step; with `resolution` day a step is the census at midday.
    """

    model: Name
    version: Name
    levels: tuple[float, ...]
    hours: tuple[DemandHour, ...]
    service: Name | None = None
    resolution: Literal["hour", "day"] = "hour"
    drivers: tuple[Driver, ...] = ()


class ShiftNeed(Value):
    """Nurses that one shift needs (mean, and at the 0.9 quantile of workload) and those on the roster."""

    day: date
    shift: Shift
    needed: Annotated[float, Field(ge=0)]
    needed_high: Annotated[float, Field(ge=0)]
    rostered: Count
    chance_short: Probability


class StaffingForecasted(PlanEvent):
    """Nurses needed by shift on a ward from forecast census and acuity, against the roster."""

    shifts: tuple[ShiftNeed, ...]
