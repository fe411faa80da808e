"""The compiled loop of the search: steps drawn by a mix, accepted by Metropolis' rule, the best plan remembered."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.chance import allowance, below
from ray_jobs.scheduling.solver.compiled import entry, inner
from ray_jobs.scheduling.solver.ejection import push_in, rehouse
from ray_jobs.scheduling.solver.layout import Memory, cover_row, duty_row, room_day_row, stay_row
from ray_jobs.scheduling.solver.moves import admit_outsider, dismiss_one, exchange, relocate, try_admit
from ray_jobs.scheduling.solver.nurses import anyone, change_nurse, cover, cover_price, run_of_nurse, swap_nurses
from ray_jobs.scheduling.solver.prices import NEVER
from ray_jobs.scheduling.solver.stays import dismiss, occupy

Table = NDArray[np.int64]
STEPS = ("relocate", "exchange", "admit", "dismiss", "push in", "push in outsider", "nurse", "nurse swap", "nurse run")
RELOCATE, EXCHANGE, ADMIT, DISMISS, PUSH_IN, PUSH_OUTSIDER, NURSE, NURSE_SWAP, NURSE_RUN = range(9)


@inner
def remember(m: Memory) -> None:
    """Keep the present plan as the best."""
    at = m[y.BEST_AT]
    for p in range(m[y.PEOPLE]):
        me = stay_row(m, p)
        m[at], m[at + 1], m[at + 2] = m[me + y.DAY], m[me + y.ROOM], m[me + y.THEATRE]
        at += 3
    at, its = m[y.BEST_COVER_AT], m[y.COVER_AT] + y.NURSE
    for k in range(m[y.ROOMS] * m[y.SHIFTS]):
        m[at + k] = m[its + k * y.COVER_WIDTH]
    m[y.BEST_COST], m[y.BEST_BROKEN] = m[y.COST], m[y.BROKEN]


@inner
def _recall(m: Memory, nursing: int) -> None:
    """Go back to the best plan, from now on with nurses priced (1) or left as they are (0)."""
    for p in range(m[y.PEOPLE]):
        if m[stay_row(m, p) + y.DAY] >= 0:
            dismiss(m, p)
    m[y.NURSING] = 1
    at = m[y.BEST_COVER_AT]
    for room in range(m[y.ROOMS]):
        for s in range(m[y.SHIFTS]):
            new = m[at + room * m[y.SHIFTS] + s]
            cover(m, room, s, new, cover_price(m, room, s, new))
    m[y.NURSING] = nursing
    for p in range(m[y.PEOPLE]):
        at = m[y.BEST_AT] + 3 * p
        if m[at] >= 0:
            try_admit(m, p, m[at], m[at + 1], m[at + 2], NEVER)
    remember(m)


@inner
def _must_be_in(m: Memory, p: int) -> int:
    """Return someone left out who must be admitted, or `p` when there is none."""
    end = m[y.OUTSIDE]
    k = below(m, end)
    for _ in range(end):
        other = m[m[y.OUTSIDE_AT] + k]
        if m[stay_row(m, other) + y.MUST]:
            return int(other)
        k = k + 1 if k + 1 < end else 0
    return p


@inner
def step(m: Memory, kind: int, bar: int, samples: int) -> bool:  # noqa: C901, PLR0911 - a line for each kind
    """Try one step of a kind; returns whether the plan changed."""
    if m[y.ROOMS] == 0 or m[y.STAYS] == 0:
        return False
    if kind == NURSE:
        return change_nurse(m, bar)
    if kind == NURSE_SWAP:
        return swap_nurses(m, bar)
    if kind == NURSE_RUN:
        return run_of_nurse(m, bar)
    if m[y.PEOPLE] == 0:
        return False
    if kind == RELOCATE:
        return relocate(m, bar)
    if kind == EXCHANGE:
        return exchange(m, bar)
    if kind == ADMIT:
        return admit_outsider(m, bar)
    if kind == DISMISS:
        return dismiss_one(m, bar)
    p = below(m, m[y.PEOPLE])
    if kind == PUSH_OUTSIDER:
        if m[y.OUTSIDE] == 0:
            return False
        p = m[m[y.OUTSIDE_AT] + below(m, m[y.OUTSIDE])]
        if m[y.BROKEN] > 0:
            p = _must_be_in(m, p)
    return push_in(m, p, samples, bar)


@inner
def _run(m: Memory, mix: Table, iterations: int, temperature: float, samples: int) -> None:
    """Do `iterations` steps; `mix` is the cumulated share of each kind of step in 1024."""
    for _ in range(iterations):
        draw, kind = below(m, 1024), 0
        while draw >= mix[kind]:
            kind += 1
        if not step(m, kind, allowance(m, temperature), samples):
            continue
        if m[y.BROKEN] < m[y.BEST_BROKEN] or (m[y.BROKEN] == m[y.BEST_BROKEN] and m[y.COST] < m[y.BEST_COST]):
            remember(m)


@inner
def _bare_price(m: Memory) -> int:
    """What it costs that nobody is admitted, with the occupants in their rooms and nobody covering any room."""
    price = m[y.VIOLATION] * m[y.BROKEN]
    for p in range(m[y.PEOPLE]):
        me = stay_row(m, p)
        price += (1 - m[me + y.MUST]) * m[y.LEFT_OUT] + (m[me + y.DAY_BEFORE] >= 0) * m[y.DROPPED]
    for room in range(m[y.ROOMS]):
        for d in range(m[y.DAYS]):
            row = room_day_row(m, room, d)
            if m[row + y.COUNT] > 0:
                price += m[y.AGE_MIX] * (m[row + y.OLDEST] - m[row + y.YOUNGEST])
        for s in range(m[y.SHIFTS]):
            price += (m[cover_row(m, room, s) + y.NURSE_BEFORE] >= 0) * m[y.MOVED_NURSE]
    return int(price)


@inner
def _furnish(m: Memory, where: Table, at: Table, nurse: Table, order: Table, samples: int) -> None:
    """Write the first plan into an empty memory: occupants, nurses, the given admissions, then all others."""
    people = m[y.PEOPLE]
    for k in range(len(where)):
        occupy(m, people + k, 0, where[k])
    m[y.COST] = _bare_price(m)
    for room in range(m[y.ROOMS]):
        for s in range(m[y.SHIFTS]):
            new = nurse[room, s]
            if new < 0 or m[duty_row(m, s, new) + y.LIMIT] < 0:
                new = anyone(m, s)
            cover(m, room, s, new, cover_price(m, room, s, new))
    for k in range(people):
        p = order[k]
        if at[p, 0] >= 0:
            try_admit(m, p, at[p, 0], at[p, 1], at[p, 2], NEVER)
    for k in range(people):
        if m[stay_row(m, order[k]) + y.DAY] < 0:
            rehouse(m, order[k], samples)
    remember(m)


def _entries(sources: int) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """Compile once for all: `sources` is part of the compiled code's name in numba's cache, which else would not see
    that a module called from here has changed.
    """

    @entry
    def run(m: Memory, mix: Table, iterations: int, temperature: float, samples: int) -> None:
        if sources >= 0:
            _run(m, mix, iterations, temperature, samples)

    @entry
    def recall(m: Memory, nursing: int) -> None:
        if sources >= 0:
            _recall(m, nursing)

    @entry
    def furnish(m: Memory, where: Table, at: Table, nurse: Table, order: Table, samples: int) -> None:
        if sources >= 0:
            _furnish(m, where, at, nurse, order, samples)

    return run, recall, furnish


run, recall, furnish = _entries(
    zlib.crc32(b"".join(p.read_bytes() for p in sorted(Path(__file__).parent.glob("*.py"))))
)
"""The compiled search: `run(m, mix, iterations, temperature, samples)`, `recall(m, nursing)`, `furnish(...)`."""
