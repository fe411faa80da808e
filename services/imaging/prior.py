"""A study against the patient's earlier one of the same model: what changed, and whether it is more than noise."""

import math
from datetime import datetime
from typing import Final

from schemas.events.base import Value
from schemas.events.findings import PriorComparison

NOISE: Final = 0.71
"""Standard deviation of the log-odds' difference between two pictures of the same state: assumed, not measured
(docs/decisions/0152-one-report-of-a-study.md)."""
CLEAR: Final = 2.0
"""A change below so many standard deviations is not told from noise."""
FLOOR: Final = 1e-4
"""Probabilities nearer to 0 or 1 say nothing more: their log-odds are cut there."""


class Earlier(Value):
    """What the state keeps of a reported study."""

    study: str
    as_of: datetime
    probability: float


def comparison(earlier: Earlier, probability: float) -> PriorComparison:
    """The change since the earlier study, with its noise, in words."""
    change = _log_odds(probability) - _log_odds(earlier.probability)
    when, before = f"{earlier.as_of:%Y-%m-%d}", f"{earlier.probability:.2f}"
    if abs(change) < CLEAR * NOISE:
        said = f"no clear change since {when} (probability {before} then, {probability:.2f} now)"
    else:
        way = "higher" if change > 0 else "lower"
        said = f"{way} than on {when} (probability {before} then, {probability:.2f} now), more than noise explains"
    return PriorComparison(
        study=earlier.study, as_of=earlier.as_of, probability=earlier.probability, change=change, noise=NOISE,
        words=said,
    )  # fmt: skip


def _log_odds(probability: float) -> float:
    inside = min(max(probability, FLOOR), 1 - FLOOR)
    return math.log(inside / (1 - inside))
