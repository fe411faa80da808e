"""A view of the log without a group, and a clock that hears the time from it."""

import threading
import time
from datetime import timedelta

import pytest

from services.runtime.clock import SystemClock, ToldClock
from services.runtime.errors import DependencyError
from services.runtime.following import Following
from services.runtime.hearing import hear
from tests.services.runtime.tally import T0, Hospital


def test_all_that_lies_there_is_read_and_then_what_comes() -> None:
    """It has caught up when what lay there was read; an absence of the log loses nothing, a restart begins anew."""
    hospital = Hospital()
    for patient in range(3):
        hospital.record(patient, 1.0)
    log = Following(hospital.log.reader, ("clinical",))
    assert not log.begun
    found = 0
    while not log.caught_up:
        found += len(log.batch(0.0))
    assert found == 3
    hospital.record(1, 2.0)
    hospital.log.down = True
    with pytest.raises(DependencyError):
        log.batch(0.0)
    log.close()
    hospital.log.down = False
    assert len(log.batch(0.0)) == 1
    log.restart()
    assert not log.caught_up
    assert sum(len(log.batch(0.0)) for _ in range(3)) == 4


def test_news_alone_are_read_where_that_is_asked() -> None:
    """What lay there before is passed over."""
    hospital = Hospital()
    hospital.record(1, 1.0)
    log = Following(hospital.log.reader, ("clinical",), news=True)
    assert log.batch(0.0) == []
    assert log.caught_up
    hospital.record(1, 2.0)
    assert len(log.batch(0.0)) == 1


def test_a_told_clock_hears_the_time_and_the_systems_needs_none() -> None:
    """It goes on with the facts, also after an absence of the log; with the system's clock nothing is read."""
    hospital, clock, stop = Hospital(), ToldClock(), threading.Event()
    hear(SystemClock(), hospital.log.reader, stop)
    thread = threading.Thread(target=hear, args=(clock, hospital.log.reader, stop))
    thread.start()
    try:
        _until(clock, hospital, 1)
        hospital.log.down = True
        time.sleep(0.05)
        hospital.log.down = False
        _until(clock, hospital, 3)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()


def _until(clock: ToldClock, hospital: Hospital, facts: int) -> None:
    """Facts come until the clock has heard of so many."""
    end = time.monotonic() + 10
    while clock.now() < T0 + timedelta(seconds=facts):
        assert time.monotonic() < end
        hospital.record(1, 1.0)
        time.sleep(0.02)
