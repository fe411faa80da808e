"""What drift remembers: hours still open by patient, counts of closed hours, and stays whose outcome is to come.

Counts are kept by hour and never by value; masks say in which of the newest 168 hours a patient was measured, bit 0
the newest, so that a patient's many hours can be told from many patients.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

HOUR_S: Final = 3600
WEEK: Final = 168
MASK: Final = (1 << WEEK) - 1
ROWS: Final = ""
"""The mask of the hours in which the model spoke, beside those of the readings."""


def hour_of(at: datetime) -> int:
    """Whole hours since 1970."""
    return int(at.timestamp()) // HOUR_S


def end_of(hour: int) -> datetime:
    """When an hour ended."""
    return datetime.fromtimestamp((hour + 1) * HOUR_S, UTC)


@dataclass(slots=True)
class PatientHour:
    """One patient's open hour: the last reading of each kind (time taken, value), and each model's last word.

    `forecasts`: by model the probability and the version.
    """

    readings: dict[str, tuple[float, float]] = field(default_factory=dict)
    forecasts: dict[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(slots=True)
class OpenHour:
    """An hour that facts may still fall into."""

    patients: dict[str, PatientHour] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    declined: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """A closed hour of a model: patient-hours, those at the threshold of the reference, alarms after silence, counts.

    `probabilities` by bin of drift.PROBABILITY_EDGES; `readings` by bin of the reference, the last bin: impossible.
    """

    rows: int = 0
    total: float = 0.0
    over: int = 0
    over_total: float = 0.0
    alarms: int = 0
    missed: int = 0
    declined: int = 0
    probabilities: dict[int, int] = field(default_factory=dict)
    readings: dict[str, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """A patient of a model: the newest hour, masks by reading as of that hour, and until when alarms are silent."""

    hour: int
    masks: dict[str, int] = field(default_factory=dict)
    quiet_until: int = 0

    def came(self, hour: int) -> None:
        """Move on to a later hour."""
        shift = hour - self.hour
        if shift > 0:
            self.masks = {name: moved for name, mask in self.masks.items() if (moved := (mask << shift) & MASK)}
            self.hour = hour


@dataclass(slots=True)
class Stay:
    """A stay's forecasts by hour, until its outcome is known; `ended` is the hour in which that was told.

    `died` is None where nobody said how the stay ended.
    """

    patient: str
    forecasts: dict[int, float] = field(default_factory=dict)
    ended: int | None = None
    died: bool | None = None


@dataclass(slots=True)
class Settled:
    """Stays whose outcome became known in an hour: labels against forecasts, by stay and by bin of probability.

    `squared` is the sum over stays of (observed - expected) squared: what their number is uncertain by.
    """

    stays: int = 0
    with_outcome: int = 0
    observed: float = 0.0
    expected: float = 0.0
    squared: float = 0.0
    counts: dict[int, int] = field(default_factory=dict)
    labels: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Watched:
    """One version of a model at one site. `told` is the newest hour measured aloud, `standing` alarms by measure."""

    told: int = -1
    hours: dict[int, Tally] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    stays: dict[str, Stay] = field(default_factory=dict)
    settled: dict[int, Settled] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SiteState:
    """A hospital. `onsets`: by patient, when a diagnosis that is some model's outcome began and when that was known."""

    open: dict[int, OpenHour] = field(default_factory=dict)
    closed: int = -1
    late: int = 0
    onsets: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    models: dict[str, dict[str, Watched]] = field(default_factory=dict)

    def watched(self, model: str, version: str) -> Watched:
        """What is known of a version of a model, from its first word on."""
        return self.models.setdefault(model, {}).setdefault(version, Watched())


@dataclass(slots=True)
class State:
    """All sites of the log."""

    sites: dict[str, SiteState] = field(default_factory=dict)

    def site(self, name: str) -> SiteState:
        """What is known of a hospital."""
        return self.sites.setdefault(name, SiteState())
