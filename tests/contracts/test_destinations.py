"""The contract of every destination, on the outlet's own loop: once per key, in order, nothing lost, nobody blocked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.envelope import decode
from schemas.events import AlertEvent, Quarantined
from services.outlets.loop import Outlet
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from tests.contracts.destinations import NETWORKED, PEERS, How, Peer
from tests.services.outlets.alerts import life

PARTITIONS = 2
PASSING = [how for how in How if how is not How.REFUSED]


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    """Each destination there is."""
    with PEERS[request.param](tmp_path) as found:
        yield found


@pytest.fixture(params=NETWORKED)
def networked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    """Each one that a network lies before."""
    with PEERS[request.param](tmp_path) as found:
        yield found


class Bench:
    """An outlet on a log in memory, whose time is a number."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.log, self.time = peer, FakeLog(PARTITIONS), 0.0
        self.group = f"outlets-{peer.destination.name}"
        self.events: list[AlertEvent] = []
        self.start()

    def start(self) -> None:
        """A new process in the same slot, as after a kill."""
        worker = self.log.worker(self.group, self.peer.destination.topics)
        self.outlet = Outlet(worker, self.peer.destination, monotonic=lambda: self.time, jitter=lambda: 0.0)
        self.outlet.turn(0.0)

    def say(self, events: list[AlertEvent]) -> None:
        """What the alert authority writes."""
        self.events += events
        self.log.append([outgoing(e, source="alerting", partitions=PARTITIONS) for e in events])

    def turns(self, count: int, seconds: float) -> None:
        """That many turns, with time between them."""
        for _ in range(count):
            self.outlet.turn(0.0)
            self.time += seconds

    def told(self) -> list[str]:
        """What the peer was told of our events."""
        return self.peer.told(self.events)

    def in_order(self) -> None:
        """Each event had its effect once, and those of an alert came in their order."""
        told = self.told()
        assert sorted(told) == sorted(event.id for event in self.events)
        for alert in {event.alert for event in self.events}:
            mine = [event.id for event in self.events if event.alert == alert]
            assert [id_ for id_ in told if id_ in mine] == mine

    def buried(self) -> list[Quarantined]:
        """The dead letters."""
        records = [r for p, batch in self.log.records.items() if p.topic == "quarantine" for r in batch]
        return [e for e in (decode(r.value, r.headers).event for r in records) if isinstance(e, Quarantined)]


def test_each_event_has_one_effect(peer: Peer) -> None:
    """Two alerts' lives arrive whole, in order, once."""
    bench = Bench(peer)
    bench.say([*life("a1"), *life("a2", 100)])
    bench.turns(12, 31)
    bench.in_order()
    assert bench.buried() == []


def test_a_repeat_changes_nothing(peer: Peer) -> None:
    """Killed between delivery and commit, the next process delivers again with the same keys."""
    bench = Bench(peer)
    bench.say(life("a1"))
    bench.outlet._read(0.0)
    bench.outlet._deliver()  # and killed here
    bench.start()
    bench.turns(12, 31)
    bench.in_order()


@pytest.mark.parametrize("how", PASSING)
def test_after_a_fault_everything_arrives_in_order(networked: Peer, how: How) -> None:
    """Whatever breaks at whichever attempt, nothing is lost, repeated or out of order, and nothing is buried."""
    bench = Bench(networked)
    bench.say([*life("a1"), *life("a2", 100)])
    for _ in range(3):
        networked.fail(how)
        bench.turns(2, 31)
    bench.turns(20, 31)
    bench.in_order()
    assert bench.buried() == []


def test_a_refusal_is_kept_with_its_reason_and_blocks_nobody(networked: Peer) -> None:
    """The refused transition lies among the dead letters, with a reason and where it came from; the others arrive."""
    bench = Bench(networked)
    events = life("a1")
    networked.fail(How.REFUSED)
    bench.say(events)
    bench.turns(12, 31)
    bench.events = events[1:]
    bench.in_order()
    entry = bench.buried()[0]
    assert (len(bench.buried()), entry.origin) == (1, bench.group)
    assert any(code in entry.reason for code in ("400", "550"))


def test_what_was_missed_in_an_hour_arrives_in_order(peer: Peer) -> None:
    """Connections are refused for an hour while alerts go on: all of it is delivered afterwards."""
    bench = Bench(peer)
    bench.say(life("a1")[:1])
    bench.turns(4, 31)
    peer.stop()
    for minute in range(60):
        if minute % 20 == 0:
            bench.say([*life(f"b{minute}", minute)])
        bench.turns(1, 60)
    assert bench.outlet.standing.failures > 10
    peer.start()
    bench.say(life("a1")[1:])
    bench.turns(40, 61)
    bench.in_order()
    assert bench.buried() == []


def test_an_event_of_another_kind_is_refused_not_lost(peer: Peer) -> None:
    """What is no alert, where only alerts are told, becomes a dead letter."""
    bench = Bench(peer)
    entry = Quarantined.model_construct(id="q1", site="main", known=life()[0].known, origin="x", source="y", reason="z")
    record = outgoing(entry, source="x", partitions=1)
    bench.log.append([type(record)("alerts", "main/x", record.value, record.headers, 0)])
    bench.say(life("a1"))
    bench.turns(12, 31)
    bench.in_order()
    assert len(bench.buried()) == 1
