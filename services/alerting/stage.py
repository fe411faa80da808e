"""What happens on each fact about a patient's alerts: the stage of `risk`, `findings`, `decisions` and `deliveries`.

Its memory is the compacted topic `alert-state`: a case that changed is told in the same transaction as the transition.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from schemas.events import (
    AlertHandedOver,
    AlertStanding,
    DecisionMade,
    DeliveryMade,
    Event,
    ForecastExplained,
    ImagingFindingReported,
    MaintenanceDecided,
    MaintenanceStanding,
    PatientContextChanged,
    RiskForecasted,
    WarningScoreComputed,
)
from schemas.events.alerts import Kind
from schemas.ids import digest
from services.alerting import combined, handover, maintenance
from services.alerting.because import because, explained
from services.alerting.case import Case, restored, standing
from services.alerting.cases import PatientCases, finished
from services.alerting.context import meant
from services.alerting.machine import apply, heard
from services.alerting.policies import Policies
from services.alerting.policy import Policy
from services.alerting.said import Confirmed, Happening
from services.alerting.signals import Measured, signal
from services.alerting.table import Input
from services.alerting.waiting import first, happened
from services.runtime.stage import Effect, Emit, Given, Received, Ticked

KEPT: Final = timedelta(days=7)
LANE: Final = "lane-"
"""Begins the key of what is told to a whole partition (`services.runtime.lanes`)."""
_WORDS: Final[dict[str, Input]] = {
    "acknowledge": "acknowledge", "snooze": "snooze", "resolve": "dismiss", "wrong": "dismiss", "override": "dismiss",
}  # fmt: skip


class AlertingStage:
    """The core of alerting."""

    service: str = "alerting"
    inputs: tuple[str, ...] = ("decisions", "deliveries", "findings", "risk")
    memory: str | None = "alert-state"

    def __init__(self, policies: Policies | Policy) -> None:
        """One policy for every ward, or one for each."""
        self.policies = policies if isinstance(policies, Policies) else Policies(policies)
        self._windows = maintenance.Windows()

    def key(self, event: Event) -> str:
        """Site and patient; a standing's own key also names its kind."""
        return f"{event.site}/{event.patient}" if isinstance(event, AlertStanding) else event.key

    def start(self, key: str) -> PatientCases:
        """A patient of whom no alert was ever heard."""
        site, _, patient = key.partition("/")
        kinds = () if patient.startswith(LANE) else self.policies.everywhere.kinds
        cases: dict[Kind, Case] = {kind: Case(kind) for kind in kinds}
        return PatientCases(site, patient, cases, told=dict(cases))

    def step(self, state: PatientCases, given: Given) -> tuple[PatientCases, tuple[Effect, ...]]:
        """Fold one fact or one tick."""
        if isinstance(given, Received):
            state.number = given.partition.number
            if isinstance(given.event, AlertStanding):
                self._restore(state, given.event)
                return state, ()
            if isinstance(given.event, MaintenanceDecided | MaintenanceStanding):
                return state, tuple(self._maintain(state, given.event, given.cause))
        at = given.at if isinstance(given, Ticked) else given.event.known
        # What was due before this fact was known comes first, whether or not a tick has said so in between.
        said = self._elapse(state, at)
        if isinstance(given, Ticked):
            state.left = finished(state) and state.changed is not None and at >= state.changed + KEPT
        else:
            said += self._fact(state, given.event, given.cause)
        return state, (*said, *self._standings(state, at, given.cause))

    def _restore(self, state: PatientCases, event: AlertStanding) -> None:
        case = restored(event)
        state.cases[case.kind] = state.told[case.kind] = case
        state.changed = max(state.changed or event.known, event.known)

    def _maintain(self, lane: PatientCases, event: MaintenanceDecided | MaintenanceStanding, cause: str) -> list[Emit]:
        """What a site's partition is told of maintenance: a person's word, or what it knew before a restart."""
        if isinstance(event, MaintenanceStanding):
            lane.windows = event.windows
        else:
            lane.windows = maintenance.decided(lane.windows, event)
        self._windows.keep(lane)
        return [Emit(maintenance.standing(lane, event.known, cause))] if isinstance(event, MaintenanceDecided) else []

    def _policy(self, state: PatientCases, kind: Kind) -> Policy:
        """The policy of the ward where the patient lies, with what people decided of its maintenance."""
        ward = state.cases[kind].place.ward
        windows = self._windows.of(state.number, state.site, ward)
        return maintenance.under(self.policies.of(state.site, ward), windows)

    def _elapse(self, state: PatientCases, until: datetime) -> list[Emit]:
        """Every deadline up to an instant, in the order of their instants; one may lead to the next."""
        said: list[Emit] = []
        while (due := self._first(state)) is not None and due[0] <= until:
            at, kind, given = due
            said += self._apply(state, kind, happened(state.cases[kind], at, given, self._policy(state, kind)))
        return said

    def _first(self, state: PatientCases) -> tuple[datetime, Kind, Input] | None:
        found = [
            (due[0], kind, due[1])
            for kind, case in state.cases.items()
            if case.alert is not None and (due := first(case, self._policy(state, kind))) is not None
        ]
        return min(found, key=lambda item: item[0], default=None)

    def _fact(self, state: PatientCases, event: Event, cause: str) -> list[Emit]:
        if isinstance(event, ForecastExplained):
            state.cases = explained(state.cases, event)
        elif isinstance(event, PatientContextChanged):
            return self._context(state, event, cause)
        elif isinstance(event, DecisionMade):
            return self._decision(state, event, cause)
        elif isinstance(event, DeliveryMade):
            return self._delivered(state, event, cause)
        elif isinstance(event, AlertHandedOver):
            return self._handed_over(state, event, cause)
        elif isinstance(event, RiskForecasted | WarningScoreComputed | ImagingFindingReported):
            return self._measured(state, event, cause)
        return []

    def _measured(self, state: PatientCases, event: Measured, cause: str) -> list[Emit]:
        """A measurement: what it means by itself, and what together with others."""
        policy = self.policies.of(state.site, next(iter(state.cases.values())).place.ward)
        if policy.combinations:
            state.cases = {kind: combined.remembered(case, event, policy) for kind, case in state.cases.items()}
        meant = signal(event, policy, because(state.cases, event))
        signals = [] if meant is None else [meant]
        if policy.combinations:
            signals = [combined.strengthened(one, state.cases[one.kind], policy) for one in signals]
            own = None if meant is None else meant.kind
            signals += combined.others(event, iter(state.cases.values()), policy, own)
        said: list[Emit] = []
        for one in signals:
            state.cases[one.kind], what = heard(state.cases[one.kind], one, policy, cause)
            said += self._apply(state, one.kind, what)
        return said

    def _context(self, state: PatientCases, event: PatientContextChanged, cause: str) -> list[Emit]:
        said: list[Emit] = []
        state.changed = max(state.changed or event.known, event.known)
        for kind, case in state.cases.items():
            here = "here" if event.open else "left" if case.whereabouts == "here" else case.whereabouts
            handed = handover.handed_over(case, event, cause)
            said += [] if handed is None else [Emit(handed)]
            state.cases[kind] = replace(
                case, place=event.place if event.open else case.place, limit=event.care_limit,
                sepsis_since=event.sepsis_since, treated_since=event.treated_since, treated_last=event.treated_last,
                whereabouts=here, seen=() if here == "left" else case.seen,
            )  # fmt: skip
            for what in meant(state.cases[kind], self._policy(state, kind), event, cause, before=case.place.ward):
                said += self._apply(state, kind, what)
        return said

    def _decision(self, state: PatientCases, event: DecisionMade, cause: str) -> list[Emit]:
        given = _WORDS.get(event.decision)
        kind = next((k for k, c in state.cases.items() if c.alert == event.subject), None)
        if event.about != "alert" or given is None or kind is None:
            return []
        policy = self._policy(state, kind)
        until = min(event.until or event.at + policy.snooze, event.at + policy.snooze_at_most)
        reason = f"{event.decision}: {event.why}" if given == "dismiss" else event.why
        return self._apply(
            state, kind, Happening(given, event.at, cause, reason=reason[:1000], by=event.by, until=until)
        )

    def _delivered(self, state: PatientCases, event: DeliveryMade, cause: str) -> list[Emit]:
        """A receiver has a call: told once for each, by the first one that counts on this ward."""
        kind = next((k for k, c in state.cases.items() if event.transition in c.awaiting), None)
        if kind is None or event.channel not in self._policy(state, kind).reached_by:
            return []
        confirmed = Confirmed(event.transition, event.receiver, event.channel, event.role, event.at)
        at = max(event.at, state.cases[kind].changed or event.at)
        # By the call, not by the receiver's record: whichever is first, there is one such event.
        return self._apply(state, kind, Happening("delivered", at, f"call/{event.transition}", confirmed=confirmed))

    def _handed_over(self, state: PatientCases, event: AlertHandedOver, cause: str) -> list[Emit]:
        kind = event.standing.kind
        if kind not in state.cases:
            return []
        policy, case = self._policy(state, kind), handover.received(state.cases[kind], event)
        state.cases[kind], said = case, list[Emit]()
        for what in handover.happenings(case, event, policy, cause):
            said += self._apply(state, kind, what)
        return said

    def _apply(self, state: PatientCases, kind: Kind, what: Happening | None) -> list[Emit]:
        if what is None:
            return []
        policy = self._policy(state, kind)
        state.cases[kind], event = apply(state.cases[kind], what, state.site, state.patient, policy)
        return [] if event is None else [Emit(event)]

    def _standings(self, state: PatientCases, at: datetime, cause: str) -> list[Emit]:
        """Cases that are not as they stand in `alert-state`: only then is there anything to write at all."""
        said: list[Emit] = []
        for kind in state.cases:
            case = state.cases[kind]
            if case is state.told[kind] or case == state.told[kind]:
                continue
            case = state.cases[kind] = state.told[kind] = replace(case, changed=case.changed or at)
            state.changed = max(state.changed or at, at)
            id_ = digest("AlertStanding", state.site, state.patient, kind, cause)
            said.append(Emit(standing(case, id_=id_, site=state.site, patient=state.patient, known=at)))
        return said

    def due(self, state: PatientCases) -> datetime | None:
        """The next deadline of any case, or the moment to be forgotten."""
        if state.left:
            return None
        next_due = self._first(state)
        due = [] if next_due is None else [next_due[0]]
        if finished(state) and state.changed is not None:
            due.append(state.changed + KEPT)
        # A call that a person's maintenance holds is looked at with every tick: it may have been ended.
        due += [
            c.told for c in state.cases.values()
            if c.held and c.told and self._windows.of(state.number, state.site, c.place.ward)
        ]  # fmt: skip
        return min(due, default=None)

    def spent(self, state: PatientCases) -> bool:
        """A week after the patient left and the last alert was resolved."""
        return state.left

    def pack(self, state: PatientCases) -> bytes:
        """The state lies in its own topic."""
        raise AssertionError(state.patient)

    def unpack(self, content: bytes) -> PatientCases:
        """The state lies in its own topic."""
        raise AssertionError(content)
