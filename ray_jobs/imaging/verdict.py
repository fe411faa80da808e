"""What is said of a film: label at the card's threshold, referral within its band, refusal above its limit of doubt."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ray_jobs.registry import Card

Outcome = Literal["finding", "no finding", "refer", "cannot assess"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One film's reading in the card's words. `reason` says why a person must look, or why it cannot be assessed."""

    label: str
    probability: float
    decision: Literal["finding", "no finding", "refer"]
    assessable: bool
    reason: str

    @property
    def outcome(self) -> Outcome:
        """What a report calls it: a film that cannot be assessed is neither a finding nor a referral."""
        return self.decision if self.assessable else "cannot assess"


def findings(card: Card) -> tuple[int, ...]:
    """The classes that count as the finding: those of `extra.finding`, else all but the first, which is health."""
    named = str(card.extra.get("finding", ""))
    if not named:
        return tuple(range(1, len(card.classes)))
    return tuple(card.classes.index(name) for name in named.split(","))


def verdict(card: Card, probability: npt.NDArray[np.float32], ood: float) -> Verdict:
    """Class probabilities float[classes] and doubt → what is said of the film.

    A model all of whose classes are findings (which tumour?) says the likeliest one, with its probability.
    """
    named = findings(card)
    rest = [index for index in range(len(card.classes)) if index not in named]
    likeliest = int(probability.argmax())
    ill = float(probability[list(named)].sum()) if rest else float(probability[likeliest])
    if not rest:
        label = card.classes[likeliest]
    elif ill >= card.threshold:
        label = card.outcome
    else:
        label = card.classes[max(rest, key=lambda index: float(probability[index]))]
    low, high = float(card.extra["refer_low"]), float(card.extra["refer_high"])
    if ood > 1:
        reason = "cannot assess: unlike the films that the model was made from"
        return Verdict(label, ill, "refer", assessable=False, reason=reason)
    if low <= ill <= high:
        reason = f"probability {ill:.2f} lies in the band {low:.2f} to {high:.2f} that is left to a person"
        return Verdict(label, ill, "refer", assessable=True, reason=reason)
    finding = not rest or ill >= card.threshold
    return Verdict(label, ill, "finding" if finding else "no finding", assessable=True, reason="")
