"""One gateway: documents in, events on the log, acknowledged only when every in-sync replica has them.

The steps of `take`, in order: 1 the source's breaker; 2 the core (`accept`); 3 what is unusable becomes quarantine
events; 4 everything is written, in order, as one publication; 5 the answer. A repeat after any failure gives the same
ids, so it changes nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from schemas.events import Event
from services.gateway.accept import Accepted, Asked, accept
from services.gateway.breaker import Breaker
from services.gateway.quarantine import quarantine, quarantine_entry
from services.runtime import logs, metrics
from services.runtime.errors import BadInputError, LogUnavailable
from services.runtime.outgoing import outgoing
from services.runtime.ports import Clock, Identity, ObjectStore, Publisher

SERVICE: Final = "gateway"
NEVER_TOLD: Final = 1970
"""The year of a told clock before anyone spoke."""
PUBLISH_TIMEOUT_S: Final = 10.0
LARGE_BYTES: Final = 64_000
"""Larger documents are read in a thread, so that the small ones of the monitors do not wait behind them."""

Core = Callable[[bytes, Asked, Identity], Accepted]
"""Bytes → what became of them; raises BadInputError."""

log = logs.get(__name__)


class TurnedAway(Exception):  # noqa: N818 - the answer, not a fault
    """Not now: come again in `retry_s` seconds (503 with Retry-After)."""

    def __init__(self, reason: str, retry_s: float) -> None:
        super().__init__(reason)
        self.reason, self.retry_s = reason, retry_s


@dataclass(frozen=True, slots=True)
class Gateway:
    """The ports, and the breakers of all sources. `told`: the clock is told (docs/decisions/0001-clock.md)."""

    site: str
    partitions: int
    identity: Identity
    publisher: Publisher
    objects: ObjectStore
    clock: Clock
    told: bool = False
    breaker: Breaker = field(default_factory=lambda: Breaker(_alarm))
    monotonic: Callable[[], float] = time.monotonic

    def known(self, header: str | None) -> datetime:
        """The instant that becomes `known`: the clock's, or what a replay tells; raises BadInputError, TurnedAway."""
        if header is None:
            now = self.clock.now()
            if self.told and now.year == NEVER_TOLD:
                raise TurnedAway("this gateway's clock is told by a replay, and nobody has told it yet", 2.0)
            return now
        if not self.told:
            raise BadInputError("X-Wardwatch-Now is only for replays: this gateway keeps its own time", status=400)
        try:
            instant = datetime.fromisoformat(header)
        except ValueError:
            raise BadInputError("X-Wardwatch-Now is an ISO 8601 instant", status=400) from None
        if instant.tzinfo is None:
            raise BadInputError("X-Wardwatch-Now needs a time zone", status=400)
        self.clock.told(instant)
        return instant

    async def take(self, document: bytes, asked: Asked, core: Core = accept) -> Accepted:
        """Accept one document; `core` takes it apart. Raises BadInputError, TurnedAway, DependencyError."""
        wait_s = self.breaker.wait_s(asked.source, self.monotonic())  # 1
        if wait_s > 0:
            raise TurnedAway("too much of what this source sends is unusable: see the quarantine", wait_s)
        try:
            accepted = await self._apart(document, asked, core)  # 2
        except BadInputError as error:
            await self._refuse_whole(document, asked, error)
            raise
        bad = [entry for entry in accepted.entries if entry.fate == "quarantined"]
        events = list(accepted.events)
        if bad:
            events += await asyncio.to_thread(  # 3
                lambda: [quarantine_entry(entry, document, asked, self.objects) for entry in bad]
            )
        await self._publish(events)  # 4
        self.breaker.record(asked.source, total=len(accepted.entries), bad=len(bad), now=self.monotonic())
        _count(accepted)
        return accepted  # 5

    async def _apart(self, document: bytes, asked: Asked, core: Core) -> Accepted:
        if len(document) <= LARGE_BYTES:
            return core(document, asked, self.identity)
        return await asyncio.to_thread(core, document, asked, self.identity)

    async def _refuse_whole(self, document: bytes, asked: Asked, error: BadInputError) -> None:
        event = await asyncio.to_thread(quarantine, document, error.reason, error.path, asked, self.objects)
        await self._publish([event])
        self.breaker.record(asked.source, total=1, bad=1, now=self.monotonic())
        metrics.QUARANTINED.labels(SERVICE, "document").inc()

    async def _publish(self, events: list[Event]) -> None:
        if not events:
            return
        source = f"wardwatch/{self.site}/gateway"
        messages = [outgoing(event, source=source, partitions=self.partitions) for event in events]
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await asyncio.wrap_future(self.publisher.publish(messages))
        except TimeoutError:
            raise LogUnavailable(f"not acknowledged within {PUBLISH_TIMEOUT_S:g} s") from None
        for event in events:
            metrics.counted(metrics.EVENTS, SERVICE, event.topic, type(event).__name__, "out").inc()


def _count(accepted: Accepted) -> None:
    metrics.counted(metrics.READINGS, SERVICE).inc(accepted.readings)
    for (kind, fate), count in Counter((entry.kind, entry.fate) for entry in accepted.entries).items():
        metrics.counted(metrics.RESOURCES, SERVICE, kind, fate).inc(count)
        if fate == "quarantined":
            metrics.QUARANTINED.labels(SERVICE, kind).inc(count)


def _alarm(source: str) -> None:
    log.error("a source is turned away: too much of what it sends is unusable", name=source)
