"""What became of a proposal, from everything that people decided about it in the order in which it was known.

The first approval or rejection counts; `undo` takes an approval back, then the proposal waits again. An edit of a
waiting proposal ends it: a repaired one follows. An edit of an approved one leaves it approved until then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Verb = Literal["approve", "reject", "edit", "undo"]
ALLOWED: Final[dict[Verb | None, tuple[Verb, ...]]] = {
    None: ("approve", "reject", "edit"),
    "approve": ("undo", "edit"),
    "reject": (),
    "edit": (),
}
"""What can be decided next about a proposal that stands so."""
SAID: Final[dict[Verb, str]] = {
    "approve": "approved",
    "reject": "rejected",
    "edit": "edited",
    "undo": "approval taken back",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One person's decision."""

    decision: Verb
    who: str
    why: str
    at: datetime


def standing(words: Iterable[Word]) -> Word | None:
    """The decision that stands, or None while the proposal waits. `words` in the order in which they were known."""
    stands: Word | None = None
    for word in words:
        if word.decision not in ALLOWED[stands.decision if stands else None]:
            continue
        if word.decision == "undo":
            stands = None
        elif stands is None:
            stands = word
    return stands
