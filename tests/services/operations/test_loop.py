"""The loop of operations tells what the log says, once, and goes on where it was after any fault."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TypeVar

import pytest

from schemas.envelope import decode
from schemas.events import BedDemandForecasted, Event, Quarantined, ScheduleProposed, WardOccupancyChanged
from services.operations.loop import INPUTS, SERVICE, OperationsLoop, Parts
from services.runtime.clock import ToldClock
from services.runtime.errors import LogUnavailable
from services.runtime.fake_log import FakeLog, FakeWorker
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing
from services.runtime.ticks import TickSource
from tests.services.operations.test_core import asks, at, came, hospital, left

E = TypeVar("E", bound=Event)


class Running:
    """The loop on a log in memory, turned by hand."""

    def __init__(self, log: FakeLog, objects: FakeObjectStore) -> None:
        self.log, self.clock = log, ToldClock()
        self.pool = ThreadPoolExecutor(1)
        self.loop = OperationsLoop(
            Parts(
                worker=lambda: log.worker(SERVICE, INPUTS), reader=log.reader, objects=objects, clock=self.clock,
                health=Health(SERVICE), partitions=4, site="main",
            )
        )  # fmt: skip
        seconds = count(step=2)
        self.ticks = TickSource(self.clock, lambda: float(next(seconds)))
        self.worker = self.loop.parts.worker()

    def turn(self, times: int = 8) -> None:
        """So many turns; jobs are waited for in between."""
        for _ in range(times):
            self.loop.turn(self.worker, self.ticks, self.pool)
            self.pool.submit(lambda: None).result()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    """A log that does not wait."""
    monkeypatch.setattr("services.operations.loop.IDLE_POLL_S", 0.0)
    monkeypatch.setattr("services.operations.loop.BUSY_POLL_S", 0.0)
    return FakeLog()


def publish(log: FakeLog, *events: Event) -> None:
    """Facts into the log, as the gateway writes them."""
    log.append([outgoing(event, source="test", partitions=4) for event in events])


def plans(log: FakeLog, kind: type[E]) -> list[E]:
    """All events of a kind that lie in the log."""
    found = [
        decode(r.value, r.headers).event
        for partition, batch in log.records.items()
        if partition.topic in ("plans", "quarantine")
        for r in batch
    ]
    return [event for event in found if isinstance(event, kind)]


def test_facts_in_plans_out(log: FakeLog) -> None:
    """Counts, forecasts for each ward and the site, and a proposal come out of places, stays and requests."""
    publish(log, *hospital(), *came(1, "b1"), asks(1))
    running = Running(log, FakeObjectStore())
    running.turn()
    assert {(e.ward, e.occupied) for e in plans(log, WardOccupancyChanged)} == {("5a", 1), ("ch", 0), (None, 1)}
    assert {e.ward for e in plans(log, BedDemandForecasted)} == {"5a", "ch", None}
    assert [a.bed for e in plans(log, ScheduleProposed) for a in e.assignments] == ["b2"]


def test_a_restart_tells_nothing_twice_and_misses_nothing(log: FakeLog) -> None:
    """Killed without a snapshot and started again: the same facts give no second count; new ones are told."""
    publish(log, *hospital(), *came(1, "b1"), asks(1))
    Running(log, FakeObjectStore()).turn()
    before = len(plans(log, WardOccupancyChanged)), len(plans(log, ScheduleProposed))
    again = Running(log, FakeObjectStore())
    again.turn()
    assert (len(plans(log, WardOccupancyChanged)), len(plans(log, ScheduleProposed))) == before
    publish(log, left(1, 1))
    again.turn()
    newest = plans(log, WardOccupancyChanged)[-1]
    assert (newest.ward, newest.occupied) in {("5a", 0), (None, 0)}


def test_killed_before_it_read_its_own_words_it_does_not_say_them_again(
    log: FakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts that were committed in the last turn of a life count as told in the next one, whatever is polled first."""
    publish(log, *hospital(), *came(1, "b1"), asks(1))
    Running(log, FakeObjectStore()).turn(1)
    before = [e.id for e in plans(log, WardOccupancyChanged)]
    assert len(before) == 3
    real = FakeWorker.poll
    monkeypatch.setattr(FakeWorker, "poll", lambda self, timeout_s: real(self, timeout_s, 1))
    Running(log, FakeObjectStore()).turn()
    assert [e.id for e in plans(log, WardOccupancyChanged)] == before


def test_a_failed_commit_loses_nothing(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log fails in the middle of a turn: the state is rebuilt and the counts are told after all."""
    publish(log, *hospital(), *came(1, "b1"))
    fails = iter([True, False, False])
    real = FakeWorker.commit

    def commit(self: FakeWorker, outputs: list[Outgoing], offsets: dict[object, int]) -> None:
        if next(fails, False):
            raise LogUnavailable
        real(self, outputs, offsets)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeWorker, "commit", commit)
    running = Running(log, FakeObjectStore())
    stop = threading.Event()
    thread = threading.Thread(target=running.loop.run, args=(stop,))
    thread.start()
    for _ in range(100):
        if len(plans(log, WardOccupancyChanged)) >= 3:
            break
        stop.wait(0.05)
    stop.set()
    thread.join(10)
    assert {(e.ward, e.occupied) for e in plans(log, WardOccupancyChanged)} == {("5a", 1), ("ch", 0), (None, 1)}


def test_after_retention_the_snapshot_still_knows_who_is_here(log: FakeLog) -> None:
    """The log's beginning is gone; who came then still lies in the bed."""
    publish(log, *hospital(), *came(1, "b1"))
    objects = FakeObjectStore()
    running = Running(log, objects)
    running.turn()
    running.loop._snapshot(force=True)
    for partition in [p for p in log.records if p.topic == "clinical"]:
        log.records[partition] = [r for r in log.records[partition] if r.offset < 0]
        log.offsets.pop((SERVICE, partition), None)
    again = Running(log, objects)
    again.turn(2)
    assert [s.place.bed for s in again.loop.state.sites["main"].census.present()] == ["b1"]


def test_bytes_that_are_no_event_are_put_aside(log: FakeLog) -> None:
    """A broken stay goes to quarantine with its place in the log; the next one is counted."""
    good = outgoing(came(1, "b1")[1], source="test", partitions=4)
    publish(log, *hospital())
    log.append([Outgoing(good.topic, good.key, b"{}", good.headers, good.partition), good])
    running = Running(log, FakeObjectStore())
    running.turn()
    (refused,) = plans(log, Quarantined)
    assert refused.source.startswith("clinical/")
    assert running.loop.state.sites["main"].census.occupied() == {"5a": 1}


def test_the_clock_follows_what_is_known(log: FakeLog) -> None:
    """A told clock stands at the newest fact, also of kinds that operations does not read."""
    publish(log, *hospital(), *came(1, "b1", 5))
    running = Running(log, FakeObjectStore())
    running.turn(1)
    assert running.clock.now() == at(5)
    assert running.clock.now() - at(0) == timedelta(hours=5)
