"""What stands, by what was proposed and decided: a fold, and what one more decision would change. No I/O, no clock.

Approvals of a site and kind lie on one another: the last is the plan that stands, and taking it back (`undo`)
brings back the one beneath. A decision that comes again changes nothing.
"""

from dataclasses import dataclass, field

from schemas.events import Event, ScheduleDecided, ScheduleProposed

KEPT_PROPOSALS = 500
KEPT_APPROVALS = 50

Key = tuple[str, str]
"""Site and kind of plan."""


@dataclass(frozen=True, slots=True)
class Change:
    """A decision, the plan that stood before it and the one that stands after it; `undone` was taken back by it."""

    decided: ScheduleDecided
    before: ScheduleProposed | None
    after: ScheduleProposed | None
    undone: ScheduleProposed | None = None


@dataclass(slots=True)
class Plans:
    """Everything that is needed to know what a decision changes."""

    proposals: dict[str, ScheduleProposed] = field(default_factory=dict)
    approved: dict[Key, list[str]] = field(default_factory=dict)

    def knows(self, decided: ScheduleDecided) -> bool:
        """Whether the proposal it is about was ever seen, and not forgotten."""
        return decided.proposal in self.proposals

    def change(self, decided: ScheduleDecided) -> Change | None:
        """What the decision changes; None where it changes nothing (rejected, edited, said before)."""
        about = self.proposals.get(decided.proposal)
        if about is None or decided.decision not in {"approve", "undo"}:
            return None
        stack = self.approved.get((about.site, about.kind), [])
        if decided.decision == "approve":
            if about.proposal not in stack:
                return Change(decided, self._top(stack), about)
            if stack[-1] == about.proposal:
                return Change(decided, self._top(stack[:-1]), about)
            return None
        if about.proposal not in stack:
            return None
        top = stack[-1] == about.proposal
        after = self._top(stack[:-1] if top else stack)
        return Change(decided, about, after, about) if top else None

    def fold(self, event: Event) -> None:
        """Take one proposal or decision; any other event is passed over."""
        match event:
            case ScheduleProposed():
                self.proposals[event.proposal] = event
                self._forget()
            case ScheduleDecided(decision="approve") if (about := self.proposals.get(event.proposal)) is not None:
                stack = self.approved.setdefault((about.site, about.kind), [])
                if about.proposal not in stack:
                    stack.append(about.proposal)
                    del stack[:-KEPT_APPROVALS]
            case ScheduleDecided(decision="undo") if (about := self.proposals.get(event.proposal)) is not None:
                stack = self.approved.get((about.site, about.kind), [])
                if about.proposal in stack:
                    stack.remove(about.proposal)
            case _:
                pass

    def _top(self, stack: list[str]) -> ScheduleProposed | None:
        return self.proposals.get(stack[-1]) if stack else None

    def _forget(self) -> None:
        """The oldest proposals that were never approved."""
        standing = {p for stack in self.approved.values() for p in stack}
        spare = [p for p in self.proposals if p not in standing]
        for proposal in spare[: max(0, len(spare) - KEPT_PROPOSALS)]:
            del self.proposals[proposal]
