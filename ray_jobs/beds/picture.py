"""The evaluation as a picture: errors by day ahead, and fans over what came; needs matplotlib."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ray_jobs.beds.daily import forecast_daily
from ray_jobs.beds.levels import LEVELS, LOWER_80, UPPER_80

if TYPE_CHECKING:
    from ray_jobs.beds.evaluate import Score
    from ray_jobs.beds.history import History
    from ray_jobs.beds.shipped import Weights

AHEAD = 28
FANS = 6


def draw(
    history: "History",
    origins: Sequence[date],
    weights: "Weights",
    window: int | None,
    scores: "Sequence[Score]",
    path: Path,
) -> None:
    """Left: the largest location with fans from every few origins; right: error by horizon and method."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    row = int(np.argmax(history.occupied[:, -1]))
    begin = (origins[0] - history.first).days
    left.plot([history.first + timedelta(days=n) for n in range(begin, history.occupied.shape[1])],
              history.occupied[row, begin:], color="black", linewidth=0.8, label="occupied")  # fmt: skip
    for origin in origins[:: max(1, -(-len(origins) // FANS))]:
        past = history.until(origin)
        cut = past if window is None else past.after(max(past.first, past.last - timedelta(days=window - 1)))
        ahead = forecast_daily(cut, AHEAD, weights)
        days = [origin + timedelta(days=n + 1) for n in range(AHEAD)]
        left.fill_between(days, ahead.quantiles[row, :, LOWER_80], ahead.quantiles[row, :, UPPER_80], alpha=0.35)
        left.plot(days, ahead.quantiles[row, :, LEVELS.index(0.5)], linewidth=1.2)
    left.set_title(f"{history.locations[row]}: 80 % intervals, 28 days from some origins")
    left.set_ylabel("occupied beds")
    left.tick_params(axis="x", rotation=30)
    for method in dict.fromkeys(s.method for s in scores):
        of = [s for s in scores if s.method == method]
        right.plot([s.horizon for s in of], [s.mae for s in of], marker="o", label=method)
    right.set_xticks(sorted({s.horizon for s in scores}))
    right.set_title("mean absolute error, days 1 to …")
    right.set_ylabel("beds a location")
    right.legend()
    figure.savefig(path, dpi=110)
