"""Combinations: what several sources say together raises an alert that none of them would raise alone.

What each condition was last told is remembered in the case of the alert's kind (`Case.seen`): when it was met, and for
a rise the lowest forecast of each clock hour. Only what is measured, live and fresh is told; what is unknown changes
nothing (design rule 9).
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from schemas.events import Evidence, RiskForecasted, WarningScoreComputed
from schemas.events.alerts import Kind
from services.alerting import words
from services.alerting.case import Case
from services.alerting.policy import Policy
from services.alerting.rules import Combination, Condition
from services.alerting.signals import Measured, Signal

HOUR_S: Final = 3600
_MINIMA: Final = "~"
"""Marks the lowest forecasts beside the time at which a rise was met."""


def remembered(case: Case, event: Measured, policy: Policy) -> Case:
    """The case with what this event says about the conditions of its kind's combinations."""
    names = {name for name, rule in policy.combinations.items() if rule.enabled and rule.kind == case.kind}
    held = {key: said for key, said in case.seen if key.rpartition("/")[0] in names}
    for name in names:
        for number, condition in enumerate(policy.combinations[name].when):
            _tell(held, f"{name}/{number}", condition, event)
    seen = tuple(sorted(held.items()))
    return case if seen == case.seen else replace(case, seen=seen)


def _tell(held: dict[str, str], key: str, condition: Condition, event: Measured) -> None:
    met = _risen(held, key + _MINIMA, condition, event) if condition.rise is not None else _met(condition, event)
    if met:
        held[key] = max(held.get(key, ""), event.as_of.isoformat(timespec="seconds"))
    elif met is False:
        held.pop(key, None)


def _met(condition: Condition, event: Measured) -> bool | None:
    """Whether it holds by this event; None: the event says nothing about it."""
    if isinstance(event, RiskForecasted):
        if event.model != condition.risk or not _telling(event):
            return None
        return event.probability >= (condition.at_least or 0.0)
    if isinstance(event, WarningScoreComputed):
        return _scored(condition, event)
    if condition.finding not in {"any", event.label} or not _telling(event):
        return None
    # A film that shows nothing takes nothing back.
    return True if (event.probability or 0.0) >= (condition.at_least or 0.0) else None


def _scored(condition: Condition, event: WarningScoreComputed) -> bool | None:
    if not _telling(event):
        return None
    if condition.red_parameter:
        return event.red or (None if event.total is None else False)
    if condition.news2 is None:
        return None
    if event.lowest >= condition.news2:
        return True
    return False if event.highest < condition.news2 else None


def _risen(held: dict[str, str], key: str, condition: Condition, event: Measured) -> bool | None:
    if not isinstance(event, RiskForecasted) or event.model != condition.rise or not _telling(event):
        return None
    hour = int(event.as_of.timestamp()) // HOUR_S
    told: dict[str, float] = json.loads(held.get(key, "{}"))
    lowest = {at: p for at, p in told.items() if hour - int(at) <= (condition.hours or 0)}
    risen = event.probability - min(lowest.values(), default=event.probability) >= (condition.by or 0.0)
    lowest[str(hour)] = min(event.probability, lowest.get(str(hour), 1.0))
    held[key] = json.dumps(lowest, sort_keys=True)
    return risen


def holding(case: Case, policy: Policy, at: datetime) -> tuple[str, Combination] | None:
    """The most severe combination of the case's kind that holds at an instant, with its name."""
    found = [
        (rule.severity == "red", name, rule)
        for name, rule in sorted(policy.combinations.items())
        if rule.enabled and rule.kind == case.kind and _holds(case, name, rule, at)
    ]
    if not found:
        return None
    _, name, rule = max(found, key=lambda item: item[0])
    return name, rule


def _holds(case: Case, name: str, rule: Combination, at: datetime) -> bool:
    seen = dict(case.seen)
    met = [seen.get(f"{name}/{number}") for number in range(len(rule.when))]
    return all(told is not None and at - datetime.fromisoformat(told) <= rule.within for told in met)


def strengthened(signal: Signal, case: Case, policy: Policy) -> Signal:
    """The signal as it is with what else holds: never weaker, and not recovered while a combination holds."""
    found = holding(case, policy, signal.at)
    if found is None:
        return signal
    name, rule = found
    if signal.level == "red" or (signal.level == "amber" and rule.severity == "amber"):
        return replace(signal, at_once=True)
    return replace(
        signal, level=rule.severity, at_once=True, summary=words.cut(f"{name}: {signal.summary}"),
    )  # fmt: skip


def others(event: Measured, kinds: Iterator[Case], policy: Policy, own: Kind | None) -> Iterator[Signal]:
    """Signals for alerts of other kinds whose combination this event has a part in and which hold now."""
    if not _telling(event):
        return
    for case in kinds:
        found = holding(case, policy, event.as_of) if case.kind != own else None
        if found is None or not _takes_part(found[1], event):
            continue
        name, rule = found
        text = words.cut(f"{name}: {_text(event)}")
        evidence = Evidence(text=text, value=_value(event), source=event.id)
        yield Signal(
            case.kind, rule.severity, event.as_of, text, (evidence,), event.id, event.known, over=None, at_once=True
        )


def _telling(event: Measured) -> bool:
    """Whether the event says anything: live and fresh."""
    if isinstance(event, WarningScoreComputed):
        return event.fresh and event.not_applicable is None
    if isinstance(event, RiskForecasted):
        return event.mode == "live" and event.fresh
    return event.mode == "live" and event.outcome == "finding"


def _takes_part(rule: Combination, event: Measured) -> bool:
    if isinstance(event, RiskForecasted):
        return any(event.model in {c.risk, c.rise} for c in rule.when)
    if isinstance(event, WarningScoreComputed):
        return any(c.news2 is not None or c.red_parameter is not None for c in rule.when)
    return any(c.finding is not None for c in rule.when)


def _text(event: Measured) -> str:
    if isinstance(event, WarningScoreComputed):
        return words.news2(event)
    return words.risk(event, "") if isinstance(event, RiskForecasted) else words.finding(event)


def _value(event: Measured) -> float | None:
    return event.lowest if isinstance(event, WarningScoreComputed) else event.probability
