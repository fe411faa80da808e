"""The loop of drift: one worker for all partitions, since a model's hospital is one whole (design rules 4 and 6).

One poll is one turn: (1) fold every fact; (2) at a tick, when nothing is unread, close the hours that ended; (3)
outputs and offsets in one transaction. The state is rebuilt on joining: the snapshot, then the log up to the committed
offsets. Our own topic is read to its end: what lies in it was told, and is not told again.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ValidationError

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from schemas.events import EVENTS, Event, ModelDriftAlarm, ModelDriftFound, ModelDriftMeasured, ObservationsRecorded
from services.drift import snapshot
from services.drift.core import Drift
from services.drift.fold import READS
from services.drift.gauges import show
from services.drift.slim import slim
from services.drift.watchable import Watchable
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError, Fenced, StoreUnavailable
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Clock, LogReader, ObjectStore, Outgoing, Partition, Record, Worker
from services.runtime.quarantining import quarantined
from services.runtime.ticks import TickSource

SERVICE = "drift"
INPUTS = ("clinical", "risk", "models")
OWN = "models"
TYPES = frozenset(
    f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}".encode() for name, event in EVENTS.items() if issubclass(event, READS)
)
"""Only these are decoded."""
READINGS = f"{TYPE_PREFIX}{ObservationsRecorded.__name__}{TYPE_SUFFIX}".encode()
POLL_S = 1.0
MOST = 5000
"""Records of a poll: nobody waits for drift, and a poll and a commit cost more than folding."""
GATHER_S = 2.0
COMMIT_S = 5.0
SNAPSHOT_S = 300.0
_log = logs.get(__name__)


@dataclass(slots=True)
class Parts:
    """What the loop works with."""

    worker: Callable[[], Worker]
    reader: Callable[[], LogReader]
    objects: ObjectStore
    clock: Clock
    health: Health
    partitions: int
    site: str
    models: Mapping[str, Watchable]


@dataclass(slots=True)
class DriftLoop:
    """Runs until told to stop. After any failure it drops what it holds and joins again."""

    parts: Parts
    drift: Drift = field(init=False)
    offsets: dict[Partition, int] = field(default_factory=dict)
    _uncommitted: dict[Partition, int] = field(default_factory=dict)
    _newest: dict[Partition, datetime] = field(default_factory=dict)
    _committed_at: float = field(default_factory=time.monotonic)
    _snapshot_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.drift = Drift(self.parts.models)

    def run(self, stop: threading.Event) -> None:
        """Join, turn, and join again after a failure, until `stop` is set."""
        while not stop.is_set():
            worker: Worker | None = None
            try:
                worker = self.parts.worker()
                ticks = TickSource(self.parts.clock)
                while not stop.is_set():
                    if 0 < self.turn(worker, ticks) < MOST:
                        stop.wait(GATHER_S)
                self._commit(worker, [], now=True)
                self._snapshot(force=True)
            except (DependencyError, Fenced) as error:
                _log.warning("joining again", reason=type(error).__name__, error=str(error))
                self.parts.health.set("assigned", f"joining again after {type(error).__name__}")
                stop.wait(0.2)
            finally:
                if worker is not None:
                    worker.close()

    def turn(self, worker: Worker, ticks: TickSource) -> int:
        """One poll, folded, measured and committed; returns the number of records."""
        polled = worker.poll(POLL_S, MOST)
        self.parts.health.beat()
        if polled.assigned:
            self._rebuild(worker)
        fetched = {p: records for p, records in polled.records.items() if p not in polled.assigned}
        started = time.perf_counter()
        # (1) Fold every fact.
        refused: list[Event] = []
        for partition, records in sorted(fetched.items(), key=lambda item: INPUTS.index(item[0].topic)):
            for record in records:
                self._fold(record, refused)
            self.offsets[partition] = self._uncommitted[partition] = records[-1].offset + 1
        # (2) Close the hours that ended.
        told = self._tick(worker, ticks)
        # (3) Outputs and offsets in one transaction.
        self._commit(worker, [*refused, *told])
        for event in told:
            self._tell(event)
        self._snapshot()
        count = sum(len(records) for records in fetched.values())
        self._report(worker, count, started)
        return count

    def _rebuild(self, worker: Worker) -> None:
        """The state as it stood when the group's offsets were committed, and what was told since."""
        state, begin = snapshot.read(self.parts.objects)
        self.drift = Drift(self.parts.models, state)
        self.offsets, self._uncommitted, self._newest = {}, {}, {}
        reader = self.parts.reader()
        try:
            for topic in INPUTS:
                for partition in reader.partitions(topic):
                    first, last = reader.bounds(partition)
                    committed = worker.committed(partition)
                    stop = last if topic == OWN else min(last, committed if committed is not None else first)
                    start = min(max(first, begin.get(partition, first)), max(first, stop))
                    for record in reader.read(partition, start, stop):
                        self.parts.health.beat()
                        self._fold(record, [])
                    self.offsets[partition] = max(start, stop)
                    worker.seek(partition, self.offsets[partition])
        finally:
            reader.close()
        self.parts.health.set("assigned")

    def _fold(self, record: Record, refused: list[Event]) -> None:
        headers = dict(record.headers)
        if (when := headers.get("ce_time")) is not None:
            at = datetime.fromisoformat(when.decode())
            self.parts.clock.told(at)
            self._newest[record.partition] = max(at, self._newest.get(record.partition, at))
        kind = headers.get("ce_type")
        if kind == READINGS and record.value is not None:
            with contextlib.suppress(ValidationError):  # then it is decoded in full, for the reason
                self.drift.fold_slim(slim(record.value))
                metrics.counted(
                    metrics.EVENTS, SERVICE, record.partition.topic, ObservationsRecorded.__name__, "in"
                ).inc()
                return
        if kind not in TYPES:
            return
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:
            refused.append(quarantined(record, str(error), self.parts.site, SERVICE, self.parts.clock.now()))
            return
        metrics.counted(metrics.EVENTS, SERVICE, record.partition.topic, type(event).__name__, "in").inc()
        self.drift.fold(event)
        if isinstance(event, ModelDriftMeasured):
            show(event)  # after a restart the gauges show what was told last

    def _tick(self, worker: Worker, ticks: TickSource) -> list[Event]:
        """A tick says that all facts known by then are folded: a partition that is behind holds it back."""
        at = ticks.due()
        if at is None:
            return []
        for partition in self.offsets:
            if partition.topic != OWN and (worker.lag(partition) or 0) > 0:
                at = min(at, self._newest.get(partition, datetime.fromtimestamp(0, UTC)))
        return self.drift.ticked(at)

    def _commit(self, worker: Worker, events: Sequence[Event], *, now: bool = False) -> None:
        """Offsets may wait, for the state is rebuilt from the log; outputs do not."""
        if events or (self._uncommitted and (now or time.monotonic() - self._committed_at >= COMMIT_S)):
            worker.commit([self._out(event) for event in events], self._uncommitted)
            self._uncommitted = {}
            self._committed_at = time.monotonic()

    def _out(self, event: Event) -> Outgoing:
        metrics.counted(metrics.EVENTS, SERVICE, event.topic, type(event).__name__, "out").inc()
        return outgoing(event, source=f"wardwatch/{SERVICE}", cause=f"tick/{event.known.isoformat()}",
                        partitions=self.parts.partitions)  # fmt: skip

    def _tell(self, event: Event) -> None:
        """What is committed goes to the gauges, and alarms to the log."""
        if isinstance(event, ModelDriftMeasured):
            show(event)
        elif isinstance(event, ModelDriftAlarm):
            say = _log.warning if isinstance(event, ModelDriftFound) else _log.info
            say(event.text, model=event.model, version=event.version, kind=event.measure)

    def _snapshot(self, *, force: bool = False) -> None:
        if self._uncommitted or (not force and time.monotonic() - self._snapshot_at < SNAPSHOT_S):
            return  # only what is committed may be told to a later life
        self._snapshot_at = time.monotonic()
        try:
            snapshot.write(self.parts.objects, self.drift.state, self.offsets)
        except StoreUnavailable as error:
            _log.warning("no snapshot", error=str(error))

    def _report(self, worker: Worker, count: int, started: float) -> None:
        behind = 0
        for partition in self.offsets:
            lag = worker.lag(partition) or 0
            metrics.LAG.labels(SERVICE, partition.topic, partition.number).set(lag)
            behind += lag
        if count:
            metrics.TURN_SECONDS.labels(SERVICE).observe(time.perf_counter() - started)
        self.parts.health.set("caught up", f"{behind} records behind" if behind > MOST else "")
