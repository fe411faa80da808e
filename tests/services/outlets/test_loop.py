"""The outlet's loop on the log in memory: order, waiting, dead letters, crashes; faults are lists of answers."""

from base64 import b64decode
from collections.abc import Sequence

import pytest

from schemas.envelope import decode
from schemas.events.alerts import AlertEvent, AlertRaised
from schemas.events.control import Quarantined
from services.outlets.board import BoardMisconfigured, BoardRefused, BoardUnavailable, MemoryBoard, Put
from services.outlets.grafana import Grafana
from services.outlets.grafana_board import GrafanaBoard
from services.outlets.loop import Outlet
from services.runtime.errors import Fenced
from services.runtime.fake_log import FakeLog, FakeWorker
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing, Polled
from tests.fakes.grafana import FakeGrafana
from tests.services.outlets.alerts import life

PARTITIONS = 4
GROUP = "outlets-grafana"


class Bench:
    """An outlet on a log in memory whose time is a number that a test moves."""

    def __init__(self, log: FakeLog | None = None, board: MemoryBoard | GrafanaBoard | None = None) -> None:
        self.log = log or FakeLog(PARTITIONS)
        self.board = board or MemoryBoard()
        self.time = 0.0
        self.start()

    def start(self) -> None:
        """A new process in the same slot, as after a kill."""
        self.worker = self.log.worker(GROUP, Grafana.topics)
        self.outlet = Outlet(self.worker, Grafana(self.board), monotonic=lambda: self.time, jitter=lambda: 0.0)

        self.outlet.turn(0.0)  # the group's partitions are assigned

    def say(self, events: Sequence[AlertEvent]) -> None:
        """What the alert authority writes."""
        self.log.append([outgoing(e, source="alerting", partitions=PARTITIONS) for e in events])

    def turns(self, count: int, seconds: float = 0.0) -> None:
        """That many turns, with time between them."""
        for _ in range(count):
            self.outlet.turn(0.0)
            self.time += seconds

    def committed(self) -> int:
        """Records that will not be read again."""
        return sum(self.log.offsets.values())

    def buried(self) -> list[Quarantined]:
        """The quarantine's entries."""
        records = [r for p, batch in self.log.records.items() if p.topic == "quarantine" for r in batch]
        events = [decode(r.value, r.headers).event for r in records]
        return [e for e in events if isinstance(e, Quarantined)]


def test_each_alert_stands_once_and_in_step() -> None:
    """Two alerts' lives become two annotations, each created once and updated at each transition."""
    bench = Bench()
    bench.say([*life("a1"), *life("a2", 100)])
    bench.turns(3)
    assert isinstance(bench.board, MemoryBoard)
    assert [done for _, done in bench.board.puts] == [Put.CREATED, *[Put.UPDATED] * 3] * 2
    assert all("state:resolved" in mark.tags for mark in bench.board.standing.values())
    assert bench.committed() == 8


def test_nothing_is_committed_while_the_board_is_away() -> None:
    """The offset stays before the first undelivered record, and later ones wait behind it in order."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    bench.board.failing = [BoardUnavailable("down")] * 5
    bench.say([*life("a1"), *life("a2", 100)])
    bench.turns(4, seconds=0.1)
    assert (bench.committed(), bench.board.puts) == (0, [])
    bench.turns(20, seconds=10)
    assert [alert for alert, _ in bench.board.puts] == ["a1"] * 4 + ["a2"] * 4
    assert bench.committed() == 8


def test_the_group_is_polled_while_the_board_is_away() -> None:
    """Waiting for the board never stops polling, and reads nothing more meanwhile."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    bench.board.failing = [BoardUnavailable("down")] * 3
    bench.say(life("a1"))
    bench.turns(2)
    bench.say(life("a2", 100))
    bench.turns(5)
    assert bench.outlet.waiting == 4
    bench.turns(10, seconds=10)
    assert (bench.outlet.waiting, bench.committed()) == (0, 8)


def test_a_locked_door_is_tried_once_a_minute() -> None:
    """While the token is wrong there is one attempt a minute, and nothing is lost when it is mended."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    bench.board.failing = [BoardMisconfigured("401")] * 100
    bench.say(life("a1"))
    bench.turns(600, seconds=1)
    assert len(bench.board.failing) == 90
    bench.board.failing = []
    bench.turns(70, seconds=1)
    assert bench.committed() == 4


def test_a_refusal_goes_to_the_quarantine_and_blocks_nobody() -> None:
    """The refused transition lies in the quarantine with reason, origin and content; all others are delivered."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    events = life("a1")
    bench.board.failing = [BoardRefused("Grafana answered 400: no")]
    bench.say(events)
    bench.turns(3)
    assert [(b.origin, b.reason) for b in bench.buried()] == [(GROUP, "Grafana answered 400: no")]
    assert decode_content(bench.buried()[0]) == events[0]
    assert (len(bench.board.puts), bench.committed()) == (3, 4)


def decode_content(entry: Quarantined) -> AlertEvent:
    """The transition that a quarantine entry keeps."""
    return AlertRaised.model_validate_json(b64decode(entry.content))


def test_what_cannot_be_read_goes_to_the_quarantine() -> None:
    """A record that is no event, or no alert, is kept aside with the reason, and the next one is delivered."""
    bench = Bench()
    bench.log.append([Outgoing("alerts", "main/patient", b"{", (), 0)])
    bench.say(life("a1"))
    bench.turns(3)
    assert [entry.site for entry in bench.buried()] == ["main"]
    assert bench.committed() == 5


@pytest.mark.parametrize("delivered", range(1, 5))
def test_a_crash_before_the_commit_changes_nothing_twice(delivered: int) -> None:
    """Killed between delivery and commit, the next process delivers again and the board stays as it was."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    events = life("a1")
    bench.say(events[:delivered])
    bench.outlet._read(0.0)
    bench.outlet._deliver()  # and killed here
    before = dict(bench.board.standing)
    bench.start()
    bench.turns(2)
    assert bench.board.standing == before
    assert [done for _, done in bench.board.puts[delivered:]] == [Put.UNCHANGED] * delivered
    assert bench.committed() == delivered


class Rebalanced(FakeWorker):
    """A member whose partitions are taken and given back at its third poll, positions kept (as kafka-python does)."""

    polls = 0

    def poll(self, timeout_s: float, max_records: int = 500) -> Polled:
        """As told above."""
        self.polls += 1
        found = super().poll(timeout_s, max_records)
        if self.polls != 3:
            return found
        return Polled(found.records, found.assigned | self._mine, found.revoked | self._mine)


def test_a_rebalance_loses_nothing_that_waits() -> None:
    """What was read and not delivered when the partitions changed hands is read and delivered again, in order."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    worker = Rebalanced(bench.log, GROUP, Grafana.topics, 0)
    bench.outlet = Outlet(worker, Grafana(bench.board), monotonic=lambda: bench.time, jitter=lambda: 0.0)
    bench.say(life("a1"))
    bench.board.failing = [BoardUnavailable("down")]
    bench.turns(2)
    assert bench.outlet.waiting == 4
    bench.turns(4, seconds=1)
    assert [done for _, done in bench.board.puts] == [Put.CREATED, *[Put.UPDATED] * 3]
    assert bench.committed() == 4


def test_a_replaced_worker_stops() -> None:
    """A worker whose slot another one has taken raises Fenced and commits nothing."""
    bench = Bench()
    bench.say(life("a1"))
    bench.log.worker(GROUP, Grafana.topics)
    with pytest.raises(Fenced):
        bench.turns(1)
    assert bench.committed() == 0


def test_offsets_wait_for_a_log_that_is_away() -> None:
    """When Kafka does not take the commit, the delivered offsets and dead letters go with a later turn."""
    bench = Bench()
    assert isinstance(bench.board, MemoryBoard)
    bench.board.failing = [BoardRefused("no")]
    bench.say(life("a1"))
    bench.outlet._read(0.0)
    bench.outlet._deliver()
    bench.log.down = True
    bench.outlet._commit()
    assert (bench.committed(), bench.buried()) == (0, [])
    bench.log.down = False
    bench.turns(1)
    assert (bench.committed(), len(bench.buried())) == (4, 1)


@pytest.mark.servers
def test_what_a_stopped_grafana_missed_is_delivered_when_it_is_back() -> None:
    """Over HTTP: alerts that changed while Grafana was away stand once, complete and in order, when it is back."""
    with FakeGrafana() as grafana:
        bench = Bench(board=GrafanaBoard(grafana.url, grafana.token("Editor"), timeout_s=0.5))
        bench.say(life("a1")[:2])
        bench.turns(2)
        grafana.stop()
        bench.say([*life("a1")[2:], *life("a2", 100), *life("a3", 200)[:1]])
        bench.turns(5, seconds=1)
        assert bench.committed() == 2
        grafana.start()
        bench.turns(30, seconds=31)
        rows = {row.tags[1]: row for row in grafana.world.annotations.values()}
        assert len(grafana.world.annotations) == 3
        assert {alert: row.tags[5] for alert, row in rows.items()} == {
            "alert:a1": "state:resolved",
            "alert:a2": "state:resolved",
            "alert:a3": "state:raised",
        }
        assert bench.committed() == 9
