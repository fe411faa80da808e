"""The closed hours of a model, summed over the newest day or week."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ray_jobs.risk import drift
from services.drift.state import ROWS, WEEK, Watched

DAY: Final = 24


@dataclass(frozen=True, slots=True)
class Values:
    """A reading in a window: counts by bin (the last: impossible), patients, and their squared counts' sum."""

    counts: drift.Counts
    patients: int
    squares: float

    @property
    def count(self) -> int:
        """Patient-hours with a measurement."""
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class Window:
    """`rows` patient-hours of so many patients; `total` is the sum of their probabilities, `over`: at the threshold."""

    hours: int
    rows: int
    patients: int
    squares: float
    total: float
    over: int
    over_total: float
    alarms: int
    missed: int
    declined: int
    probabilities: drift.Counts
    readings: dict[str, Values]


def window(watched: Watched, hour: int, hours: int) -> Window:
    """The `hours` hours that end with `hour`."""
    tallies = [tally for at, tally in watched.hours.items() if hour - hours < at <= hour]
    probabilities = np.zeros(len(drift.MIDDLES), dtype=np.int64)
    counts: dict[str, drift.Counts] = {}
    for tally in tallies:
        for place, count in tally.probabilities.items():
            probabilities[place] += count
        for name, more in tally.readings.items():
            held = counts.get(name)
            if held is None:
                counts[name] = np.array(more, dtype=np.int64)
            else:
                held += more
    sizes = _sizes(watched, hour, hours)
    patients, squares = sizes.get(ROWS, (0, 0.0))
    return Window(
        hours=hours, rows=sum(t.rows for t in tallies), patients=patients, squares=squares,
        total=sum(t.total for t in tallies), over=sum(t.over for t in tallies),
        over_total=sum(t.over_total for t in tallies), alarms=sum(t.alarms for t in tallies),
        missed=sum(t.missed for t in tallies), declined=sum(t.declined for t in tallies), probabilities=probabilities,
        readings={name: Values(held, *sizes.get(name, (0, 0.0))) for name, held in counts.items()},
    )  # fmt: skip


def _sizes(watched: Watched, hour: int, hours: int) -> dict[str, tuple[int, float]]:
    """By reading: how many patients have it in the window, and the sum of their squared counts."""
    newest, found = (1 << min(hours, WEEK)) - 1, dict[str, tuple[int, float]]()
    for person in watched.people.values():
        shift = hour - person.hour
        if shift >= hours:
            continue
        for name, mask in person.masks.items():
            size = ((mask << shift) & newest).bit_count()
            if size:
                patients, squares = found.get(name, (0, 0.0))
                found[name] = (patients + 1, squares + size * size)
    return found
