"""The stream loop: one poll is one turn, one transaction (design rule 4; its steps are numbered below)."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic

from schemas.envelope import EnvelopeError, decode
from schemas.events import AlertEvent, AlertRaised, Event
from services.runtime import logs, metrics
from services.runtime.answering import answer, turns_taken
from services.runtime.errors import DependencyError, Fenced, StaleWriter
from services.runtime.holding import Holding, PoisonError
from services.runtime.loading import load
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing, Partition, Record, Worker
from services.runtime.quarantining import quarantined
from services.runtime.saving import Saving
from services.runtime.stage import Received, S, Stage, Ticked, folded
from services.runtime.ticks import TickSource
from services.runtime.turn import NOBODY, Cause, Parts, Turn

_log = logs.get(__name__)
POLL_S = 1.0
"""Long polls: 10 to 100 ms on a quiet topic burn a core (measured)."""
GATHER_S = 0.005
"""Longest pause after a turn of several records: a turn costs much, a record in it little (measured)."""
RETRY_S = 10.0
"""After one model failed while others answer, its debts wait so long: asking for all of them each second is no help."""
REPORT_S = 1.0
"""How often a busy stage looks up how far it is behind."""
COMMIT_S = 1.0
"""How long a stage that wrote nothing may go without committing its offsets."""


class StreamLoop(Generic[S]):
    """Runs a stage until told to stop. After any failure it drops what it holds and joins again."""

    def __init__(self, stage: Stage[S], parts: Parts) -> None:
        self.stage, self.parts = stage, parts
        self._folded = frozenset(folded(stage))
        self.holdings: dict[int, Holding[S]] = {}
        self.saving = Saving(stage, parts, self.holdings)
        self._ticks = TickSource(parts.clock)
        self._poison: set[tuple[str, int, int]] = set()
        self._committed_at, self._reported_at = time.monotonic(), 0.0
        self._retry_at = 0.0
        self._uncommitted: dict[Partition, int] = {}

    def run(self, stop: threading.Event) -> None:
        """Join, turn, and join again after a failure, until `stop` is set."""
        while not stop.is_set():
            worker: Worker | None = None
            try:
                worker = self.parts.worker()
                while not stop.is_set():
                    self.turn(worker)
                if self.stage.memory is None:
                    self.saving.snapshot()
            except (DependencyError, Fenced, StaleWriter, PoisonError) as error:
                _log.warning("joining again", reason=type(error).__name__, error=str(error))
                self.parts.health.set("assigned", f"joining again after {type(error).__name__}")
                if isinstance(error, PoisonError):
                    self._poison.add((*error.record.partition, error.record.offset))
                stop.wait(0.2)
            finally:
                self.holdings.clear()
                self._uncommitted.clear()
                self.saving.forget()
                if worker is not None:
                    worker.close()

    def turn(self, worker: Worker) -> int:
        """One poll, folded, answered, committed and saved; returns the number of records."""
        polled = worker.poll(POLL_S)
        self.parts.health.beat()
        for number in {p.number for p in polled.revoked}:
            self.holdings.pop(number, None)
        for number in sorted({p.number for p in polled.assigned}):
            self._load(worker, number)
        fetched = {p: records for p, records in polled.records.items() if p not in polled.assigned}
        started = time.perf_counter()
        turn = Turn()
        # (1) Fold every event into its patient's state, in order, in memory.
        for partition, records in sorted(fetched.items(), key=_input_order(self.stage.inputs)):
            for record in records:
                self._fold(turn, record)
            turn.offsets[partition] = records[-1].offset + 1
        self._tick(turn, worker)
        # (2) One inference call to each model for all rows, with a deadline.
        outputs = self._answer(turn)
        # (3) Outputs and offsets in one transaction.
        self._commit(worker, turn, outputs)
        # (4) Changed states and the watermark to the store, refused if another wrote since.
        self._save(turn)
        count = sum(len(records) for records in fetched.values())
        self._report(worker, count, started)
        if count > 1:  # as long as the turn took: what comes meanwhile shares the next transaction and inference call
            time.sleep(min(GATHER_S, time.perf_counter() - started))
        return count

    def _load(self, worker: Worker, number: int) -> None:
        """Take over a partition as it was committed. A partition may come back to a member that never left: the
        client then goes on from its own position, so every topic is set to what was committed.
        """
        for topic in self.stage.inputs:
            partition = Partition(topic, number)
            self._uncommitted.pop(partition, None)
            offset = worker.committed(partition)
            worker.seek(partition, worker.bounds(partition)[0] if offset is None else offset)
        committed = worker.committed(Partition(next(t for t in self.stage.inputs if t in self._folded), number))
        reader = self.parts.reader()
        try:
            self.holdings[number] = load(
                self.stage, number, committed, reader=reader, store=self.parts.store, snapshots=self.saving.snapshots,
                poison=self._poison, beat=self.parts.health.beat,
            )  # fmt: skip
        finally:
            reader.close()
        self.parts.health.set("assigned")

    def _fold(self, turn: Turn, record: Record) -> None:
        number, asked = record.partition.number, record.partition.topic not in self._folded
        if not asked:
            turn.since.setdefault(number, record.offset)
            turn.after[number] = record.offset
        try:
            if (*record.partition, record.offset) in self._poison:
                raise EnvelopeError("the core failed on this event")
            envelope = decode(record.value, record.headers)
        except EnvelopeError as error:
            turn.refused.append(
                quarantined(record, str(error), self.parts.site, self.stage.service, self.parts.clock.now())
            )
            return
        event = envelope.event
        if not asked:
            self.parts.clock.told(event.known)
        metrics.counted(metrics.EVENTS, self.stage.service, event.topic, type(event).__name__, "in").inc()
        holding, given = self.holdings[number], Received(event, record.partition, record.offset)
        try:
            effects = holding.question(given) if asked else holding.fold(given)
        except Exception as error:  # a fault of the core on this input: isolate the input, keep the partition
            raise PoisonError(record, error) from error
        name = f"{record.partition.topic}/{number}/{record.offset}"
        cause = Cause(name, envelope.accepted_ms or record.timestamp_ms, asked)
        turn.effects.extend((effect, cause) for effect in effects)

    def _tick(self, turn: Turn, worker: Worker) -> None:
        at = self._ticks.due()
        if at is None:
            return
        turn.ready = time.monotonic() >= self._retry_at and self.parts.inference.ready()
        for number, holding in self.holdings.items():
            behind = any((worker.lag(Partition(topic, number)) or 0) > 0 for topic in self._folded)
            allowed = at if not behind or holding.newest is None else min(at, holding.newest)
            keys = holding.tick_due(allowed)
            if not keys:
                continue
            tick, before = Ticked(allowed, turn.ready), len(turn.effects)
            for key in keys:
                turn.effects.extend((effect, Cause(tick.cause)) for effect in holding.tell(key, tick))
            # Debtors of an absent model hear every tick: what changes nothing is neither noted nor saved.
            if len(turn.effects) > before or any(key not in holding.states for key in keys):
                turn.told[number] = allowed
                holding.tick = allowed.isoformat()

    def _answer(self, turn: Turn) -> list[Outgoing]:
        outputs = [self._out(event, NOBODY) for event in turn.refused]
        said = answer(turn, self.stage, self.holdings, self.parts.inference, self.parts.deadline_s)
        if turn.missed and self.parts.inference.ready():  # one model fails while the others answer
            self._retry_at = time.monotonic() + RETRY_S
        for events, (_, cause) in zip(said, turn.effects, strict=True):
            outputs.extend(self._out(event, cause) for event in events)
        if self.stage.memory is None:  # a stage with its own topic restores from that
            taken = turns_taken(turn, self.stage, self.holdings, self.parts.site, self.parts.clock.now())
            outputs.extend(self._out(event, NOBODY, partition=event.partition) for event in taken)
        return outputs

    def _commit(self, worker: Worker, turn: Turn, outputs: Sequence[Outgoing]) -> None:
        self._uncommitted.update(turn.offsets)
        late = time.monotonic() - self._committed_at >= COMMIT_S
        # Where the state lies in the log itself, a turn that wrote nothing changed nothing: its offsets may wait.
        if outputs or (self._uncommitted and (self.stage.memory is None or late)):
            worker.commit(outputs, self._uncommitted)
            self._uncommitted = {}
            self._committed_at = time.monotonic()

    def _save(self, turn: Turn) -> None:
        folded_now = {p.number: offset for p, offset in turn.offsets.items() if p.topic in self._folded}
        for number, offset in folded_now.items():
            self.holdings[number].offset = offset
        if self.stage.memory is None:
            self.saving.committed(folded_now.keys() | set(turn.told), more=bool(turn.offsets))

    def _out(self, event: Event, cause: Cause, partition: int | None = None) -> Outgoing:
        metrics.counted(metrics.EVENTS, self.stage.service, event.topic, type(event).__name__, "out").inc()
        if isinstance(event, AlertEvent):
            metrics.ALERTS.labels(event.kind, event.severity, type(event).__name__).inc()
            if isinstance(event, AlertRaised) and cause.accepted_ms:
                metrics.LATENCY_SECONDS.labels(event.kind).observe(max(0.0, time.time() - cause.accepted_ms / 1000))
        return outgoing(
            event, source=f"wardwatch/{self.stage.service}", cause=cause.name, accepted_ms=cause.accepted_ms,
            partitions=self.parts.partitions, partition=partition,
        )  # fmt: skip

    def _report(self, worker: Worker, count: int, started: float) -> None:
        service = self.stage.service
        if count:
            metrics.TURN_SECONDS.labels(service).observe(time.perf_counter() - started)
        if count and time.monotonic() - self._reported_at < REPORT_S:
            return
        self._reported_at = time.monotonic()
        behind = 0
        for topic in self.stage.inputs:
            for number in self.holdings:
                lag = worker.lag(Partition(topic, number))
                metrics.shown(metrics.LAG, service, topic, str(number)).set(lag or 0)
                behind += lag or 0
        metrics.STATES.labels(service).set(sum(len(h.states) for h in self.holdings.values()))
        self.parts.health.set("caught up", f"{behind} records behind" if behind > count + 1000 else "")


def _input_order(inputs: Sequence[str]) -> Callable[[tuple[Partition, Sequence[Record]]], tuple[int, int]]:
    """Topics in the stage's own order, then partitions: the same poll is folded the same way."""
    return lambda item: (inputs.index(item[0].topic), item[0].number)
