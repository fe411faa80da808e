"""Shares with their uncertainty, as every table of `wardwatch alerts` shows them (Wilson 1927, 95 %)."""

from math import sqrt
from typing import Any, Final, NamedTuple

Z: Final = 1.959964


class Share(NamedTuple):
    """`part` of `whole`, and between which bounds the true share lies in 95 of 100 such samples."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Wilson's score interval."""
        if not self.whole:
            return None
        p, n = self.part / self.whole, self.whole
        middle, width = p + Z**2 / (2 * n), Z * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        return (middle - width) / (1 + Z**2 / n), (middle + width) / (1 + Z**2 / n)

    def as_json(self) -> dict[str, Any]:
        """Value, bounds and what it is of."""
        bounds = self.bounds
        return {
            "value": None if self.value is None else round(self.value, 4), "of": self.whole, "count": self.part,
            "low": None if bounds is None else round(bounds[0], 4),
            "high": None if bounds is None else round(bounds[1], 4),
        }  # fmt: skip

    @property
    def short(self) -> str:
        """For a column: 12 % (7-19)."""
        if self.value is None or self.bounds is None:
            return "not known"
        low, high = self.bounds
        return f"{100 * self.value:.0f} % ({100 * low:.0f}-{100 * high:.0f})"

    def __str__(self) -> str:
        if self.value is None or self.bounds is None:
            return "not known (0 cases)"
        low, high = self.bounds
        return f"{100 * self.value:.0f} % ({self.part} of {self.whole}; 95 % {100 * low:.0f} to {100 * high:.0f})"
