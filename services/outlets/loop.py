"""The loop of an outlet: read, deliver in order, commit; at least once, so a destination must not mind a repeat.

That a call was delivered is told to the log in one transaction with its offset: told exactly when it counts as done.

One destination has one consumer group, so one that is down holds up no other. While it is down nothing of what
waits is committed, the partitions are paused and polling goes on: the group keeps its member, and what was
missed goes out in order when the destination is back.
"""

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from schemas.envelope import EnvelopeError, decode
from schemas.events import Event
from schemas.events.alerts import Channel
from services.outlets.confirming import beside, confirmation
from services.outlets.delivery import Delivery, Next, Outcome, Policy, decide
from services.outlets.destination import Attempt, Destination
from services.runtime import logs, metrics
from services.runtime.clock import SystemClock
from services.runtime.errors import LogUnavailable
from services.runtime.outgoing import outgoing
from services.runtime.ports import Clock, Outgoing, Partition, Record, Worker
from services.runtime.quarantining import quarantined

log = logs.get(__name__)

__all__ = ["Attempt", "Destination", "First", "Outlet", "dead_letter"]

First = Literal["earliest", "latest"]
"""Where a group that never delivered anything begins: with all that the log still holds, or with what comes now."""

# A turn ends after so many deliveries or seconds: offsets are committed and the group hears from us.
DELIVERIES_A_TURN = 50
TURN_S = 5.0
LAG_EVERY_S = 5.0


class Outlet:
    """Delivers the records of a worker to a destination. Used from one thread; call `turn` for ever.

    With a `channel` it tells the log of every call that was delivered, at the `clock`'s clinical now.
    """

    def __init__(
        self,
        worker: Worker,
        destination: Destination,
        *,
        first: First = "earliest",
        channel: Channel | None = None,
        clock: Clock | None = None,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.service = f"outlets-{destination.name}"
        self.standing = Delivery()
        self.assigned: set[Partition] = set()
        self._worker, self._destination, self._policy, self._first = worker, destination, policy, first
        self._channel, self._clock = channel, clock or SystemClock()
        self._monotonic, self._jitter = monotonic, jitter
        self._waiting: deque[Record] = deque()
        self._done: dict[Partition, int] = {}
        self._to_tell: list[tuple[Partition, Outgoing]] = []
        """Dead letters and confirmations, written with the offsets of what they are about."""
        self._due = 0.0
        self._lag_due = 0.0

    @property
    def waiting(self) -> int:
        """Records that were read and are not delivered."""
        return len(self._waiting)

    def turn(self, timeout_s: float = 1.0) -> None:
        """One turn: read, deliver, commit. Raises Fenced when another worker has our slot."""
        self._read(timeout_s)
        self._deliver()
        self._commit()
        self._tell_lag()

    def _read(self, timeout_s: float) -> None:
        """Wait for records, or for the next attempt to be due where some wait already."""
        left = max(0.0, self._due - self._monotonic()) if self._waiting else timeout_s
        polled = self._worker.poll(min(timeout_s, left))
        self.assigned = (self.assigned - polled.revoked) | polled.assigned
        if polled.revoked:
            # Their next owner delivers them again; so may we, if they come back: that changes nothing there.
            self._waiting = deque(r for r in self._waiting if r.partition not in polled.revoked)
            self._done = {p: offset for p, offset in self._done.items() if p not in polled.revoked}
            self._to_tell = [(p, message) for p, message in self._to_tell if p not in polled.revoked]
        for partition in polled.assigned:
            # A rebalance that gives a partition back keeps its position, which is past what was just dropped.
            offset = self._start(partition)
            self._destination.begin(partition, offset)
            self._worker.seek(partition, offset)
            log.info("partition assigned", name=self._destination.name, partition=partition.number, offset=offset)
        for partition, records in polled.records.items():
            if partition not in polled.assigned:
                self._waiting.extend(records)
        if self._waiting:
            self._worker.pause(sorted(self.assigned))

    def _start(self, partition: Partition) -> int:
        """The group's next offset. A new group's choice is committed at once: a restart must not make it again."""
        committed = self._worker.committed(partition)
        if committed is not None:
            return committed
        earliest, latest = self._worker.bounds(partition)
        if self._first == "earliest":
            return earliest
        self._done[partition] = latest
        return latest

    def _deliver(self) -> None:
        """Deliver what waits, in order, until one has to be tried again or the turn is over."""
        end = self._monotonic() + TURN_S
        for _ in range(DELIVERIES_A_TURN):
            if not self._waiting or not self._due <= self._monotonic() <= end:
                return
            record = self._waiting[0]
            attempt, event = self._attempt(record)
            before = self.standing
            self.standing, then, wait_s = decide(
                before, attempt.outcome, self._policy, self._jitter(), attempt.retry_after_s
            )
            self._tell(before, attempt, wait_s)
            if then is Next.RETRY:
                self._due = self._monotonic() + wait_s
                return
            if then is Next.BURY:
                self._to_tell.append((record.partition, dead_letter(self.service, record, event, attempt.words)))
            if self._channel is not None:
                self._confirm(record, event, attempt, self._channel)
            self._waiting.popleft()
            self._done[record.partition] = record.offset + 1

    def _attempt(self, record: Record) -> tuple[Attempt, Event | None]:
        """Try one record; one that cannot be read is refused by ourselves."""
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:
            return Attempt(Outcome.REFUSED, str(error)), None
        return self._destination.deliver(event), event

    def _confirm(self, record: Record, event: Event | None, attempt: Attempt, channel: Channel) -> None:
        if event is not None:
            self._clock.told(event.known)
        told = confirmation(event, attempt.outcome, self._destination.name, channel, self._clock.now())
        if told is not None:
            self._to_tell.append((record.partition, beside(record, told, self.service)))

    def _commit(self) -> None:
        """Dead letters, confirmations and offsets in one transaction; while Kafka is away all wait for a next turn."""
        if self._done:
            try:
                self._worker.commit([message for _, message in self._to_tell], self._done)
            except LogUnavailable as error:
                log.warning("offsets not committed", reason=str(error))
                return
            self._done, self._to_tell = {}, []
        if not self._waiting and self.assigned:
            self._worker.resume(sorted(self.assigned))

    def _tell(self, before: Delivery, attempt: Attempt, wait_s: float) -> None:
        """Count the attempt, and log what an operator should know: that it broke, is misconfigured, is back."""
        metrics.DELIVERIES.labels(self._destination.name, attempt.outcome).inc()
        said = {"name": self._destination.name, "reason": attempt.words, "state": attempt.outcome}
        if attempt.outcome is Outcome.MISCONFIGURED:
            log.error("destination does not let us in: check its address, token and role", **said, retry_in_s=wait_s)
        elif attempt.outcome is Outcome.REFUSED:
            log.error("delivery refused, kept in quarantine", **said)
        elif attempt.outcome is Outcome.UNAVAILABLE and before.failures == 0:
            log.warning("destination does not answer, deliveries wait", **said, retry_in_s=wait_s)
        elif before.failures and not self.standing.failures:
            log.info("destination is back", name=self._destination.name, attempt=before.failures + 1)

    def _tell_lag(self) -> None:
        """Every few seconds: how many records this destination has not seen."""
        now = self._monotonic()
        if now < self._lag_due:
            return
        self._lag_due = now + LAG_EVERY_S
        held = Counter(record.partition for record in self._waiting)
        for partition in self.assigned:
            unread = self._worker.lag(partition)
            if unread is not None:  # a lag that nobody can know is not told
                lag = unread + held[partition]
                metrics.LAG.labels(self.service, partition.topic, str(partition.number)).set(lag)


def dead_letter(service: str, record: Record, event: Event | None, reason: str) -> Outgoing:
    """The quarantine entry of a record: the same record always gives the same entry, whenever it is buried."""
    site = record.key.split("/")[0] if event is None else event.site
    known = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC) if event is None else event.known
    entry = quarantined(record, reason, site, service, known)
    return outgoing(entry, source=service, partitions=1, cause=entry.source)  # quarantine has one wherever it is
