"""What operations remembers so that forecasts can learn: the census at each midday, what was forecast, who is at risk.

A slot holds one telling, chosen by its times alone, so any order of arrival gives the same record and the log
(or a snapshot of `events`) gives it again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from ray_jobs.beds.history import History
from ray_jobs.beds.recalibrate import band_of, transform
from schemas.events import BedDemandForecasted, DemandHour, RiskForecasted, WardOccupancyChanged

RISK_MODEL = "deterioration"
MIDDAY = time(12, tzinfo=UTC)
DAY = timedelta(days=1)
HISTORY_DAYS = 400
KEPT_AHEAD_DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 28)
"""Steps of a daily forecast that are held to account: two or more in a band of horizons."""
SLACK = timedelta(minutes=1)
"""Hours are told as numbers: the midday that one means is not missed by a rounding."""
RecordEvent = WardOccupancyChanged | BedDemandForecasted | RiskForecasted
RECORD = (BedDemandForecasted, RiskForecasted)
"""What this adds to the kinds that operations reads."""


@dataclass(slots=True)
class Record:
    """By ward (None: the site) and day; of a day's forecasts the first, of a patient's risks the newest."""

    _middays: dict[str | None, dict[date, WardOccupancyChanged]] = field(default_factory=dict)
    _forecasts: dict[tuple[str | None, str | None, date], BedDemandForecasted] = field(default_factory=dict)
    _risks: dict[str, RiskForecasted] = field(default_factory=dict)

    def fold(self, event: RecordEvent) -> bool:
        """Take one; never a reason to plan anew."""
        match event:
            case WardOccupancyChanged():
                days, day = self._middays.setdefault(event.ward, {}), _midday_of(event.as_of)
                if day not in days or _when(event) >= _when(days[day]):
                    days[day] = event
            case BedDemandForecasted(resolution="day"):
                slot = (event.ward, event.service, event.as_of.astimezone(UTC).date())
                held = self._forecasts.get(slot)
                if held is None or _when(event) <= _when(held):
                    self._forecasts[slot] = event.model_copy(update={"hours": _kept(event), "drivers": ()})
            case RiskForecasted(model=model) if model == RISK_MODEL:
                told = self._risks.get(event.patient)
                if told is None or (event.known, event.id) >= (told.known, told.id):
                    self._risks[event.patient] = event
        return False

    def risk(self, patient: str) -> float | None:
        """The newest probability that this patient deteriorates; None where the model has not spoken."""
        told = self._risks.get(patient)
        return None if told is None else told.probability

    def history(self, wards: Sequence[str | None], as_of: datetime) -> History | None:
        """The census at midday of these wards up to the last midday; None where a ward has none yet.

        A day on which nothing changed has the count of the day before.
        """
        known = [self._middays.get(ward, {}) for ward in wards]
        last = _midday_of(as_of) - DAY if as_of.astimezone(UTC).timetz() != MIDDAY else _midday_of(as_of)
        if not known or any(not days for days in known):
            return None
        first = max(*(min(days) for days in known), last - (HISTORY_DAYS - 1) * DAY)
        length = (last - first).days + 1
        if length < 1:
            return None
        counts = np.zeros((len(known), length))
        for row, days in enumerate(known):
            told = sorted(days)
            at = np.searchsorted([d.toordinal() for d in told], first.toordinal() + np.arange(length), side="right") - 1
            counts[row] = [days[told[i]].occupied for i in at]
        return History(first, tuple(ward or "" for ward in wards), counts)

    def outcomes(self, ward: str | None, service: str | None, history: History | None) -> dict[int, list[float]]:
        """By horizon band, where past censuses fell in what had been forecast of them; `history` is what came."""
        found: dict[int, list[float]] = {}
        if history is None:
            return found
        came = history.occupied.sum(axis=0)
        for (of_ward, of_service, _), told in sorted(self._forecasts.items(), key=lambda item: item[0][2]):
            if (of_ward, of_service) != (ward, service):
                continue
            for step in told.hours:
                day = (_midday_of(told.as_of + timedelta(hours=step.hours) - SLACK) - history.first).days
                if 0 <= day < len(came):
                    found.setdefault(band_of(step.hours / 24), []).append(transform(step.quantiles, came[day]))
        return found

    def forget(self, before: datetime) -> None:
        """Drop forecasts and risks older than this, and middays that no history reaches back to."""
        oldest = before.astimezone(UTC).date() - (HISTORY_DAYS - 30) * DAY
        self._forecasts = {slot: e for slot, e in self._forecasts.items() if e.as_of >= before}
        self._risks = {patient: e for patient, e in self._risks.items() if e.known >= before}
        for ward, days in self._middays.items():
            newest = max(days)
            self._middays[ward] = {day: e for day, e in days.items() if day >= oldest or day == newest}

    def events(self) -> Iterator[RecordEvent]:
        """Facts that give this record again when they are folded, in any order."""
        for days in self._middays.values():
            yield from days.values()
        yield from self._forecasts.values()
        yield from self._risks.values()


def _midday_of(at: datetime) -> date:
    """The day whose midday is the first at or after an instant."""
    utc = at.astimezone(UTC)
    return utc.date() if utc.timetz() <= MIDDAY else utc.date() + DAY


def _kept(event: BedDemandForecasted) -> tuple[DemandHour, ...]:
    return tuple(step for step in event.hours if round(step.hours / 24 + 0.5) in KEPT_AHEAD_DAYS)


def _when(event: WardOccupancyChanged | BedDemandForecasted) -> tuple[datetime, datetime, str]:
    return event.as_of, event.known, event.id
