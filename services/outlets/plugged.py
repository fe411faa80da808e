"""Destinations of third parties: Python entry points of group `wardwatch.destinations`, named in a file.

An entry point is a function `make(name, options) -> Destination`. What it raises while it is made is a wrong
configuration; what its destination raises later is its bug, and must lose nothing: it counts as misconfigured.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from schemas.events import Event, Value
from services.outlets.choosing import Choice
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt, Destination
from services.outlets.loop import First
from services.outlets.webhook_settings import DestinationName
from services.runtime import logs
from services.runtime.ports import Partition

GROUP: Final = "wardwatch.destinations"
Make = Callable[[str, Mapping[str, Any]], Destination]

_log = logs.get(__name__)


class PluggedSettings(Value):
    """One destination of a third party: the entry point's name, and options that only it understands."""

    name: DestinationName
    type: Annotated[str, Field(min_length=1, max_length=128)]
    options: dict[str, Any] = Field(default_factory=dict)
    choose: Choice = Choice()
    first: First = "latest"


class PluggedFile(Value):
    """The file behind WARDWATCH_DESTINATIONS."""

    version: Literal[1] = 1
    destinations: Annotated[tuple[PluggedSettings, ...], Field(max_length=50)]


class PluginError(ValueError):
    """There is no such plug-in, or it cannot be made with these options."""


class Plugged:
    """A third party's destination behind a wall: whatever it raises, its message waits and an operator is told."""

    def __init__(self, name: str, inner: Destination) -> None:
        self.name, self.topics = name, tuple(inner.topics)
        self._inner = inner

    def begin(self, partition: Partition, offset: int) -> None:
        """See the port."""
        self._inner.begin(partition, offset)

    def deliver(self, event: Event) -> Attempt:
        """See the port."""
        try:
            return self._inner.deliver(event)
        except Exception as error:  # noqa: BLE001 - others' code: any bug of theirs must neither lose nor stop anything
            _log.error("a plug-in raised instead of answering", name=self.name, error=type(error).__name__)
            return Attempt(Outcome.MISCONFIGURED, f"the plug-in raised {type(error).__name__}")


def plugged(one: PluggedSettings, installed: Mapping[str, EntryPoint] | None = None) -> Plugged:
    """The destination; raises PluginError."""
    known = installed if installed is not None else found()
    if one.type not in known:
        raise PluginError(f"no plug-in {one.type!r} is installed; there are: {', '.join(sorted(known)) or 'none'}")
    try:
        make: Make = known[one.type].load()
        return Plugged(one.name, make(one.name, one.options))
    except Exception as error:  # others' code: an option that is wrong may raise anything
        raise PluginError(f"plug-in {one.type!r} cannot be made: {type(error).__name__}: {error}") from error


def found() -> dict[str, EntryPoint]:
    """The plug-ins installed here, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}
