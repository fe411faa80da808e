"""That nobody is called on a ward for a while, decided by a person at once (topic `decisions`), and what holds of it.

A ward's patients lie on every partition. So the decision is told once on each, under a `lane`: a word that leads to
that partition (`services.runtime.lanes`).
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from schemas.events.base import Event, Id, Name, Reason, Value

Lane = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^lane-[0-9]+$")]


class MaintenanceWindow(Value):
    """Between `begin` and `end` nobody is called of this ward's alerts; all of them are recorded."""

    ward: Name
    begin: AwareDatetime
    end: AwareDatetime
    by: Name
    why: Reason
    decision: Id


class MaintenanceDecided(Event):
    """A person began a ward's maintenance, or ended it now (`ended`: `until` is that instant).

    `decision` is the same on every lane.
    """

    topic: ClassVar[str] = "decisions"

    decision: Id
    lane: Lane
    ward: Name
    at: AwareDatetime
    until: AwareDatetime
    ended: bool = False
    by: Name
    why: Reason = ""

    @property
    def key(self) -> str:
        """Site and lane."""
        return f"{self.site}/{self.lane}"


class MaintenanceStanding(Event):
    """The windows of a site that may still matter, as one partition of the alert authority knows them (compacted)."""

    topic: ClassVar[str] = "alert-state"

    lane: Lane
    windows: tuple[MaintenanceWindow, ...] = ()

    @property
    def key(self) -> str:
        """Site and lane."""
        return f"{self.site}/{self.lane}"
