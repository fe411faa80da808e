"""The clinical utility score of the PhysioNet/CinC Challenge 2019 (Reyna et al., Crit Care Med 2020;48:210, figure 1).

A septic patient's hour predicted positive earns up to 1 six hours before onset, rising from 12 h before and falling to
0 at 3 h after; a missed one costs up to 2, a false alarm 0.05. The sum is scaled: never alarming is 0, the best 1.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Hours relative to onset, and rewards: the constants of the challenge's evaluate_sepsis_score.
EARLY, OPTIMAL, LATE = -12, -6, 3
MAX_TRUE_POSITIVE: Final = 1.0
MIN_FALSE_NEGATIVE: Final = -2.0
FALSE_POSITIVE: Final = -0.05
# The label is 1 from 6 h before onset.
LABEL_LEAD_HOURS: Final = -OPTIMAL

Floats = NDArray[np.float64]


def hour_utilities(labels: NDArray[np.int8]) -> tuple[Floats, Floats]:
    """Utility of predicting 0 and of predicting 1 at each hour of one stay, both float64 [hours].

    Hours count from the stay's first row, as in the challenge. Hours later than 3 h after onset score 0 either way.
    """
    hours = len(labels)
    negative, positive = np.zeros(hours), np.full(hours, FALSE_POSITIVE)
    if not labels.any():
        return negative, positive
    since = np.arange(hours, dtype=np.float64) - (int(np.argmax(labels)) - OPTIMAL)
    rising = MAX_TRUE_POSITIVE * (since - EARLY) / (OPTIMAL - EARLY)
    falling = MAX_TRUE_POSITIVE * (LATE - since) / (LATE - OPTIMAL)
    worsening = MIN_FALSE_NEGATIVE * (since - OPTIMAL) / (LATE - OPTIMAL)
    before, within = since <= OPTIMAL, since <= LATE
    positive = np.where(before, np.maximum(rising, FALSE_POSITIVE), np.where(within, falling, 0.0))
    negative = np.where(before, 0.0, np.where(within, worsening, 0.0))
    return negative, positive


def best_prediction(labels: NDArray[np.int8]) -> NDArray[np.bool_]:
    """The prediction the score is scaled by: positive from 12 h before to 3 h after onset, for septic patients only."""
    best = np.zeros(len(labels), dtype=np.bool_)
    if labels.any():
        onset = int(np.argmax(labels)) - OPTIMAL
        best[max(0, onset + EARLY) : onset + LATE + 1] = True
    return best


def utility(negative: Floats, positive: Floats, best: NDArray[np.bool_], alarm: NDArray[np.bool_]) -> float:
    """Normalised utility of alarms over all hours of all stays (concatenated `hour_utilities`); NaN without sepsis."""
    inaction = float(negative.sum())
    ceiling = float(np.where(best, positive, negative).sum())
    if ceiling == inaction:
        return math.nan
    return (float(np.where(alarm, positive, negative).sum()) - inaction) / (ceiling - inaction)


def best_threshold(negative: Floats, positive: Floats, probability: Floats) -> float:
    """The probability p for which alarming at >= p gives the greatest utility (the lowest of equals)."""
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    gains = np.cumsum((positive - negative)[order])
    # An alarm level can only lie between different probabilities: the last of each run of equals.
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return float(ranked[ends[len(ends) - 1 - int(np.argmax(gains[ends][::-1]))]])
