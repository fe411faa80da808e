"""Forecasts of occupied beds for the next 72 hours, ward by ward, as a job that needs nothing but its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from ray_jobs.beds.levels import LEVELS
from ray_jobs.beds.stay import LengthOfStay, Observed, Prior, learn
from ray_jobs.beds.ward import forecast
from schemas.events import BedDemandForecasted, DemandHour
from schemas.ids import digest
from services.operations.site import Site

MODEL, VERSION = "ward-census", "1"
HORIZON_HOURS = 72
LEARN_FROM = timedelta(days=28)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
USUAL_OCCUPANCY = 0.85
MEAN_STAY_HOURS = 126.0
"""Of the prior's lognormal: 84 h x exp(0.9^2 / 2)."""


@dataclass(frozen=True, slots=True)
class WardFacts:
    """All that a ward's forecast depends on; times in hours since 2000 (UTC). Ward None is the whole site."""

    site: str
    ward: str | None
    as_of: datetime
    since: float
    spells: tuple[Observed, ...]
    beds: int


def ward_facts(
    site: Site, wards: Sequence[str | None], as_of: datetime, beds: Mapping[str | None, int]
) -> list[WardFacts]:
    """The facts of these wards, as of an instant."""
    begin = max(site.since or as_of, as_of - LEARN_FROM)
    by_ward: dict[str | None, list[Observed]] = {ward: [] for ward in wards}
    stays: dict[str, Observed] = {}
    for spell in site.census.spells():
        if spell.ward is None or spell.entered > as_of or (spell.left is not None and spell.left < begin):
            continue
        seen = Observed(_hours(spell.entered), None if spell.left is None else _hours(spell.left))
        if spell.ward in by_ward:
            by_ward[spell.ward].append(seen)
        earlier = stays.get(spell.encounter)
        stays[spell.encounter] = Observed(earlier.entered if earlier else seen.entered, seen.left)
    if None in by_ward:
        by_ward[None] = list(stays.values())
    return [
        WardFacts(site.name, ward, as_of, _hours(begin), tuple(spells), beds.get(ward, 0))
        for ward, spells in by_ward.items()
    ]


def learnt(facts: WardFacts) -> LengthOfStay:
    """How long people stay on this ward."""
    return learn(facts.spells, facts.since, _hours(facts.as_of), _prior(facts))[0]


def forecast_ward(facts: WardFacts) -> BedDemandForecasted:
    """Occupied beds, hourly for 72 hours: mean and 23 quantiles."""
    now = _hours(facts.as_of)
    stay, arrivals = learn(facts.spells, facts.since, now, _prior(facts))
    here = np.array([now - s.entered for s in facts.spells if s.left is None or s.left > now])
    ahead = forecast(here, stay, arrivals, int(now) % 24, HORIZON_HOURS)
    hours = tuple(
        DemandHour(hours=h + 1, mean=round(float(ahead.mean[h]), 3), quantiles=tuple(map(float, ahead.quantiles[h])))
        for h in range(HORIZON_HOURS)
    )
    return BedDemandForecasted(
        id=digest("demand", facts.site, facts.ward, facts.as_of.isoformat()), site=facts.site, known=facts.as_of,
        ward=facts.ward, as_of=facts.as_of, model=MODEL, version=VERSION, levels=LEVELS, hours=hours,
    )  # fmt: skip


def remains(facts: WardFacts, stay: LengthOfStay, entered: datetime) -> tuple[float, ...]:
    """Probability that someone who came then is still here 1 to 72 hours from now."""
    elapsed = np.array([max(0.0, _hours(facts.as_of) - _hours(entered))])
    return tuple(map(float, stay.survival(elapsed, int(_hours(facts.as_of)) % 24, HORIZON_HOURS)[0]))


def _prior(facts: WardFacts) -> Prior:
    """As many arrivals as keep this many beds as full as wards usually are."""
    return Prior(arrivals_an_hour=max(facts.beds, 1) * USUAL_OCCUPANCY / MEAN_STAY_HOURS)


def _hours(instant: datetime) -> float:
    return (instant - EPOCH).total_seconds() / 3600
