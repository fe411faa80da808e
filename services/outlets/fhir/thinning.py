"""Which forecasts are worth a resource at the hospital's server: a fold over topic `risk`, no I/O, no clock.

Written are those of live models that are fresh: (1) whose band is another one than before, or that reached the level
at which people are alerted (watch explains exactly these, just before it tells them), and (2) while a forecast is at
or above its alarm level, the first of each clock hour. Nobody under palliative or comfort care is assessed.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from schemas.events import Event, ForecastExplained, PatientContextChanged, RiskForecasted
from schemas.fhir.risk_assessment import level

LIMITS: Final = frozenset({"palliative", "comfort"})
KEPT_EXPLAINED: Final = 2_000
KEPT_TOLD: Final = 20_000

Key = tuple[str, str, str]
"""Site, patient, model."""


def hour(at: datetime) -> str:
    """The clock hour, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%HZ}"


@dataclass(slots=True)
class Thinning:
    """What was explained and not told yet, the band last heard, the hour last written, who is not to be assessed."""

    explained: OrderedDict[str, ForecastExplained] = field(default_factory=OrderedDict)
    told: OrderedDict[Key, tuple[str, str]] = field(default_factory=OrderedDict)
    limited: set[tuple[str, str]] = field(default_factory=set)

    def wanted(self, event: RiskForecasted) -> Literal["changed", "hourly"] | None:
        """Why it is to be written, if it is. What is `hourly` gives way to what stands for its hour and band."""
        if event.mode != "live" or not event.fresh or (event.site, event.patient) in self.limited:
            return None
        above = event.probability >= event.threshold
        band, written = self.told.get(_key(event), ("", ""))
        if event.id in self.explained or (band and band != level(event)):
            return "changed"
        return "hourly" if above and written != hour(event.as_of) else None

    def fold(self, event: Event) -> None:
        """Take one event, after it was delivered."""
        match event:
            case ForecastExplained() if event.why_now != "asked":
                self.explained[event.forecast] = event
                while len(self.explained) > KEPT_EXPLAINED:
                    self.explained.popitem(last=False)
            case RiskForecasted():
                self._told(event)
            case PatientContextChanged():
                self.limit(event.site, event.patient, event.care_limit)
            case _:
                pass

    def limit(self, site: str, patient: str, limit: str) -> None:
        """How far care is to go."""
        if limit in LIMITS:
            self.limited.add((site, patient))
        else:
            self.limited.discard((site, patient))

    def _told(self, event: RiskForecasted) -> None:
        if event.mode != "live" or not event.fresh:
            return
        key = _key(event)
        written = hour(event.as_of) if self.wanted(event) else self.told.get(key, ("", ""))[1]
        self.explained.pop(event.id, None)
        self.told[key] = (level(event), written)
        self.told.move_to_end(key)
        while len(self.told) > KEPT_TOLD:
            self.told.popitem(last=False)


def _key(event: RiskForecasted) -> Key:
    return event.site, event.patient, event.model
