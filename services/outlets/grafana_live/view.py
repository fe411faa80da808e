"""What the live streams show: the newest risk of each bed and ward, census and bed forecasts, folded from the log.

No identity (design rule 10): a patient key finds the patient's bed here and never leaves. Only models that are live on
the ward are shown (rule 9); a forecast that is too old, or followed by a missed or declined one, is unknown.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from schemas.events import BedDemandForecasted, Event, PatientContextChanged, WardOccupancyChanged, WarningScoreComputed
from schemas.events.risk import ForecastDeclined, ForecastMissed, ModelEvent, RiskEvent, RiskForecasted
from services.outlets.grafana_live.beds import census, demand
from services.outlets.grafana_live.lines import Point, point

STALE: Final = timedelta(hours=3)
"""Models forecast by the hour: what nobody renewed for so long is not shown as today's risk."""
NEWS2_HIGH: Final = 7
"""Emergency response threshold (RCP, NEWS2, 2017, chart 2)."""
WARD_RISK, WARD_FORECAST, BED_RISK = "ward_risk", "ward_forecast", "bed_risk"
WARD_NEWS2, WARD_SCORED = "ward_news2", "ward_scored"
"""Streams; a panel shows all fields of one, so shares and counts are not mixed."""
PatientId = tuple[str, str]
K = TypeVar("K")
E = TypeVar("E", WardOccupancyChanged, BedDemandForecasted)


@dataclass(slots=True)
class _Patient:
    """Where someone is and the newest word of each model; `score` is the newest NEWS2."""

    ward: str | None = None
    bed: str | None = None
    score: WarningScoreComputed | None = None
    forecasts: dict[str, ModelEvent] = field(default_factory=dict)


class View:
    """Fold events in any number, then ask for the points that stand now. Used from one thread."""

    def __init__(self) -> None:
        self._patients: dict[PatientId, _Patient] = {}
        self._counted: dict[tuple[str, str], WardOccupancyChanged] = {}
        self._demand: dict[tuple[str, str, str, str], BedDemandForecasted] = {}

    def __len__(self) -> int:
        return len(self._patients)

    def clear(self) -> None:
        """Forget everything: the log is folded anew."""
        self._patients.clear()
        self._counted.clear()
        self._demand.clear()

    def fold(self, event: Event) -> None:
        """Take one event of topic `risk` or `plans`; an older word about the same thing changes nothing."""
        if isinstance(event, WardOccupancyChanged):
            _newest(self._counted, (event.site, event.ward or ""), event)
        elif isinstance(event, BedDemandForecasted) and event.service is None:
            _newest(self._demand, (event.site, event.ward or "", event.model, event.resolution), event)
        elif isinstance(event, PatientContextChanged) and (not event.open or event.merged_into is not None):
            self._patients.pop((event.site, event.patient), None)
        elif isinstance(event, PatientContextChanged):
            patient = self._patients.setdefault((event.site, event.patient), _Patient())
            patient.ward, patient.bed = event.place.ward, event.place.bed
        elif isinstance(event, RiskEvent):
            self._computed(event)

    def points(self, now: datetime) -> Iterable[Point]:
        """All series as they stand at the clinical instant `now`."""
        wards: dict[tuple[str, str], list[_Patient]] = defaultdict(list)
        for (site, _), patient in sorted(self._patients.items()):
            if patient.ward:
                wards[site, patient.ward].append(patient)
        found = [p for (site, ward), there in sorted(wards.items()) for p in _ward(site, ward, there, now)]
        found += [census(event) for event in self._counted.values()]
        found += [demand(event) for event in self._demand.values()]
        return (p for p in found if p is not None)

    def _computed(self, event: RiskEvent) -> None:
        """A score or a model's answer; of a patient who is not known to be here nothing is kept."""
        patient = self._patients.get((event.site, event.patient))
        if patient is None:
            return
        if isinstance(event, WarningScoreComputed):
            if patient.score is None or event.as_of >= patient.score.as_of:
                patient.score = event
        elif isinstance(event, RiskForecasted | ForecastMissed | ForecastDeclined):
            before = patient.forecasts.get(event.model)
            if before is None or event.as_of >= before.as_of:
                patient.forecasts[event.model] = event


def _newest(held: dict[K, E], key: K, event: E) -> None:
    if key not in held or event.as_of >= held[key].as_of:
        held[key] = event


def _ward(site: str, ward: str, there: list[_Patient], now: datetime) -> Iterable[Point | None]:
    """Each live model over the ward and by bed, and the ward's NEWS2."""
    where = {"site": site, "ward": ward}
    live = {m for one in there for m, event in one.forecasts.items() if event.mode == "live"}
    for model in sorted(live):
        current = [(one, event) for one in there if (event := _current(one, model, now)) is not None]
        risks = [event.probability for _, event in current]
        named = {**where, "model": model}
        mean = sum(risks) / len(risks) if risks else None
        above = sum(event.probability >= event.threshold for _, event in current)
        yield point(WARD_RISK, named, {"max": max(risks, default=None), "mean": mean})
        counts = {"above": above, "patients": len(risks), "unknown": len(there) - len(risks)}
        yield point(WARD_FORECAST, named, counts)
        for one, event in current:
            if one.bed:
                yield point(BED_RISK, {**where, "bed": one.bed, "model": model}, {"probability": event.probability})
    totals = [s.total for one in there if (s := one.score) and s.total is not None and now - s.as_of <= STALE]
    yield point(WARD_NEWS2, where, {"max": max(totals, default=None)})
    high = sum(total >= NEWS2_HIGH for total in totals)
    yield point(WARD_SCORED, where, {"high": high, "patients": len(totals), "unknown": len(there) - len(totals)})


def _current(one: _Patient, model: str, now: datetime) -> RiskForecasted | None:
    """The model's newest word if it is a forecast, live, made of fresh facts and not too old."""
    event = one.forecasts.get(model)
    held = isinstance(event, RiskForecasted) and event.mode == "live" and event.fresh and now - event.as_of <= STALE
    return event if held and isinstance(event, RiskForecasted) else None
