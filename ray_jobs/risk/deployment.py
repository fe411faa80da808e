"""The risk models as Ray Serve holds them: trees and small networks in one replica, a few MB each, without torch."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ray_jobs import registry, wire
from ray_jobs.risk.local import Scorer


class RiskModels:
    """Every model of task "risk", loaded and checked when it is made; raises RegistryError."""

    def __init__(self, names: tuple[str, ...] | None = None, models: Path | None = None, threads: int = 2) -> None:
        """Load the named models, or all; at most `threads` calls are computed at once."""
        found = tuple(card.name for card in registry.list_models(models) if card.task == "risk")
        self._scorers = {name: Scorer(name, models) for name in (names if names is not None else found)}
        # LightGBM and numpy let go of the interpreter lock: a long explanation does not hold up the next call.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="risk")

    @property
    def cards(self) -> tuple[registry.Card, ...]:
        """Cards of the models served."""
        return tuple(scorer.card for scorer in self._scorers.values())

    def __contains__(self, name: str) -> bool:
        return name in self._scorers

    async def infer(self, name: str, body: bytes) -> bytes:
        """Answer a request of `ray_jobs.wire`; raises KeyError, WireError, MismatchError (`Scorer.infer`)."""
        scorer = self._scorers[name]
        return await asyncio.get_running_loop().run_in_executor(self._pool, _answer, scorer, body)

    def canary(self, name: str) -> float:
        """Milliseconds to score a patient of whom nothing is known; raises ArithmeticError for no probability."""
        start = time.perf_counter()
        scorer = self._scorers[name]
        probability = scorer.probability(np.full((1, len(scorer.features.features)), np.nan))[0]
        if not 0.0 <= probability <= 1.0:
            raise ArithmeticError(f"model {name}: the canary's probability is {probability}")
        return (time.perf_counter() - start) * 1000


def _answer(scorer: Scorer, body: bytes) -> bytes:
    return wire.encode(*scorer.infer(wire.decode(body)))
