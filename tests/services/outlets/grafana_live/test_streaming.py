"""The live streams over a log: at most once a second, newest values, and what Grafana does not take is dropped."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from schemas.events import Event
from services.outlets.delivery import Outcome
from services.outlets.destination import Attempt
from services.outlets.grafana_live.pushing import LivePush
from services.outlets.grafana_live.streaming import ALL_EVERY_S, EVERY_S, LiveStreams
from services.runtime.clock import ToldClock
from services.runtime.errors import LogUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.outgoing import outgoing
from tests.fakes.grafana import Drop, FakeGrafana, Fault, Hang, Reply
from tests.services.outlets.grafana_live.events import arrived, census, forecast


class Board:
    """Takes lines, or answers with the attempts it was given."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.answers: list[Attempt] = []

    def push(self, lines: str) -> Attempt:
        """One push."""
        attempt = self.answers.pop(0) if self.answers else Attempt(Outcome.DELIVERED)
        if attempt.outcome is Outcome.DELIVERED:
            self.taken.append(lines)
        return attempt


class Scene:
    """A log, a board and clocks that the test moves."""

    def __init__(self) -> None:
        self.log, self.board, self.now = FakeLog(), Board(), 100.0
        self.streams = LiveStreams(
            self.log.reader, self.board, ToldClock(datetime(2026, 3, 1, 8, tzinfo=UTC)),
            monotonic=lambda: self.now, jitter=lambda: 0.0,
        )  # fmt: skip

    def say(self, *events: Event) -> None:
        """Into the log."""
        self.log.append([outgoing(event, source="test", partitions=4) for event in events])

    def turn(self, times: int = 3) -> Sequence[str]:
        """Some turns at this instant; the pushes they made."""
        before = len(self.board.taken)
        for _ in range(times):
            self.streams.turn(0.0)
        return self.board.taken[before:]


@pytest.fixture
def scene() -> Scene:
    """Nothing said yet."""
    return Scene()


def test_at_most_one_push_a_second_with_the_newest_values(scene: Scene) -> None:
    """Whatever comes within a second goes out once, as it stands then."""
    scene.say(arrived("a"), forecast("a", 0.1))
    assert len(scene.turn()) == 1
    for risk in (0.2, 0.3, 0.4):
        scene.say(forecast("a", risk, minute=risk * 10))
        assert scene.turn() == []
    scene.now += EVERY_S
    (pushed,) = scene.turn()
    assert "max=0.4," in pushed
    assert pushed.count("ward_risk") == 1


def test_only_what_changed_and_everything_once_in_a_while(scene: Scene) -> None:
    """A changed census does not push the risks again; an unchanged world is told again for who opens a panel now."""
    scene.say(arrived("a"), forecast("a", 0.1), census("5B", 20))
    scene.turn()
    scene.say(census("5B", 21, minute=2))
    scene.now += EVERY_S
    assert [line.split(",")[0] for line in scene.turn()[0].splitlines()] == ["beds"]
    scene.now += EVERY_S
    assert scene.turn() == []
    scene.now += ALL_EVERY_S
    assert {line.split(",")[0] for line in scene.turn()[0].splitlines()} == {
        "beds", "bed_risk", "ward_risk", "ward_forecast", "ward_scored",
    }  # fmt: skip


def test_what_is_not_taken_is_dropped_for_what_is_newer(scene: Scene) -> None:
    """Refused for a while: nothing piles up, and the first push that is taken holds the newest values only."""
    scene.say(arrived("a"), forecast("a", 0.1))
    scene.board.answers = [Attempt(Outcome.UNAVAILABLE, "down"), Attempt(Outcome.UNAVAILABLE, "down")]
    for risk in (0.2, 0.3, 0.9):
        scene.say(forecast("a", risk, minute=risk * 10))
        scene.turn()
        scene.now += 60.0
    scene.turn()
    assert ["max=0.9," in pushed for pushed in scene.board.taken] == [True, True]


def test_a_board_that_says_when_is_believed(scene: Scene) -> None:
    """A Retry-After keeps the streams away for so long."""
    scene.say(census("5B", 20))
    scene.board.answers = [Attempt(Outcome.UNAVAILABLE, "429", retry_after_s=40.0)]
    scene.turn()
    scene.now += 39.0
    assert scene.turn() == []
    scene.now += 1.1
    assert len(scene.turn()) == 1


def test_a_log_that_goes_and_comes_back_loses_nothing(scene: Scene) -> None:
    """While the log is away nothing new is known; afterwards reading goes on where it was."""
    scene.say(census("5B", 20))
    scene.turn()
    scene.log.down = True
    with pytest.raises(LogUnavailable):
        scene.streams.turn(0.0)
    scene.log.down = False
    scene.say(census("5B", 21, minute=2))
    scene.now += EVERY_S
    assert "occupied=21," in scene.turn()[0]


MEANS = {
    "429": (Reply(429, {}, headers=(("Retry-After", "7"),)), Outcome.UNAVAILABLE, 7.0),
    "503 for a day": (Reply(503, None, headers=(("Retry-After", "86400"),)), Outcome.UNAVAILABLE, 300.0),
    "500": (Reply(500, None), Outcome.UNAVAILABLE, 0.0),
    "moved": (Reply(302, None), Outcome.MISCONFIGURED, 0.0),
    "hung": (Hang(5.0), Outcome.UNAVAILABLE, 0.0),
    "dropped": (Drop(), Outcome.UNAVAILABLE, 0.0),
}


@pytest.mark.parametrize(("how", "outcome", "wait"), MEANS.values(), ids=MEANS.keys())
def test_what_an_answer_means(how: Reply | Hang | Drop, outcome: Outcome, wait: float) -> None:
    """Each failure by its name; Retry-After is believed up to five minutes."""
    with FakeGrafana() as grafana:
        live = LivePush(grafana.url, grafana.token("Viewer"), timeout_s=0.3)
        grafana.fail(Fault(how, prefix="/api/live"))
        attempt = live.push("beds,ward=5B occupied=20 1")
        assert (attempt.outcome, attempt.retry_after_s) == (outcome, wait)
        assert live.push("beds,ward=5B occupied=21 2").outcome is Outcome.DELIVERED
        live.close()
    assert grafana.world.pushed[-1] == "beds,ward=5B occupied=21 2"


def test_a_stranger_is_a_matter_of_settings() -> None:
    """A wrong token is not tried every second."""
    with FakeGrafana() as grafana:
        assert LivePush(grafana.url, "glsa_wrong").push("a b=1").outcome is Outcome.MISCONFIGURED
