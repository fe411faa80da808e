"""The loop of drift on a log in memory: whatever fails in between, each hour is told once and the same."""

import contextlib
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from schemas.envelope import decode
from schemas.events import Event, ModelDriftFound, ModelDriftMeasured, Quarantined
from services.drift import loop as module
from services.drift.gauges import show
from services.drift.loop import INPUTS, SERVICE, DriftLoop, Parts
from services.runtime.errors import LogUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeObjectStore
from services.runtime.health import Health
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing, Partition, Worker
from services.runtime.ticks import TickSource
from tests.services.drift.given import T0, Beds, Ward, at, watchable

PARTITIONS = 4
HOURS = 30
FACTS = [facts for _, facts in Beds(beds=25).hours(0, HOURS, Ward(fahrenheit=True))]
"""Made once: the hours of a ward that measures in degrees Fahrenheit."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls and commits that do not wait."""
    monkeypatch.setattr(module, "POLL_S", 0.0)
    monkeypatch.setattr(module, "COMMIT_S", 0.0)


@dataclass
class HandClock:
    """A clock that the script sets."""

    instant: datetime = T0

    def now(self) -> datetime:
        """Where the script has set it."""
        return self.instant

    def told(self, instant: datetime) -> None:
        """Facts do not move it here."""


@dataclass
class Hospital:
    """Drift on a log, turned by hand, and the faults that a script asks for."""

    log: FakeLog = field(default_factory=lambda: FakeLog(PARTITIONS))
    objects: FakeObjectStore = field(default_factory=FakeObjectStore)
    clock: HandClock = field(default_factory=HandClock)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A fresh process."""
        self.loop = DriftLoop(
            Parts(
                worker=lambda: self.log.worker(SERVICE, INPUTS), reader=self.log.reader, objects=self.objects,
                clock=self.clock, health=Health(SERVICE), partitions=PARTITIONS, site="main", models=watchable(),
            )
        )  # fmt: skip
        self.worker: Worker = self.loop.parts.worker()
        self.ticks = TickSource(self.clock, lambda: self.seconds)
        self.loop.turn(self.worker, self.ticks)

    def tell(self, facts: list[Event]) -> None:
        """Facts from gateway and watch."""
        self.log.append([outgoing(fact, source="test", partitions=PARTITIONS) for fact in facts])

    def turns(self, times: int = 3) -> None:
        """So many turns, two seconds apart."""
        for _ in range(times):
            self.seconds += 2
            self.loop.turn(self.worker, self.ticks)

    def said(self) -> list[Event]:
        """Everything in our topic and in quarantine."""
        return [
            decode(record.value, record.headers).event
            for partition in (Partition("models", 0), Partition("quarantine", 0))
            for record in self.log.records[partition]
        ]


def played(script: dict[int, str]) -> Hospital:
    """The hours, with a fault after some of them."""
    hospital = Hospital()
    for hour, facts in enumerate(FACTS):
        hospital.tell(facts)
        hospital.clock.instant = at(hour + 1.5)
        fault = script.get(hour)
        if fault == "die unread":
            hospital.start()
        elif fault == "no log":
            broken_commit(hospital)
        hospital.turns()
        if fault == "snapshot":
            hospital.loop._snapshot(force=True)
        if fault == "die":
            hospital.start()
        if fault == "lost objects":
            hospital.objects = FakeObjectStore()
            hospital.start()
        hospital.turns()
    return hospital


def broken_commit(hospital: Hospital) -> None:
    """The log goes away when an hour is to be told; the process joins again."""

    def refuse(_: list[Outgoing], __: dict[Partition, int]) -> None:
        raise LogUnavailable

    hospital.turns(1)
    hospital.worker.commit = refuse  # type: ignore[assignment,method-assign]
    with contextlib.suppress(LogUnavailable):
        hospital.turns(3)
    hospital.start()


@cache
def calm() -> list[Event]:
    """What is said where nothing fails."""
    return played({}).said()


faults = st.sampled_from(["die", "die unread", "no log", "snapshot", "lost objects"])


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.integers(0, HOURS - 1), faults, max_size=5))
def test_faults_change_nothing_that_is_said(script: dict[int, str]) -> None:
    """Each hour is measured once and the same, and the alarm is found once, wherever the process dies."""
    assert played(script).said() == calm()


def test_each_hour_is_measured_once_and_the_unit_found() -> None:
    """Thirty hours, thirty measurements, one alarm for the owner."""
    assert [e.as_of for e in calm() if isinstance(e, ModelDriftMeasured)] == [at(h + 1) for h in range(HOURS)]
    assert [e.measure for e in calm() if isinstance(e, ModelDriftFound)] == ["temperature distribution"]


def test_a_replay_of_the_log_says_the_same() -> None:
    """The whole log at once, read by a process that has never been there: the same events in the same order."""
    hospital = Hospital()
    for facts in FACTS:
        hospital.tell(facts)
    hospital.clock.instant = at(HOURS + 0.5)
    hospital.turns(6)
    assert hospital.said() == calm()


def test_an_hour_waits_for_what_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind on its input, drift closes no hour that unread facts may belong to."""
    monkeypatch.setattr(module, "MOST", 40)
    hospital = Hospital()
    for facts in FACTS[:3]:
        hospital.tell(facts)
    hospital.clock.instant = at(5)
    hospital.turns(3)
    assert hospital.said() == []
    hospital.turns(5)
    assert hospital.said() == calm()[:3]


def test_what_was_told_is_shown_and_taken_away_again() -> None:
    """Gauges hold value and limit of each measure; a restart shows what was told last."""
    hospital = played({})
    labels = {"site": "main", "model": "sepsis", "measure": "temperature distribution"}
    value, limit = (REGISTRY.get_sample_value(f"wardwatch_model_drift{x}", labels) for x in ("", "_limit"))
    assert value is not None
    assert limit is not None
    assert value > limit >= 0.25
    newest = next(e for e in reversed(hospital.said()) if isinstance(e, ModelDriftMeasured))
    show(newest.model_copy(update={"readings": ()}))
    assert REGISTRY.get_sample_value("wardwatch_model_drift", labels) is None
    hospital.objects = FakeObjectStore()
    hospital.start()
    assert REGISTRY.get_sample_value("wardwatch_model_drift", labels) == value


def test_bytes_that_are_no_event_are_put_aside() -> None:
    """A broken fact goes to quarantine and the next one is counted."""
    hospital = Hospital()
    good = outgoing(FACTS[0][0], source="test", partitions=PARTITIONS)
    hospital.log.append([Outgoing(good.topic, good.key, b"{}", good.headers, good.partition), good])
    hospital.turns()
    (refused,) = (event for event in hospital.said() if isinstance(event, Quarantined))
    assert refused.source.startswith("clinical/")
    assert hospital.loop.drift.state.sites["main"].open


def test_the_process_joins_again_when_the_log_comes_back() -> None:
    """While the log is down the loop waits; then it measures, and leaves a snapshot at the end."""
    hospital = Hospital()
    hospital.tell(FACTS[0])
    stop = threading.Event()
    hospital.log.down = True
    thread = threading.Thread(target=hospital.loop.run, args=(stop,))
    thread.start()
    stop.wait(0.3)
    hospital.log.down = False
    for _ in range(100):
        if hospital.objects.names("snapshots") or Partition("clinical", 0) in hospital.loop.offsets:
            break
        stop.wait(0.05)
    stop.wait(0.3)
    stop.set()
    thread.join(10)
    assert hospital.objects.names("snapshots/drift") == ["snapshots/drift/sites.json.z"]
