"""What the default policy should have said of a day, counted anew from the log by plain rules: none of alerting's code.

The rules are those of docs/alert-policies.md and services/alerting/default.yaml, written down a second time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.events import (
    AlertEscalated,
    AlertEvent,
    AlertMerged,
    AlertNotified,
    AlertRaised,
    AlertResolved,
    AlertUnreached,
    DeliveryMade,
    Event,
    RiskForecasted,
    WarningScoreComputed,
)

WAITS = {"amber": (timedelta(minutes=60), timedelta(minutes=15)), "red": (timedelta(minutes=15), timedelta(minutes=15))}
"""How long the bedside nurse is asked, then the charge nurse; rapid response is asked last."""
RAISE_AFTER, RESOLVE_AFTER = {"news2": 1, "sepsis": 2}, {"news2": 2, "sepsis": 3}
UNREACHED_AFTER = timedelta(minutes=5)
COUNT = {"webhook", "mail", "plugin", "fhir", "screen"}
"""Channels whose word counts; a Grafana board calls nobody."""
Said = tuple[str, str, datetime]
"""What was said of an alert, its severity from then on, and when."""


def level(event: Event) -> tuple[str, str] | None:
    """Kind and level of a measurement: red, amber, under, between, or unknown; None when it is no signal."""
    if isinstance(event, WarningScoreComputed) and event.fresh and event.not_applicable is None:
        if event.lowest >= 7:
            return "news2", "red"
        if event.lowest >= 5 or event.red:
            return "news2", "amber"
        return "news2", "under" if event.highest <= 3 else "between" if event.total is not None else "unknown"
    if isinstance(event, RiskForecasted) and event.model == "sepsis" and event.mode == "live" and event.fresh:
        p = event.probability
        if p >= max(0.3, event.threshold):
            return "sepsis", "red"
        return "sepsis", "amber" if p >= max(0.09, event.threshold) else "under" if p <= 0.06 else "between"
    return None


@dataclass
class Count:
    """One patient and kind, told everything in the order of its time."""

    kind: str
    said: list[Said] = field(default_factory=list)
    severity: str = ""
    over: int = 0
    under: int = 0
    asked: int = 0
    unanswered: datetime | None = None
    left: bool = False

    def passed(self, until: datetime) -> None:
        """Nobody took it in time: the next role is asked, as red."""
        while self.unanswered is not None and self.unanswered <= until:
            self._ask("AlertEscalated", "red", self.unanswered, self.asked + 1)

    def measured(self, what: str, at: datetime) -> None:
        """A measurement."""
        if self.left:
            return
        if not self.severity:
            self.over = self.over + 1 if what in {"amber", "red"} else 0
            if self.over >= RAISE_AFTER[self.kind]:
                self._ask("AlertRaised", what, at, 0)
                self.over = self.under = 0
        elif what == "under":
            self.under += 1
            if self.under == RESOLVE_AFTER[self.kind]:
                self._over(at)
        elif what != "unknown":
            self.under = 0
            if what == "red" and self.severity == "amber":
                self._ask("AlertEscalated", "red", at, 0 if self.unanswered is None else self.asked)

    def taken(self, at: datetime) -> None:
        """A person acknowledged it."""
        self.said.append(("AlertAcknowledged", self.severity, at))
        self.unanswered = None

    def departed(self, at: datetime) -> None:
        """The stay ended."""
        if self.severity:
            self._over(at)
        self.left = True

    def _ask(self, name: str, severity: str, at: datetime, role: int) -> None:
        waits = WAITS[severity]
        self.severity, self.asked = severity, role
        self.unanswered = at + waits[role] if role < len(waits) else None
        self.said.append((name, severity, at))

    def _over(self, at: datetime) -> None:
        self.said.append(("AlertResolved", self.severity, at))
        self.severity, self.unanswered, self.over, self.under = "", None, 0, 0


def recount(kind: str, happened: Iterable[tuple[datetime, str]], end: datetime) -> Count:
    """The transitions of one patient's alerts of a kind: a level, `taken` or `left` at each instant, until `end`."""
    count = Count(kind)
    for at, what in sorted(happened, key=lambda item: item[0]):
        count.passed(at)
        if what == "taken":
            count.taken(at)
        elif what == "left":
            count.departed(at)
        else:
            count.measured(what, at)
    count.passed(end)
    return count


def wrong_words(alert: Sequence[AlertEvent], deliveries: Iterable[DeliveryMade], end: datetime) -> Iterator[str]:
    """Where what was said of an alert's calls is not what its deliveries say; transitions in the log's order.

    Of a call that stood for five minutes, its confirmation was told, or that there was none, or first the one and
    then the other; of every other call at most its confirmation.
    """
    has = [d for d in deliveries if d.channel in COUNT]
    moves = [e for e in alert if not isinstance(e, AlertNotified | AlertUnreached)]
    over = isinstance(moves[-1], AlertResolved | AlertMerged)
    for number, call in enumerate(moves):
        if not isinstance(call, AlertRaised | AlertEscalated):
            continue
        words = [e for e in alert if isinstance(e, AlertNotified | AlertUnreached) and e.call == call.id]
        names = [type(e).__name__ for e in words]
        late = call.at + UNREACHED_AFTER
        following = moves[number + 1].at if number + 1 < len(moves) else end
        if names not in ([], ["AlertNotified"], ["AlertUnreached"], ["AlertUnreached", "AlertNotified"]):
            yield f"{call.id}: {names}"
        if any(e.at != late for e in words if isinstance(e, AlertUnreached)):
            yield f"{call.id}: unreached at another instant than {late}"
        if following > late and not names:
            yield f"{call.id}: stood until {following}, and nothing was said"
        if following <= late and "AlertUnreached" in names:
            yield f"{call.id}: unreached although it was over at {following}"
        mine = [(d.receiver, d.at) for d in has if d.transition == call.id]
        told = [(e.receiver, e.delivered) for e in words if isinstance(e, AlertNotified)]
        if not set(told) <= set(mine) or (mine and not told and not over):
            yield f"{call.id}: told as delivered {told}, delivered {mine}"
