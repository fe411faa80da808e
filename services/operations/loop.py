"""The loop of operations: one worker for all partitions, since a hospital is one whole (design rules 4, 6 and 8).

One poll is one turn: (1) fold every fact; (2) tell the counts that changed, start the jobs that are
due in the slow lane, take what is finished; (3) outputs and offsets in one transaction. The state is
rebuilt on joining: the snapshot, then the log up to the committed offsets, without telling anything.
What a job answered is lost with the process, and asked again: counts, forecasts and proposals say
what is, not what happened.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from schemas.events import EVENTS, Event, WardOccupancyChanged
from services.operations import snapshot
from services.operations.core import Operations
from services.operations.planning.propose import Tools
from services.operations.site import READS
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError, Fenced, StoreUnavailable
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Clock, LogReader, ObjectStore, Outgoing, Partition, Record, Worker
from services.runtime.quarantining import quarantined
from services.runtime.ticks import TickSource

SERVICE = "operations"
INPUTS = ("places", "clinical", "risk", "plans")
TYPES = frozenset(
    f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}".encode() for name, event in EVENTS.items() if issubclass(event, READS)
)
"""Only these are decoded: most of `clinical` is readings."""
IDLE_POLL_S, BUSY_POLL_S = 1.0, 0.05
GATHER_S = 0.2
"""Nobody needs a census in milliseconds, and a poll and a commit for each chart cost 1.8 ms of processor time."""
SNAPSHOT_S = 300.0
JOBS_AT_ONCE = 3
"""A theatre plan waits for the planning process; forecasts, beds and answers go on meanwhile."""
_log = logs.get(__name__)


@dataclass(slots=True)
class Parts:
    """The adapters that the loop works with."""

    worker: Callable[[], Worker]
    reader: Callable[[], LogReader]
    objects: ObjectStore
    clock: Clock
    health: Health
    partitions: int
    site: str
    tools: Tools | None = None
    """For theatre plans; none: none are made."""


@dataclass(slots=True)
class OperationsLoop:
    """Runs until told to stop. After any failure it drops what it holds and joins again."""

    parts: Parts
    state: Operations = field(default_factory=Operations)
    offsets: dict[Partition, int] = field(default_factory=dict)
    _jobs: dict[str, "Future[Sequence[Event]]"] = field(default_factory=dict)
    _snapshot_at: float = field(default_factory=time.monotonic)

    def run(self, stop: threading.Event) -> None:
        """Join, turn, and join again after a failure, until `stop` is set."""
        with ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix=SERVICE) as pool:
            while not stop.is_set():
                worker: Worker | None = None
                try:
                    worker = self.parts.worker()
                    ticks = TickSource(self.parts.clock)
                    while not stop.is_set():
                        if self.turn(worker, ticks, pool):
                            stop.wait(GATHER_S)
                    self._snapshot(force=True)
                except (DependencyError, Fenced) as error:
                    _log.warning("joining again", reason=type(error).__name__, error=str(error))
                    self.parts.health.set("assigned", f"joining again after {type(error).__name__}")
                    stop.wait(0.2)
                finally:
                    self._jobs.clear()
                    if worker is not None:
                        worker.close()

    def turn(self, worker: Worker, ticks: TickSource, pool: ThreadPoolExecutor) -> int:
        """One poll, folded, told and committed; returns the number of records."""
        polled = worker.poll(BUSY_POLL_S if self._jobs else IDLE_POLL_S)
        self.parts.health.beat()
        if polled.assigned:
            self._rebuild(worker)
        started = time.perf_counter()
        # (1) Fold every fact.
        refused: list[Event] = []
        next_offsets: dict[Partition, int] = {}
        for partition, records in sorted(polled.records.items(), key=lambda item: INPUTS.index(item[0].topic)):
            for record in records:
                self._fold(record, refused)
            next_offsets[partition] = records[-1].offset + 1
        # (2) What changed, what is due, what is finished.
        counted = self.state.counted()
        at = ticks.due()
        if at is not None:
            self._start(at, pool)
        outputs = [self._out(event) for event in (*refused, *counted, *self._finished())]
        # (3) Outputs and offsets in one transaction.
        if outputs or next_offsets:
            worker.commit(outputs, next_offsets)
        self.offsets.update(next_offsets)
        self._snapshot()
        self._report(worker, counted, started)
        return sum(len(records) for records in polled.records.values())

    def _rebuild(self, worker: Worker) -> None:
        """The state as it stood when the group's offsets were committed."""
        self._jobs.clear()
        self.state, begin = snapshot.read(self.parts.objects)
        self.state.tools = self.parts.tools
        self.offsets = {}
        reader = self.parts.reader()
        try:
            for topic in INPUTS:
                for partition in reader.partitions(topic):
                    first, last = reader.bounds(partition)
                    # Places are compacted and few: all of them, so that a bed is known however old it is.
                    start = first if topic == "places" else max(first, begin.get(partition, first))
                    committed = worker.committed(partition)
                    stop = min(last, committed if committed is not None else first)
                    # Plans to their end: what an earlier life told and had not read back yet is not told again.
                    for record in reader.read(partition, start, last if topic == "plans" else stop):
                        self.parts.health.beat()
                        self._fold(record, [])
                    self.offsets[partition] = stop
        finally:
            reader.close()
        self.parts.health.set("assigned")

    def _fold(self, record: Record, refused: list[Event]) -> None:
        headers = dict(record.headers)
        if (when := headers.get("ce_time")) is not None:
            self.parts.clock.told(datetime.fromisoformat(when.decode()))
        if headers.get("ce_type") not in TYPES:
            return
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:
            refused.append(quarantined(record, str(error), self.parts.site, SERVICE, self.parts.clock.now()))
            return
        metrics.counted(metrics.EVENTS, SERVICE, record.partition.topic, type(event).__name__, "in").inc()
        self.state.fold(event)

    def _start(self, at: datetime, pool: ThreadPoolExecutor) -> None:
        for job in self.state.due(at, busy=self._jobs.keys()):
            self._jobs[job.name] = pool.submit(job.run)

    def _finished(self) -> list[Event]:
        found: list[Event] = []
        for name in [name for name, job in self._jobs.items() if job.done()]:
            job = self._jobs.pop(name)
            error = job.exception()
            if error is None:
                found += job.result()
                self.parts.health.set("jobs")
            else:  # a fault of one job must not stop the census
                _log.error("job failed", name=name.split()[0], error=type(error).__name__)
                self.state.failed(name)
                self.parts.health.set("jobs", f"{name.split()[0]} failed: {type(error).__name__}")
        for event in found:
            self.state.fold(event)
        return found

    def _out(self, event: Event) -> Outgoing:
        metrics.counted(metrics.EVENTS, SERVICE, event.topic, type(event).__name__, "out").inc()
        return outgoing(event, source=f"wardwatch/{SERVICE}", partitions=self.parts.partitions)

    def _snapshot(self, *, force: bool = False) -> None:
        if not force and time.monotonic() - self._snapshot_at < SNAPSHOT_S:
            return
        self._snapshot_at = time.monotonic()
        try:
            snapshot.write(self.parts.objects, self.state, self.offsets)
        except StoreUnavailable as error:
            _log.warning("no snapshot", error=str(error))

    def _report(self, worker: Worker, counted: Sequence[WardOccupancyChanged], started: float) -> None:
        for event in counted:
            for state in ("occupied", "beds", "closed", "waiting"):
                metrics.CENSUS.labels(event.ward or "", state).set(getattr(event, state))
        behind = 0
        for partition in self.offsets:
            lag = worker.lag(partition) or 0
            metrics.LAG.labels(SERVICE, partition.topic, partition.number).set(lag)
            behind += lag
        metrics.TURN_SECONDS.labels(SERVICE).observe(time.perf_counter() - started)
        self.parts.health.set("caught up", f"{behind} records behind" if behind > 1000 else "")  # noqa: PLR2004 - as in the stream loop
