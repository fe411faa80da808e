"""A job for the slow lane of operations: values in, events out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.events import Event


@dataclass(frozen=True, slots=True)
class Job:
    """Work that takes a while; `name` says what it is, one of a name runs at a time."""

    name: str
    run: Callable[[], Sequence[Event]]
