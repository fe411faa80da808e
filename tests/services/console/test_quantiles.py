"""A forecast told as quantiles gives back its levels, and chances that rise as beds get fewer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.quantiles import at_level, chance_above

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
falling_never = st.lists(st.floats(0, 100), min_size=5, max_size=5).map(sorted)


@given(falling_never)
def test_a_level_that_was_told_comes_back(values: list[float]) -> None:
    """At its own levels the forecast says what it said."""
    assert [at_level(LEVELS, values, level) for level in LEVELS] == pytest.approx(values)


@given(falling_never, st.integers(0, 100))
def test_fewer_beds_are_never_less_likely_to_be_too_few(values: list[float], beds: int) -> None:
    """The chance of more than n is between the chances of more than n - 1 and n + 1, and none is 0 or 1."""
    chances = [chance_above(LEVELS, values, n) for n in (beds - 1, beds, beds + 1)]
    assert chances == sorted(chances, reverse=True)
    assert 0 < chances[2] <= chances[0] < 1


def test_the_border_lies_between_whole_beds() -> None:
    """Half of the probability lies above a median of 10.5 beds: that is more than 10."""
    assert chance_above(LEVELS, (8.5, 9.5, 10.5, 11.5, 12.5), 10) == pytest.approx(0.5)
    assert chance_above(LEVELS, (8.5, 9.5, 10.5, 11.5, 12.5), 12) == pytest.approx(0.1)
