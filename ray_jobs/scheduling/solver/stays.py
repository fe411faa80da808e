"""Whether a patient fits, admit one, take one out again: the plan and all its counts, kept true at each change."""

from __future__ import annotations

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.compiled import inner
from ray_jobs.scheduling.solver.layout import (
    Memory,
    cover_row,
    duty_row,
    met_at,
    present_at,
    room_day_row,
    stay_row,
    surgeon_row,
    theatre_row,
    work_at,
)
from ray_jobs.scheduling.solver.prices import stay_saving, theatre_saving


@inner
def room_fits(m: Memory, p: int, day: int, room: int) -> bool:
    """Whether a bed is free, among the same gender, on each day of the stay; the patient's own bed counts as free."""
    me = stay_row(m, p)
    gender, last = y.ROOM_DAY_FIXED + m[me + y.GENDER], min(day + m[me + y.LENGTH], m[y.DAYS])
    own_first, own_last = 0, 0
    if m[me + y.ROOM] == room and m[me + y.DAY] >= 0:
        own_first = m[me + y.DAY]
        own_last = own_first + m[me + y.LENGTH]
    capacity, here = m[m[y.CAPACITY_AT] + room], room_day_row(m, room, day)
    for d in range(day, last):
        count = m[here + y.COUNT]
        if count != m[here + gender]:
            return False
        if count >= capacity and (count > capacity or not own_first <= d < own_last):
            return False
        here += m[y.ROOM_DAY_WIDTH]
    return True


@inner
def surgeon_fits(m: Memory, p: int, day: int) -> bool:
    """Whether the surgeon has the minutes; the patient's own count as free."""
    me = stay_row(m, p)
    here = surgeon_row(m, m[me + y.SURGEON], day)
    return bool(m[me + y.DAY] == day or m[here + y.USED] + m[me + y.MINUTES] <= m[here + y.MINUTES_LIMIT])


@inner
def theatre_fits(m: Memory, p: int, day: int, theatre: int) -> bool:
    """Whether the theatre has the minutes; the patient's own count as free."""
    me = stay_row(m, p)
    if m[me + y.THEATRE_ONLY] != y.NOWHERE and m[me + y.THEATRE_ONLY] != theatre:
        return False
    here = theatre_row(m, theatre, day)
    own = m[me + y.DAY] == day and m[me + y.THEATRE] == theatre
    return bool(own or m[here + y.USED] + m[me + y.MINUTES] <= m[here + y.MINUTES_LIMIT])


@inner
def occupy(m: Memory, p: int, day: int, room: int) -> None:
    """Put a stay into a room, with no theatre: the first half of `admit`, and all of it for occupants."""
    me = stay_row(m, p)
    age, last, here = m[me + y.AGE], min(day + m[me + y.LENGTH], m[y.DAYS]), room_day_row(m, room, day)
    for d in range(day, last):
        count = m[here + y.COUNT]
        m[present_at(m, here) + count] = p
        if count == 0:
            m[here + y.YOUNGEST] = age
            m[here + y.OLDEST] = age
            for s in range(3 * d, 3 * d + 3):
                m[y.BROKEN] += m[cover_row(m, room, s) + y.NURSE] == m[y.NURSES]
        else:
            m[here + y.YOUNGEST] = min(age, m[here + y.YOUNGEST])
            m[here + y.OLDEST] = max(age, m[here + y.OLDEST])
        m[here + y.COUNT] = count + 1
        m[here + y.ROOM_DAY_FIXED + m[me + y.GENDER]] += 1
        here += m[y.ROOM_DAY_WIDTH]
    m[me + y.DAY], m[me + y.ROOM] = day, room
    if not m[y.NURSING]:
        return
    its, work, met = cover_row(m, room, 3 * day), work_at(me), met_at(m, me)
    for s in range(3 * day, 3 * last):
        n = m[its + y.NURSE]
        m[its + y.ROOM_LOAD] += m[work]
        m[duty_row(m, s, n) + y.LOAD] += m[work]
        m[met + n] += 1
        its += y.COVER_WIDTH
        work += 2


@inner
def _cross(m: Memory, p: int, step: int) -> None:
    """Take a patient off the list of those left out (`step` -1), or put back on it (1)."""
    me = stay_row(m, p)
    end = m[y.OUTSIDE] + (step - 1) // 2
    at, other = m[me + y.PLACE], m[m[y.OUTSIDE_AT] + end]
    m[m[y.OUTSIDE_AT] + at], m[stay_row(m, other) + y.PLACE] = other, at
    m[m[y.OUTSIDE_AT] + end], m[me + y.PLACE] = p, end
    m[y.OUTSIDE] += step
    m[y.BROKEN] += step * m[me + y.MUST]


@inner
def admit(m: Memory, p: int, day: int, room: int, theatre: int, price: int) -> None:
    """Admit a patient; `price` is `admission_price` + `theatre_price`."""
    occupy(m, p, day, room)
    me = stay_row(m, p)
    m[me + y.THEATRE] = theatre
    here = theatre_row(m, theatre, day)
    m[here + y.USED] += m[me + y.MINUTES]
    m[here + y.BUSY] += 1
    here = surgeon_row(m, m[me + y.SURGEON], day)
    m[here + y.USED] += m[me + y.MINUTES]
    m[here + y.BUSY] += m[here + y.SURGEON_FIXED + theatre] == 0
    m[here + y.SURGEON_FIXED + theatre] += 1
    m[y.COST] += price
    _cross(m, p, -1)


@inner
def _vacate(m: Memory, p: int, day: int, room: int) -> None:
    """Undo `occupy`."""
    me = stay_row(m, p)
    age, last, here = m[me + y.AGE], min(day + m[me + y.LENGTH], m[y.DAYS]), room_day_row(m, room, day)
    for d in range(day, last):
        count, who = m[here + y.COUNT] - 1, present_at(m, here)
        m[here + y.COUNT] = count
        m[here + y.ROOM_DAY_FIXED + m[me + y.GENDER]] -= 1
        for k in range(count):
            if m[who + k] == p:
                m[who + k] = m[who + count]
        if count == 0:
            for s in range(3 * d, 3 * d + 3):
                m[y.BROKEN] -= m[cover_row(m, room, s) + y.NURSE] == m[y.NURSES]
        elif age == m[here + y.YOUNGEST] or age == m[here + y.OLDEST]:
            young = old = m[stay_row(m, m[who]) + y.AGE]
            for k in range(1, count):
                other = m[stay_row(m, m[who + k]) + y.AGE]
                young, old = min(young, other), max(old, other)
            m[here + y.YOUNGEST], m[here + y.OLDEST] = young, old
        here += m[y.ROOM_DAY_WIDTH]
    m[me + y.DAY] = y.NOWHERE
    if not m[y.NURSING]:
        return
    its, work, met = cover_row(m, room, 3 * day), work_at(me), met_at(m, me)
    for s in range(3 * day, 3 * last):
        n = m[its + y.NURSE]
        m[its + y.ROOM_LOAD] -= m[work]
        m[duty_row(m, s, n) + y.LOAD] -= m[work]
        m[met + n] = 0
        its += y.COVER_WIDTH
        work += 2


@inner
def leave(m: Memory, p: int) -> None:
    """Take an admitted patient out; the cost is the caller's to mend."""
    me = stay_row(m, p)
    day, room, theatre = m[me + y.DAY], m[me + y.ROOM], m[me + y.THEATRE]
    _vacate(m, p, day, room)
    here = theatre_row(m, theatre, day)
    m[here + y.USED] -= m[me + y.MINUTES]
    m[here + y.BUSY] -= 1
    here = surgeon_row(m, m[me + y.SURGEON], day)
    m[here + y.USED] -= m[me + y.MINUTES]
    m[here + y.SURGEON_FIXED + theatre] -= 1
    m[here + y.BUSY] -= m[here + y.SURGEON_FIXED + theatre] == 0
    _cross(m, p, 1)


@inner
def dismiss(m: Memory, p: int) -> int:
    """Take an admitted patient out; returns the price at which the same admission would be made again."""
    price = stay_saving(m, p) + theatre_saving(m, p)
    leave(m, p)
    m[y.COST] -= price
    return price
