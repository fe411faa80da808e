"""Nurses that a ward needs in the coming shifts, from forecast workload, against its roster."""

import json
import sqlite3
from datetime import datetime
from typing import Any, Final

from services.console.projection.store import instant
from services.console.reading.beds_view import NurseShift

MOST: Final = 9
"""Shifts shown: three days."""
MAY_BE_SHORT: Final = 0.2
ORDER: Final = {"early": 0, "late": 1, "night": 2}


def nurses(db: sqlite3.Connection, site: str, ward: str, now: datetime) -> tuple[NurseShift, ...]:
    """The next shifts, in order."""
    r = db.execute("SELECT * FROM staffing WHERE site = ? AND ward = ?", (site, ward)).fetchone()
    if r is None:
        return ()
    since = min(instant(r["as_of"]), now).date().isoformat()
    shifts = [s for s in json.loads(r["shifts"]) if s["day"] >= since]
    shifts.sort(key=lambda s: (s["day"], ORDER[s["shift"]]))
    return tuple(_shift(s) for s in shifts[:MOST])


def _shift(s: dict[str, Any]) -> NurseShift:
    missing = s["needed"] - s["rostered"]
    if missing >= 0.5:  # noqa: PLR2004 - half a nurse is one too few
        state, text = "short", f"{missing:.0f} short"
    elif s["chance_short"] >= MAY_BE_SHORT:
        state, text = "tight", "may be short"
    else:
        state, text = "enough", "enough"
    return NurseShift(**s, state=state, text=text)
