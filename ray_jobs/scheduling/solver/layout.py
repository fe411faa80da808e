"""Where everything lies in the one integer array that is both the instance and the plan for the compiled search.

One array because numba compiles a call with one argument quickly, a plan is copied by one assignment, and a thread
needs nothing else. `m[HEADER]` are named below; a row is the position of its first column, so `m[row + DAY]` reads on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ray_jobs.scheduling.solver.compiled import inner

Memory = NDArray[np.int64]
SHIFTS_A_DAY = 3
NOWHERE = -1
NO_LIMIT = 1 << 28
"""Load and skill of the nurse who is nobody, number N: she covers shifts in which no nurse works."""

# Header: sizes, the totals of the plan, the prices, where the tables begin.
PEOPLE, STAYS, ROOMS, DAYS, SHIFTS, NURSES, THEATRES, SURGEONS, LONGEST, GENDERS = range(10)
COST, BROKEN, OUTSIDE, TICK, RANDOM, BEST_COST, BEST_BROKEN = range(10, 17)
AGE_MIX, SKILL, CONTINUITY, EXCESS, OPEN, TRANSFER, DELAY, LEFT_OUT = range(17, 25)
VIOLATION, MOVED_DAY, MOVED_ROOM, MOVED_THEATRE, NEWLY_IN, DROPPED, MOVED_NURSE = range(25, 32)
STAY_AT, STAY_WIDTH, ROOM_DAY_AT, ROOM_DAY_WIDTH, COVER_AT, DUTY_AT, NURSE_AT, ROSTER_AT = range(32, 40)
THEATRE_AT, SURGEON_AT, SURGEON_WIDTH, OUTSIDE_AT, LOG_AT, BEST_AT, BEST_COVER_AT, CAPACITY_AT, END = range(40, 49)
NURSING = 49  # 1: nurses are priced with patients; 0: they are left as they are, for a coarse search
MATES_AT = 50  # patients by surgeon: MATES of them from MATES_FROM on
HEADER = 51

# A stay: patients first, then occupants. After STAY_FIXED: (work, need) for each shift; shifts met with each nurse;
# the rooms that the patient may be in; whether each room is one of them.
GENDER, AGE, LENGTH, RELEASE, FIRST, LAST, MINUTES, SURGEON, MUST, CHOICES, THEATRE_ONLY = range(11)
DAY, ROOM, THEATRE, PLACE, DAY_BEFORE, ROOM_BEFORE, THEATRE_BEFORE = range(11, 18)
MATES_FROM, MATES, STAY_FIXED = range(18, 21)
# A room on a day: after ROOM_DAY_FIXED the count of each gender, then who is present.
COUNT, YOUNGEST, OLDEST, ROOM_DAY_FIXED = range(4)
# A room in a shift; a nurse in a shift; a nurse; a theatre or surgeon on a day (then operations in each theatre).
NURSE, ROOM_LOAD, NURSE_BEFORE, COVER_WIDTH = range(4)
LIMIT, LOAD, DUTY_WIDTH = range(3)
NURSE_SKILL, NURSE_PRICE, SEEN, NURSE_WIDTH = range(4)
USED, BUSY, MINUTES_LIMIT, THEATRE_WIDTH = range(4)
SURGEON_FIXED = THEATRE_WIDTH
LOG_WIDTH = 4


@inner
def stay_row(m: Memory, i: int) -> int:
    """Return the row of a patient or occupant."""
    return int(m[STAY_AT] + i * m[STAY_WIDTH])


@inner
def room_day_row(m: Memory, room: int, day: int) -> int:
    """Return the row of a room on a day; the next day's is ROOM_DAY_WIDTH further."""
    return int(m[ROOM_DAY_AT] + (room * m[DAYS] + day) * m[ROOM_DAY_WIDTH])


@inner
def cover_row(m: Memory, room: int, s: int) -> int:
    """Return the row of a room in a shift; the next shift's is COVER_WIDTH further."""
    return int(m[COVER_AT] + (room * m[SHIFTS] + s) * COVER_WIDTH)


@inner
def duty_row(m: Memory, s: int, nurse: int) -> int:
    """Return the row of a nurse in a shift."""
    return int(m[DUTY_AT] + (s * (m[NURSES] + 1) + nurse) * DUTY_WIDTH)


@inner
def nurse_row(m: Memory, nurse: int) -> int:
    """Return the row of a nurse."""
    return int(m[NURSE_AT] + nurse * NURSE_WIDTH)


@inner
def roster_row(m: Memory, s: int) -> int:
    """Return the row of a shift: how many nurses work, then who."""
    return int(m[ROSTER_AT] + s * (m[NURSES] + 1))


@inner
def theatre_row(m: Memory, theatre: int, day: int) -> int:
    """Return the row of a theatre on a day."""
    return int(m[THEATRE_AT] + (theatre * m[DAYS] + day) * THEATRE_WIDTH)


@inner
def surgeon_row(m: Memory, surgeon: int, day: int) -> int:
    """Return the row of a surgeon on a day."""
    return int(m[SURGEON_AT] + (surgeon * m[DAYS] + day) * m[SURGEON_WIDTH])


@inner
def work_at(row: int) -> int:
    """Return where a stay's (work, need) of its first shift lie."""
    return row + STAY_FIXED


@inner
def met_at(m: Memory, row: int) -> int:
    """Return where a stay's shifts with nurse 0 are counted."""
    return int(row + STAY_FIXED + 2 * m[LONGEST])


@inner
def rooms_at(m: Memory, row: int) -> int:
    """Return where the list of a patient's rooms begins."""
    return int(row + STAY_FIXED + 2 * m[LONGEST] + m[NURSES] + 1)


@inner
def lawful_at(m: Memory, row: int) -> int:
    """Return where it says whether a patient may be in room 0."""
    return int(row + STAY_FIXED + 2 * m[LONGEST] + m[NURSES] + 1 + m[ROOMS])


@inner
def present_at(m: Memory, row: int) -> int:
    """Return where the list of those present in a room on a day begins (`row` of the room and day)."""
    return int(row + ROOM_DAY_FIXED + m[GENDERS])
