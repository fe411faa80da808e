"""Steps that move one patient, or exchange two, kept when they add at most what the temperature allows."""

from __future__ import annotations

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.chance import below
from ray_jobs.scheduling.solver.compiled import inner
from ray_jobs.scheduling.solver.layout import Memory, lawful_at, rooms_at, stay_row
from ray_jobs.scheduling.solver.prices import (
    NEVER,
    admission_price,
    least_price,
    stay_saving,
    theatre_price,
    theatre_saving,
)
from ray_jobs.scheduling.solver.stays import admit, dismiss, leave, room_fits, surgeon_fits, theatre_fits

TRIES = 6


@inner
def best_theatre(m: Memory, p: int, day: int) -> int:
    """Return the cheapest theatre that fits, from a random one on; y.NOWHERE if none does."""
    theatres = m[y.THEATRES]
    best, least, o = y.NOWHERE, NEVER, below(m, theatres)
    for _ in range(theatres):
        if theatre_fits(m, p, day, o):
            price = theatre_price(m, p, day, o)
            if price < least:
                best, least = o, price
        o = o + 1 if o + 1 < theatres else 0
    return best


@inner
def admit_outsider(m: Memory, bar: int) -> bool:
    """Admit someone who is left out."""
    if m[y.OUTSIDE] == 0:
        return False
    p = m[m[y.OUTSIDE_AT] + below(m, m[y.OUTSIDE])]
    choices, window = m[stay_row(m, p) + y.CHOICES], m[stay_row(m, p) + y.LAST] - m[stay_row(m, p) + y.FIRST] + 1
    if choices == 0 or window <= 0:
        return False
    for _ in range(TRIES):
        day = m[stay_row(m, p) + y.FIRST] + below(m, window)
        room = m[rooms_at(m, stay_row(m, p)) + below(m, choices)]
        if surgeon_fits(m, p, day) and room_fits(m, p, day, room):
            theatre = best_theatre(m, p, day)
            if theatre != y.NOWHERE:
                return _admit_within(m, p, day, room, theatre, bar)
    return False


@inner
def dismiss_one(m: Memory, bar: int) -> bool:
    """Leave someone out."""
    p = below(m, m[y.PEOPLE])
    if m[stay_row(m, p) + y.DAY] < 0:
        return False
    price = stay_saving(m, p) + theatre_saving(m, p)
    if -price > bar:
        return False
    leave(m, p)
    m[y.COST] -= price
    return True


@inner
def relocate(m: Memory, bar: int) -> bool:  # noqa: C901, PLR0912 - one loop over what may change
    """Another room, day or theatre, or several of them, for someone who is admitted."""
    p = below(m, m[y.PEOPLE])
    day0, room0, theatre0 = m[stay_row(m, p) + y.DAY], m[stay_row(m, p) + y.ROOM], m[stay_row(m, p) + y.THEATRE]
    if day0 < 0:
        return False
    window, choices = m[stay_row(m, p) + y.LAST] - m[stay_row(m, p) + y.FIRST] + 1, m[stay_row(m, p) + y.CHOICES]
    kind, day, room, theatre, found = below(m, 8), day0, room0, theatre0, False
    for _ in range(TRIES):
        day, room, theatre = day0, room0, theatre0
        if kind >= 4 and kind < 7:  # noqa: PLR2004 - kinds 4 to 6 are days, 0 to 3 rooms, 4 both, 7 theatres
            day = m[stay_row(m, p) + y.FIRST] + below(m, window)
        if kind <= 4:  # noqa: PLR2004 - as above
            room = m[rooms_at(m, stay_row(m, p)) + below(m, choices)]
        if kind == 7:  # noqa: PLR2004 - as above
            theatre = below(m, m[y.THEATRES])
            found = theatre != theatre0 and theatre_fits(m, p, day, theatre)
        elif day != day0:
            found = surgeon_fits(m, p, day) and room_fits(m, p, day, room)
            if found:
                theatre = best_theatre(m, p, day)
                found = theatre != y.NOWHERE
        else:
            found = room != room0 and room_fits(m, p, day, room)
        if found:
            break
    if not found:
        return False
    if room == room0:
        old = dismiss(m, p)
        if _admit_within(m, p, day, room, theatre, bar + old):
            return True
        admit(m, p, day0, room0, theatre0, old)
        return False
    old, new = stay_saving(m, p), 0
    if day != day0:
        old, new = old + theatre_saving(m, p), theatre_price(m, p, day, theatre)
    limit = bar + old - new
    price = admission_price(m, p, day, room, limit)
    if price > limit:
        return False
    leave(m, p)
    admit(m, p, day, room, theatre, price + new - old)
    return True


@inner
def _admit_within(m: Memory, p: int, day: int, room: int, theatre: int, limit: int) -> bool:
    """Admit where it fits, if that adds at most `limit`."""
    price = theatre_price(m, p, day, theatre)
    price += admission_price(m, p, day, room, limit - price)
    if price > limit:
        return False
    admit(m, p, day, room, theatre, price)
    return True


@inner
def try_admit(m: Memory, p: int, day: int, room: int, theatre: int, limit: int) -> bool:
    """Admit if the place is allowed and adds at most `limit`; any theatre where the given one does not fit."""
    if not (
        m[stay_row(m, p) + y.FIRST] <= day <= m[stay_row(m, p) + y.LAST] and m[lawful_at(m, stay_row(m, p)) + room]
    ):
        return False
    if not (surgeon_fits(m, p, day) and room_fits(m, p, day, room)):
        return False
    if theatre == y.NOWHERE or not theatre_fits(m, p, day, theatre):
        theatre = best_theatre(m, p, day)
    if theatre == y.NOWHERE:
        return False
    return _admit_within(m, p, day, room, theatre, limit)


@inner
def exchange(m: Memory, bar: int) -> bool:  # noqa: C901, PLR0912 - undone where it was done
    """Two patients exchange rooms, days with theatres, or all three; who is left out may take someone's place.

    Days mostly between patients of one surgeon, whose minutes are the scarcest.
    """
    p, kind = below(m, m[y.PEOPLE]), below(m, 3)
    me, q = stay_row(m, p), below(m, m[y.PEOPLE])
    if kind > 0 and below(m, 4) > 0:
        q = m[m[y.MATES_AT] + m[me + y.MATES_FROM] + below(m, m[me + y.MATES])]
    day_p, room_p, theatre_p = m[stay_row(m, p) + y.DAY], m[stay_row(m, p) + y.ROOM], m[stay_row(m, p) + y.THEATRE]
    day_q, room_q, theatre_q = m[stay_row(m, q) + y.DAY], m[stay_row(m, q) + y.ROOM], m[stay_row(m, q) + y.THEATRE]
    if p == q or day_p < 0:
        return False
    to_q_day, to_q_room, to_p_day, to_p_room = day_p, room_p, day_q, room_q
    if kind == 0:
        to_q_day, to_p_day = day_q, day_p
    elif kind == 1:
        to_q_room, to_p_room = room_q, room_p
    if day_q < 0:
        to_q_day, to_q_room = day_p, room_p
    if not (
        m[stay_row(m, q) + y.FIRST] <= to_q_day <= m[stay_row(m, q) + y.LAST]
        and m[lawful_at(m, stay_row(m, q)) + to_q_room]
    ):
        return False
    if day_q >= 0:
        if not (
            m[stay_row(m, p) + y.FIRST] <= to_p_day <= m[stay_row(m, p) + y.LAST]
            and m[lawful_at(m, stay_row(m, p)) + to_p_room]
        ):
            return False
        if (kind == 0 and room_p == room_q) or (kind == 1 and day_p == day_q):
            return False
    before = m[y.COST]
    price_p, price_q = dismiss(m, p), 0
    if day_q >= 0:
        price_q = dismiss(m, q)
    to_p_theatre, to_q_theatre = theatre_q, theatre_p
    if kind == 0 and day_q >= 0:
        to_p_theatre, to_q_theatre = theatre_p, theatre_q
    budget = bar + before - m[y.COST]
    if try_admit(m, q, to_q_day, to_q_room, to_q_theatre, budget - (least_price(m, p) if day_q >= 0 else 0)):
        if day_q < 0 or try_admit(m, p, to_p_day, to_p_room, to_p_theatre, bar + before - m[y.COST]):
            return True
        dismiss(m, q)
    if day_q >= 0:
        admit(m, q, day_q, room_q, theatre_q, price_q)
    admit(m, p, day_p, room_p, theatre_p, price_p)
    return False
