"""The projection's own loop: read the log from where the store stands, fold, tell who is watching.

A log that does not answer is waited for; a log that is shorter than the store, or lost what the store
has not yet read, is folded anew from its first kept message.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from services.console.projection.fold import TOPICS, Touched, fold, positions
from services.console.projection.store import Store, instant
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError
from services.runtime.ports import Clock, LogReader, Partition

log = logs.get(__name__)

WAIT_S: Final = 1.0
GATHER_S: Final = 0.15
"""A transaction and a message to every page for each chart cost more than folding it: some are folded at once."""
LOOK_AGAIN_S: Final = 5.0
STUCK_S: Final = 30.0
FAR_BEHIND: Final = 1_000
"""Messages. Fewer than that is one batch: the store counts as live."""

State = Literal["starting", "catching up", "live", "waiting for the log", "stopped"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the projection does: `behind` messages are not folded yet; `heard_ms` is the newest record's real time."""

    state: State
    behind: int
    heard_ms: int
    folded: int


class Follower:
    """One thread's work; `standing` may be read from any other."""

    def __init__(
        self, open_reader: Callable[[], LogReader], store: Store, clock: Clock, changed: Callable[[Touched], None]
    ) -> None:
        self._open_reader, self._store, self._clock, self._changed = open_reader, store, clock, changed
        self._reader: LogReader | None = None
        self._positions: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}
        self._looked = float("-inf")
        self._turned = time.monotonic()
        self.standing = Standing("starting", 0, 0, 0)

    @property
    def turning(self) -> bool:
        """Whether the thread came round lately, with or without anything to fold."""
        return time.monotonic() - self._turned < STUCK_S

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop."""
        while not stop.is_set():
            self._turned = time.monotonic()
            try:
                if self.turn(WAIT_S / 2):
                    stop.wait(GATHER_S)
            except (DependencyError, sqlite3.Error) as error:
                # Nothing of the turn was committed: read again from where the store stands.
                log.warning("projection_waits", reason=str(error))
                self._stand("waiting for the log")
                self._drop_reader()
                stop.wait(WAIT_S)
        self._drop_reader()
        self._stand("stopped")

    def turn(self, timeout_s: float) -> bool:
        """One batch: read, fold, tell; whether there was any. Raises DependencyError when the log does not answer."""
        if self._reader is None:
            self._reader = self._open_reader()
        if time.monotonic() - self._looked > LOOK_AGAIN_S:
            self._look(self._reader)
        if not self._positions:
            self._looked = float("-inf")
            raise DependencyError("none of the topics is there yet")
        batch = {p: r for p, r in self._reader.follow(self._positions, timeout_s).items() if r}
        touched = fold(self._store, batch) if batch else Touched()
        for partition, records in batch.items():
            self._positions[partition] = records[-1].offset + 1
        standing, behind = self.standing, self._behind(nothing_new=not batch)
        self.standing = Standing(
            "catching up" if behind > FAR_BEHIND else "live",
            behind,
            max(standing.heard_ms, touched.newest_written_ms),
            standing.folded + touched.events,
        )
        for (topic, kind), count in touched.kinds.items():
            metrics.counted(metrics.EVENTS, "console", topic, kind, "in").inc(count)
        if batch:
            self._clock.told(instant(touched.newest_known))
            self._changed(touched)
        return bool(batch)

    def _look(self, reader: LogReader) -> None:
        """Find the partitions, where to begin in each, and how far behind we are."""
        known = positions(self._store)
        bounds: dict[Partition, tuple[int, int]] = {}
        for topic in TOPICS:
            try:
                bounds |= {p: reader.bounds(p) for p in reader.partitions(topic)}
            except DependencyError as error:
                log.info("topic_missing", topic=topic, reason=str(error))
        if any(known.get(p, 0) > end for p, (_, end) in bounds.items()):
            log.warning("projection_restarts", reason="the log is shorter than the store")
            self._store.forget()
            raise DependencyError("folding the log anew")
        self._positions = {p: max(known.get(p, 0), first) for p, (first, _) in bounds.items()}
        self._ends = {p: end for p, (_, end) in bounds.items()}
        self.standing = Standing(self.standing.state, self._behind(), self.standing.heard_ms, self.standing.folded)
        self._looked = time.monotonic()

    def _behind(self, *, nothing_new: bool = False) -> int:
        """Messages not yet folded. Offsets also count transaction markers, which are never read."""
        total = 0
        for partition, end in self._ends.items():
            left = 0 if nothing_new else max(0, end - self._positions[partition])
            metrics.LAG.labels("console", partition.topic, partition.number).set(left)
            total += left
        return total

    def _stand(self, state: State) -> None:
        now = self.standing
        self.standing = Standing(state, now.behind, now.heard_ms, now.folded)

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._looked = float("-inf")
