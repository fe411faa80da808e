"""Reads a forecast that is told as quantiles: its value at another level, and the chance that a number is passed.

Between two levels the distribution is taken as uniform (linear interpolation of the quantile function); beyond the
outermost ones nothing is known but that their level is not passed.
"""

from bisect import bisect_left
from collections.abc import Sequence


def at_level(levels: Sequence[float], values: Sequence[float], level: float) -> float:
    """The value at a level in (0, 1); beyond the outermost levels, theirs. `values` do not fall."""
    i = bisect_left(levels, level)
    if i == 0 or i == len(levels):
        return values[0] if i == 0 else values[-1]
    share = (level - levels[i - 1]) / (levels[i] - levels[i - 1])
    return values[i - 1] + share * (values[i] - values[i - 1])


def chance_above(levels: Sequence[float], values: Sequence[float], beds: int) -> float:
    """P(more than `beds` are needed), for counts of whole beds: half way to the next count is the border."""
    border = beds + 0.5
    if border < values[0]:
        return 1 - levels[0] / 2
    if border > values[-1]:
        return (1 - levels[-1]) / 2
    i = max(1, bisect_left(values, border))
    width = values[i] - values[i - 1]
    share = (border - values[i - 1]) / width if width else 0.0
    return 1 - (levels[i - 1] + share * (levels[i] - levels[i - 1]))
