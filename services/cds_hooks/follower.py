"""Follows `risk` and `alerts` into memory: all of what the log holds at the start, then what comes.

Without a group: every process of this service needs all partitions (docs/decisions/0140-cds-hooks.md). While it has not
read what was there at its start, or the log has not answered for a while, it is not current, and nobody is answered:
an empty answer would look like a patient who is well (design rule 9).
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from schemas.events import PatientContextChanged
from services.cds_hooks.standing import Patients
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError
from services.runtime.ports import Clock, LogReader, Partition, Record

TOPICS: Final = ("alerts", "risk")
WAIT_S: Final = 0.5
AGAIN_S: Final = 1.0
FORGET_EVERY_S: Final = 600.0
LOOK_AGAIN_S: Final = 5.0
STUCK_S: Final = 30.0
OLD_MS: Final = 72 * 3_600_000
"""Scores and forecasts older than this in real time change no card: of them only the header is read."""
CONTEXT: Final = f"{TYPE_PREFIX}{PatientContextChanged.__name__}{TYPE_SUFFIX}".encode()

log = logs.get(__name__)


class Follower:
    """One thread's work; `current` may be asked from any other."""

    def __init__(
        self,
        open_reader: Callable[[], LogReader],
        patients: Patients,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        real_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._open_reader, self._patients, self._clock = open_reader, patients, clock
        self._monotonic, self._real_ms = monotonic, real_ms
        self._reader: LogReader | None = None
        self._positions: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}
        self._looked = self._heard = float("-inf")
        self._forgot = float("-inf")

    @property
    def current(self) -> bool:
        """Whether all that was there is folded, and the log answered lately."""
        return not self._ends and bool(self._positions) and self._monotonic() - self._heard < STUCK_S

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop."""
        while not stop.is_set():
            try:
                self.turn(WAIT_S)
            except DependencyError as error:
                log.warning("the log does not answer", reason=str(error))
                self._drop()
                stop.wait(AGAIN_S)
        self._drop()

    def turn(self, timeout_s: float) -> int:
        """Read and fold one batch; how many records it had. Raises DependencyError."""
        if self._reader is None:
            self._reader = self._open_reader()
        if self._monotonic() - self._looked > LOOK_AGAIN_S:
            self._look(self._reader)
        batch = self._reader.follow(self._positions, timeout_s)
        count = 0
        for partition, records in batch.items():
            for record in records:
                self._fold(record)
                count += 1
            if records:
                self._positions[partition] = records[-1].offset + 1
        # Offsets also count transaction markers, which are never read: an empty batch has caught up.
        self._ends = {p: end for p, end in self._ends.items() if count and self._positions[p] < end}
        if self._monotonic() - self._forgot > FORGET_EVERY_S:
            self._patients.forget(self._clock.now())
            self._forgot = self._monotonic()
        metrics.STATES.labels("cds-hooks").set(len(self._patients))
        return count

    def _look(self, reader: LogReader) -> None:
        """Ask where the log ends: a read of nothing does not tell a quiet log from one that is away."""
        bounds = {partition: reader.bounds(partition) for topic in TOPICS for partition in reader.partitions(topic)}
        self._looked = self._heard = self._monotonic()
        if any(self._positions.get(partition, 0) > end for partition, (_, end) in bounds.items()):
            log.warning("folding anew", reason="the log is shorter than what was read of it")
            self._patients.clear()
            self._positions = {}
        if not self._positions:
            self._positions = {partition: first for partition, (first, _) in bounds.items()}
            self._ends = {partition: end for partition, (first, end) in bounds.items() if end > first}

    def _fold(self, record: Record) -> None:
        if self._passed(record):
            return
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:
            log.warning("an event is passed over", topic=record.partition.topic, offset=record.offset, error=str(error))
            return
        self._patients.fold(event)
        self._clock.told(event.known)
        metrics.counted(metrics.EVENTS, "cds-hooks", record.partition.topic, type(event).__name__, "in").inc()

    def _passed(self, record: Record) -> bool:
        """Whether a record is too old to matter: contexts and alerts never are."""
        if record.partition.topic == "alerts" or self._real_ms() - record.timestamp_ms < OLD_MS:
            return False
        return not any(name == "ce_type" and value == CONTEXT for name, value in record.headers)

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._looked = float("-inf")
