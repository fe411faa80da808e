"""What an event means for an alert: how far above or below the policy's levels, and why; or nothing at all.

Only what is fresh, live and measured is a signal. A missing total neither raises (unless its lowest possible value
already does) nor recovers (unless its highest possible value already does): silence is not recovery (design rule 9).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.events import Event, Evidence, ImagingFindingReported, RiskForecasted, WarningScoreComputed
from schemas.events.alerts import Kind
from services.alerting import words
from services.alerting.policy import Policy

Level = Literal["red", "amber", "between", "under", "unknown"]
Measured = WarningScoreComputed | RiskForecasted | ImagingFindingReported


@dataclass(frozen=True, slots=True)
class Signal:
    """One measurement's meaning for one kind of alert.

    `over` is whether it counts towards raising on its own (None: it is of another kind, and a combination's); a signal
    that raises `at_once` needs no others.
    """

    kind: Kind
    level: Level
    at: datetime
    summary: str
    evidence: tuple[Evidence, ...]
    source: str
    known: datetime
    over: bool | None
    at_once: bool = False


def signal(event: Event, policy: Policy, because: str = "") -> Signal | None:
    """The meaning of an event; `because` are the reasons told for a forecast just before it."""
    if isinstance(event, WarningScoreComputed):
        return _score(event, policy)
    if isinstance(event, RiskForecasted):
        return _risk(event, policy, because)
    if isinstance(event, ImagingFindingReported):
        return _finding(event, policy)
    return None


def _score(event: WarningScoreComputed, policy: Policy) -> Signal | None:
    if not event.fresh or event.not_applicable is not None:
        return None
    rule = policy.news2
    level: Level = "unknown"
    if event.lowest >= rule.red or (event.red and rule.single_red_parameter == "red"):
        level = "red"
    elif event.lowest >= rule.amber or (event.red and rule.single_red_parameter == "amber"):
        level = "amber"
    elif event.highest <= rule.resolve:
        level = "under"
    elif event.total is not None:
        level = "between"
    text = words.news2(event)
    evidence = Evidence(text=text, value=event.lowest, source=event.id)
    single = tuple(
        Evidence(text=words.parameter(p), value=p.value, source=p.reading) for p in event.parameters if p.points
    )
    return _signal("news2", level, event, text, (evidence, *single))


def _risk(event: RiskForecasted, policy: Policy, because: str) -> Signal | None:
    kind: Literal["sepsis", "deterioration"] = "sepsis" if event.model == "sepsis" else "deterioration"
    if event.mode != "live" or not event.fresh or event.model != kind or kind not in policy.risks:
        return None
    rule, p = policy.risks[kind], event.probability
    level: Level = "between"
    if p >= max(rule.red, event.threshold):
        level = "red"
    elif p >= max(rule.amber, event.threshold):
        level = "amber"
    elif p <= rule.resolve:
        level = "under"
    text = words.risk(event, because)
    return _signal(kind, level, event, text, (Evidence(text=text, value=p, source=event.id),))


def _finding(event: ImagingFindingReported, policy: Policy) -> Signal | None:
    if event.mode != "live" or event.outcome != "finding":
        return None
    level: Level = "red" if (event.probability or 0) >= policy.imaging.red else "amber"
    text = words.finding(event)
    evidence = Evidence(text=text, value=event.probability, source=event.id)
    return _signal("imaging", level, event, text, (evidence,))


def _signal(kind: Kind, level: Level, event: Measured, text: str, evidence: tuple[Evidence, ...]) -> Signal:
    return Signal(kind, level, event.as_of, text, evidence, event.id, event.known, level in {"amber", "red"})
