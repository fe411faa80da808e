"""The bed streams: the census as it is counted, and the occupied beds that are expected."""

from typing import Final

from schemas.events import BedDemandForecasted, WardOccupancyChanged
from services.outlets.grafana_live.lines import Point, point

BEDS, FORECAST = "beds", "bed_forecast"
SITE: Final = "all"
"""The tag `ward` of what is told of the whole site."""
STEPS: Final = {"hour": {"in_4h": 4, "in_12h": 12, "in_24h": 24, "in_48h": 48}, "day": {"in_7d": 168, "in_28d": 672}}
"""Fields by resolution, in hours after the forecast was made."""
LOW, HIGH = 0.1, 0.9
_HALF_A_DAY = 12.0
_NEAR: Final = {"hour": 0.5, "day": _HALF_A_DAY}


def census(event: WardOccupancyChanged) -> Point | None:
    """The live census of a ward."""
    counts = {"occupied": event.occupied, "beds": event.beds, "closed": event.closed, "waiting": event.waiting}
    return point(BEDS, {"site": event.site, "ward": event.ward or SITE}, counts)


def demand(event: BedDemandForecasted) -> Point | None:
    """Mean occupied beds at a few horizons, each with the quantiles 0.1 and 0.9 where the forecast has them."""
    fields: dict[str, float | None] = {}
    for name, hours in STEPS[event.resolution].items():
        step = min(event.hours, key=lambda step: abs(step.hours - hours), default=None)
        if step is None or abs(step.hours - hours) > _NEAR[event.resolution]:
            continue
        quantiles = dict(zip(event.levels, step.quantiles, strict=False))
        fields |= {name: step.mean, f"{name}_low": quantiles.get(LOW), f"{name}_high": quantiles.get(HIGH)}
    named = {"site": event.site, "ward": event.ward or SITE, "model": event.model}
    return point(FORECAST, named, fields)
