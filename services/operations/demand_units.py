"""What a site's forecasts are of: wards, services (all wards of a specialty) and itself, with all facts of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ray_jobs.beds.daily import SHORTEST_DAYS, forecast_daily
from ray_jobs.beds.history import History
from schemas.events import BedDemandForecasted
from services.operations.demand import HORIZON_DAYS, LEARN_FROM, Planned, WardFacts, forecast_ward
from services.operations.site import Site
from services.operations.spells import hours_of, spells_by_ward


@dataclass(frozen=True, slots=True)
class Demand:
    """Facts of units and, where the census goes back far enough, its history with a row for each."""

    units: tuple[WardFacts, ...]
    history: History | None


def demand_facts(site: Site, wards: Sequence[str | None], as_of: datetime, beds: Mapping[str | None, int]) -> Demand:
    """Of these wards, and where None (the site) is among them of every service too."""
    begin = max(site.since or as_of, as_of - LEARN_FROM)
    services = _services(site, beds) if None in wards else {}
    by_ward = spells_by_ward(site, as_of, begin)
    units: list[tuple[str | None, str | None, list[str | None]]] = [(ward, None, [ward]) for ward in wards]
    units += [(None, service, list(of)) for service, of in sorted(services.items())]
    until, planned = _planned(site, as_of)
    rows, facts = [], []
    for ward, service, parts in units:
        history = site.record.history(parts, as_of)
        rows.append(history)
        whole = ward is None and service is None
        facts.append(
            WardFacts(
                site.name, ward, as_of, hours_of(begin), tuple(s for part in parts for s in by_ward.get(part, ())),
                sum(beds.get(part, 0) for part in parts), service,
                tuple(p for of, p in planned if whole or of in parts), hours_of(until) if until else 0.0,
                site.record.outcomes(ward, service, history),
            )
        )  # fmt: skip
    return Demand(tuple(facts), _together(facts, rows))


def forecast_all(demand: Demand) -> list[BedDemandForecasted]:
    """Hourly and daily forecasts of every unit."""
    known = demand.history
    ahead = None if known is None else forecast_daily(known, HORIZON_DAYS + 1)
    row = {} if known is None else {name: n for n, name in enumerate(known.locations)}
    return [
        event
        for facts in demand.units
        for event in forecast_ward(
            facts, ahead if _name(facts) in row else None, row.get(_name(facts), 0)
        )
    ]  # fmt: skip


def _services(site: Site, beds: Mapping[str | None, int]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for ward in sorted(w for w in beds if w is not None):
        place = site.locations.get(ward)
        if place is not None and place.specialty is not None:
            found[place.specialty].append(ward)
    return found


def _planned(site: Site, as_of: datetime) -> tuple[datetime | None, list[tuple[str | None, Planned]]]:
    """Who comes for an operation by the approved theatre plan in force, by ward, and until when it plans."""
    plans = site.ledger.decided("theatres", "approve")
    here = {spell.patient for spell in site.census.present()}
    coming = [
        (b.ward, b.start, b.nights)
        for b in (plans[-1][0].bookings if plans else ())
        if b.start is not None and b.start >= as_of and b.patient not in here
    ]
    until = max((start for _, start, _ in coming), default=None)
    return until, [(ward, Planned(hours_of(start), nights)) for ward, start, nights in coming]


def _together(facts: Sequence[WardFacts], rows: Sequence[History | None]) -> History | None:
    """Histories that are long enough, cut to the shortest of them; a row a unit."""
    kept = [(f, h) for f, h in zip(facts, rows, strict=True) if h is not None and h.occupied.shape[1] >= SHORTEST_DAYS]
    if not kept:
        return None
    first = max(h.first for _, h in kept)
    series = [h.occupied.sum(axis=0)[(first - h.first).days :] for _, h in kept]
    return History(first, tuple(_name(f) for f, _ in kept), np.array(series))


def _name(facts: WardFacts) -> str:
    return f"ward {facts.ward}" if facts.ward else f"service {facts.service}" if facts.service else "site"
