"""Many forecasts at once: each is a value for one worker process, or for one Ray task where a cluster is named."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from ray_jobs.beds.daily import DailyForecast, forecast_daily
from ray_jobs.beds.history import History

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def forecast_many(pasts: Sequence[History], horizon: int, jobs: int, ray_address: str = "") -> Iterator[DailyForecast]:
    """The forecast from each past, in order; raises ConnectionError when the Ray cluster cannot be reached."""
    if ray_address:
        yield from _by_ray(pasts, horizon, ray_address)
    elif jobs <= 1 or len(pasts) == 1:
        yield from (forecast_daily(past, horizon) for past in pasts)
    else:
        for name in THREADS:  # a worker is one core: its algebra must not start others
            os.environ.setdefault(name, "1")
        with ProcessPoolExecutor(jobs) as pool:
            yield from pool.map(forecast_daily, pasts, [horizon] * len(pasts))


def blocks(history: History, most: int) -> list[History]:
    """The locations in blocks of at most this many, each forecast for itself: "everywhere" is then the block."""
    count = -(-len(history.locations) // most)
    cut = [slice(len(history.locations) * n // count, len(history.locations) * (n + 1) // count) for n in range(count)]
    return [History(history.first, history.locations[c], history.occupied[c], history.filled) for c in cut]


def _by_ray(pasts: Sequence[History], horizon: int, address: str) -> Iterator[DailyForecast]:
    import ray

    ray.init(address=None if address == "local" else address, log_to_driver=False, include_dashboard=False)
    try:
        task = ray.remote(forecast_daily)
        found: list[DailyForecast] = ray.get([task.remote(past, horizon) for past in pasts])
        yield from found
    finally:
        ray.shutdown()
