"""What outlets tell the log of their deliveries: each call once, with its offset, and nothing of a confirmation."""

import pytest

from schemas.envelope import decode
from schemas.events import AlertNotified, DeliveryMade
from schemas.events.alerts import AlertEscalated, AlertEvent, AlertRaised
from services.outlets.board import BoardRefused, BoardUnavailable, MemoryBoard
from services.outlets.choosing import Choice, Chosen
from services.outlets.confirming import channel_of
from services.outlets.grafana import Grafana
from services.outlets.loop import Outlet
from services.runtime.clock import ToldClock
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from tests.services.outlets.alerts import event, life

PARTITIONS = 4


class Bench:
    """An outlet with a channel, on a log in memory."""

    def __init__(self, choice: Choice | None = None) -> None:
        self.log, self.board, self.choice = FakeLog(PARTITIONS), MemoryBoard(), choice or Choice()
        self.start()

    def start(self) -> None:
        """A new process in the same slot."""
        destination = Chosen(Grafana(self.board), self.choice)
        worker = self.log.worker("outlets-grafana", Grafana.topics)
        self.outlet = Outlet(worker, destination, channel="webhook", clock=ToldClock(), jitter=lambda: 0.0)
        self.outlet.turn(0.0)

    def say(self, *events: AlertEvent) -> None:
        """What the alert authority writes."""
        self.log.append([outgoing(e, source="alerting", partitions=PARTITIONS) for e in events])

    def told(self) -> list[DeliveryMade]:
        """What lies in `deliveries`."""
        records = [r for p, batch in self.log.records.items() if p.topic == "deliveries" for r in batch]
        events = [decode(r.value, r.headers).event for r in records]
        return [e for e in events if isinstance(e, DeliveryMade)]


def test_calls_are_told_of_and_nothing_else() -> None:
    """Raised and escalated, on the patient's own partition, at clinical now; not a person's word nor a confirmation."""
    bench = Bench(Choice(transitions=()))
    calls = life()
    bench.say(*calls, event(AlertNotified, 61))
    bench.outlet.turn(0.0)
    told = bench.told()
    wanted = [e for e in calls if isinstance(e, AlertRaised | AlertEscalated)]
    assert [(t.transition, t.alert, t.receiver, t.channel, t.at) for t in told] == [
        (e.id, e.alert, "grafana", "webhook", e.known) for e in wanted
    ]
    numbers = {p.number for p, batch in bench.log.records.items() if p.topic in {"alerts", "deliveries"} and batch}
    assert len(numbers) == 1


def test_what_was_not_chosen_waits_or_was_refused_is_no_delivery() -> None:
    """Nobody was told: the log does not say so. What waited is told when it went out."""
    bench = Bench(Choice(kinds=("news2",)))
    bench.say(*life())
    bench.outlet.turn(0.0)
    assert bench.told() == []
    bench = Bench()
    bench.board.failing = [BoardRefused("no"), BoardUnavailable("down")]
    bench.say(*life())
    for _ in range(50):
        bench.outlet.turn(0.05)
        if bench.log.offsets and sum(bench.log.offsets.values()) == 4:
            break
    assert [type(e).__name__ for e in life() if e.id in {t.transition for t in bench.told()}] == ["AlertEscalated"]


@pytest.mark.parametrize("times", [1, 3])
def test_a_crash_before_the_commit_tells_nothing_twice(times: int) -> None:
    """Delivered, killed, delivered again: one fact; it was committed with the offset or not at all."""
    bench = Bench()
    bench.say(*life()[:1])
    for _ in range(times):
        bench.outlet._read(0.0)
        bench.outlet._deliver()  # and killed here
        assert bench.told() == []
        bench.start()
    bench.outlet.turn(0.0)
    assert len(bench.told()) == 1


def test_kinds_of_lanes_are_channels() -> None:
    """What is none of ours is a plug-in."""
    assert [channel_of(kind) for kind in ("grafana", "webhook", "mail", "fhir", "line-file")] == [
        "grafana", "webhook", "mail", "fhir", "plugin",
    ]  # fmt: skip
