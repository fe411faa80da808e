"""Which moment a page is of: now, or what was known at an instant of the last 48 hours (`?at=`)."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import HTTPException

from services.console.parts import Parts
from services.console.reading.viewer import Viewer

KEPT: Final = timedelta(hours=48)
"""As long as the projection keeps readings and forecasts (projection/fold.py)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that is looked at; `past` says that it is not now."""

    at: datetime
    now: datetime
    past: bool

    def viewer(self, viewer: Viewer) -> Viewer:
        """Nobody decides in the past: it is read only."""
        return replace(viewer, decide=False, past=True) if self.past else viewer

    @property
    def earliest(self) -> datetime:
        """The first instant that can be looked at."""
        return self.now - KEPT


def moment(parts: Parts, at: str | None) -> Moment:
    """The moment of `?at=2026-03-12T03:12` (hospital time as the pages show it, UTC); 422 for what cannot be shown."""
    now = parts.clock.now()
    if not at:
        return Moment(now, now, past=False)
    try:
        wanted = datetime.fromisoformat(at)
    except ValueError:
        raise HTTPException(422, f"{at!r} is no time: write it as 2026-03-12T03:12") from None
    wanted = wanted.replace(tzinfo=UTC) if wanted.tzinfo is None else wanted.astimezone(UTC)
    if not now - KEPT - timedelta(minutes=1) <= wanted <= now:
        raise HTTPException(422, f"{wanted:%-d %b %H:%M} is not in the last 48 hours: no more is kept here")
    return Moment(wanted, now, past=True)


@contextmanager
def opened(parts: Parts, seen: Moment) -> Iterator[sqlite3.Connection]:
    """The store as it is, or as it was known at the moment."""
    with parts.store.as_known(seen.at) if seen.past else parts.store.reading() as db:
        yield db
