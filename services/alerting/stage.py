"""What happens on each fact about a patient's alerts: the stage of topics `risk`, `findings` and `decisions`.

Its memory is the compacted topic `alert-state`: a case that changed is told in the same transaction as the transition.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from schemas.events import (
    AlertStanding,
    DecisionMade,
    Event,
    ForecastExplained,
    ImagingFindingReported,
    PatientContextChanged,
    RiskForecasted,
    WarningScoreComputed,
)
from schemas.events.alerts import Kind
from schemas.ids import digest
from services.alerting import combined, words
from services.alerting.case import Case, restored, standing
from services.alerting.machine import apply, heard, known_sepsis
from services.alerting.policies import Policies
from services.alerting.policy import Policy
from services.alerting.said import Happening
from services.alerting.signals import Measured, signal
from services.alerting.table import Input
from services.alerting.waiting import first, happened
from services.runtime.stage import Effect, Emit, Given, Received, Ticked

KEPT: Final = timedelta(days=7)
_WORDS: Final[dict[str, Input]] = {
    "acknowledge": "acknowledge", "snooze": "snooze", "resolve": "dismiss", "wrong": "dismiss", "override": "dismiss",
}  # fmt: skip


@dataclass(slots=True)
class PatientCases:
    """The cases of one patient."""

    site: str
    patient: str
    cases: dict[Kind, Case]
    changed: datetime | None = None
    left: bool = False
    told: dict[Kind, Case] = field(default_factory=dict)
    """The cases as they stand in `alert-state`."""


class AlertingStage:
    """The core of alerting."""

    service: str = "alerting"
    inputs: tuple[str, ...] = ("decisions", "findings", "risk")
    memory: str | None = "alert-state"

    def __init__(self, policies: Policies | Policy) -> None:
        """One policy for every ward, or one for each."""
        self._policies = policies if isinstance(policies, Policies) else Policies(policies)

    def key(self, event: Event) -> str:
        """Site and patient; a standing's own key also names its kind."""
        return f"{event.site}/{event.patient}" if isinstance(event, AlertStanding) else event.key

    def start(self, key: str) -> PatientCases:
        """A patient of whom no alert was ever heard."""
        site, _, patient = key.partition("/")
        cases: dict[Kind, Case] = {kind: Case(kind) for kind in self._policies.everywhere.kinds}
        return PatientCases(site, patient, cases, told=dict(cases))

    def step(self, state: PatientCases, given: Given) -> tuple[PatientCases, tuple[Effect, ...]]:
        """Fold one fact or one tick."""
        if isinstance(given, Received) and isinstance(given.event, AlertStanding):
            case = restored(given.event)
            state.cases[case.kind] = state.told[case.kind] = case
            state.changed = max(state.changed or given.event.known, given.event.known)
            return state, ()
        at = given.at if isinstance(given, Ticked) else given.event.known
        # What was due before this fact was known comes first, whether or not a tick has said so in between.
        said = self._elapse(state, at)
        if isinstance(given, Ticked):
            state.left = _finished(state) and state.changed is not None and at >= state.changed + KEPT
        else:
            said += self._fact(state, given.event, given.cause)
        return state, (*said, *self._standings(state, at, given.cause))

    def _policy(self, state: PatientCases, kind: Kind) -> Policy:
        """The policy of the ward where the patient lies."""
        return self._policies.of(state.site, state.cases[kind].place.ward)

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
            self._explained(state, event)
        elif isinstance(event, PatientContextChanged):
            return self._context(state, event, cause)
        elif isinstance(event, DecisionMade):
            return self._decision(state, event, cause)
        elif isinstance(event, RiskForecasted | WarningScoreComputed | ImagingFindingReported):
            return self._measured(state, event, cause)
        return []

    def _measured(self, state: PatientCases, event: Measured, cause: str) -> list[Emit]:
        """A measurement: what it means by itself, and what together with others."""
        policy = self._policies.of(state.site, next(iter(state.cases.values())).place.ward)
        if policy.combinations:
            state.cases = {kind: combined.remembered(case, event, policy) for kind, case in state.cases.items()}
        meant = signal(event, policy, _because(state, event))
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

    def _explained(self, state: PatientCases, event: ForecastExplained) -> None:
        """Keep the reasons of a live model: alerts are told with them, also those of the forecasts that follow."""
        for kind, case in state.cases.items():
            newer = case.explained is None or event.as_of >= case.explained
            if kind == event.model and event.mode == "live" and newer:
                state.cases[kind] = replace(case, because=words.factors(event.factors), explained=event.as_of)

    def _context(self, state: PatientCases, event: PatientContextChanged, cause: str) -> list[Emit]:
        said: list[Emit] = []
        state.changed = max(state.changed or event.known, event.known)
        for kind, case in state.cases.items():
            here = "here" if event.open else "left" if case.whereabouts == "here" else case.whereabouts
            state.cases[kind] = replace(
                case, place=event.place if event.open else case.place, limit=event.care_limit,
                sepsis_since=event.sepsis_since, whereabouts=here, seen=() if here == "left" else case.seen,
            )  # fmt: skip
            for what in self._meant(state, kind, event, cause, before=case.place.ward):
                said += self._apply(state, kind, what)
        return said

    def _meant(
        self, state: PatientCases, kind: Kind, event: PatientContextChanged, cause: str, *, before: str | None
    ) -> Iterator[Happening]:
        """What a new context means for one kind: end or move, then what limits it."""
        case, policy = state.cases[kind], self._policy(state, kind)
        ward = case.place.ward
        if event.merged_into is not None:
            yield Happening("merged", event.as_of, cause, into=event.merged_into)
        elif case.whereabouts == "left":
            yield Happening("left", event.as_of, cause, reason="the stay has ended")
        elif policy.tell_on_transfer and before is not None and ward is not None and before != ward:
            reason = f"moved from {before} to {ward}: {case.summary}"
            yield Happening("moved", event.as_of, cause, reason=reason, told=event.known)
        if event.care_limit in policy.suppressing_limits:
            yield Happening("limited", event.as_of, cause, reason=f"care limit: {event.care_limit}")
        elif not known_sepsis(case, policy, event.as_of):
            yield Happening("released", event.as_of, cause)

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
        if _finished(state) and state.changed is not None:
            due.append(state.changed + KEPT)
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


def _because(state: PatientCases, event: Event) -> str:
    """The reasons that still hold for a forecast; how much older they are is said."""
    case = next((c for k, c in state.cases.items() if isinstance(event, RiskForecasted) and k == event.model), None)
    if case is None or not case.because or case.explained is None or not isinstance(event, RiskForecasted):
        return ""
    age = event.as_of - case.explained
    if not timedelta(0) <= age <= words.REASONS_HOLD:
        return ""
    minutes = age // timedelta(minutes=1)
    return f"{case.because} (reasons {minutes} min older)" if minutes else case.because


def _finished(state: PatientCases) -> bool:
    return all(c.phase == "resolved" and c.whereabouts != "here" for c in state.cases.values())
