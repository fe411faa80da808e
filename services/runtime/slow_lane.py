"""The slow lane (design rule 8): jobs that take seconds, without leaving the poll loop.

A partition with enough jobs is paused while polling goes on; at most N jobs are in flight; the
longest finished prefix of each partition is committed with its outputs in one transaction. A job
may run again after a crash: its result's id is the request's, so a repeat is the same report.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from schemas.envelope import EnvelopeError, decode
from schemas.events import Event
from services.runtime import logs, metrics
from services.runtime.errors import BadInputError, DependencyError, Fenced
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Clock, Outgoing, Partition, Record, Worker
from services.runtime.quarantining import quarantined

_log = logs.get(__name__)
RETRY_S = 1.0
BUSY_POLL_S, IDLE_POLL_S = 0.05, 1.0

Job = Callable[[Event], Sequence[Event]]
"""From a request to its results. Raises BadInputError (quarantine) or DependencyError (try again)."""


@dataclass(slots=True)
class _Work:
    record: Record
    done: "Future[Sequence[Event]] | None" = None
    not_before: float = 0.0


class SlowLane:
    """Runs `job` over the events of one topic."""

    def __init__(
        self, service: str, topic: str, job: Job, worker: Callable[[], Worker], *, clock: Clock, health: Health,
        site: str, partitions: int, in_flight: int = 2,
    ) -> None:  # fmt: skip
        self.service, self.topic, self._job, self._worker = service, topic, job, worker
        self._clock, self._health, self._site, self._partitions = clock, health, site, partitions
        self._in_flight = in_flight
        self._queues: dict[Partition, deque[_Work]] = {}

    def run(self, stop: threading.Event) -> None:
        """Join, work, and join again after a failure, until `stop` is set."""
        with ThreadPoolExecutor(self._in_flight, thread_name_prefix=self.service) as pool:
            while not stop.is_set():
                worker: Worker | None = None
                try:
                    worker = self._worker()
                    while not stop.is_set():
                        self.turn(worker, pool)
                except (DependencyError, Fenced) as error:
                    _log.warning("joining again", reason=type(error).__name__, error=str(error))
                    self._health.set("assigned", f"joining again after {type(error).__name__}")
                    stop.wait(0.2)
                finally:
                    self._queues.clear()
                    if worker is not None:
                        worker.close()

    def turn(self, worker: Worker, pool: ThreadPoolExecutor) -> None:
        """Poll, start what may start, commit what is finished."""
        busy = any(self._queues.values())
        polled = worker.poll(BUSY_POLL_S if busy else IDLE_POLL_S, max_records=self._in_flight * 4)
        self._health.beat()
        for partition in polled.revoked:
            self._queues.pop(partition, None)
        for partition in polled.assigned:  # it may have come back to a member that never left: begin as committed
            self._queues.pop(partition, None)
            offset = worker.committed(partition)
            worker.seek(partition, worker.bounds(partition)[0] if offset is None else offset)
            worker.resume([partition])
            self._health.set("assigned")
        for partition, records in polled.records.items():
            if partition in polled.assigned:
                continue
            self._queues.setdefault(partition, deque()).extend(_Work(r) for r in records)
        self._start(pool)
        self._finish(worker)
        full = [p for p, queue in self._queues.items() if len(queue) >= self._in_flight]
        worker.pause(full)
        worker.resume([p for p, queue in self._queues.items() if len(queue) < self._in_flight])
        for partition in self._queues:
            metrics.LAG.labels(self.service, self.topic, partition.number).set(
                (worker.lag(partition) or 0) + len(self._queues[partition])
            )

    def _start(self, pool: ThreadPoolExecutor) -> None:
        running = sum(1 for queue in self._queues.values() for w in queue if w.done is not None and not w.done.done())
        for queue in self._queues.values():
            for work in queue:
                if running >= self._in_flight:
                    return
                if work.done is None and time.monotonic() >= work.not_before:
                    work.done = pool.submit(self._do, work.record)
                    running += 1

    def _do(self, record: Record) -> Sequence[Event]:
        try:
            event = decode(record.value, record.headers).event
            self._clock.told(event.known)
            return self._job(event)
        except (EnvelopeError, BadInputError) as error:
            return [quarantined(record, str(error), self._site, self.service, self._clock.now())]

    def _finish(self, worker: Worker) -> None:
        outputs: list[Outgoing] = []
        offsets: dict[Partition, int] = {}
        for partition, queue in self._queues.items():
            while queue and (finished := queue[0].done) is not None and finished.done():
                results = self._result(queue[0], finished)
                if results is None:
                    break
                cause = f"{partition.topic}/{partition.number}/{queue[0].record.offset}"
                for event in results:
                    metrics.counted(metrics.EVENTS, self.service, event.topic, type(event).__name__, "out").inc()
                    outputs.append(
                        outgoing(event, source=f"wardwatch/{self.service}", cause=cause, partitions=self._partitions)
                    )
                offsets[partition] = queue[0].record.offset + 1
                metrics.counted(metrics.EVENTS, self.service, self.topic, "record", "in").inc()
                queue.popleft()
        if offsets:
            worker.commit(outputs, offsets)

    def _result(self, work: _Work, finished: "Future[Sequence[Event]]") -> Sequence[Event] | None:
        """The job's events; None when it must be tried again."""
        try:
            return finished.result()
        except DependencyError as error:
            _log.warning("job waits for a dependency", error=str(error), retry_in_s=RETRY_S)
            work.done, work.not_before = None, time.monotonic() + RETRY_S
            return None
        except Exception as error:  # noqa: BLE001 - a fault of the job on this input: isolate the input, keep the partition
            _log.error("job failed", error=type(error).__name__, offset=work.record.offset)
            reason = f"the job failed: {type(error).__name__}"
            return [quarantined(work.record, reason, self._site, self.service, self._clock.now())]
