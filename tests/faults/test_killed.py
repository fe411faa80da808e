"""Processes killed, Redis emptied, Ray's head killed, in the middle of a stream through the real system."""

import time
from collections.abc import Callable
from datetime import datetime

import pytest
import redis

from schemas.events import (
    AlertEvent,
    AlertNotified,
    AlertUnreached,
    ForecastMissed,
    PatientEvent,
    RiskForecasted,
    WarningScoreComputed,
)
from services.cli.accounting import stage
from services.embedded.system import System
from services.simulator.recorded import hour, opening
from services.watch.main import live_cards
from tests import live

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(240)]
PATIENTS, HOURS = 8, 12
NOTHING: Callable[[int], None] = lambda _: None  # noqa: E731 - a value, passed on


def told(
    system: System, prefix: str, start: datetime, between: Callable[[int], None] = NOTHING
) -> dict[int, list[tuple]]:
    """Publish the same stays under a prefix; what was computed for each patient because of an event, in order."""
    stays = live.synthetic_stays(prefix, PATIENTS, HOURS)
    live.publish(system, stays, start, between)
    keys = {live.key_of(system, stay.number): n for n, stay in enumerate(stays)}
    events = PATIENTS * HOURS

    def scores() -> int:
        found = live.by_patient(system, "risk", set(keys)).values()
        return sum(isinstance(w.event, WarningScoreComputed) for items in found for w in items)

    assert live.eventually(lambda: scores() >= events, 60), f"{scores()} of {events} events have a NEWS2"
    system_out: dict[int, list[tuple]] = {}
    for key, items in live.by_patient(system, "risk", set(keys)).items():
        system_out[keys[key]] = [_said(w) for w in items if w.envelope.cause.startswith("clinical/")]
    return system_out


def _said(item: live.Written) -> tuple:
    event = item.event
    if isinstance(event, RiskForecasted):
        return ("risk", (event.model, event.row), event.probability, event.features)
    if isinstance(event, WarningScoreComputed):
        return ("news2", event.total, event.lowest, event.highest, event.red)
    return (type(event).__name__,)


def alerts(system: System, prefix: str) -> dict[int, list[tuple]]:
    """Transitions of each patient's alerts, in order, without the times and ids that differ by patient."""
    keys = {live.key_of(system, f"{prefix}-{n}"): n for n in range(PATIENTS)}
    found = live.by_patient(system, "alerts", set(keys))
    return {
        keys[key]: [
            (type(w.event).__name__, w.event.kind, w.event.severity)
            for w in items
            # Receivers confirm in real time, the clock is a told one: the recount of the day holds what is said then.
            if isinstance(w.event, AlertEvent) and not isinstance(w.event, AlertNotified | AlertUnreached)
        ]
        for key, items in found.items()
    }


@pytest.fixture(scope="module")
def undisturbed(system: System, epochs: live.Epochs) -> tuple[dict[int, list[tuple]], dict[int, list[tuple]]]:
    """What the stays give when nothing fails."""
    said = told(system, "calm", epochs.next())
    assert live.eventually(lambda: bool(alerts(system, "calm")))
    return said, settled(system, "calm")


def settled(system: System, prefix: str) -> dict[int, list[tuple]]:
    """The alerts once alerting has read all that was computed: nothing behind, and nothing new for two seconds."""
    found = alerts(system, prefix)
    while True:
        assert live.eventually(lambda: stage(system, "alerting")["lag"] == 0, 60), "alerting stays behind"
        time.sleep(2)
        now = alerts(system, prefix)
        if now == found:
            return found
        found = now


def test_killed_services_and_an_emptied_redis_change_nothing(
    system: System, epochs: live.Epochs, undisturbed: tuple[dict[int, list[tuple]], dict[int, list[tuple]]]
) -> None:
    """After kill -9 of watch and of alerting and a flushed Redis: the same forecasts, event by event, and alerts."""
    said, raised = undisturbed
    total = PATIENTS * (HOURS + 2)

    def between(number: int) -> None:
        if number == total // 4:
            system.processes["watch"].kill()
        elif number == total // 2:
            system.processes["alerting"].kill()
        elif number == 3 * total // 4:
            redis.Redis.from_url(system.stack.redis.url).flushall()

    before = {name: system.processes[name].restarts for name in ("watch", "alerting")}
    again = told(system, "storm", epochs.next(), between)
    assert {n: system.processes[n].restarts - before[n] for n in before} == {"watch": 1, "alerting": 1}
    assert again == said
    assert live.eventually(lambda: alerts(system, "storm") == raised, 60), {
        patient: (got, raised.get(patient))
        for patient, got in alerts(system, "storm").items()
        if got != raised.get(patient)
    }
    twice = [w.event.id for topic in ("risk", "alerts") for w in live.written(system, topic)]
    assert len(twice) == len(set(twice))


def test_without_ray_news2_goes_on_and_forecasts_follow_late(
    system: System, epochs: live.Epochs, undisturbed: tuple[dict[int, list[tuple]], dict[int, list[tuple]]]
) -> None:
    """Ray's head killed: every event has a NEWS2 and a forecast or its miss; open stays one late forecast a model."""
    said, _ = undisturbed
    ray = system.stack.ray
    assert ray is not None
    total, start = PATIENTS * (HOURS + 2), epochs.next()
    sender, open_stays = live.publisher(system), live.synthetic_stays("open", 4, 3)

    def between(number: int) -> None:
        if number == PATIENTS:
            for stay in open_stays:
                sender.send(opening(stay, start), start)
        elif number == total // 3:
            ray.kill_head()
            for stay in open_stays:
                sender.send(hour(stay, 1, start)[1], start + live.HOUR / 2)

    again = told(system, "dark", start, between)
    for patient, expected in said.items():
        got = again[patient]
        assert [x for x in got if x[0] == "news2"] == [x for x in expected if x[0] == "news2"]
        answered = {x[1]: x for x in got if x[0] == "risk"}
        wanted = {x[1]: x for x in expected if x[0] == "risk"}
        assert all(wanted[row] == x for row, x in answered.items())
        assert len(answered) + sum(x[0] == "ForecastMissed" for x in got) == len(wanted)
    dark = _events(system, {live.key_of(system, f"dark-{n}") for n in range(PATIENTS)})
    assert any(isinstance(e, ForecastMissed) for e in dark), "the kill came too late to miss anything"
    keys = {live.key_of(system, stay.number) for stay in open_stays}
    owed = len(keys) * len(live_cards())
    assert sum(isinstance(e, ForecastMissed) for e in _events(system, keys)) >= owed

    def late() -> int:
        return sum(isinstance(e, RiskForecasted) and e.late for e in _events(system, keys))

    assert live.eventually(lambda: late() >= owed, 120), late()
    assert late() == owed
    assert live.eventually(lambda: not system.problems("watch")), system.problems("watch")


def _events(system: System, keys: set[str]) -> list[PatientEvent]:
    found = live.by_patient(system, "risk", keys).values()
    return [w.event for items in found for w in items if isinstance(w.event, PatientEvent)]
