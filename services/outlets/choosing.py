"""Which transitions of which alerts a destination is told: validated data of its configuration, and the rule itself."""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.events import AlertEvent, Event, Value
from schemas.events.alerts import AddressingEvent, Kind, Role, Severity
from services.outlets.annotation import STATES
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt, Destination
from services.runtime.ports import Partition

Transition = Literal[
    "raised",
    "notified",
    "unreached",
    "escalated",
    "acknowledged",
    "snoozed",
    "stale",
    "suppressed",
    "merged",
    "resolved",
]
NOT_CHOSEN: Final = Attempt(Outcome.SKIPPED)


class Choice(Value):
    """What is told: an empty list means all. Each transition is judged by what it says itself.

    So a destination for red alerts hears of an amber one when it is escalated. Confirmations (`notified`), the lack of
    one (`unreached`) and what a policy kept quiet (`suppressed`) are told only where they are named. In quiet hours and
    maintenance nothing is told, unless `quiet_too`: what still stands is told when they end. With `roles` only what
    asks one of them is told.
    """

    kinds: tuple[Kind, ...] = ()
    severities: tuple[Severity, ...] = ()
    wards: tuple[Annotated[str, Field(min_length=1, max_length=128)], ...] = ()
    transitions: tuple[Transition, ...] = (
        "raised", "escalated", "acknowledged", "snoozed", "stale", "merged", "resolved",
    )  # fmt: skip

    roles: tuple[Role, ...] = ()
    quiet_too: bool = False

    def takes(self, event: AlertEvent) -> bool:
        """Whether this transition is told."""
        return (
            (self.quiet_too or event.quiet_until is None)
            and (not self.roles or (isinstance(event, AddressingEvent) and event.role in self.roles))
            and (not self.kinds or event.kind in self.kinds)
            and (not self.severities or event.severity in self.severities)
            and (not self.wards or event.place.ward in self.wards)
            and (not self.transitions or transition(event) in self.transitions)
        )


def transition(event: AlertEvent) -> str:
    """The transition's name in configuration and messages."""
    return STATES.get(type(event), type(event).__name__.removeprefix("Alert").lower())


class Chosen:
    """A destination that is told only what is chosen for it."""

    def __init__(self, destination: Destination, choice: Choice) -> None:
        self.name, self.topics = destination.name, destination.topics
        self._destination, self._choice = destination, choice

    def begin(self, partition: Partition, offset: int) -> None:
        """See the port."""
        self._destination.begin(partition, offset)

    def deliver(self, event: Event) -> Attempt:
        """See the port."""
        if isinstance(event, AlertEvent) and not self._choice.takes(event):
            return NOT_CHOSEN
        return self._destination.deliver(event)
