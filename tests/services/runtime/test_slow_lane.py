"""The slow lane on fakes: jobs in any order of finishing, failures and rebalances; every request has one result."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from schemas.envelope import decode
from schemas.events import DecisionMade, Event, ImagingStudyCompleted
from services.runtime import slow_lane
from services.runtime.clock import SystemClock
from services.runtime.errors import BadInputError, InferenceUnavailable
from services.runtime.fake_log import FakeLog, FakeWorker
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Partition
from services.runtime.slow_lane import SlowLane

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls and retries that hardly wait."""
    monkeypatch.setattr(slow_lane, "IDLE_POLL_S", 0.01)
    monkeypatch.setattr(slow_lane, "BUSY_POLL_S", 0.001)
    monkeypatch.setattr(slow_lane, "RETRY_S", 0.01)


def result(event: Event) -> Sequence[Event]:
    """One result for a request, named after it."""
    assert isinstance(event, ImagingStudyCompleted)
    return [
        DecisionMade(
            id=f"result-{event.id}", site="main", patient=event.patient, known=AT, subject=event.id, about="finding",
            decision="approve", by="test", at=AT,
        )
    ]  # fmt: skip


class Bench:
    """A lane, its log and its worker."""

    def __init__(self, job: slow_lane.Job, requests: int = 6) -> None:
        self.log = FakeLog(2)
        for n in range(requests):
            event = ImagingStudyCompleted(id=f"r{n}", site="main", patient=f"patient-{n}", known=AT, study="1.2")
            self.log.append([outgoing(event, source="test", partitions=2)])
        self.lane = SlowLane(
            "lane", "imaging", job, lambda: self.worker, clock=SystemClock(), health=Health("lane"), site="main",
            partitions=2,
        )  # fmt: skip
        self.worker: FakeWorker = self.log.worker("lane", ["imaging"])

    @contextmanager
    def turning(self) -> Iterator[Callable[[int], None]]:
        """Turns, with time for the jobs between them."""
        with ThreadPoolExecutor(2) as pool:

            def turns(count: int) -> None:
                for _ in range(count):
                    self.lane.turn(self.worker, pool)
                    time.sleep(0.005)

            yield turns

    def written(self, topic: str) -> list[str]:
        """Ids in a topic."""
        found = [r for p, batch in self.log.records.items() if p.topic == topic for r in batch]
        return [decode(r.value, r.headers).event.id for r in found]


def test_every_request_has_one_result() -> None:
    """More requests than may be in flight: all are answered once and all offsets are committed."""
    bench = Bench(result)
    with bench.turning() as turns:
        turns(40)
    assert Counter(bench.written("decisions")) == Counter(f"result-r{n}" for n in range(6))
    ends = {p: len(bench.log.records[p]) for p in (Partition("imaging", 0), Partition("imaging", 1))}
    assert {p: bench.worker.committed(p) or 0 for p in ends} == ends


def test_only_the_finished_prefix_is_committed() -> None:
    """A slow first job holds back the results of later ones on its partition, and nothing is committed past it."""
    hold = threading.Event()

    def job(event: Event) -> Sequence[Event]:
        if event.id == "r0":
            hold.wait(5)
        return result(event)

    bench = Bench(job, requests=1)
    where = next(p for p, batch in bench.log.records.items() if batch)
    with bench.turning() as turns:
        turns(5)
        assert bench.worker.committed(where) is None
        hold.set()
        turns(10)
    assert bench.worker.committed(where) == 1


def test_a_missing_dependency_is_tried_again_and_bad_input_is_set_aside() -> None:
    """DependencyError repeats the job; BadInputError quarantines the request; both let the others pass."""
    tries: Counter[str] = Counter()

    def job(event: Event) -> Sequence[Event]:
        tries[event.id] += 1
        if event.id == "r1" and tries["r1"] < 3:
            raise InferenceUnavailable
        if event.id == "r2":
            msg = "no pixels"
            raise BadInputError(msg)
        return result(event)

    bench = Bench(job)
    with bench.turning() as turns:
        turns(80)
    assert sorted(bench.written("decisions")) == [f"result-r{n}" for n in (0, 1, 3, 4, 5)]
    assert len(bench.written("quarantine")) == 1
    assert tries["r1"] == 3


def test_a_rebalance_to_itself_loses_nothing() -> None:
    """Partitions that are taken and given back begin again where they were committed."""
    bench = Bench(result)
    with bench.turning() as turns:
        turns(1)
        bench.worker.rebalance()
        turns(60)
    assert Counter(bench.written("decisions")) == Counter(f"result-r{n}" for n in range(6))
