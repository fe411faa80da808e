"""The search's own random numbers: the generator's state is part of the plan, so threads do not disturb each other."""

from __future__ import annotations

import math

import numpy as np

from ray_jobs.scheduling.solver.compiled import inner
from ray_jobs.scheduling.solver.layout import RANDOM, Memory

_A, _B, _C = np.uint64(12), np.uint64(25), np.uint64(27)
_MULTIPLIER, _HALF, _TOP = np.uint64(2685821657736338717), np.uint64(32), np.uint64(11)
_UNIT = 1.0 / (1 << 53)


@inner
def _next(m: Memory) -> np.uint64:
    """Marsaglia's xorshift64*."""
    v = np.uint64(m[RANDOM])
    v ^= v >> _A
    v ^= v << _B
    v ^= v >> _C
    m[RANDOM] = np.int64(v)
    return np.uint64(v * _MULTIPLIER)


@inner
def below(m: Memory, n: int) -> int:
    """Return an integer in 0 .. n - 1, for n up to 2**32 (bias below n / 2**32)."""
    return int(np.int64(((_next(m) >> _HALF) * np.uint64(n)) >> _HALF))


@inner
def allowance(m: Memory, temperature: float) -> int:
    """Return the most that a step may add: Metropolis' rule, drawn before the step is priced."""
    u = (float(_next(m) >> _TOP) + 0.5) * _UNIT
    return int(np.int64(-temperature * math.log(u)))
