"""Where a budget's numbers come from: a ward's stays and nurses in the log, or a table of one's own."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from schemas.events import AvailabilityPublished, RiskForecasted
from services.cli.alerts_budget import Course
from services.cli.alerts_log import Read, events, stays
from services.cli.alerts_silent import on_ward, within
from services.runtime.ports import LogReader

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When the first row of a table without times is taken to be; nothing depends on it."""


class TableError(ValueError):
    """A table that cannot be used; the text says what is missing and how it should be."""


def from_log(read: Read, model: str, ward: str) -> tuple[list[Course], float, tuple[datetime, datetime] | None]:
    """The stays on a ward, the highest of the model's own thresholds there, and the span in which it spoke."""
    found: list[Course] = []
    floor, span = 0.0, None
    for told in read.patients.values():
        if read.until is None:
            break
        here = on_ward(told, ward, read.until)
        spoken = defaultdict[str, list[RiskForecasted]](list)
        for event in told:
            ours = isinstance(event, RiskForecasted) and event.model == model
            if ours and isinstance(event, RiskForecasted) and event.fresh and within(here, event.as_of):
                spoken[event.encounter or ""].append(event)
        by_stay = stays(told, model)
        for encounter, said in spoken.items():
            stay = by_stay[encounter]
            right = [stay.right(model, f.as_of, f.horizon_hours, read.until) for f in said]
            times = [f.as_of for f in said]
            found.append(Course(times, [f.probability for f in said], right, stay.outcome(model, read.until)))
            floor = max(floor, *(f.threshold for f in said))
            span = (min(times), max(times)) if span is None else (min(span[0], *times), max(span[1], *times))
    return found, floor, span


def from_table(path: Path) -> tuple[list[Course], float]:
    """Stays and patient-hours of a parquet: `patient, probability, outcome`, and `hour` (else a row is the next hour).

    `outcome` of a row: whether an alarm then would be right (1, 0, or empty where nobody knows). Raises TableError.
    """
    import pandas as pd

    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: no parquet that can be read: {error}") from error
    missing = [name for name in ("patient", "probability", "outcome") if name not in table]
    if missing:
        have = ", ".join(map(str, table.columns))
        raise TableError(f"{path}: no column {', '.join(missing)} (it has {have}); a row is a forecast of a patient")
    given = pd.to_numeric(table["probability"], errors="coerce")
    bad = ~given.between(0, 1)
    if bad.any() or not len(table):
        where = f"row {int(np.argmax(bad.to_numpy()))} has no probability between 0 and 1" if len(table) else "no rows"
        raise TableError(f"{path}: {where}")
    hours = "hour" if "hour" in table else "ICULOS" if "ICULOS" in table else None
    found: list[Course] = []
    for _, rows in table.groupby("patient", sort=False):
        ordered = rows.sort_values(hours, kind="stable") if hours else rows
        at = ordered[hours].to_numpy(dtype=float) if hours else np.arange(len(ordered), dtype=float)
        right = [None if pd.isna(o) else bool(o) for o in ordered["outcome"]]
        found.append(
            Course(
                [EPOCH + timedelta(hours=float(h)) for h in at], ordered["probability"].astype(float).tolist(), right,
                True if any(right) else None if None in right else False,
            )
        )  # fmt: skip
    return found, float(len(table))


def rostered(reader: LogReader, site: str, ward: str) -> float | None:
    """Nurses per shift on a ward, the mean over the shifts that its published roster names; None without one."""
    newest: dict[str, AvailabilityPublished] = {}
    for event in events(reader, AvailabilityPublished.topic, (AvailabilityPublished,)):
        if isinstance(event, AvailabilityPublished) and event.site == site:
            newest[event.key] = event
    shifts: dict[tuple[date, str], int] = defaultdict(int)
    for told in newest.values():
        if told.role == "nurse" and told.ward == ward and told.minutes and told.shift is not None:
            shifts[told.day, told.shift] += 1
    return sum(shifts.values()) / len(shifts) if shifts else None
