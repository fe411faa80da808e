"""A patient who deteriorates: one alert for each kind, with its reasons, taken by a person, over when measured so."""

from datetime import timedelta
from functools import partial

import httpx
import pytest

from schemas.events import AlertAcknowledged, AlertEvent, AlertRaised, AlertResolved, RiskForecasted
from services.alerting.policy import Policy
from services.embedded.system import System
from tests import live
from tests.acceptance.given import BETWEEN, ILL, WELL, chart, inpatient, opening, score_at, septic_stay

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
STEP = timedelta(minutes=5)


def alerts_of(system: System, number: str) -> list[AlertEvent]:
    """Transitions of a patient's alerts, in order."""
    key = live.key_of(system, number)
    found = [w.event for w in live.by_patient(system, "alerts", {key})[key]]
    return [event for event in found if isinstance(event, AlertEvent)]


def test_raised_once_taken_by_a_person_and_resolved_by_measured_recovery(system: System, epochs: live.Epochs) -> None:
    """Three ill charts raise one NEWS2 alert; it ends at the second well chart in a row, not before."""
    start = epochs.next()
    who = inpatient(f"acc-alert-{start.year}", start)
    sender = live.publisher(system)
    assert sender.send(opening(who), start)
    for n, values in enumerate((WELL, ILL, ILL, ILL), start=1):
        assert sender.send(chart(who, start + n * STEP, values), start + n * STEP)

    def raised() -> list[AlertRaised]:
        return [e for e in alerts_of(system, who.mrn) if isinstance(e, AlertRaised) and e.kind == "news2"]

    assert live.eventually(lambda: bool(raised()), 20)
    alert = raised()[0]
    assert (alert.severity, alert.at) == ("red", start + 2 * STEP)
    assert "NEWS2 13" in alert.summary
    assert {e.value for e in alert.evidence} == {13.0, 28.0, 90.0, 88.0, 128.0, 39.4}
    key = live.key_of(system, who.mrn)
    causes = {w.event.id for w in live.by_patient(system, "risk", {key})[key]}
    assert alert.source in causes

    care = {"Authorization": f"Bearer {system.tokens['care']}"}
    address = f"{system.url('console')}/api/alerts/{alert.alert}/decisions"
    reader = {"Authorization": f"Bearer {system.tokens['simulator']}"}
    assert httpx.post(address, json={"decision": "acknowledge"}, headers=reader).status_code == 403

    def decided() -> bool:
        asked = {"decision": "acknowledge", "why": "on my way"}
        return httpx.post(address, json=asked, headers=care, timeout=10).status_code == 202

    assert live.eventually(decided, 20), "the console never showed the alert"

    def taken() -> list[AlertAcknowledged]:
        return [e for e in alerts_of(system, who.mrn) if isinstance(e, AlertAcknowledged)]

    assert live.eventually(lambda: bool(taken()), 20)
    assert [(e.alert, e.by, e.why) for e in taken()] == [(alert.alert, "care", "on my way")]

    for n, values in enumerate((WELL, BETWEEN, WELL, WELL, WELL), start=5):
        assert sender.send(chart(who, start + n * STEP, values), start + n * STEP)
    assert live.eventually(score_at(system, who.mrn, start + 9 * STEP), 20)

    def over() -> list[AlertResolved]:
        return [e for e in alerts_of(system, who.mrn) if isinstance(e, AlertResolved) and e.kind == "news2"]

    assert live.eventually(lambda: bool(over()), 20)
    assert [(e.alert, e.at) for e in over()] == [(alert.alert, start + 8 * STEP)]
    assert len(raised()) == 1


def test_septic_patients_have_one_alert_of_each_kind(system: System, epochs: live.Epochs) -> None:
    """Between raise and resolve there is no second raise; every raise tells its reasons; the model's too."""
    start = epochs.next()
    stays = [septic_stay(f"acc-septic-{start.year}"), septic_stay(f"acc-septic-{start.year}-late", onset=8)]
    live.publish(system, stays, start)
    numbers = {live.key_of(system, stay.number): stay.number for stay in stays}
    total = sum(len(stay.hours) for stay in stays)
    assert live.eventually(lambda: len(forecasts(system, set(numbers))) >= total, 30)
    rule = Policy().risks["sepsis"]
    for key, number in numbers.items():
        said = [f for f in forecasts(system, {key}) if f.mode == "live" and f.fresh]
        high = [f.probability >= max(rule.amber, f.threshold) for f in said]
        reached = any(all(high[n : n + rule.raise_after]) for n in range(len(high) - rule.raise_after + 1))
        assert reached, f"shock does not reach the model's level: {[round(f.probability, 3) for f in said]}"
        assert live.eventually(partial(both_kinds, system, number), 20)
        for kind in ("news2", "sepsis"):
            assert_raised_once([e for e in alerts_of(system, number) if e.kind == kind])


def forecasts(system: System, keys: set[str]) -> list[RiskForecasted]:
    """Forecasts of some patients."""
    found = live.by_patient(system, "risk", keys).values()
    events = [w.event for items in found for w in items]
    return [e for e in events if isinstance(e, RiskForecasted) and e.model == "sepsis"]


def both_kinds(system: System, number: str) -> bool:
    """Whether the score and the model have raised an alert for a patient."""
    return {"news2", "sepsis"} <= {e.kind for e in alerts_of(system, number) if isinstance(e, AlertRaised)}


def assert_raised_once(events: list[AlertEvent]) -> None:
    """Raise and resolve take turns; each raise has reasons and an id of its own."""
    turns = [e for e in events if isinstance(e, AlertRaised | AlertResolved)]
    assert [isinstance(e, AlertRaised) for e in turns] == [n % 2 == 0 for n in range(len(turns))]
    raised = [e for e in turns if isinstance(e, AlertRaised)]
    assert all(e.evidence and all(reason.text for reason in e.evidence) for e in raised)
    assert {e.alert for e in events} == {e.alert for e in raised}
    assert len({e.alert for e in raised}) == len(raised)
