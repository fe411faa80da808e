"""The same search on many machines: a Ray actor for each, with seeds of its own; the best plan of all is told.

The searches do not wait for one another, so an actor that is lost costs its own search and nothing else. What more
of them gain has not been measured.
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ray_jobs.scheduling.check import COSTS, VIOLATIONS, check_timetable
from ray_jobs.scheduling.ihtp import Instance
from ray_jobs.scheduling.solver.solve import Better, Solved, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from ray_jobs.scheduling.ihtp import Solution

LOOK_SECONDS, CONNECT_SECONDS = 0.5, 5.0
START_SECONDS = 60.0
"""How long after its time a first actor is waited for: Ray itself has to start."""
SEEDS_APART = 1_000_003
"""Between the seeds of two actors, so that no thread of one searches as a thread of another."""


class Searcher:
    """One search in a thread of its own, asked now and then for what it has; becomes a Ray actor."""

    def __init__(self, instance: str, options: dict[str, Any]) -> None:
        self._stop = threading.Event()
        self._newest: Better | None = None
        self._solved: Solved | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(Instance.model_validate_json(instance), options))
        self._thread.start()

    def _run(self, instance: Instance, options: dict[str, Any]) -> None:
        try:
            self._solved = solve(instance, on_better=self._note, stop=self._stop.is_set, **options)
        except BaseException as error:  # noqa: BLE001 - it is the asker's, who raises it
            self._error = error

    def _note(self, better: Better) -> None:
        self._newest = better

    def look(self) -> tuple[Better | None, Solved | None]:
        """The newest plan not asked for yet, and how it ended if it has; raises what the search raised."""
        if self._error is not None:
            raise self._error
        newest, self._newest = self._newest, None
        return newest, self._solved

    def stop(self) -> None:
        """End the search soon: what it has is its answer."""
        self._stop.set()


def solve_spread(
    instance: Instance,
    *,
    address: str,
    actors: int,
    seconds: float,
    threads: int = 2,
    seed: int = 0,
    iterations: int | None = None,
    start: Solution | None = None,
    on_better: Callable[[Better], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Solved:
    """Like `solve`, by `actors` searches on the Ray cluster at `address` (`local`: one started here and stopped).

    An actor takes `threads` processors. Raises ConnectionError when there is no such cluster, or when every actor
    was lost.
    """
    import ray

    began = time.monotonic()
    _reached(address)
    ray.init(address=None if address == "local" else address, log_to_driver=False, include_dashboard=False)
    try:
        remote: Any = ray.remote(num_cpus=threads, max_restarts=0)(Searcher)
        # What is left when an actor begins is less than what was left here: the plans must be back in time.
        options = {"threads": threads, "iterations": iterations, "start": start}
        text, running = instance.model_dump_json(exclude_none=True), []
        for k in range(max(1, actors)):
            left = max(0.1, seconds - (time.monotonic() - began) - 2 * LOOK_SECONDS)
            running.append(remote.remote(text, options | {"seed": seed + k * SEEDS_APART, "seconds": left}))
        return _best_of(instance, running, began, seconds, on_better, stop)
    finally:
        ray.shutdown()


def _reached(address: str) -> None:
    """Raise ConnectionError when nobody listens at a host and port: Ray itself would try for minutes."""
    host, colon, port = address.rpartition("/")[2].rpartition(":")
    if colon and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
        except OSError as error:
            raise ConnectionError(str(error)) from error


def _best_of(  # noqa: C901 - one loop over what an actor may answer
    instance: Instance,
    running: list[Any],
    began: float,
    seconds: float,
    on_better: Callable[[Better], object] | None,
    stop: Callable[[], bool] | None,
) -> Solved:
    """Ask every actor until all have ended; the best plan that any has told, whatever became of it afterwards.

    An actor that waits for processors never answers: it is not waited for when the time is over.
    """
    import ray

    best: Better | None = None
    trajectory, iterations, lost = [], 0, "none has begun: are there processors enough for one?"
    begun: set[Any] = set()
    asked = {actor.look.remote(): actor for actor in running}
    while asked:
        passed = time.monotonic() - began
        if passed > seconds or (stop is not None and stop()):
            for actor in asked.values():
                actor.stop.remote()
            if begun or passed > seconds + START_SECONDS:
                asked = {look: actor for look, actor in asked.items() if actor in begun}
        for look in ray.wait(list(asked), num_returns=len(asked), timeout=LOOK_SECONDS)[0] if asked else ():
            actor = asked.pop(look)
            try:
                newest, solved = ray.get(look)
            except ray.exceptions.RayActorError as error:
                lost = str(error)
                continue
            begun.add(actor)
            if newest is not None and (best is None or (newest.violations, newest.cost) < (best.violations, best.cost)):
                best = replace(newest, seconds=time.monotonic() - began)
                trajectory.append((best.seconds, best.violations, best.cost))
                if on_better is not None:
                    on_better(best)
            if solved is None:
                asked[actor.look.remote()] = actor
            else:
                iterations += solved.iterations
        time.sleep(LOOK_SECONDS if asked else 0)
    if best is None:
        msg = f"no search has told a plan: {lost}"
        raise ConnectionError(msg)
    report = check_timetable(instance, best.solution)
    return Solved(
        solution=best.solution,
        costs={name: report[name] for name in COSTS},
        violations={name: report[name] for name in VIOLATIONS},
        seconds=time.monotonic() - began,
        iterations=iterations,
        trajectory=tuple(trajectory),
    )
