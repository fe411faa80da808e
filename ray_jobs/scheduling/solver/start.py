"""A first plan: occupants in their rooms, a nurse for every room and shift, then patients from the tightest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.scheduling.solver import layout as y
from ray_jobs.scheduling.solver.anneal import furnish
from ray_jobs.scheduling.solver.form import integers_of
from ray_jobs.scheduling.solver.memory import memory_of, views

if TYPE_CHECKING:
    from ray_jobs.scheduling.ihtp import Instance, Solution
    from ray_jobs.scheduling.solver.keep import Keep
    from ray_jobs.scheduling.solver.layout import Memory

SAMPLES = 30


def begin(instance: Instance, seed: int, start: Solution | None = None, keep: Keep | None = None) -> Memory:
    """Build a plan from what of `start` the rules allow; raises `ValueError` where `start` or `keep` cannot be."""
    m = memory_of(instance)
    see, people, rooms = views(m), len(instance.patients), len(instance.rooms)
    if keep is not None:
        keep.write_into(see, instance)
    for row, lawful in zip(see.stay[:people], see.lawful, strict=False):
        choices = np.flatnonzero(lawful) if instance.operating_theaters else np.zeros(0, np.int64)
        first = len(row) - 2 * rooms
        row[first : first + len(choices)], row[y.CHOICES] = choices, len(choices)
    must = see.stay[:people, y.MUST] > 0
    m[y.RANDOM], m[y.BROKEN] = (seed * 0x9E3779B97F4A7C15 + 0x1234567) % (1 << 63) | 1, must.sum()
    at = np.full((people, 3), y.NOWHERE, np.int64)
    nurse = np.full((rooms, y.SHIFTS_A_DAY * instance.days), y.NOWHERE, np.int64)
    if start is not None:
        at, nurse = integers_of(instance, start)
    room_index = {room.id: i for i, room in enumerate(instance.rooms)}
    where = np.array([room_index[o.room_id] for o in instance.occupants], np.int64)
    spread = see.stay[:people, y.LAST] - see.stay[:people, y.FIRST] + np.random.default_rng(seed).random(people)
    order = np.lexsort((spread, ~must)).astype(np.int64)
    furnish(m, where, at, nurse, order, SAMPLES)
    return m
