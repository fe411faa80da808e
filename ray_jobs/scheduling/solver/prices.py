"""What admitting a patient adds and taking one out saves: exact, patients and nurses at once, changing nothing."""

from __future__ import annotations

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.compiled import inner
from ray_jobs.scheduling.solver.layout import (
    Memory,
    cover_row,
    duty_row,
    nurse_row,
    present_at,
    room_day_row,
    stay_row,
    surgeon_row,
    theatre_row,
    work_at,
)

NEVER = 1 << 40
"""More than any plan costs."""


@inner
def theatre_price(m: Memory, p: int, day: int, theatre: int) -> int:
    """What opening the theatre, and walking to it, adds for a patient who has no surgery on that day now."""
    me = stay_row(m, p)
    surgeon, price = surgeon_row(m, m[me + y.SURGEON], day), 0
    if m[theatre_row(m, theatre, day) + y.BUSY] == 0:
        price += m[y.OPEN]
    if m[surgeon + y.SURGEON_FIXED + theatre] == 0 and m[surgeon + y.BUSY] > 0:
        price += m[y.TRANSFER]
    if m[me + y.DAY_BEFORE] >= 0 and m[me + y.THEATRE_BEFORE] != theatre:
        price += m[y.MOVED_THEATRE]
    return price


@inner
def theatre_saving(m: Memory, p: int) -> int:
    """The `theatre_price` that an admitted patient's own surgery has where it is."""
    me = stay_row(m, p)
    day, theatre, price = m[me + y.DAY], m[me + y.THEATRE], 0
    surgeon = surgeon_row(m, m[me + y.SURGEON], day)
    if m[theatre_row(m, theatre, day) + y.BUSY] == 1:
        price += m[y.OPEN]
    if m[surgeon + y.SURGEON_FIXED + theatre] == 1 and m[surgeon + y.BUSY] > 1:
        price += m[y.TRANSFER]
    if m[me + y.DAY_BEFORE] >= 0 and m[me + y.THEATRE_BEFORE] != theatre:
        price += m[y.MOVED_THEATRE]
    return price


@inner
def least_price(m: Memory, p: int) -> int:
    """What no admission of a patient can be cheaper than: all terms but those of leaving out are zero at best."""
    me = stay_row(m, p)
    price = -m[y.VIOLATION] if m[me + y.MUST] else -m[y.LEFT_OUT]
    if m[me + y.DAY_BEFORE] >= 0:
        price -= m[y.DROPPED]
    return int(price)


@inner
def _place_price(m: Memory, p: int, day: int, room: int) -> int:
    """Delay, changes against the plan before, and no longer being left out."""
    me = stay_row(m, p)
    price = least_price(m, p) + (day - m[me + y.RELEASE]) * m[y.DELAY]
    if m[me + y.DAY_BEFORE] < 0:
        return int(price + m[y.NEWLY_IN])
    if m[me + y.DAY_BEFORE] != day:
        price += m[y.MOVED_DAY]
    if m[me + y.ROOM_BEFORE] != room:
        price += m[y.MOVED_ROOM]
    return int(price)


@inner
def admission_price(m: Memory, p: int, day: int, room: int, limit: int) -> int:  # noqa: C901 - one term after another
    """What admitting adds besides `theatre_price`: delay, ages, nurses, coverage, no longer being left out.

    Right up to `limit`; where it is more, some number above `limit`, found sooner. The patient is not in that room
    now; a stay in another one is priced as if it ended first.
    """
    me = stay_row(m, p)
    price, age, last = _place_price(m, p, day, room), m[me + y.AGE], min(day + m[me + y.LENGTH], m[y.DAYS])
    span, here = 0, room_day_row(m, room, day)
    for _ in range(day, last):
        if m[here + y.COUNT] > 0:
            span += max(0, m[here + y.YOUNGEST] - age) + max(0, age - m[here + y.OLDEST])
        here += m[y.ROOM_DAY_WIDTH]
    price += span * m[y.AGE_MIX]
    if not m[y.NURSING] or price > limit:
        return int(price)
    own_first, own_end, own = 0, 0, 0
    if m[me + y.DAY] >= 0:
        own_first, own = 3 * m[me + y.DAY], m[me + y.ROOM]
        own_end = 3 * min(m[me + y.DAY] + m[me + y.LENGTH], m[y.DAYS])
    m[y.TICK] += 1
    tick, its, work = m[y.TICK], cover_row(m, room, 3 * day) + y.NURSE, work_at(me)
    for s in range(3 * day, 3 * last):
        n = m[its]
        duty, nurse = duty_row(m, s, n), nurse_row(m, n)
        over = m[duty + y.LOAD] + m[work] - m[duty + y.LIMIT]
        if over > 0:
            if own_first <= s < own_end and m[cover_row(m, own, s) + y.NURSE] == n:
                over -= m[work_at(me) + 2 * (s - own_first)]
            price += max(0, min(over, m[work])) * m[y.EXCESS]
        if m[work + 1] > m[nurse + y.NURSE_SKILL]:
            price += (m[work + 1] - m[nurse + y.NURSE_SKILL]) * m[y.SKILL]
        if m[nurse + y.SEEN] != tick:
            m[nurse + y.SEEN] = tick
            price += m[nurse + y.NURSE_PRICE]
        if n == m[y.NURSES] and m[room_day_row(m, room, s // 3) + y.COUNT] == 0:
            price += m[y.VIOLATION]
        if price > limit:
            break
        its += y.COVER_WIDTH
        work += 2
    return int(price)


@inner
def stay_saving(m: Memory, p: int) -> int:
    """The `admission_price` that an admitted patient has where they are: what ending the stay saves."""
    me = stay_row(m, p)
    day, room, age = m[me + y.DAY], m[me + y.ROOM], m[me + y.AGE]
    price, last = _place_price(m, p, day, room), min(day + m[me + y.LENGTH], m[y.DAYS])
    span, here = 0, room_day_row(m, room, day)
    for _ in range(day, last):
        young, old = m[here + y.YOUNGEST], m[here + y.OLDEST]
        if young != old and age in (young, old):
            span += old - young - _span_without(m, p, here)
        here += m[y.ROOM_DAY_WIDTH]
    price += span * m[y.AGE_MIX]
    if not m[y.NURSING]:
        return int(price)
    m[y.TICK] += 1
    tick, its, work = m[y.TICK], cover_row(m, room, 3 * day) + y.NURSE, work_at(me)
    for s in range(3 * day, 3 * last):
        n = m[its]
        duty, nurse = duty_row(m, s, n), nurse_row(m, n)
        over = m[duty + y.LOAD] - m[duty + y.LIMIT]
        if over > 0:
            price += min(over, m[work]) * m[y.EXCESS]
        if m[work + 1] > m[nurse + y.NURSE_SKILL]:
            price += (m[work + 1] - m[nurse + y.NURSE_SKILL]) * m[y.SKILL]
        if m[nurse + y.SEEN] != tick:
            m[nurse + y.SEEN] = tick
            price += m[nurse + y.NURSE_PRICE]
        if n == m[y.NURSES] and m[room_day_row(m, room, s // 3) + y.COUNT] == 1:
            price += m[y.VIOLATION]
        its += y.COVER_WIDTH
        work += 2
    return int(price)


@inner
def _span_without(m: Memory, p: int, here: int) -> int:
    """Between the youngest and the oldest of the others in a room on a day; there are others."""
    young, old, who = NEVER, -1, present_at(m, here)
    for k in range(m[here + y.COUNT]):
        other = m[who + k]
        if other != p:
            age = m[stay_row(m, other) + y.AGE]
            young, old = min(young, age), max(old, age)
    return int(old - young)
