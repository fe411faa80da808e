"""What the system says about itself: turns, quarantine, audit.

`turns` holds what a service was given that lies in no other topic (a tick that changed
something, a deadline that was missed), where it fell among the messages: with it, a replay
feeds the same inputs in the same order (docs/decisions/0002-turns.md).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.events.base import Event, Id, Name, Reason


class TurnTaken(Event):
    """After offset `after` of partition `partition`, `service` was given this input.

    `ready` says whether the models answered; `keys` names the states that were given it.
    """

    topic: ClassVar[str] = "turns"

    service: Name
    partition: Annotated[int, Field(ge=0)]
    after: Annotated[int, Field(ge=-1)]
    at: AwareDatetime
    kind: Literal["tick", "missed"]
    ready: bool = True
    keys: tuple[str, ...] = ()

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
