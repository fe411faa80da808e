"""Makes events for the example ward: deterministic ids, one site, and the moment at which it is looked at."""

import random
from datetime import UTC, datetime
from typing import TypeVar

from schemas.events import Event, Place
from schemas.ids import digest

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
SITE = "main"
E = TypeVar("E", bound=Event)


def event(cls: type[E], known: datetime, *parts: object, **fields: object) -> E:
    """An event whose id is the hash of its type, its parts and when it was known."""
    named = {"id": digest(cls.__name__, *parts, known.isoformat()), "site": SITE, "known": known}
    return cls.model_validate(named | fields)


def key_of(n: int) -> str:
    """The key of the n-th patient."""
    return digest("example", n)


def bed_of(n: int) -> Place:
    """Where the n-th patient lies: twelve on 5B, the others in intensive care, two in a room."""
    ward, i = ("5B", n) if n < 12 else ("ICU", n - 12)
    return Place(ward=ward, room=f"{ward}-{i // 2 + 1}", bed=f"{ward}-{i // 2 + 1}{'AB'[i % 2]}")


def stay_hours(n: int) -> int:
    """How long the n-th patient is here: the first ten less than two days, the others up to five."""
    return random.Random(n).randint(20, 44) if n < 10 else random.Random(n).randint(50, 115)
