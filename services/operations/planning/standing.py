"""What holds of former theatre plans: the approved one, people's edits, and the plan that a new one repairs.

A proposal made for an edit and rejected takes the edit with it; an undo takes back whatever the first word was.
"""

from dataclasses import dataclass, field

from schemas.events import Booking, PlanEdit, ScheduleDecided, ScheduleProposed
from services.operations.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Edited:
    """A person's change to one booking, by whom and why."""

    edit: PlanEdit
    by: str
    why: str

    @property
    def out(self) -> bool:
        """Whether it takes the booking out of the plan."""
        return self.edit.day is None and self.edit.theatre is None and self.edit.room is None


@dataclass(frozen=True, slots=True)
class Standing:
    """Bookings by request.

    `base` is the newest plan if someone has just edited it, the approved plan in force, else the newest that nobody
    rejected.
    """

    base: ScheduleProposed | None = None
    newest: ScheduleProposed | None = None
    approved: dict[str, Booking] = field(default_factory=dict)
    approval: ScheduleDecided | None = None
    edits: dict[str, Edited] = field(default_factory=dict)
    newest_refused: bool = False
    """Rejected, or taken back."""

    @property
    def bookings(self) -> dict[str, Booking]:
        """Those of the base."""
        return {} if self.base is None else {b.request: b for b in self.base.bookings if b.day is not None}


def standing(ledger: Ledger) -> Standing:
    """By the decisions in force."""
    approvals = ledger.decided("theatres", "approve")
    approved, approval = approvals[-1] if approvals else (None, None)
    edits: dict[str, Edited] = {}
    refused = {p.base for p, _ in ledger.decided("theatres", "reject") if p.base is not None}
    for proposal, decision in ledger.decided("theatres", "edit"):
        if proposal.proposal not in refused:
            for edit in decision.edits:
                edits[edit.request] = Edited(_settled(edit, proposal), decision.by, decision.why)
    base = approved if approved is not None else _pending(ledger)
    if ledger.planned is not None and ledger.holds(ledger.planned.proposal, "edit"):
        base = ledger.planned  # what was edited is what the next plan repairs
    bookings = {} if approved is None else {b.request: b for b in approved.bookings if b.day is not None}
    newest = ledger.planned
    no = newest is not None and (newest.proposal in ledger.undone or bool(ledger.holds(newest.proposal, "reject")))
    return Standing(base, newest, bookings, approval, edits, no)


def _pending(ledger: Ledger) -> ScheduleProposed | None:
    rejected = {p.proposal for p, _ in ledger.decided("theatres", "reject")}
    undone = {p for p in ledger.undone if p in ledger.decisions}
    open_ = [
        p
        for p in ledger.proposals.values()
        if p.kind == "theatres" and p.proposal not in rejected and p.proposal not in undone
    ]
    return max(open_, key=lambda p: (p.known, p.id), default=None)


def _settled(edit: PlanEdit, proposal: ScheduleProposed) -> PlanEdit:
    """An edit without a day but with a theatre or room means the day as proposed."""
    if edit.day is not None or (edit.theatre is None and edit.room is None):
        return edit
    planned = next((b.day for b in proposal.bookings if b.request == edit.request), None)
    return edit.model_copy(update={"day": planned})
