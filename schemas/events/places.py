"""Wards, rooms and beds (topic `places`, compacted by site and location)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

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

    kind: Literal["site", "ward", "room", "bed"]
    name: Annotated[str, Field(max_length=128)]
    within: Name | None = None
    specialty: Name | None = None
    isolation: bool = False
    active: bool = True


class BedStatusChanged(PlaceEvent):
    """A bed's status (HL7 table 0116)."""

    status: BedStatus
