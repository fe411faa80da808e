"""Watch and alerting in the stream loop on one log: whatever fails in between, the same is said, event by event."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ray_jobs.risk.factors import factors
from schemas.envelope import decode
from schemas.events import (
    AlertEscalated,
    AlertEvent,
    AlertHandedOver,
    AlertMerged,
    AlertRaised,
    AlertStanding,
    Event,
    ForecastExplained,
    ForecastMissed,
    PatientMerged,
    RiskForecasted,
    WarningScoreComputed,
)
from services.alerting.policy import Policy
from services.alerting.stage import AlertingStage
from services.runtime import stream, ticks
from services.runtime.errors import DependencyError, StaleWriter
from services.runtime.fake_log import FakeLog
from services.runtime.fakes import FakeInference, FakeObjectStore, FakeStateStore
from services.runtime.health import Health
from services.runtime.lanes import lanes
from services.runtime.outgoing import outgoing
from services.runtime.ports import Partition, Tensors, Worker
from services.runtime.stage import S, Stage
from services.runtime.stream import StreamLoop
from services.runtime.turn import Parts
from services.watch.stage import WatchStage
from tests.services.alerting.given import decided, maintenance, names
from tests.services.watch.given import CARD, COURSE_CARD, T0, registered, requested, stage, started, vitals

PARTITIONS = 2
Script = list[tuple[str, int, int]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls that do not wait, ticks without grace, a tick in every turn."""
    monkeypatch.setattr(stream, "POLL_S", 0.0)
    monkeypatch.setattr(ticks, "GRACE_S", 0.0)
    monkeypatch.setattr(ticks, "PERIOD_S", 0.0)


BOTH = (COURSE_CARD, CARD)
FACTORS = {card.name: len(factors(card.feature_set).names) for card in BOTH}


def model(name: str, tensors: Tensors) -> Tensors:
    """Higher with the last heart rate, the first feature of both models; everything is explained."""
    rows = np.nan_to_num(tensors["rows"].astype(np.float64))
    probability, told = np.clip(rows[:, 0] / 200, 0, 1), rows[:, : FACTORS[name]]
    return {
        "probability": probability, "explained": np.arange(len(rows)), "contributions": told,
        "without": np.repeat(probability[:, None] / 2, told.shape[1], axis=1),
    }  # fmt: skip


@dataclass
class HandClock:
    """A clock that the script sets."""

    instant: datetime = T0

    def now(self) -> datetime:
        """Where the script has set it."""
        return self.instant

    def told(self, instant: datetime) -> None:
        """Facts do not move it here."""


@dataclass
class Hospital:
    """Both services on one log, and the faults that a script asks for."""

    log: FakeLog = field(default_factory=lambda: FakeLog(PARTITIONS))
    store: FakeStateStore = field(default_factory=FakeStateStore)
    objects: FakeObjectStore = field(default_factory=FakeObjectStore)
    inference: FakeInference = field(default_factory=lambda: FakeInference(model))
    clock: HandClock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        self.watch = self.join(watching())
        self.alerting = self.join(AlertingStage(Policy()))
        for patient in range(3):
            self.tell(*(f.model_copy(update={"patient": f"patient-000{patient}"}) for f in (registered(), started())))

    def join(self, what: Stage[S]) -> tuple[StreamLoop[S], Worker]:
        """A fresh process."""
        parts = Parts(
            worker=lambda: self.log.worker(what.service, what.inputs), reader=self.log.reader, store=self.store,
            objects=self.objects, inference=self.inference, clock=self.clock, health=Health(what.service),
            partitions=PARTITIONS, site="main",
        )  # fmt: skip
        loop, worker = StreamLoop(what, parts), parts.worker()
        ticks.PERIOD_S = math.inf  # the turn in which it takes over its partitions is no moment of clinical time
        loop.turn(worker)
        ticks.PERIOD_S = 0.0
        return loop, worker

    def tell(self, *facts: Event) -> None:
        """Facts from the gateway."""
        self.log.append([outgoing(f, source="test", partitions=PARTITIONS) for f in facts])

    def turns(self) -> None:
        """A turn of each service."""
        self.clock.instant += timedelta(seconds=1)
        for name in ("watch", "alerting"):
            for _ in range(3):
                loop, worker = getattr(self, name)
                try:
                    loop.turn(worker)
                    break
                except (DependencyError, StaleWriter):
                    setattr(self, name, self.join(loop.stage))

    def said(self, *topics: str) -> list[Event]:
        """Everything in these topics."""
        return [
            decode(r.value, r.headers).event
            for topic in topics for number in range(PARTITIONS) for r in self.log.records[Partition(topic, number)]
        ]  # fmt: skip


def watching() -> WatchStage:
    """Both models live everywhere."""
    return stage('{"sepsis": {"*": "live"}, "deterioration": {"*": "live"}}', BOTH)


def played(script: Script, *, disturbed: bool) -> Hospital:
    """The script, with or without its faults."""
    hospital = Hospital()
    for n, (what, patient, value) in enumerate(script):
        if what == "vitals":
            at = hospital.clock.instant
            hospital.tell(vitals(at, patient=f"patient-000{patient}", known=at, heart_rate=value))
        elif what == "minutes":
            hospital.clock.instant += timedelta(minutes=value)
        elif what == "ray":
            hospital.inference.down = not hospital.inference.down
        elif what == "look":
            asked = requested(hospital.clock.instant, name=f"look-{n}")
            hospital.tell(asked.model_copy(update={"patient": f"patient-000{patient}"}))
        elif what == "turn":
            hospital.turns()
        elif disturbed:
            disturb(hospital, what)
    hospital.inference.down = hospital.store.down = False
    for _ in range(3):
        hospital.turns()
    return hospital


def disturb(hospital: Hospital, what: str) -> None:
    """One fault."""
    if what == "kill watch":
        hospital.watch = hospital.join(watching())
    elif what == "kill alerting":
        hospital.alerting = hospital.join(AlertingStage(Policy()))
    elif what == "flush":
        hospital.store.flush()
        hospital.watch = hospital.join(watching())
    else:
        hospital.store.down = not hospital.store.down


steps = st.one_of(
    st.tuples(st.just("vitals"), st.integers(0, 2), st.integers(60, 180)),
    st.tuples(st.just("minutes"), st.just(0), st.integers(1, 90)),
    st.tuples(
        st.sampled_from(["turn", "turn", "turn", "kill watch", "kill alerting", "flush", "redis", "ray"]), st.just(0),
        st.just(0),
    ),
    st.tuples(st.just("look"), st.integers(0, 2), st.just(0)),
)  # fmt: skip


@settings(max_examples=20)
@given(st.lists(steps, max_size=40))
def test_faults_change_nothing_that_is_said(script: Script) -> None:
    """Scores, forecasts, missed forecasts, context and alerts equal those of an undisturbed run."""
    calm, troubled = played(script, disturbed=False), played(script, disturbed=True)
    topics = ("risk", "alerts", "alert-state")
    assert troubled.said(*topics) == calm.said(*topics)


def test_both_models_reach_the_alerts_with_their_reasons() -> None:
    """Vital signs in, an alert a kind out, whose cause is what watch computed; the models' alerts name readings."""
    script = [("vitals", 1, 140), ("turn", 0, 0), ("minutes", 0, 5), ("vitals", 1, 145), ("turn", 0, 0)]
    hospital = played(script, disturbed=False)
    raised = [e for e in hospital.said("alerts") if isinstance(e, AlertRaised)]
    assert {e.kind: e.place.ward for e in raised} == {"news2": "5B", "sepsis": "5B", "deterioration": "5B"}
    summaries = {e.kind: e.summary for e in raised}
    assert summaries["sepsis"].startswith("Sepsis risk 72 % within 6 h: heart rate 140 /min")
    assert summaries["deterioration"].startswith("Deterioration risk 72 % (death in this hospital stay): ")
    scores = {e.id for e in hospital.said("risk") if isinstance(e, WarningScoreComputed | RiskForecasted)}
    assert {e.source for e in raised} <= scores


def test_who_looks_changes_no_alert() -> None:
    """Opening a page makes watch explain; alerts are raised as without it."""
    calm = [("vitals", 1, 100), ("turn", 0, 0), ("minutes", 0, 5), ("vitals", 1, 145), ("turn", 0, 0)]
    looked = [*calm[:2], ("look", 1, 0), ("turn", 0, 0), *calm[2:]]
    before, after = played(calm, disturbed=False), played(looked, disturbed=False)
    kinds = [[(type(e), e.kind) for e in h.said("alerts") if isinstance(e, AlertEvent)] for h in (before, after)]
    assert kinds[0] == kinds[1]
    explained = [e for e in after.said("risk") if isinstance(e, ForecastExplained) and e.why_now == "asked"]
    assert {e.model for e in explained} == {"deterioration", "sepsis"}


def test_a_merge_merges_the_alerts() -> None:
    """Both patients have one of each kind: those of the losing key end as merged, the survivor's stand, each once."""
    hospital = Hospital()
    for _ in range(2):
        for patient in (0, 1):
            at = hospital.clock.instant
            hospital.tell(vitals(at, patient=f"patient-000{patient}", known=at, heart_rate=140))
        hospital.turns()
        hospital.clock.instant += timedelta(minutes=5)
    at = hospital.clock.instant
    hospital.tell(PatientMerged(id="m", site="main", patient="patient-0000", known=at, into="patient-0001"))
    for _ in range(3):
        hospital.turns()
    standing = {e.key: e for e in hospital.said("alert-state") if isinstance(e, AlertStanding)}
    kinds = ["deterioration", "news2", "sepsis"]
    assert sorted((e.patient, e.kind) for e in standing.values() if e.alert) == [("patient-0001", k) for k in kinds]
    merged = [e for e in hospital.said("alerts") if isinstance(e, AlertMerged)]
    assert sorted(e.kind for e in merged) == kinds
    assert {(e.patient, e.into_patient) for e in merged} == {("patient-0000", "patient-0001")}
    raised = [(e.patient, e.kind) for e in hospital.said("alerts") if isinstance(e, AlertRaised)]
    assert sorted(raised) == [(f"patient-000{n}", k) for n in (0, 1) for k in kinds]


def test_a_merge_carries_who_took_it() -> None:
    """Only the losing patient had an alert, and a nurse had taken it: under the survivor it is taken, by the same."""
    hospital = Hospital()
    at = hospital.clock.instant
    hospital.tell(vitals(at, patient="patient-0000", known=at, heart_rate=140))
    hospital.turns()
    (alert,) = [e for e in hospital.said("alerts") if isinstance(e, AlertRaised) and e.kind == "news2"]
    at = hospital.clock.instant
    hospital.tell(decided(at, alert.alert, "acknowledge").model_copy(update={"patient": "patient-0000"}))
    hospital.turns()
    at = hospital.clock.instant
    hospital.tell(PatientMerged(id="m", site="main", patient="patient-0000", known=at, into="patient-0001"))
    for _ in range(4):
        hospital.turns()
    (standing,) = [
        e for e in hospital.said("alert-state")
        if isinstance(e, AlertStanding) and (e.patient, e.kind) == ("patient-0001", "news2")
    ][-1:]  # fmt: skip
    assert (standing.phase, standing.extra["by"]) == ("acknowledged", "nurse")
    handed = [e for e in hospital.said("decisions") if isinstance(e, AlertHandedOver)]
    assert [(e.origin, e.patient, e.taken_by) for e in handed] == [("patient-0000", "patient-0001", "nurse")]


def test_maintenance_holds_calls_and_its_early_end_makes_them() -> None:
    """Told on each partition's lane; alerting is killed in between; no fact about the patient is needed at its end."""
    hospital = Hospital()

    def said(*, until: datetime, ended: bool) -> None:
        word = maintenance(hospital.clock.instant, until, ended=ended)
        hospital.tell(*(word.model_copy(update={"lane": lane}) for lane in lanes("main", PARTITIONS)))

    said(until=hospital.clock.instant + timedelta(hours=3), ended=False)
    hospital.turns()
    disturb(hospital, "kill alerting")
    at = hospital.clock.instant
    hospital.tell(vitals(at, patient="patient-0002", known=at, heart_rate=140))
    hospital.turns()
    (alert,) = [e for e in hospital.said("alerts") if isinstance(e, AlertRaised) and e.kind == "news2"]
    assert alert.quiet_until == T0 + timedelta(hours=3)
    disturb(hospital, "kill alerting")
    ended = hospital.clock.instant
    said(until=ended, ended=True)
    for _ in range(3):
        hospital.turns()
    called = [e for e in hospital.said("alerts") if isinstance(e, AlertEscalated) and e.alert == alert.alert]
    assert [(e.at, e.quiet_until, e.role) for e in called] == [(ended, None, "bedside_nurse")]


def test_a_merge_loses_no_score() -> None:
    """Only the losing patient was ill: what was measured moves, and the survivor's NEWS2 alert is raised by it."""
    hospital = Hospital()
    at = hospital.clock.instant
    hospital.tell(vitals(at, patient="patient-0000", known=at, heart_rate=140))
    hospital.turns()
    at = hospital.clock.instant
    hospital.tell(PatientMerged(id="m", site="main", patient="patient-0000", known=at, into="patient-0001"))
    for _ in range(3):
        hospital.turns()
    told = {(names([e])[0], e.patient) for e in hospital.said("alerts") if isinstance(e, AlertEvent)}
    assert told == {("Raised", "patient-0000"), ("Merged", "patient-0000"), ("Raised", "patient-0001")}


def test_without_models_the_score_still_alerts() -> None:
    """Ray is down: forecasts are missed and recorded, NEWS2 raises its alert."""
    hospital = played([("ray", 0, 0), ("vitals", 2, 140), ("turn", 0, 0)], disturbed=False)
    assert [e.kind for e in hospital.said("alerts") if isinstance(e, AlertRaised)] == ["news2"]
    assert [e for e in hospital.said("risk") if isinstance(e, ForecastMissed)]
    late = [e for e in hospital.said("risk") if isinstance(e, RiskForecasted) and e.late]
    assert {e.patient for e in late} == {f"patient-000{n}" for n in range(3)}
