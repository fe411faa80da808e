"""How much nursing a patient takes: level of care from the early warning score, workload and skill from the level.

Levels and their proportions follow the Safer Nursing Care Tool (Shelford Group 2013, adult in-patient wards): level 0
0.99 nurses a bed, 1a 1.39, 2 1.97, 3 5.96, here 2 : 3 : 4 : 12 a day shift. Which NEWS2 (RCP 2017, chart 2) stands for
which level, and that a night takes half of a day shift below level 3, is a convention of this file, not of the tool.
"""

from typing import Literal

Level = Literal[0, 1, 2, 3]
"""0 ordinary ward care; 1 acutely ill or just operated; 2 unstable; 3 intensive care."""
SHIFTS_PER_DAY = 3

WORKLOAD: dict[Level, tuple[int, int, int]] = {0: (2, 2, 1), 1: (3, 3, 2), 2: (4, 4, 2), 3: (12, 12, 12)}
"""Points for early, late and night; a nurse carries about 10 to 15 in a shift."""
SKILL: dict[Level, int] = {0: 0, 1: 1, 2: 2, 3: 2}
OPERATED_DAYS = 2
"""On the day of surgery and the day after it, no level is below 1."""
USUAL_CAPACITY = 12.0
"""Points a nurse carries in a shift, where the roster does not say."""


def level_of(band: str | None, *, intensive: bool = False) -> Level:
    """The level for a NEWS2 band (`low`, `low-medium`, `medium`, `high`; None: not known, ordinary care)."""
    if intensive:
        return 3
    match band:
        case "high":
            return 2
        case "medium" | "low-medium":
            return 1
        case _:
            return 0


def stay_needs(level: Level, days: int, *, operated: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Workload and skill of each shift of a stay of so many days, level 0 from the third day on after an operation."""
    workload: list[int] = []
    skill: list[int] = []
    for day in range(days):
        now: Level = max(level, 1) if operated and day < OPERATED_DAYS else level
        workload += WORKLOAD[now]
        skill += [SKILL[now]] * SHIFTS_PER_DAY
    return tuple(workload), tuple(skill)
