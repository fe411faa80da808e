"""Change who covers a room: one shift, two rooms against each other, or a run of days; exact and incremental."""

from __future__ import annotations

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.chance import below
from ray_jobs.scheduling.solver.compiled import inner
from ray_jobs.scheduling.solver.layout import (
    Memory,
    cover_row,
    duty_row,
    met_at,
    nurse_row,
    present_at,
    room_day_row,
    roster_row,
    stay_row,
    work_at,
)

OF_ROOM, OF_SHIFT, WAS = range(3)
"""Columns of the log for nurses: what a compound change undoes."""


@inner
def cover_price(m: Memory, room: int, s: int, new: int) -> int:
    """What it adds when `new` takes the room in shift `s` from who has it."""
    its, here, price = cover_row(m, room, s), room_day_row(m, room, s // 3), 0
    old, load, count = m[its + y.NURSE], m[its + y.ROOM_LOAD], m[here + y.COUNT]
    if old == new:
        return 0
    if m[its + y.NURSE_BEFORE] != y.NOWHERE:
        price = m[y.MOVED_NURSE] * (int(old == m[its + y.NURSE_BEFORE]) - int(new == m[its + y.NURSE_BEFORE]))
    if count == 0:
        return price
    duty = duty_row(m, s, new)
    over = m[duty + y.LOAD] + load - m[duty + y.LIMIT]
    excess = min(load, over) if over > 0 else 0
    duty = duty_row(m, s, old)
    over = m[duty + y.LOAD] - m[duty + y.LIMIT]
    if over > 0:
        excess -= min(load, over)
    short, loses, gains = 0, nurse_row(m, old), nurse_row(m, new)
    who = present_at(m, here)
    for k in range(count):
        one = stay_row(m, m[who + k])
        need, met = m[work_at(one) + 2 * (s - 3 * m[one + y.DAY]) + 1], met_at(m, one)
        short += max(0, need - m[gains + y.NURSE_SKILL]) - max(0, need - m[loses + y.NURSE_SKILL])
        if m[met + old] == 1:
            price -= m[loses + y.NURSE_PRICE]
        if m[met + new] == 0:
            price += m[gains + y.NURSE_PRICE]
    price += m[y.VIOLATION] * (int(new == m[y.NURSES]) - int(old == m[y.NURSES]))
    return int(price + excess * m[y.EXCESS] + short * m[y.SKILL])


@inner
def cover(m: Memory, room: int, s: int, new: int, price: int) -> None:
    """`new` takes the room in shift `s`, at `cover_price`."""
    its, here = cover_row(m, room, s), room_day_row(m, room, s // 3)
    old, load, count, who = m[its + y.NURSE], m[its + y.ROOM_LOAD], m[here + y.COUNT], present_at(m, here)
    for k in range(count):
        met = met_at(m, stay_row(m, m[who + k]))
        m[met + old] -= 1
        m[met + new] += 1
    m[duty_row(m, s, old) + y.LOAD] -= load
    m[duty_row(m, s, new) + y.LOAD] += load
    m[its + y.NURSE] = new
    if count > 0:
        m[y.BROKEN] += int(new == m[y.NURSES]) - int(old == m[y.NURSES])
    m[y.COST] += price


@inner
def anyone(m: Memory, s: int) -> int:
    """Return a nurse who works in the shift, or nobody."""
    row = roster_row(m, s)
    return int(m[row + 1 + below(m, m[row])] if m[row] > 0 else m[y.NURSES])


@inner
def change_nurse(m: Memory, bar: int) -> bool:
    """Another nurse for a room in a shift, kept when it adds at most `bar`."""
    room, s = below(m, m[y.ROOMS]), below(m, m[y.SHIFTS])
    if m[room_day_row(m, room, s // 3) + y.COUNT] == 0:
        return False
    new = anyone(m, s)
    if new == m[cover_row(m, room, s) + y.NURSE]:
        return False
    price = cover_price(m, room, s, new)
    if price > bar:
        return False
    cover(m, room, s, new, price)
    return True


@inner
def _logged(m: Memory, room: int, s: int, new: int, done: int) -> None:
    """Cover and remember."""
    row = m[y.LOG_AT] + y.LOG_WIDTH * done
    m[row + OF_ROOM], m[row + OF_SHIFT], m[row + WAS] = room, s, m[cover_row(m, room, s) + y.NURSE]
    cover(m, room, s, new, cover_price(m, room, s, new))


@inner
def _settled(m: Memory, done: int, before: int, bar: int) -> bool:
    """Keep what was done when it added at most `bar`, else undo it."""
    if m[y.COST] - before <= bar:
        return done > 0
    for k in range(done - 1, -1, -1):
        row = m[y.LOG_AT] + y.LOG_WIDTH * k
        cover(m, m[row + OF_ROOM], m[row + OF_SHIFT], m[row + WAS], 0)
    m[y.COST] = before
    return False


@inner
def swap_nurses(m: Memory, bar: int) -> bool:
    """The nurses of two rooms change places in a shift, or in the same shift of some days on end."""
    one, other, s = below(m, m[y.ROOMS]), below(m, m[y.ROOMS]), below(m, m[y.SHIFTS])
    if one == other:
        return False
    before, done = m[y.COST], 0
    span = 1 if below(m, 2) == 0 else 1 + below(m, 6)
    step = 3 if below(m, 2) == 0 else 1
    for _ in range(span):
        if s >= m[y.SHIFTS]:
            break
        a, b = m[cover_row(m, one, s) + y.NURSE], m[cover_row(m, other, s) + y.NURSE]
        if a != b:
            _logged(m, one, s, b, done)
            _logged(m, other, s, a, done + 1)
            done += 2
        s += step
    return _settled(m, done, before, bar)


@inner
def run_of_nurse(m: Memory, bar: int) -> bool:
    """One nurse covers a room in all shifts that she works during someone's stay there, or in part of it."""
    me = stay_row(m, below(m, m[y.STAYS]))
    day, room = m[me + y.DAY], m[me + y.ROOM]
    if day < 0:
        return False
    first, end = 3 * day, 3 * min(day + m[me + y.LENGTH], m[y.DAYS])
    s = first + below(m, end - first)
    new, instead = anyone(m, s), m[cover_row(m, room, s) + y.NURSE]
    only = below(m, 2) == 0
    if below(m, 2) == 0:
        first, end = s, min(end, s + 3 + below(m, 9))
    before, done = m[y.COST], 0
    for k in range(first, end):
        old = m[cover_row(m, room, k) + y.NURSE]
        if old != new and m[duty_row(m, k, new) + y.LIMIT] >= 0 and (not only or old == instead):
            _logged(m, room, k, new, done)
            done += 1
    return _settled(m, done, before, bar)
