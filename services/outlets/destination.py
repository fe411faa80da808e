"""The port of every receiver outside: what a destination is, and how one attempt at it ended.

Whatever keeps the laws below passes `tests/contracts/test_destinations.py`; third parties plug theirs in by an entry
point of group `wardwatch.destinations` (docs/integrating-outlets.md).

1. `deliver` never raises for what the receiver did: it answers with an Outcome.
2. Every delivery carries the event's id as its key, so that a repeat can be told from news.
3. A destination remembers nothing that the log or the receiver does not hold: a new process goes on where this one was.
"""

from dataclasses import dataclass
from typing import Protocol

from schemas.events import Event
from services.outlets.delivery import Outcome
from services.runtime.ports import Partition


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a delivery ended, in the machine's word, and in words for a person.

    The words are logged and kept with a dead letter: no name, number or body of the receiver's may stand in them.
    `retry_after_s` is what the receiver asked for.
    """

    outcome: Outcome
    words: str = ""
    retry_after_s: float = 0.0


class Destination(Protocol):
    """A receiver outside: takes one event, never raises for what the receiver did. Used from one thread.

    `name` is that of its consumer group (`outlets-NAME`), so it must never change; `topics` are what the group reads.
    """

    @property
    def name(self) -> str:
        """Of the configuration."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """Of the log."""
        ...

    def begin(self, partition: Partition, offset: int) -> None:
        """The partition's records come from this offset on: remember what those before it said, if that is needed."""
        ...

    def deliver(self, event: Event) -> Attempt:
        """Try once, within some ten seconds."""
        ...
