"""What was proposed for a hospital, what people decided about it, and what they asked.

Of a proposal's decisions the first counts: late and repeated ones change nothing. An `undo` takes the first word back
when it comes after it. All is kept in its newest telling, so that any order of arrival gives the same ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from schemas.events import Event, PlanQuestionAnswered, PlanQuestionAsked, ScheduleDecided, ScheduleProposed

LedgerEvent = ScheduleProposed | ScheduleDecided | PlanQuestionAsked | PlanQuestionAnswered
LEDGER: tuple[type[Event], ...] = (ScheduleProposed, ScheduleDecided, PlanQuestionAsked, PlanQuestionAnswered)


@dataclass(slots=True)
class Ledger:
    """`proposed` (beds) and `planned` (theatres) are the newest proposals of their kind."""

    proposed: ScheduleProposed | None = None
    planned: ScheduleProposed | None = None
    proposals: dict[str, ScheduleProposed] = field(default_factory=dict)
    decisions: dict[str, ScheduleDecided] = field(default_factory=dict)
    undone: dict[str, ScheduleDecided] = field(default_factory=dict)
    questions: dict[str, PlanQuestionAsked] = field(default_factory=dict)
    answers: dict[str, PlanQuestionAnswered] = field(default_factory=dict)

    def fold(self, event: LedgerEvent) -> bool:
        """Take one; whether it may have changed a plan."""
        match event:
            case ScheduleProposed():
                self._propose(event)
                return False
            case ScheduleDecided(decision="undo"):
                held = self.undone.get(event.proposal)
                if held is None or stamp(event) > stamp(held):
                    self.undone[event.proposal] = event
                return True
            case ScheduleDecided():
                first = self.decisions.get(event.proposal)
                if first is None or stamp(event) < stamp(first):  # the first word counts
                    self.decisions[event.proposal] = event
                return True
            case PlanQuestionAsked():
                first_asked = self.questions.get(event.question)
                if first_asked is None or stamp(event) < stamp(first_asked):
                    self.questions[event.question] = event
                return False
            case PlanQuestionAnswered():
                answered = self.answers.get(event.question)
                if answered is None or stamp(event) < stamp(answered):
                    self.answers[event.question] = event
                return False

    def holds(self, proposal: str, decision: str) -> ScheduleDecided | None:
        """The decision about a proposal, if it is this one and was not taken back."""
        first, undone = self.decisions.get(proposal), self.undone.get(proposal)
        if first is None or first.decision != decision or (undone is not None and stamp(undone) > stamp(first)):
            return None
        return first

    def decided(self, kind: str, decision: str) -> list[tuple[ScheduleProposed, ScheduleDecided]]:
        """Proposals of a kind with this decision in force, in the order of the decisions."""
        held = [(self.proposals[p], self.holds(p, decision)) for p in self.decisions if p in self.proposals]
        found = [(p, d) for p, d in held if d is not None and p.kind == kind]
        return sorted(found, key=lambda one: stamp(one[1]))

    def open_questions(self) -> list[PlanQuestionAsked]:
        """Asked and not answered, in order."""
        return sorted((q for i, q in self.questions.items() if i not in self.answers), key=stamp)

    def forget(self, before: datetime, undecided_before: datetime) -> list[ScheduleProposed]:
        """Drop what is older, undecided proposals earlier; gives the theatre plans dropped, for their documents.

        The newest of a kind and the approved theatre plan in force stay.
        """
        approved = [p for p, _ in self.decided("theatres", "approve")]
        kept = [p.proposal for p in (self.proposed, self.planned, *approved[-2:]) if p is not None]
        old = [
            e
            for e in self.proposals.values()
            if e.proposal not in kept and e.known < (before if e.proposal in self.decisions else undecided_before)
        ]
        for event in old:
            self.proposals.pop(event.proposal)
        for decisions in (self.decisions, self.undone):
            for proposal in [p for p, d in decisions.items() if p not in self.proposals and d.known < before]:
                del decisions[proposal]
        for question in [q for q, e in self.questions.items() if e.known < before]:
            del self.questions[question]
        for question in [q for q, e in self.answers.items() if e.known < before]:
            del self.answers[question]
        return [e for e in old if e.kind == "theatres"]

    def events(self) -> Iterator[Event]:
        """Facts that give this ledger again when they are folded, in any order."""
        yield from self.proposals.values()
        yield from self.decisions.values()
        yield from self.undone.values()
        yield from self.questions.values()
        yield from self.answers.values()

    def _propose(self, event: ScheduleProposed) -> None:
        self.proposals[event.proposal] = event
        if event.kind == "theatres":
            if self.planned is None or stamp(event) >= stamp(self.planned):
                self.planned = event
        elif self.proposed is None or stamp(event) >= stamp(self.proposed):
            self.proposed = event


def stamp(event: Event) -> tuple[datetime, str]:
    """What makes one telling newer than another."""
    return event.known, event.id
