"""What a fold may touch: the open transaction, and where in the log the event lay."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

HOUR_US: Final = 3_600_000_000


@dataclass(slots=True)
class Turn:
    """One transaction of the projection.

    Before `oldest` (µs) no trend is kept, before `stay` no course of risk, before `month` no plan, count or decision.
    """

    db: sqlite3.Connection
    oldest: int
    stay: int
    month: int
    position: int = 0

    def patient(self, patient: str, site: str) -> None:
        """Make sure that the patient has a row."""
        self.db.execute("INSERT OR IGNORE INTO patients (patient, site) VALUES (?, ?)", (patient, site))


def as_json(values: Sequence[BaseModel]) -> str:
    """A tuple of values as JSON text, as it lies in a column."""
    return json.dumps([value.model_dump(mode="json") for value in values], separators=(",", ":"))
