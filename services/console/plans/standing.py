"""What became of a proposal, from everything that people decided about it in the order in which it was known.

The first word counts: late and repeated ones change nothing. `undo` takes it back, whatever it was; then nothing more
can be decided about that proposal: the planner makes a new one. So does services/operations read the same log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Verb = Literal["approve", "reject", "edit", "undo"]
ALLOWED: Final[dict[Verb | None, tuple[Verb, ...]]] = {
    None: ("approve", "reject", "edit"),
    "approve": ("undo",),
    "reject": ("undo",),
    "edit": ("undo",),
    "undo": (),
}
"""What can be decided next about a proposal that stands so."""
SAID: Final[dict[Verb, str]] = {"approve": "approved", "reject": "rejected", "edit": "edited", "undo": "taken back"}


@dataclass(frozen=True, slots=True)
class Word:
    """One person's decision."""

    decision: Verb
    who: str
    why: str
    at: datetime


def standing(words: Iterable[Word]) -> Word | None:
    """The word that stands, or None while the proposal waits. `words` in the order in which they were known."""
    stands: Word | None = None
    for word in words:
        if word.decision in ALLOWED[stands.decision if stands else None]:
            stands = word
    return stands
