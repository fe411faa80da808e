"""How lanes live together in the outlets' process: a log that is away is no death, a lane that ends is one."""

import threading

import pytest

from services.outlets import main
from services.outlets.configured import Lane
from services.outlets.process import run
from services.outlets.webhook import Webhook
from services.runtime.errors import LogUnavailable
from services.runtime.fake_log import FakeLog
from services.runtime.health import Health
from services.runtime.ports import Worker
from services.runtime.settings import Settings


def hook(name: str) -> Webhook:
    """A webhook that nobody calls."""
    return Webhook(name, "http://127.0.0.1:9/", [b"k" * 32])


class Counted(Health):
    """How often it was said that the thread lives."""

    beats = 0

    def beat(self) -> None:
        self.beats += 1


def test_a_log_that_is_away_is_waited_for() -> None:
    """The lane is alive and not ready, and joins when the log is back."""
    log, health, stop, tries = FakeLog(2), Counted("outlets", ("lane",)), threading.Event(), [0]

    def join() -> Worker:
        tries[0] += 1
        if tries[0] == 1:
            raise LogUnavailable("away")
        stop.set()
        return log.worker("outlets-a", ("alerts",))

    run(hook("a"), join, health, stop, condition="lane")
    assert (tries[0], health.beats) == (2, 1)
    assert "LogUnavailable" in health.problems()["lane"]


def test_a_lane_that_ends_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever started the process starts it again; the other lanes are told to stop."""
    stopped: list[str] = []

    def run_one(destination: Webhook, _: object, __: object, stop: threading.Event, **___: object) -> None:
        if destination.name == "other":
            stop.wait(20)
            stopped.append(destination.name)

    monkeypatch.setattr(main, "run", run_one)
    lanes = tuple(Lane("webhook", hook(name), hook(name), "") for name in ("ends", "other"))
    with pytest.raises(RuntimeError, match="the outlet ends ended unasked"):
        main.deliver(lanes, Settings(), Health("outlets"), threading.Event())
    for thread in threading.enumerate():
        if thread.name == "other":
            thread.join(5)
    assert stopped == ["other"]
