"""Nurses needed follow census and acuity; the chance to be short follows the forecast's quantiles."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ray_jobs.beds.levels import LEVELS
from ray_jobs.scheduling.staffing import ShiftName, needs, work_per_patient

NOW = datetime(2026, 3, 1, 8, 10, tzinfo=UTC)
TOMORROW = date(2026, 3, 2)
Roster = Mapping[tuple[date, ShiftName], Sequence[int]]


def forecast(mean: float, spread: float) -> tuple[list[float], "np.ndarray[tuple[int, int], np.dtype[np.float64]]"]:
    """The same census for 72 hours, quantiles evenly spread."""
    return [mean] * 72, np.array([[mean + spread * (level - 0.5) for level in LEVELS]] * 72)


def test_sicker_patients_need_more_nurses() -> None:
    """Twenty ordinary patients need fewer nurses than twenty unstable ones; nights need fewer than days."""
    calm, ill = work_per_patient([0] * 20), work_per_patient([2] * 20)
    assert calm["early"] < ill["early"]
    assert calm["night"] < calm["early"]
    roster: Roster = {(TOMORROW, "early"): (12, 12, 12, 12)}
    mean, quantiles = forecast(20, 8)
    by_level = [
        next(n for n in needs(NOW, mean, quantiles, LEVELS, work, roster) if (n.day, n.shift) == (TOMORROW, "early"))
        for work in (calm, ill)
    ]
    assert [n.rostered for n in by_level] == [4, 4]
    assert by_level[0].needed < 4 < by_level[1].needed
    assert by_level[0].short < by_level[1].short == 1.0
    assert all(n.needed <= n.needed_high for n in by_level)


def test_only_whole_shifts_to_come_are_told() -> None:
    """From ten past eight the first whole shift is the late one; 72 hours hold eight of them."""
    told = needs(NOW, *forecast(10, 2), LEVELS, work_per_patient([]), {})
    assert [(n.day.day, n.shift) for n in told[:3]] == [(1, "late"), (1, "night"), (2, "early")]
    assert len(told) == 8
    assert all(n.rostered == 0 and n.short == 1.0 for n in told)


@given(st.floats(0, 60), st.floats(0, 30), st.lists(st.integers(0, 30), max_size=8))
def test_the_chance_falls_with_every_nurse(mean: float, spread: float, nurses: list[int]) -> None:
    """One more nurse never makes it worse, and a chance stays one."""
    work = work_per_patient([0, 1, 2])
    slot: tuple[date, ShiftName] = (TOMORROW, "late")
    forecasts = forecast(mean + spread, spread)
    chances = []
    for n in range(len(nurses) + 1):
        told = needs(NOW, *forecasts, LEVELS, work, {slot: nurses[:n]})
        chances.append(next(t.short for t in told if (t.day, t.shift) == slot))
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= c <= 1 for c in chances)


def test_a_known_case() -> None:
    """Ten patients for certain at 2.3 points: three nurses of ten carry 30 and are enough, two are not."""
    work: dict[ShiftName, float] = {"early": 2.3, "late": 2.3, "night": 1.2}
    mean, quantiles = forecast(10, 0)
    cases: tuple[tuple[Sequence[int], float], ...] = (((10, 10, 10), 0.0), ((10, 10), 1.0))
    for nurses, short in cases:
        told = needs(NOW, mean, quantiles, LEVELS, work, {(TOMORROW, "early"): nurses})
        early = next(n for n in told if (n.day, n.shift) == (TOMORROW, "early"))
        assert early.needed == pytest.approx(2.3)
        assert early.short == short
