"""The projection in memory: rebuilt from the log at the start, current only while the log answers."""

import time

import pytest

from schemas.events import Event
from services.cds_hooks.follower import OLD_MS, STUCK_S, Follower
from services.cds_hooks.standing import Patients
from services.runtime.clock import ToldClock
from services.runtime.errors import DependencyError
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from services.runtime.ports import Outgoing
from tests.services.cds_hooks.given import PATIENT, context, minutes, raised, score


class Bench:
    """A follower on a log in memory; `time` is its monotonic clock, `late_ms` how much later than now it is."""

    def __init__(self) -> None:
        self.log, self.time, self.late_ms = FakeLog(2), 0.0, 0
        self.start()

    def start(self) -> None:
        """A new process."""
        self.patients, self.clock = Patients(), ToldClock()
        real = 1
        self.follower = Follower(
            self.log.reader, self.patients, self.clock, monotonic=lambda: self.time, real_ms=lambda: real + self.late_ms
        )

    def current(self) -> bool:
        """Whether it would answer."""
        return self.follower.current

    def say(self, *events: Event) -> None:
        """Into the log."""
        self.log.append([outgoing(event, source="x", partitions=2) for event in events])


def test_the_log_is_folded_and_followed() -> None:
    """What was there at the start, then what comes; the clock is told."""
    bench = Bench()
    bench.say(context(), raised())
    assert not bench.current()
    for _ in range(2):
        bench.follower.turn(0.0)
    assert bench.current()
    assert bench.clock.now() == minutes(0)
    bench.say(score(7, 3))
    bench.follower.turn(0.0)
    standing = bench.patients.of(PATIENT)
    assert standing is not None
    assert standing.score is not None
    assert (len(standing.open_alerts()), bench.clock.now()) == (1, minutes(3))


def test_an_empty_log_is_current() -> None:
    """Nothing to read is read."""
    bench = Bench()
    bench.follower.turn(0.0)
    assert bench.current()


def test_a_log_that_is_away_is_not_current() -> None:
    """After half a minute without an answer; and it goes on where it was when the log is back."""
    bench = Bench()
    bench.say(context())
    bench.follower.turn(0.0)
    bench.follower.turn(0.0)
    bench.log.down = True
    bench.time = STUCK_S + 1
    with pytest.raises(DependencyError):
        bench.follower.turn(0.0)
    assert not bench.current()
    bench.log.down = False
    bench.say(raised())
    bench.follower.turn(0.0)
    assert bench.current()
    standing = bench.patients.of(PATIENT)
    assert standing is not None
    assert len(standing.open_alerts()) == 1


def test_another_log_is_folded_anew() -> None:
    """A log that is shorter than what was read is not the one that was read."""
    bench = Bench()
    bench.say(context(), raised())
    bench.follower.turn(0.0)
    bench.log.records.clear()
    bench.time = 10
    bench.follower.turn(0.0)
    assert len(bench.patients) == 0


def test_old_scores_are_passed_over_and_contexts_are_not() -> None:
    """A patient who has lain in one bed for a week is known, with alerts; a score of a week ago is not."""
    bench = Bench()
    bench.late_ms = time.time_ns() // 1_000_000 + OLD_MS
    bench.say(context(), raised(), score(7))
    bench.late_ms += 1000
    bench.follower.turn(0.0)
    standing = bench.patients.of(PATIENT)
    assert standing is not None
    assert (standing.context is not None, len(standing.alerts), standing.score) == (True, 1, None)


def test_what_cannot_be_read_is_passed_over() -> None:
    """A record that is no event stops nothing."""
    bench = Bench()
    bench.log.append([Outgoing("alerts", "main/x", b"{", (), 0)])
    bench.say(raised())
    bench.follower.turn(0.0)
    assert len(bench.patients) == 1
