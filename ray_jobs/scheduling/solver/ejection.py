"""Steps that make room: whoever stands against a patient's new place is taken out and looked after elsewhere."""

from __future__ import annotations

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.chance import below
from ray_jobs.scheduling.solver.compiled import inner
from ray_jobs.scheduling.solver.layout import (
    Memory,
    present_at,
    room_day_row,
    rooms_at,
    stay_row,
    surgeon_row,
    theatre_row,
)
from ray_jobs.scheduling.solver.moves import best_theatre, try_admit
from ray_jobs.scheduling.solver.prices import NEVER, admission_price, least_price, theatre_price
from ray_jobs.scheduling.solver.stays import admit, dismiss, leave, room_fits, surgeon_fits

MOST_EJECTED = 4
TRIES_A_SAMPLE = 10


@inner
def _eject(m: Memory, p: int, done: int) -> int:
    """Take out and remember; returns how many are remembered now."""
    row, me = m[y.LOG_AT] + y.LOG_WIDTH * done, stay_row(m, p)
    m[row], m[row + 1], m[row + 2], m[row + 3] = p, m[me + y.DAY], m[me + y.ROOM], m[me + y.THEATRE]
    if m[me + y.DAY] >= 0:
        dismiss(m, p)
    return done + 1


@inner
def _clear_room(m: Memory, p: int, day: int, room: int, done: int) -> int:
    """Take out who stands against `p` in the room; y.NOWHERE when it cannot be cleared."""
    people, gender = m[y.PEOPLE], m[stay_row(m, p) + y.GENDER]
    last = min(day + m[stay_row(m, p) + y.LENGTH], m[y.DAYS])
    for d in range(day, last):
        k = 0
        while k < m[room_day_row(m, room, d) + y.COUNT]:
            other = m[present_at(m, room_day_row(m, room, d)) + k]
            if m[stay_row(m, other) + y.GENDER] != gender:
                if other >= people or done > MOST_EJECTED:
                    return -done
                done = _eject(m, other, done)
            else:
                k += 1
        while m[room_day_row(m, room, d) + y.COUNT] >= m[m[y.CAPACITY_AT] + room]:
            other = m[present_at(m, room_day_row(m, room, d)) + below(m, m[room_day_row(m, room, d) + y.COUNT])]
            if other >= people or done > MOST_EJECTED:
                return -done
            done = _eject(m, other, done)
    return done


@inner
def _clear_surgeon(m: Memory, p: int, day: int, done: int) -> int:
    """Take out others of the same surgeon until the minutes suffice; negative when that takes too many."""
    surgeon, people = m[stay_row(m, p) + y.SURGEON], m[y.PEOPLE]
    if m[stay_row(m, p) + y.MINUTES] > m[surgeon_row(m, surgeon, day) + y.MINUTES_LIMIT]:
        return -done
    q, left = below(m, people), people
    while (
        m[surgeon_row(m, surgeon, day) + y.USED] + m[stay_row(m, p) + y.MINUTES]
        > m[surgeon_row(m, surgeon, day) + y.MINUTES_LIMIT]
    ):
        while left > 0 and (m[stay_row(m, q) + y.DAY] != day or m[stay_row(m, q) + y.SURGEON] != surgeon):
            q = q + 1 if q + 1 < people else 0
            left -= 1
        if left == 0 or done > MOST_EJECTED:
            return -done
        done = _eject(m, q, done)
    return done


@inner
def _clear_theatre(m: Memory, p: int, day: int, theatre: int, done: int) -> int:
    """Take out others of the theatre until the minutes suffice; negative when that takes too many."""
    people = m[y.PEOPLE]
    if m[stay_row(m, p) + y.MINUTES] > m[theatre_row(m, theatre, day) + y.MINUTES_LIMIT] or (
        m[stay_row(m, p) + y.THEATRE_ONLY] != y.NOWHERE and m[stay_row(m, p) + y.THEATRE_ONLY] != theatre
    ):
        return -done
    q, left = below(m, people), people
    while (
        m[theatre_row(m, theatre, day) + y.USED] + m[stay_row(m, p) + y.MINUTES]
        > m[theatre_row(m, theatre, day) + y.MINUTES_LIMIT]
    ):
        while left > 0 and (m[stay_row(m, q) + y.DAY] != day or m[stay_row(m, q) + y.THEATRE] != theatre):
            q = q + 1 if q + 1 < people else 0
            left -= 1
        if left == 0 or done > MOST_EJECTED:
            return -done
        done = _eject(m, q, done)
    return done


@inner
def rehouse(m: Memory, p: int, samples: int) -> bool:
    """Admit at the cheapest of `samples` random places; leave out where none fits or all cost more than that."""
    choices, window = m[stay_row(m, p) + y.CHOICES], m[stay_row(m, p) + y.LAST] - m[stay_row(m, p) + y.FIRST] + 1
    if choices == 0 or window <= 0:
        return False
    least, at_day, at_room, at_theatre, priced = NEVER, 0, 0, 0, 0
    for _ in range(TRIES_A_SAMPLE * samples):
        day = m[stay_row(m, p) + y.FIRST] + below(m, window)
        if not surgeon_fits(m, p, day):
            continue
        room = m[rooms_at(m, stay_row(m, p)) + below(m, choices)]
        if room_fits(m, p, day, room):
            theatre = best_theatre(m, p, day)
            if theatre != y.NOWHERE:
                price = theatre_price(m, p, day, theatre)
                price += admission_price(m, p, day, room, least - price)
                if price < least:
                    least, at_day, at_room, at_theatre = price, day, room, theatre
                priced += 1
                if priced == samples:
                    break
    if least >= 0 and (least == NEVER or not m[stay_row(m, p) + y.MUST]):
        return False
    admit(m, p, at_day, at_room, at_theatre, least)
    return True


@inner
def undo(m: Memory, done: int, before: int) -> None:
    """Put everybody remembered back where they were."""
    for k in range(done):
        p = m[m[y.LOG_AT] + y.LOG_WIDTH * k]
        if m[stay_row(m, p) + y.DAY] >= 0:
            leave(m, p)
    for k in range(done):
        row = m[y.LOG_AT] + y.LOG_WIDTH * k
        if m[row + 1] >= 0:
            admit(m, m[row], m[row + 1], m[row + 2], m[row + 3], 0)
    m[y.COST] = before


@inner
def push_in(m: Memory, p: int, samples: int, bar: int) -> bool:  # noqa: C901 - undone where it fails
    """Send `p` to a random place, take out who stands against it there, and rehouse them."""
    choices, window = m[stay_row(m, p) + y.CHOICES], m[stay_row(m, p) + y.LAST] - m[stay_row(m, p) + y.FIRST] + 1
    if choices == 0 or window <= 0:
        return False
    day = m[stay_row(m, p) + y.FIRST] + below(m, window)
    room = m[rooms_at(m, stay_row(m, p)) + below(m, choices)]
    before = m[y.COST]
    done = _eject(m, p, 0)
    done = _clear_room(m, p, day, room, done)
    if done > 0 and not surgeon_fits(m, p, day):
        done = _clear_surgeon(m, p, day, done)
    theatre = y.NOWHERE
    if done > 0:
        theatre = best_theatre(m, p, day)
        if theatre == y.NOWHERE:
            theatre = below(m, m[y.THEATRES])
            done = _clear_theatre(m, p, day, theatre, done)
    if done < 0:
        undo(m, -done, before)
        return False
    hoped = 0
    for k in range(1, done):
        hoped += least_price(m, m[m[y.LOG_AT] + y.LOG_WIDTH * k])
    if not try_admit(m, p, day, room, theatre, bar + before - m[y.COST] - hoped):
        undo(m, done, before)
        return False
    for k in range(1, done):
        other = m[m[y.LOG_AT] + y.LOG_WIDTH * k]
        hoped -= least_price(m, other)
        rehouse(m, other, samples)
        if m[y.COST] + hoped - before > bar:
            undo(m, done, before)
            return False
    if m[y.COST] - before <= bar:
        return True
    undo(m, done, before)
    return False
