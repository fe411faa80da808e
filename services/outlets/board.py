"""The port to a board of annotations: exactly one annotation per alert, whatever is repeated or lost on the way.

What can go wrong, named by what the caller must do:

    BoardUnavailable     try again: nobody answered, or the answer says nothing about this annotation
    BoardMisconfigured   try again slowly, and tell an operator: wrong address, token or role
    BoardRefused         never try this annotation again: keep it aside with the reason
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.runtime.errors import BadInputError, DependencyError


class BoardUnavailable(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The board did not answer, or not in a way that can be trusted; `retry_after_s` is what it asked for."""

    def __init__(self, words: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.retry_after_s = retry_after_s


class BoardMisconfigured(DependencyError):  # noqa: N818 - named by the state, not as an error
    """The board is there and does not let us in, or is not a board at all."""


class BoardRefused(BadInputError):  # noqa: N818 - named by what the board did
    """The board will never take this annotation as it is."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One mark on the board's time axis.

    `start_ms` and `end_ms` are epoch milliseconds; they are equal while the alert is open. `tags`
    are compared as a set. `text` is never empty and is shown as HTML: it comes escaped.
    """

    alert: str
    start_ms: int
    end_ms: int
    tags: tuple[str, ...]
    text: str

    def same(self, other: "Annotation") -> bool:
        """Whether writing the other one would change nothing that a person sees."""
        mine, theirs = (self.start_ms, self.end_ms, self.text), (other.start_ms, other.end_ms, other.text)
        return mine == theirs and set(self.tags) == set(other.tags)


Revise = Callable[[Annotation | None], Annotation | None]
"""What should stand, given what stands; None for None means that nothing should."""


class Put(StrEnum):
    """What a put did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class AnnotationBoard(Protocol):
    """A board that finds annotations by alert id. Used from one thread."""

    def find(self, alert: str) -> Annotation | None:
        """The annotation of the alert, the oldest if an interrupted write left several."""
        ...

    def put(self, alert: str, revise: Revise) -> Put:
        """Make the alert's one annotation what `revise` says; may be repeated at will.

        Looks the alert up first, so that a put whose answer was lost does not create a second one, and
        removes the others where several stand. Raises only the errors above.
        """
        ...


def alert_tag(alert: str) -> str:
    """The tag by which an alert's annotation is found."""
    return f"alert:{alert}"


class MemoryBoard:
    """A board in this process, for tests of what stands behind it; `failing` is raised by the next calls, in order."""

    def __init__(self) -> None:
        self.standing: dict[str, Annotation] = {}
        self.failing: list[Exception] = []
        self.puts: list[tuple[str, Put]] = []

    def find(self, alert: str) -> Annotation | None:
        """See the port."""
        if self.failing:
            raise self.failing.pop(0)
        return self.standing.get(alert)

    def put(self, alert: str, revise: Revise) -> Put:
        """See the port."""
        found = self.find(alert)
        wanted = revise(found)
        if wanted is None or (found is not None and found.same(wanted)):
            done = Put.UNCHANGED
        else:
            done = Put.CREATED if found is None else Put.UPDATED
            self.standing[alert] = wanted
        self.puts.append((alert, done))
        return done
