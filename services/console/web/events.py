"""Server-sent events (WHATWG HTML, section 9.2): rows of the board as they change, and a beat that proves life.

A screen that comes back with Last-Event-ID gets what changed since; one that cannot be helped that way gets all.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from services.console.live import Changes
from services.console.parts import Parts
from services.console.reading import board
from services.console.reading.viewer import Viewer
from services.console.web import language, pages
from services.console.web.closures import Closures
from services.console.web.session import reader

LOOK_S: Final = 0.4
BEAT_S: Final = 2.0
MOST_ROWS: Final = 2_000

Drawn = dict[str, object]
News = tuple[str, Drawn]
"""Name and data of an event."""


class Rows:
    """Rows of the board as HTML, made once for all screens that may see the same."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._closures = parts, Closures(parts)
        self._made: OrderedDict[tuple[str, tuple[bool, bool, bool], str], tuple[int, Drawn | None]] = OrderedDict()

    def of(self, patients: list[str], viewer: Viewer, spoken: str) -> Drawn:
        """What a screen must do to show these patients as they are now."""
        drawn = [(key, self._row(key, viewer, spoken)) for key in patients]
        # One that moved to another ward leaves a screen that is bound to this one.
        shown = [(key, row if row is not None and viewer.on(str(row["ward"])) else None) for key, row in drawn]
        return {
            "rows": [row for _, row in shown if row], "gone": [key for key, row in shown if row is None],
            "closed": self._closures.of(viewer, spoken),
        }  # fmt: skip

    def all(self, viewer: Viewer, spoken: str) -> Drawn:
        """The same for everyone who is here."""
        with self._parts.store.reading() as db:
            keys = [stay["patient"] for stay in board.open_stays(db, self._parts.settings.site)]
        return {**self.of(keys, viewer, spoken), "full": True}

    def _row(self, key: str, viewer: Viewer, spoken: str) -> Drawn | None:
        number = self._parts.hub.last_change(key)
        made = self._made.get((key, viewer.sees, spoken))
        if made is None or made[0] != number:
            with self._parts.store.reading() as db:
                now = self._parts.clock.now()
                row = board.one(db, self._parts.settings.site, key, now, self._parts.names, viewer)
            made = (number, None if row is None else _as_message(row, now, viewer, spoken))
            self._made[key, viewer.sees, spoken] = made
            while len(self._made) > MOST_ROWS:
                self._made.popitem(last=False)
        return made[1]


def _as_message(row: board.BoardRow, now: datetime, viewer: Viewer, spoken: str) -> Drawn:
    return {
        "key": row.key,
        "worry": row.worry,
        "urgency": row.urgency,
        "ward": row.ward,
        "html": pages.fragment(spoken, "row.html", "row", row, now, viewer),
    }


@dataclass(frozen=True, slots=True)
class Screen:
    """One connection: a page, who looks at it, and how to draw rows for it."""

    parts: Parts
    rows: Rows
    page: str
    viewer: Viewer
    spoken: str

    async def told(self, number: int | None, gone: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        """Messages until the screen is gone; `number` is what it had, None when that is of no use."""
        yield "retry: 1500\n\n"
        beaten = 0.0
        if number is None:
            number = self.parts.hub.since(-1).number
            yield _message(self.parts, number, *await self.everything())
        while not self.parts.stopping.is_set() and not await gone():
            changes = self.parts.hub.since(number)
            number = changes.number
            if (news := await self.news(changes)) is not None:
                yield _message(self.parts, number, *news)
            if time.monotonic() - beaten >= BEAT_S:
                yield _message(self.parts, number, "beat", beat(self.parts))
                beaten = time.monotonic()
            await asyncio.sleep(LOOK_S)

    async def news(self, changes: Changes) -> News | None:
        """What this page must know of the changes."""
        if changes.everything:
            return await self.everything()
        if self.page == "board":
            keys = list(changes.patients)
            # What happens to wards and places may begin or end a maintenance there.
            told = keys or changes.beds
            return ("rows", await run_in_threadpool(self.rows.of, keys, self.viewer, self.spoken)) if told else None
        concerned = {
            "beds": changes.beds or bool(changes.patients),
            "quality": bool(changes.patients),
            "schedule": changes.schedule,
        }.get(self.page, self.page in changes.patients)
        return ("changed", {}) if concerned else None

    async def everything(self) -> News:
        """The page as a whole."""
        if self.page == "board":
            return "rows", await run_in_threadpool(self.rows.all, self.viewer, self.spoken)
        return "changed", {}


def router(parts: Parts) -> APIRouter:
    """`/events?page=board|beds|schedule|quality|system|PATIENT KEY`."""
    routes = APIRouter(include_in_schema=False)
    rows = Rows(parts)

    @routes.get("/events")
    async def events(
        request: Request,
        viewer: Annotated[Viewer, Depends(reader)],
        page: str = "board",
        since: str | None = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        number = parts.hub.resume(last_event_id or since)
        return StreamingResponse(
            Screen(parts, rows, page, viewer, language.of_request(request)).told(number, request.is_disconnected),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


def beat(parts: Parts) -> Drawn:
    """Proof of life: clinical now, and how old the newest data is in real time."""
    standing = parts.standing()
    return {
        "now": parts.clock.now().isoformat(),
        "state": standing.state,
        "behind": standing.behind,
        "heard_s": round(max(0.0, time.time() - standing.heard_ms / 1000), 1) if standing.heard_ms else None,
    }


def _message(parts: Parts, number: int, event: str, data: object) -> str:
    return f"id: {parts.hub.epoch}.{number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
