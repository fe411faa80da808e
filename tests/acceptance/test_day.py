"""A day on the wards with faults: raised, escalated, taken and delivered are what a recount from the log says."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import redis

from schemas.events import (
    AlertAcknowledged,
    AlertEvent,
    AlertNotified,
    AlertUnreached,
    DecisionMade,
    DeliveryMade,
    WarningScoreComputed,
)
from schemas.events.risk import RiskEvent
from services.cli.accounting import stage
from services.embedded.system import System
from services.simulator.recorded import told
from tests import live
from tests.acceptance.recount import Said, level, recount, wrong_words
from tests.fakes.webhook import FakeReceiver

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(400)]
PATIENTS, HOURS, LEAVING = 10, 24, 4
TAKEN_AT = (8, 13, 20)
"""Hours in which the care team takes every second alert that it sees unanswered."""
KINDS = ("news2", "sepsis")
WORDS = (AlertNotified, AlertUnreached)
"""What is said of a call's delivery: no transition of where the alert stands, and told to no webhook by default."""


def test_a_day_with_faults_is_what_a_recount_says(system: System, receiver: FakeReceiver, epochs: live.Epochs) -> None:
    """24 hours, 10 patients; processes killed, Redis emptied, the receiver down: log, board and receiver agree."""
    start = epochs.next()
    stays = live.synthetic_stays(f"day-{start.year}", PATIENTS, HOURS, seed=7)
    staying = {stay.number for stay in stays[LEAVING:]}
    sender = live.publisher(system)
    last = start + timedelta(hours=HOURS)
    hour, mine = 0, dict[str, str]()
    for at, stay, resources in told(stays, start):
        if at == last and stay.number in staying:
            continue
        if at > start and not mine:
            mine = {live.key_of(system, one.number): one.number for one in stays}
        while hour < (at - start) / live.HOUR:
            hour += 1
            disturb(system, receiver, hour)
            if hour in TAKEN_AT:
                take(system, set(mine))
        assert sender.send(resources, at)
    end = last + timedelta(minutes=20)
    live.publish(system, live.synthetic_stays(f"clock-{start.year}", 1, 1), end)  # the clock goes on for everybody
    assert live.eventually(lambda: scored(system, set(mine)) == PATIENTS * HOURS, 60), "not every chart has its NEWS2"
    assert live.eventually(lambda: caught_up(system, "alerting"), 60)
    expected = {key: counted(system, key, key in leavers(mine, staying), last, end) for key in mine}

    def said() -> dict[str, dict[str, list[Said]]]:
        found = transitions(system, set(mine), end)
        return {key: {kind: found[key, kind] for kind in KINDS} for key in mine}

    assert live.eventually(lambda: said() == expected, 60), differences(said(), expected)
    names = [name for kinds in expected.values() for events in kinds.values() for name, _, _ in events]
    assert {"AlertRaised", "AlertEscalated", "AlertAcknowledged", "AlertResolved"} <= set(names)
    matches = live.eventually(lambda: not confirmed(system, set(mine), end), 60)
    assert matches, "\n".join(confirmed(system, set(mine), end))
    log = [
        w.event.id
        for items in live.by_patient(system, "alerts", set(mine)).values()
        for w in items
        if not isinstance(w.event, WORDS)
    ]
    assert live.eventually(lambda: set(log) <= set(receiver.keys()), 60), "the receiver misses some"
    assert in_order(receiver, log)
    standing = {(key, kind) for key, kinds in expected.items() for kind, events in kinds.items() if stands(events)}
    assert live.eventually(lambda: on_board(system, set(mine)) == standing, 30)


def disturb(system: System, receiver: FakeReceiver, hour: int) -> None:
    """What goes wrong in the hour that begins."""
    match hour:
        case 4 | 9 | 15 | 18 | 21:
            name = {4: "alerting", 9: "watch", 15: "outlets", 18: "console", 21: "alerting"}[hour]
            system.processes[name].kill()
        case 6:
            redis.Redis.from_url(system.stack.redis.url).flushall()
        case 12:
            receiver.stop()
        case 17:
            receiver.start()
        case _:
            pass


def take(system: System, mine: set[str]) -> None:
    """The care team acknowledges every second alert of the board, as a person would: after it was shown."""
    assert live.eventually(lambda: all(caught_up(system, name) for name in ("watch", "alerting", "console")), 60)
    care = {"Authorization": f"Bearer {system.tokens['care']}"}
    shown = [alert for row in rows(system) if row["key"] in mine for alert in row["alerts"]]
    chosen = sorted(alert["id"] for alert in shown if alert["phase"] == "raised" and alert["pending"] is None)[::2]
    for alert in chosen:
        address = f"{system.url('console')}/api/alerts/{alert}/decisions"
        assert httpx.post(address, json={"decision": "acknowledge"}, headers=care, timeout=10).status_code == 202

    def taken() -> bool:
        found = live.by_patient(system, "alerts", mine).values()
        return set(chosen) <= {
            w.event.alert for items in found for w in items if isinstance(w.event, AlertAcknowledged)
        }

    assert live.eventually(taken, 30), "a decision had no effect"


def caught_up(system: System, name: str) -> bool:
    """Whether a service answers and has read everything; not while it comes back from being killed."""
    try:
        now = stage(system, name)
    except httpx.HTTPError:
        return False
    return now["count"] > 0 and now["lag"] == 0


def scored(system: System, mine: set[str]) -> int:
    """How many charts of these patients have a NEWS2."""
    found = live.by_patient(system, "risk", mine).values()
    return sum(isinstance(w.event, WarningScoreComputed) for items in found for w in items)


def counted(system: System, key: str, left: bool, last: datetime, end: datetime) -> dict[str, list[Said]]:
    """What the recount says of a patient: measurements from `risk`, people's word from `decisions`."""
    happened: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for item in live.by_patient(system, "risk", {key})[key]:
        event = item.event
        if isinstance(event, RiskEvent) and (found := level(event)) is not None:
            happened[found[0]].append((event.as_of, found[1]))
    kinds = {
        w.event.alert: w.event.kind
        for w in live.by_patient(system, "alerts", {key})[key]
        if isinstance(w.event, AlertEvent)
    }
    for item in live.by_patient(system, "decisions", {key})[key]:
        if isinstance(item.event, DecisionMade) and item.event.about == "alert":
            happened[kinds[item.event.subject]].append((item.event.at, "taken"))
    return {kind: recount(kind, happened[kind] + [(last, "left")] * left, end).said for kind in KINDS}


def transitions(system: System, mine: set[str], end: datetime) -> dict[tuple[str, str], list[Said]]:
    """What alerting said, by patient and kind, up to an instant."""
    found: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for key, items in live.by_patient(system, "alerts", mine).items():
        for item in items:
            event = item.event
            if isinstance(event, AlertEvent) and not isinstance(event, WORDS) and event.at <= end:
                found[key, event.kind].append((type(event).__name__, event.severity, event.at))
    return found


def confirmed(system: System, mine: set[str], end: datetime) -> list[str]:
    """Where what the authority said of deliveries is not what the outlets told the log."""
    delivered = live.by_patient(system, "deliveries", mine)
    wrong: list[str] = []
    some = False
    for key, items in live.by_patient(system, "alerts", mine).items():
        alerts: dict[str, list[AlertEvent]] = defaultdict(list)
        for item in items:
            if isinstance(item.event, AlertEvent):
                alerts[item.event.alert].append(item.event)
        told = [w.event for w in delivered[key] if isinstance(w.event, DeliveryMade)]
        some |= any(isinstance(e, AlertNotified) for said in alerts.values() for e in said)
        for said in alerts.values():
            wrong += wrong_words(said, told, end)
    return wrong if some else ["nothing was ever told as delivered"]


def leavers(mine: dict[str, str], staying: set[str]) -> set[str]:
    """Keys of the patients who were discharged."""
    return {key for key, number in mine.items() if number not in staying}


def stands(events: list[Said]) -> bool:
    """Whether an alert is open after these."""
    return bool(events) and events[-1][0] != "AlertResolved"


def rows(system: System) -> Iterator[dict[str, Any]]:
    """The board as the care team has it."""
    care = {"Authorization": f"Bearer {system.tokens['care']}"}

    def answered() -> bool:
        try:
            return httpx.get(f"{system.url('console')}/api/board", headers=care, timeout=10).status_code == 200
        except httpx.HTTPError:  # it was killed, and comes back
            return False

    assert live.eventually(answered, 60)
    yield from httpx.get(f"{system.url('console')}/api/board", headers=care, timeout=10).json()["rows"]


def on_board(system: System, mine: set[str]) -> set[tuple[str, str]]:
    """Patient and kind of every alert that the board shows as open."""
    found = [(row["key"], a) for row in rows(system) if row["key"] in mine for a in row["alerts"]]
    return {(key, a["kind"]) for key, a in found if a["phase"] in {"raised", "acknowledged", "stale"}}


def in_order(receiver: FakeReceiver, log: list[str]) -> bool:
    """Whether the first arrivals of each alert's transitions came in the order of the log."""
    alert_of = {one.headers["webhook-id"]: json.loads(one.body)["alert"] for one in receiver.received}
    wanted, got = defaultdict(list), defaultdict(list)
    for key in log:
        wanted[alert_of[key]].append(key)
    for key in receiver.keys():  # noqa: SIM118 - a method of the receiver
        got[alert_of[key]].append(key)
    return all(got[alert] == keys for alert, keys in wanted.items())


def differences(got: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Where the two accounts differ, to be read by a person."""
    return "\n".join(
        f"{key} {kind}:\n  said   {got[key][kind]}\n  recount {wanted[key][kind]}"
        for key in wanted
        for kind in KINDS
        if got[key][kind] != wanted[key][kind]
    )
