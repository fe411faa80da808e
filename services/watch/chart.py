"""What is derived from a patient's readings: the hourly grid, the latest vital signs and how fresh they are.

Never stored: made from the ledger when needed, then carried along one reading at a time (the same, held by a test).
"""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ray_jobs.risk.grid import INDEX, WIDTH, Grid, cell
from ray_jobs.risk.news2 import PARAMETERS
from schemas.codes import MEASUREMENTS
from services.watch.readings import Ledger, Record
from services.watch.times import HOUR_US

ROWS: Final = 336
"""Hours of a stay that are forecast: 14 days. The few training stays that are longer were cut there too."""

VITAL_FRESH_US: Final = HOUR_US
LABORATORY_FRESH_US: Final = 24 * HOUR_US
LABORATORY: Final = frozenset(m.name for m in MEASUREMENTS.values() if m.kind == "laboratory")


@dataclass(slots=True)
class Chart:
    """The grid float64 [ROWS, 34] from `admission` on (None: no open stay) and the latest record by vital sign."""

    admission: int | None
    grid: Grid | None
    winners: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    latest: dict[str, Record] = field(default_factory=dict)
    since: int = 0
    """Vital signs taken before this are not among the latest: the ledger keeps them as hourly values only."""
    newest_vital: int = 0
    newest_laboratory: int = 0

    def put(self, record: Record, dropped: Record | None = None) -> bool:
        """Take in a plain new record, in place of `dropped`; False when the chart has to be made anew instead."""
        if record.code in LABORATORY:
            self.newest_laboratory = max(self.newest_laboratory, record.taken)
        else:
            self.newest_vital = max(self.newest_vital, record.taken)
        if record.code in PARAMETERS and record.taken >= self.since:
            held = self.latest.get(record.code)
            if (
                held is None
                or (dropped is not None and held.id == dropped.id)
                or (held.taken, held.id) < (record.taken, record.id)
            ):
                self.latest[record.code] = record
        if self.grid is None or self.admission is None or record.code not in INDEX:
            return True
        row, value = (record.taken - self.admission) // HOUR_US, cell(record.code, record.value)
        if dropped is not None and (math.isnan(value) or row != (dropped.taken - self.admission) // HOUR_US):
            return False
        if not 0 <= row < ROWS or math.isnan(value):
            return True
        won, place = self.winners.get((row, record.code)), (record.taken, record.id)
        if won is None or won < place or (dropped is not None and won[1] == dropped.id):
            self.winners[row, record.code] = place
            self.grid[row, INDEX[record.code]] = value
        return True

    def forget(self, since: int) -> None:
        """The ledger thinned what was taken before `since`: the hourly values stay as they are."""
        self.since = since
        self.latest = {code: r for code, r in self.latest.items() if r.taken >= since}

    def fresh(self, at: int) -> bool:
        """Whether the newest reading is young enough to alert on (design rule 5)."""
        return at - self.newest_vital <= VITAL_FRESH_US or at - self.newest_laboratory <= LABORATORY_FRESH_US


def chart(ledger: Ledger, admission: int | None) -> Chart:
    """The chart of all readings that hold."""
    grid = None if admission is None else np.full((ROWS, WIDTH), np.nan)
    made = Chart(admission, grid, since=ledger.thinned * HOUR_US)
    for record in ledger.standing():
        made.put(record)
    return made
