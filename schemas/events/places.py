"""Wards, rooms, beds and theatres, and who and what can be planned when (topic `places`, compacted)."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from schemas.events.base import Event, Name

BedStatus = Literal["free", "occupied", "cleaning", "closed"]


class PlaceEvent(Event):
    """A fact about one location."""

    topic: ClassVar[str] = "places"

    location: Name

    @property
    def key(self) -> str:
        """Site, location and what is told of it: compaction keeps the newest of each kind."""
        return f"{self.site}/{self.location}/{type(self).__name__}"


class LocationDefined(PlaceEvent):
    """A ward, room or bed exists; `within` names the location it is part of (FHIR Location.partOf)."""

    kind: Literal["site", "ward", "room", "bed", "theatre"]
    name: Annotated[str, Field(max_length=128)]
    within: Name | None = None
    specialty: Name | None = None
    isolation: bool = False
    active: bool = True


class BedStatusChanged(PlaceEvent):
    """A bed's status (HL7 table 0116)."""

    status: BedStatus


Shift = Literal["early", "late", "night"]


class AvailabilityPublished(PlaceEvent):
    """How long `location` (a theatre, a surgeon, a nurse) can be planned on one day; sent again when it changes.

    `minutes` counts for theatres and surgeons, 0 means closed or absent. A nurse is published by shift, with
    skill level (0 is the lowest), most workload, and the ward; `minutes` 0 takes the shift back.
    """

    role: Literal["theatre", "surgeon", "nurse"]
    day: date
    minutes: Annotated[int, Field(ge=0, le=1440)]
    shift: Shift | None = None
    skill: Annotated[int, Field(ge=0, le=9)] | None = None
    most_workload: Annotated[int, Field(ge=0, le=10_000)] | None = None
    ward: Name | None = None
    specialty: Name | None = None

    @model_validator(mode="after")
    def _nurses_work_in_shifts(self) -> "AvailabilityPublished":
        if (self.role == "nurse") != (self.shift is not None):
            raise ValueError(f"{self.location}: a nurse is published by shift, theatres and surgeons by day")
        if self.role == "nurse" and self.minutes and (self.skill is None or self.most_workload is None):
            raise ValueError(f"{self.location}: a nurse's shift needs skill and most_workload")
        return self

    @property
    def key(self) -> str:
        """Site, resource, day and shift: compaction keeps the newest word about each."""
        return f"{self.site}/{self.location}/{type(self).__name__}/{self.day}/{self.shift or ''}"
