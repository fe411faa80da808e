"""Forecasts of occupied beds of a ward, a service or the site, by the hour and by the day, as values to values.

Bottom-up: each one who is here stays with a probability that their time here, the hour of the day and their risk
give; emergencies, electives and transfers come as streams, planned operations one by one; all are convolved
exactly. Where the census has a history, the forecast from it is mixed in, the more the fewer of those who are
here now will still be: quantiles are averaged (Vincent 1912). Then past outcomes recalibrate the mixture
(`ray_jobs.beds.recalibrate`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from ray_jobs.beds.daily import DailyForecast
from ray_jobs.beds.levels import LEVELS
from ray_jobs.beds.recalibrate import band_of, recalibrated
from ray_jobs.beds.stay import (
    DESTINATIONS,
    LengthOfStay,
    Observed,
    Prior,
    Way,
    destinations,
    learn,
    learn_arrivals,
    leave_more_slowly,
)
from ray_jobs.beds.ward import convolved
from schemas.events import BedDemandForecasted, DemandHour, Driver
from schemas.ids import digest
from services.operations.site import Site
from services.operations.spells import hours_of, spells_by_ward

MODEL, VERSION = "ward-census", "2"
HORIZON_HOURS, HORIZON_DAYS = 72, 28
LEARN_FROM = timedelta(days=28)
MIDDAY = time(12, tzinfo=UTC)
USUAL_OCCUPANCY = 0.85
MEAN_STAY_HOURS = 126.0
"""Of the prior's lognormal: 84 h x exp(0.9^2 / 2)."""
WAYS: Mapping[Way, tuple[float, str]] = {
    "emergency": (0.6, "Emergency arrivals"),
    "elective": (0.2, "Elective arrivals"),
    "transfer": (0.2, "Transfers in"),
}
"""How the prior's arrivals divide, and what a driver is called."""
LEAVES = ("Going home", "Moving to another ward", "Moving to intensive care", "Dying")
COMES_AS_PLANNED = 0.95
"""Of planned operations that are a few days ahead; the others are cancelled or moved."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planned:
    """An operation that an administrator approved: when the patient comes (hours since 2000) and how long for."""

    comes: float
    nights: int


@dataclass(frozen=True, slots=True)
class WardFacts:
    """All that a forecast depends on; times in hours since 2000 (UTC). Without ward and service it is of the site.

    `planned` is the approved list; until `planned_until` nobody else comes electively. `outcomes` are the transforms of
    past forecasts by horizon band.
    """

    site: str
    ward: str | None
    as_of: datetime
    since: float
    spells: tuple[Observed, ...]
    beds: int
    service: str | None = None
    planned: tuple[Planned, ...] = ()
    planned_until: float = 0.0
    outcomes: Mapping[int, Sequence[float]] = field(default_factory=dict)


def ward_facts(
    site: Site, wards: Sequence[str | None], as_of: datetime, beds: Mapping[str | None, int]
) -> list[WardFacts]:
    """The facts of these wards (None: of the whole site), as of an instant: who was there, nothing of plans."""
    begin = max(site.since or as_of, as_of - LEARN_FROM)
    by_ward = spells_by_ward(site, as_of, begin)
    return [
        WardFacts(site.name, ward, as_of, hours_of(begin), tuple(by_ward.get(ward, ())), beds.get(ward, 0))
        for ward in wards
    ]


def learnt(facts: WardFacts) -> LengthOfStay:
    """How long people stay on this ward."""
    return learn(facts.spells, facts.since, hours_of(facts.as_of), _prior(facts))[0]


def forecast_ward(
    facts: WardFacts, history: DailyForecast | None = None, row: int = 0
) -> tuple[BedDemandForecasted, BedDemandForecasted]:
    """Occupied beds hourly for 72 hours and at the next 28 middays: means, 23 quantiles, and what drives them.

    `history` is the forecast from past censuses, this unit's its `row`; its days count from its origin's midday.
    """
    first = _next_midday(facts.as_of)
    middays = [first + timedelta(days=n) for n in range(HORIZON_DAYS)]
    ahead = np.array([(day - facts.as_of).total_seconds() / 3600 for day in middays])
    hourly = np.arange(1, HORIZON_HOURS + 1)
    steps = np.concatenate([hourly, np.maximum(np.round(ahead), 1)]).astype(int)
    known, streams, drivers = _parts(facts, int(steps.max()))
    bottom_up = convolved(known[:, steps - 1], [(shape, come[steps - 1]) for shape, come in streams])
    mean, quantiles = bottom_up.mean.copy(), bottom_up.quantiles.copy()
    if history is not None:
        days = np.array([(day.date() - history.origin).days - 1 for day in middays])
        share = np.clip(known[:, steps[HORIZON_HOURS:] - 1].sum(axis=0) / np.maximum(mean[HORIZON_HOURS:], 1e-9), 0, 1)
        day_mean, day_quantiles = history.mean[row, days], history.quantiles[row, days]
        moved = (1.0 - share) * (day_mean - mean[HORIZON_HOURS:])
        mixed = share[:, None] * quantiles[HORIZON_HOURS:] + (1.0 - share)[:, None] * day_quantiles
        between = np.interp(hourly, np.append(0.0, ahead), np.append(0.0, moved))
        mean += np.append(between, moved)
        quantiles = np.concatenate([quantiles[:HORIZON_HOURS] + between[:, None], mixed])
    mean, quantiles = np.maximum(mean, 0.0), np.maximum(quantiles, 0.0)
    at = np.append(hourly.astype(float), ahead)
    for n, hours in enumerate(at):
        quantiles[n] = recalibrated(quantiles[n], facts.outcomes.get(band_of(hours / 24), ()))
    told = [
        DemandHour(hours=round(h, 4), mean=round(float(m), 3), quantiles=tuple(round(float(v), 3) for v in q))
        for h, m, q in zip(at, mean, quantiles, strict=True)
    ]
    ends = (HORIZON_HOURS - 1, len(at) - 1)
    by_hour, by_day = (_drivers(drivers, int(steps[end]), float(mean[end])) for end in ends)
    return (
        _event(facts, "hour", told[:HORIZON_HOURS], by_hour),
        _event(facts, "day", told[HORIZON_HOURS:], by_day),
    )


def remains(facts: WardFacts, stay: LengthOfStay, entered: datetime) -> tuple[float, ...]:
    """Probability that someone who came then is still here 1 to 72 hours from now."""
    elapsed = np.array([max(0.0, hours_of(facts.as_of) - hours_of(entered))])
    return tuple(map(float, stay.survival(elapsed, int(hours_of(facts.as_of)) % 24, HORIZON_HOURS)[0]))


def _parts(facts: WardFacts, hours: int) -> tuple[Floats, list[tuple[float, Floats]], dict[str, Floats]]:
    """Single patients' probabilities [n, H], streams (gamma shape, mean [H]), and mean beds [H] by driver."""
    now = hours_of(facts.as_of)
    prior = _prior(facts)
    stay, _ = learn(facts.spells, facts.since, now, prior)
    here = [s for s in facts.spells if s.left is None or s.left > now]
    staying = stay.survival(np.array([now - s.entered for s in here]), int(now) % 24, hours)
    staying **= leave_more_slowly([s.risk for s in here])[:, None]
    coming = np.array([_planned(p, now, hours) for p in facts.planned]).reshape(-1, hours)
    shares = destinations(facts.spells, now)
    risks = [s.risk for s in here if s.risk is not None]
    if risks:  # what the model says of those who are here, for the share of deaths that the log alone would give
        died = DESTINATIONS.index("died")
        shares[died] = (shares[died] * (len(here) - len(risks)) + sum(risks)) / len(here)
        shares /= shares.sum()
    drivers = {"Here now": np.full(hours, float(len(here)))}
    gone = staying.sum(axis=0) - len(here)
    drivers |= {label: share * gone for label, share in zip(LEAVES, shares, strict=True)}
    streams = []
    for way, (share, label) in WAYS.items():
        belief = Prior(arrivals_an_hour=share * prior.arrivals_an_hour)
        arrivals = learn_arrivals([s.entered for s in facts.spells if s.way == way], facts.since, now, belief)
        shut = max(0, round(facts.planned_until - now)) if way == "elective" else 0
        come = arrivals.expected_present(stay, int(now) % 168, hours, shut)
        streams.append((arrivals.shape, come))
        drivers[label] = come
    drivers["Planned operations"] = coming.sum(axis=0)
    return np.concatenate([staying, coming]), streams, drivers


def _planned(planned: Planned, now: float, hours: int) -> Floats:
    """Probability [H] of one who is planned to be in a bed: from when they come, half gone after the nights planned."""
    since = now + np.arange(1, hours + 1) - planned.comes
    half = 24.0 * planned.nights + 8.0
    stays: Floats = np.where(since < 0, 0.0, COMES_AS_PLANNED * 0.5 ** (np.maximum(since, 0.0) / half) ** 3)
    return stays


def _drivers(parts: Mapping[str, Floats], hour: int, mean: float) -> tuple[Driver, ...]:
    """Beds at the last step by cause; what history and rounding add to them makes the sum the forecast's mean."""
    found = {label: round(float(beds[hour - 1]), 2) for label, beds in parts.items()}
    found["Usual pattern"] = round(mean - sum(found.values()), 2)
    return tuple(Driver(label=label, beds=beds) for label, beds in found.items() if beds or label == "Here now")


def _event(
    facts: WardFacts, resolution: str, hours: list[DemandHour], drivers: tuple[Driver, ...]
) -> BedDemandForecasted:
    return BedDemandForecasted(
        id=digest("demand", facts.site, facts.ward, facts.service, resolution, facts.as_of.isoformat()),
        site=facts.site, known=facts.as_of, ward=facts.ward, service=facts.service, as_of=facts.as_of, model=MODEL,
        version=VERSION, levels=LEVELS, resolution="hour" if resolution == "hour" else "day", hours=tuple(hours),
        drivers=drivers,
    )  # fmt: skip


def _next_midday(at: datetime) -> datetime:
    """The first midday (UTC) that is half a minute or more away."""
    utc = at.astimezone(UTC)
    midday = datetime.combine(utc.date(), MIDDAY)
    return midday if midday - utc >= timedelta(seconds=30) else midday + timedelta(days=1)


def _prior(facts: WardFacts) -> Prior:
    """As many arrivals as keep this many beds as full as wards usually are."""
    return Prior(arrivals_an_hour=max(facts.beds, 1) * USUAL_OCCUPANCY / MEAN_STAY_HOURS)
