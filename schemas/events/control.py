"""What the system says about itself: turns, quarantine, audit.

`turns` holds what a service was given that lies in no other topic (a tick that changed
something, a deadline that was missed), where it fell among the messages: with it, a replay
feeds the same inputs in the same order (docs/decisions/0002-turns.md).
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from schemas.events.base import Event, Id, Name, Reason


class TurnTaken(Event):
    """`service` folded offsets `since` to `after` of its input partition, then was given the tick `at`.

    Written only when that cannot be told from the input topic alone: a tick that was due for some
    state (`at` is set), or models that did not answer for the rows of this turn (`answered` is false; `missed` names
    them, and none named means all of them). `ready` is what the tick said of the models.
    """

    topic: ClassVar[str] = "turns"

    service: Name
    partition: Annotated[int, Field(ge=0)]
    since: Annotated[int, Field(ge=0)]
    after: Annotated[int, Field(ge=-1)]
    at: AwareDatetime | None = None
    ready: bool = True
    answered: bool = True
    missed: tuple[Name, ...] = ()

    @property
    def key(self) -> str:
        """The service; the partition is chosen explicitly."""
        return self.service


class Quarantined(Event):
    """Bytes that could not be used, why, and where they came from."""

    topic: ClassVar[str] = "quarantine"

    origin: Name
    source: Annotated[str, Field(max_length=256)]
    reason: Reason
    path: Annotated[str, Field(max_length=256)] = ""
    media_type: Annotated[str, Field(max_length=128)] = "application/octet-stream"
    content: Annotated[str, Field(max_length=400_000)] = ""
    truncated: bool = False
    object: Annotated[str, Field(max_length=512)] | None = None
    original_key: Annotated[str, Field(max_length=256)] = ""

    @property
    def key(self) -> str:
        """The key of what could not be used."""
        return self.original_key or self.site


class AccessAudited(Event):
    """Who saw or did what."""

    topic: ClassVar[str] = "audit"

    actor: Name
    action: Name
    subject: Id | None = None
    allowed: bool = True

    @property
    def key(self) -> str:
        """The actor."""
        return self.actor
