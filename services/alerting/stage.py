"""What happens on each fact about a patient's alerts: the stage of topics `risk`, `findings` and `decisions`.

Its memory is the compacted topic `alert-state`: a case that changed is told in the same transaction as the transition.
"""

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
from services.alerting import words
from services.alerting.case import Case, restored, standing
from services.alerting.machine import Happening, apply, deadlines, heard, passed
from services.alerting.policy import Policy
from services.alerting.signals import signal
from services.alerting.table import Input
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

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def key(self, event: Event) -> str:
        """Site and patient; a standing's own key also names its kind."""
        return f"{event.site}/{event.patient}" if isinstance(event, AlertStanding) else event.key

    def start(self, key: str) -> PatientCases:
        """A patient of whom no alert was ever heard."""
        site, _, patient = key.partition("/")
        cases: dict[Kind, Case] = {kind: Case(kind) for kind in self._policy.kinds}
        return PatientCases(site, patient, cases, told=dict(cases))

    def step(self, state: PatientCases, given: Given) -> tuple[PatientCases, tuple[Effect, ...]]:
        """Fold one fact or one tick."""
        if isinstance(given, Received) and isinstance(given.event, AlertStanding):
            case = restored(given.event)
            state.cases[case.kind] = state.told[case.kind] = case
            state.changed = max(state.changed or given.event.known, given.event.known)
            return state, ()
        at = given.at if isinstance(given, Ticked) else given.event.known
        alerts = self._tick(state, given) if isinstance(given, Ticked) else self._fact(state, given.event, given.cause)
        return state, (*alerts, *self._standings(state, at, given.cause))

    def _fact(self, state: PatientCases, event: Event, cause: str) -> list[Emit]:
        if isinstance(event, ForecastExplained):
            self._explained(state, event)
        elif isinstance(event, PatientContextChanged):
            return self._context(state, event, cause)
        elif isinstance(event, DecisionMade):
            return self._decision(state, event, cause)
        elif isinstance(event, RiskForecasted | WarningScoreComputed | ImagingFindingReported):
            meant = signal(event, self._policy, _because(state, event))
            if meant is not None:
                state.cases[meant.kind], what = heard(state.cases[meant.kind], meant, self._policy, cause)
                return self._apply(state, meant.kind, what)
        return []

    def _explained(self, state: PatientCases, event: ForecastExplained) -> None:
        """Keep the reasons of a live model: alerts are told with them, also those of the forecasts that follow."""
        for kind, case in state.cases.items():
            newer = case.explained is None or event.as_of >= case.explained
            if kind == event.model and event.mode == "live" and newer:
                state.cases[kind] = replace(case, because=words.factors(event.factors), explained=event.as_of)

    def _tick(self, state: PatientCases, tick: Ticked) -> list[Emit]:
        said: list[Emit] = []
        for kind in state.cases:
            # One instant can be the end of a snooze and of patience: all that time amounts to is told in this tick.
            while what := passed(state.cases[kind], tick.at, self._policy, tick.cause):
                said += self._apply(state, kind, what)
        state.left = _finished(state) and state.changed is not None and tick.at >= state.changed + KEPT
        return said

    def _context(self, state: PatientCases, event: PatientContextChanged, cause: str) -> list[Emit]:
        said: list[Emit] = []
        state.changed = max(state.changed or event.known, event.known)
        limited = event.care_limit in self._policy.suppressing_limits
        for kind, case in state.cases.items():
            here = "here" if event.open else "left" if case.whereabouts == "here" else case.whereabouts
            state.cases[kind] = replace(
                case, place=event.place if event.open else case.place, limit=event.care_limit, whereabouts=here
            )
            happenings: list[Happening] = []
            if event.merged_into is not None:
                happenings.append(Happening("merged", event.as_of, cause, into=event.merged_into))
            elif here == "left":
                happenings.append(Happening("left", event.as_of, cause, reason="the stay has ended"))
            if limited:
                happenings.append(Happening("limited", event.as_of, cause, reason=f"care limit: {event.care_limit}"))
            else:
                happenings.append(Happening("released", event.as_of, cause))
            for what in happenings:
                said += self._apply(state, kind, what)
        return said

    def _decision(self, state: PatientCases, event: DecisionMade, cause: str) -> list[Emit]:
        given = _WORDS.get(event.decision)
        kind = next((k for k, c in state.cases.items() if c.alert == event.subject), None)
        if event.about != "alert" or given is None or kind is None:
            return []
        policy = self._policy
        until = min(event.until or event.at + policy.snooze, event.at + policy.snooze_at_most)
        reason = f"{event.decision}: {event.why}" if given == "dismiss" else event.why
        return self._apply(
            state, kind, Happening(given, event.at, cause, reason=reason[:1000], by=event.by, until=until)
        )

    def _apply(self, state: PatientCases, kind: Kind, what: Happening | None) -> list[Emit]:
        if what is None:
            return []
        state.cases[kind], event = apply(state.cases[kind], what, state.site, state.patient)
        return [] if event is None else [Emit(event)]

    def _standings(self, state: PatientCases, at: datetime, cause: str) -> list[Emit]:
        """Cases that are not as they stand in `alert-state`: only then is there anything to write at all."""
        said: list[Emit] = []
        for kind in state.cases:
            case = state.cases[kind]
            if case == state.told[kind]:
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
        due = [at for case in state.cases.values() for at in deadlines(case, self._policy).values()]
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
