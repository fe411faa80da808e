"""The thread of the live streams: follow `risk` and `plans`, and at most once a second push the newest values.

Without a group and without offsets: a view begins with what the log holds. What Grafana does not take is dropped, and
the next push has the values of then. Alerts travel elsewhere, so nothing here can hold an annotation up.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from schemas.envelope import TYPE_PREFIX, TYPE_SUFFIX, EnvelopeError, decode
from schemas.events import PatientContextChanged
from services.outlets.delivery import Delivery, Next, Outcome, Policy, decide
from services.outlets.destination import Attempt
from services.outlets.grafana_live.lines import Point, line
from services.outlets.grafana_live.view import View
from services.runtime import logs, metrics
from services.runtime.errors import DependencyError
from services.runtime.following import Following
from services.runtime.ports import Clock, LogReader, Record

NAME: Final = "grafana-live"
TOPICS: Final = ("risk", "plans")
WAIT_S: Final = 0.25
EVERY_S: Final = 1.0
ALL_EVERY_S: Final = 10.0
"""Streams that did not change are pushed again, so that a panel opened now soon shows every ward."""
AGAIN_S: Final = 1.0
FROM_SCRATCH_S: Final = 30.0
OLD_MS: Final = 24 * 3_600_000
"""Of `risk` older than this in real time only where the patients are matters: of the rest the header is read."""
CONTEXT: Final = f"{TYPE_PREFIX}{PatientContextChanged.__name__}{TYPE_SUFFIX}".encode()

log = logs.get(__name__)


class Pushes(Protocol):
    """Where lines go."""

    def push(self, lines: str) -> Attempt:
        """Send lines once; never raises for what the receiver did."""
        ...


class LiveStreams:
    """Call `run` in a thread of its own."""

    def __init__(
        self,
        open_reader: Callable[[], LogReader],
        live: Pushes,
        clock: Clock,
        *,
        policy: Policy = Policy(first=EVERY_S, longest=5.0),  # noqa: B008 - frozen
        monotonic: Callable[[], float] = time.monotonic,
        real_ns: Callable[[], int] = time.time_ns,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.view = View()
        self.standing = Delivery()
        self._log = Following(open_reader, TOPICS)
        self._live, self._clock, self._policy = live, clock, policy
        self._monotonic, self._real_ns, self._jitter = monotonic, real_ns, jitter
        self._due = 0.0
        self._pushed: dict[str, tuple[float, frozenset[Point]]] = {}

    def run(self, stop: threading.Event) -> None:
        """Follow and push until told to stop."""
        while not stop.is_set():
            try:
                self.turn(WAIT_S)
            except DependencyError as error:
                log.warning("the log does not answer", name=NAME, reason=str(error))
                self._log.close()
                stop.wait(AGAIN_S)
            except Exception:  # a fault of the view on some input: it begins anew, and annotations go on beside it
                log.exception("the live streams failed, they begin anew", name=NAME)
                self._log.restart()
                stop.wait(FROM_SCRATCH_S)
        self._log.close()

    def turn(self, timeout_s: float) -> None:
        """Read and fold one batch, then push if it is time. Raises DependencyError."""
        if not self._log.begun:  # half a view would show wards too empty, so nothing is pushed until it is whole
            self.view.clear()
        for record in self._log.batch(timeout_s):
            self._fold(record)
        if self._log.caught_up and self._monotonic() >= self._due:
            self._push()

    def _fold(self, record: Record) -> None:
        old = record.partition.topic == "risk" and self._real_ns() // 1_000_000 - record.timestamp_ms > OLD_MS
        if old and not any(name == "ce_type" and value == CONTEXT for name, value in record.headers):
            return
        try:
            event = decode(record.value, record.headers).event
        except EnvelopeError as error:
            log.warning("an event is passed over", topic=record.partition.topic, offset=record.offset, error=str(error))
            return
        self.view.fold(event)
        self._clock.told(event.known)

    def _push(self) -> None:
        """Push the streams that changed, and all of them once in a while; whatever becomes of it is not kept."""
        now = self._monotonic()
        standing: dict[str, set[Point]] = {}
        for point in self.view.points(self._clock.now()):
            standing.setdefault(point.measurement, set()).add(point)
        chosen = {name: points for name, points in standing.items() if self._wanted(name, points, now)}
        self._due = now + EVERY_S
        if not chosen:
            return
        at = self._real_ns()
        text = "\n".join(line(p, at) for name in sorted(chosen) for p in sorted(chosen[name], key=lambda p: p.tags))
        attempt = self._live.push(text)
        before = self.standing
        self.standing, then, wait_s = decide(
            before, attempt.outcome, self._policy, self._jitter(), attempt.retry_after_s
        )
        metrics.DELIVERIES.labels(NAME, attempt.outcome).inc()
        if then is Next.RETRY:
            self._due = self._monotonic() + wait_s
        else:
            self._pushed |= {name: (now, frozenset(points)) for name, points in chosen.items()}
        self._tell(before, attempt)

    def _wanted(self, name: str, points: set[Point], now: float) -> bool:
        last, told = self._pushed.get(name, (float("-inf"), frozenset()))
        return told != points or now - last >= ALL_EVERY_S

    def _tell(self, before: Delivery, attempt: Attempt) -> None:
        """Log that it broke or is back, once."""
        if attempt.outcome is before.outcome:
            return
        if attempt.outcome is Outcome.DELIVERED:
            log.info("the live streams are back", name=NAME, attempt=before.failures + 1)
        else:
            log.warning("the live streams stand still", name=NAME, reason=attempt.words, state=attempt.outcome)
