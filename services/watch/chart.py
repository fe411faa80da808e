"""What is derived from a patient's readings: the hourly grids, the latest vital signs and how fresh they are.

Never stored: made from the ledger when needed, then carried along one reading at a time (the same, held by a test).
"""

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from ray_jobs.risk.grid import EXTRA_INDEX, EXTRA_WIDTH, INDEX, NAMES, WIDTH, Grid, cell
from ray_jobs.risk.names import VITALS
from ray_jobs.risk.news2 import PARAMETERS
from schemas.codes import MEASUREMENTS
from services.watch.readings import Ledger, Record
from services.watch.times import HOUR_US

ROWS: Final = 336
"""Hours of a stay that are forecast: 14 days. The few training stays that are longer were cut there too."""

VITAL_FRESH_US: Final = HOUR_US
LABORATORY_FRESH_US: Final = 24 * HOUR_US
LABORATORY: Final = frozenset(m.name for m in MEASUREMENTS.values() if m.kind == "laboratory")
BUILD: Final = frozenset({"weight", "height"})
"""They say nothing of how the patient is now."""
VITAL_SIGNS: Final = NAMES[:VITALS]
TREND_HOURS: Final = 6
COLUMN: Final = {**INDEX, **{name: WIDTH + i for name, i in EXTRA_INDEX.items()}}
"""Where a code lies when both grids stand side by side: [hours, 45]."""


class Newest(NamedTuple):
    """The reading last taken of its code among those that have a cell; ordered by (taken, id)."""

    taken: int
    id: str
    value: float
    row: int


class Sight(NamedTuple):
    """The readings as a model saw them at a row: the newest of each code, and both grids' last hours [<=6, 45]."""

    newest: dict[str, Newest]
    recent: Grid


@dataclass(slots=True)
class Chart:
    """The grids float64 [ROWS, 34] and [ROWS, 11] from `admission` on (None: no open stay), the newest reading by code
    in them, and the latest record by vital sign, in a stay or not.
    """

    admission: int | None
    grid: Grid | None
    extra: Grid | None
    winners: dict[tuple[int, str], Newest] = field(default_factory=dict)
    newest: dict[str, Newest] = field(default_factory=dict)
    latest: dict[str, Record] = field(default_factory=dict)
    since: int = 0
    """Vital signs taken before this are not among the latest: the ledger keeps them as hourly values only."""
    newest_vital: int = 0
    newest_laboratory: int = 0

    def put(self, record: Record, dropped: Record | None = None) -> bool:
        """Take in a plain new record, in place of `dropped`; False when the chart has to be made anew instead."""
        if record.code in LABORATORY:
            self.newest_laboratory = max(self.newest_laboratory, record.taken)
        elif record.code not in BUILD:
            self.newest_vital = max(self.newest_vital, record.taken)
        if record.code in PARAMETERS and record.taken >= self.since:
            held = self.latest.get(record.code)
            if (
                held is None
                or (dropped is not None and held.id == dropped.id)
                or (held.taken, held.id) < (record.taken, record.id)
            ):
                self.latest[record.code] = record
        if self.admission is None or record.code not in COLUMN:
            return True
        row, value = (record.taken - self.admission) // HOUR_US, cell(record.code, record.value)
        if dropped is not None and (math.isnan(value) or row != (dropped.taken - self.admission) // HOUR_US):
            return False
        if 0 <= row < ROWS and not math.isnan(value):
            self._place(Newest(record.taken, record.id, record.value, row), record.code, value, dropped)
        return True

    def _place(self, new: Newest, code: str, value: float, dropped: Record | None) -> None:
        won = self.winners.get((new.row, code))
        if won is None or won < new or (dropped is not None and won.id == dropped.id):
            self.winners[new.row, code] = new
            column = COLUMN[code]
            if column < WIDTH:
                assert self.grid is not None, "an open stay has a grid"  # noqa: S101 - narrows the type
                self.grid[new.row, column] = value
            else:
                assert self.extra is not None, "an open stay has an extra grid"  # noqa: S101 - narrows the type
                self.extra[new.row, column - WIDTH] = value
        last = self.newest.get(code)
        if last is None or last < new or (dropped is not None and last.id == dropped.id):
            self.newest[code] = new

    def sight(self, row: int) -> Sight:
        """What a model sees at this row of an open stay."""
        assert self.grid is not None, "an open stay has grids"  # noqa: S101 - narrows the type
        assert self.extra is not None, "an open stay has grids"  # noqa: S101 - narrows the type
        newest = self.newest.copy()
        for code in [code for code, held in newest.items() if held.row > row]:  # a sender's clock runs ahead
            earlier = [won for (_, name), won in self.winners.items() if name == code and won.row <= row]
            del newest[code]
            if earlier:
                newest[code] = max(earlier)
        last = slice(max(0, row - TREND_HOURS + 1), row + 1)
        recent = np.empty((last.stop - last.start, WIDTH + EXTRA_WIDTH))
        recent[:, :WIDTH], recent[:, WIDTH:] = self.grid[last], self.extra[last]
        return Sight(newest, recent)

    def vitals_known(self, row: int) -> int:
        """How many kinds of vital signs have been measured up to this row of an open stay."""
        known = [self.newest[code] for code in VITAL_SIGNS if code in self.newest]
        if all(held.row <= row for held in known):
            return len(known)
        return len({code for (at, code) in self.winners if at <= row and code in VITAL_SIGNS})

    def forget(self, since: int) -> None:
        """The ledger thinned what was taken before `since`: the hourly values stay as they are."""
        self.since = since
        self.latest = {code: r for code, r in self.latest.items() if r.taken >= since}

    def fresh(self, at: int) -> bool:
        """Whether the newest reading is young enough to alert on (design rule 5)."""
        return at - self.newest_vital <= VITAL_FRESH_US or at - self.newest_laboratory <= LABORATORY_FRESH_US


def chart(ledger: Ledger, admission: int | None) -> Chart:
    """The chart of all readings that hold."""
    made = Chart(admission, None, None, since=ledger.thinned * HOUR_US)
    if admission is not None:
        made.grid, made.extra = np.full((ROWS, WIDTH), np.nan), np.full((ROWS, EXTRA_WIDTH), np.nan)
    for record in ledger.standing():
        made.put(record)
    return made
