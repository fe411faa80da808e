"""Facts for the tests of alerting, and a driver that can be restarted from the standings it wrote."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from schemas.events import (
    AlertEvent,
    AlertStanding,
    DecisionMade,
    DeliveryMade,
    Event,
    Factor,
    ForecastExplained,
    ImagingFindingReported,
    MaintenanceDecided,
    MaintenanceStanding,
    PatientContextChanged,
    Place,
    RiskForecasted,
    ScoredParameter,
    WarningScoreComputed,
)
from schemas.events.alerts import Channel
from schemas.ids import digest
from services.alerting.cases import PatientCases
from services.alerting.policies import Policies
from services.alerting.policy import Policy
from services.alerting.stage import AlertingStage
from services.runtime.ports import Partition
from services.runtime.stage import Emit, Received, Ticked

T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PATIENT, SITE, KEY = "patient-0001", "main", "main/patient-0001"


def minutes(n: float) -> datetime:
    """So many minutes after the start."""
    return T0 + timedelta(minutes=n)


def score(
    at: datetime, total: int | None, *, lowest: int | None = None, highest: int | None = None, red: bool = False,
    fresh: bool = True,
) -> WarningScoreComputed:  # fmt: skip
    """A NEWS2."""
    low = total if lowest is None else lowest
    high = total if highest is None else highest
    assert low is not None
    assert high is not None
    parameters = (ScoredParameter(name="respiratory_rate", value=26, points=3, taken=at, reading="r1"),) if red else ()
    return WarningScoreComputed(
        id=digest("score", at, total, lowest, red), site=SITE, patient=PATIENT, known=at, as_of=at, score="NEWS2",
        total=total, lowest=low, highest=high, red=red, band=None, fresh=fresh, parameters=parameters,
    )  # fmt: skip


def forecast(
    at: datetime, probability: float, *, mode: Literal["silent", "live"] = "live", fresh: bool = True,
    model: Literal["sepsis", "deterioration"] = "sepsis", threshold: float = 0.02,
) -> RiskForecasted:  # fmt: skip
    """A forecast; deterioration's is to the end of the hospital stay."""
    return RiskForecasted(
        id=digest("forecast", model, at, probability), site=SITE, patient=PATIENT, known=at, as_of=at, model=model,
        version="1", mode=mode, horizon_hours=6 if model == "sepsis" else None, probability=probability,
        threshold=threshold, features="f", row=1, fresh=fresh,
    )  # fmt: skip


def explained(of: RiskForecasted) -> ForecastExplained:
    """Why: two readings raise it, age lowers it."""
    return ForecastExplained(
        id=digest("why", of.id), site=SITE, patient=PATIENT, known=of.known, as_of=of.as_of, model=of.model,
        version="1", mode=of.mode, forecast=of.id, probability=of.probability, factors=(
            Factor(feature="age", label="Age", value=30, unit="a", contribution=-1.0),
            Factor(feature="lactate", label="Lactate", value=4.2, unit="mmol/L", contribution=0.6),
            Factor(
                feature="respiratory_rate", label="Respiratory rate", value=28, unit="/min", trend_per_hour=2.1,
                contribution=0.9,
            ),
            Factor(feature="supplemental_oxygen", label="Supplemental oxygen", value=1, contribution=0.2),
        ),
    )  # fmt: skip


UNTOLD = Policy(unreached_after=None)
"""The shipped policy where nobody minds that no receiver confirms anything (test_delivered.py minds)."""


def with_policy(policies: Policies | Policy) -> "Driver":
    """A driver under this policy, its patient admitted to 5B at the start."""
    driver = Driver(AlertingStage(policies))
    driver.give(context(minutes(0)))
    return driver


def finding(at: datetime, probability: float = 0.8) -> ImagingFindingReported:
    """A chest film with something on it."""
    return ImagingFindingReported(
        id=digest("film", at), site=SITE, patient=PATIENT, known=at, study="1.2", instance="1.2.3", model="chest",
        version="1", mode="live", as_of=at, outcome="finding", label="pneumonia", probability=probability, source="i",
    )  # fmt: skip


def context(
    at: datetime, *, open_: bool = True, limit: Literal["full", "no_escalation", "palliative", "comfort"] = "full",
    ward: str = "5B", into: str | None = None, sepsis: datetime | None = None, treated: datetime | None = None,
) -> PatientContextChanged:  # fmt: skip
    """Where the patient is."""
    return PatientContextChanged(
        id=digest("context", at, open_, limit, ward, sepsis, treated), site=SITE, patient=PATIENT, known=at, as_of=at,
        open=open_, place=Place(ward=ward if open_ else None), care_limit=limit, merged_into=into, sepsis_since=sepsis,
        treated_since=treated, treated_last=treated,
    )  # fmt: skip


def delivered(at: datetime, call: AlertEvent, receiver: str = "pagers", channel: Channel = "webhook") -> DeliveryMade:
    """A receiver has a call."""
    return DeliveryMade(
        id=digest("delivery", call.id, receiver), site=SITE, patient=call.patient, known=at, alert=call.alert,
        transition=call.id, receiver=receiver, channel=channel, at=at,
    )  # fmt: skip


def maintenance(at: datetime, until: datetime, *, ward: str = "5B", ended: bool = False) -> MaintenanceDecided:
    """A person's word on a ward, as one partition hears it."""
    decision = digest("maintenance", at, until, ward, ended)
    return MaintenanceDecided(
        id=decision, decision=decision, site=SITE, known=at, lane="lane-0", ward=ward, at=at, until=until, ended=ended,
        by="technician", why="switches are replaced",
    )  # fmt: skip


Decision = Literal["acknowledge", "snooze", "resolve", "wrong", "override"]


def decided(at: datetime, alert: str, decision: Decision, until: datetime | None = None) -> DecisionMade:
    """A nurse's word."""
    return DecisionMade(
        id=digest("decision", at, alert, decision), site=SITE, patient=PATIENT, known=at, subject=alert, about="alert",
        decision=decision, by="nurse", why="seen", at=at, until=until,
    )  # fmt: skip


@dataclass
class Driver:
    """Gives facts and ticks to one patient's cases and keeps what was said."""

    stage: AlertingStage = field(default_factory=lambda: AlertingStage(UNTOLD))
    state: PatientCases | None = None
    lane: PatientCases | None = None
    said: list[Event] = field(default_factory=list)
    offset: int = 0

    def give(self, *facts: Event) -> list[AlertEvent]:
        """Fold facts in this order; the transitions they caused."""
        before = len(self.said)
        for fact in facts:
            self._step(Received(fact, Partition(fact.topic, 0), self.offset))
            self.offset += 1
        return [e for e in self.said[before:] if isinstance(e, AlertEvent)]

    def tick(self, at: datetime) -> list[AlertEvent]:
        """One tick, if any case wants one by then."""
        before = len(self.said)
        due = None if self.state is None else self.stage.due(self.state)
        if due is not None and due <= at:
            self._step(Ticked(at))
        return [e for e in self.said[before:] if isinstance(e, AlertEvent)]

    def restart(self) -> None:
        """Forget everything but the newest standing of each kind."""
        newest = {e.key: e for e in self.said if isinstance(e, AlertStanding)}
        lanes = [e for e in self.said if isinstance(e, MaintenanceStanding)]
        self.stage, self.state, self.lane = AlertingStage(self.stage.policies), None, None
        for lane in lanes[-1:]:
            self.lane, _ = self.stage.step(self.stage.start(lane.key), Received(lane, Partition("alert-state", 0), 0))
        for standing in newest.values():
            assert self.stage.key(standing) == KEY
            state = self.state or self.stage.start(KEY)
            self.state, effects = self.stage.step(state, Received(standing, Partition("alert-state", 0), 0))
            assert effects == ()

    def _step(self, given: Received | Ticked) -> None:
        if isinstance(given, Received) and (key := self.stage.key(given.event)) != KEY:
            self.lane, effects = self.stage.step(self.lane or self.stage.start(key), given)
        else:
            self.state, effects = self.stage.step(self.state or self.stage.start(KEY), given)
        assert all(isinstance(e, Emit) for e in effects)
        self.said.extend(e.event for e in effects if isinstance(e, Emit))


def names(events: Iterable[Event]) -> list[str]:
    """What happened, in short."""
    return [type(e).__name__.removeprefix("Alert") for e in events]
