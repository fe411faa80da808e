"""What stands, by what was proposed and decided: a fold, and what one more decision would change. No I/O, no clock.

Approvals of a site and kind lie on one another: the last is the plan that stands, and taking it back (`undo`)
brings back the one beneath. A decision that comes again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.events import Event, ScheduleDecided, ScheduleProposed
from services.outlets.fhir.moves import moves

KEPT_PROPOSALS = 500
KEPT_APPROVALS = 50
KEPT_REQUESTS = 10_000

Key = tuple[str, str]
"""Site and kind of plan."""


@dataclass(frozen=True, slots=True)
class Change:
    """A decision, the plan that stood before it and the one that stands after it.

    `asked`: by request the last decision that asked people to do something about it.
    """

    decided: ScheduleDecided
    before: ScheduleProposed | None
    after: ScheduleProposed | None
    asked: Mapping[str, str]


@dataclass(slots=True)
class Plans:
    """Everything that is needed to know what a decision changes."""

    proposals: dict[str, ScheduleProposed] = field(default_factory=dict)
    approved: dict[Key, list[str]] = field(default_factory=dict)
    asked: dict[Key, dict[str, str]] = field(default_factory=dict)

    def knows(self, decided: ScheduleDecided) -> bool:
        """Whether the proposal it is about was ever seen, and not forgotten."""
        return decided.proposal in self.proposals

    def change(self, decided: ScheduleDecided) -> Change | None:
        """What the decision changes; None where it changes nothing (rejected, edited, said before)."""
        about = self.proposals.get(decided.proposal)
        if about is None or decided.decision not in {"approve", "undo"}:
            return None
        stack = self.approved.get((about.site, about.kind), [])
        asked = dict(self.asked.get((about.site, about.kind), {}))
        first, last = about.proposal not in stack, bool(stack) and stack[-1] == about.proposal
        if decided.decision == "approve" and (first or last):
            return Change(decided, self._top(stack if first else stack[:-1]), about, asked)
        if decided.decision == "undo" and last:
            return Change(decided, about, self._top(stack[:-1]), asked)
        return None

    def fold(self, event: Event) -> None:
        """Take one proposal or decision; any other event is passed over."""
        match event:
            case ScheduleProposed():
                self.proposals[event.proposal] = event
                self._forget()
            case ScheduleDecided() if (about := self.proposals.get(event.proposal)) is not None:
                self._decided(event, about)
            case _:
                pass

    def _decided(self, decided: ScheduleDecided, about: ScheduleProposed) -> None:
        key = (about.site, about.kind)
        change = self.change(decided)
        if change is not None:
            moved = {move.request: decided.id for move in moves(change.before, change.after)}
            latest = list((self.asked.get(key, {}) | moved).items())[-KEPT_REQUESTS:]
            self.asked[key] = dict(latest)
        stack = self.approved.setdefault(key, [])
        if decided.decision == "approve" and about.proposal not in stack:
            stack.append(about.proposal)
            del stack[:-KEPT_APPROVALS]
        elif decided.decision == "undo" and about.proposal in stack:
            stack.remove(about.proposal)

    def _top(self, stack: list[str]) -> ScheduleProposed | None:
        return self.proposals.get(stack[-1]) if stack else None

    def _forget(self) -> None:
        """The oldest proposals that were never approved."""
        standing = {p for stack in self.approved.values() for p in stack}
        spare = [p for p in self.proposals if p not in standing]
        for proposal in spare[: max(0, len(spare) - KEPT_PROPOSALS)]:
            del self.proposals[proposal]
