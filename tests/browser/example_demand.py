"""Counts and forecasts of the example hospital: two weeks of census, what was forecast then, what is forecast now."""

import math
import random
from datetime import datetime, timedelta
from statistics import NormalDist

from schemas.events import (
    BedDemandForecasted,
    DemandHour,
    Driver,
    Event,
    ShiftNeed,
    StaffingForecasted,
    WardOccupancyChanged,
)
from tests.browser.example_event import NOW, event

LEVELS = (0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99)
NORMAL = tuple(NormalDist().inv_cdf(level) for level in LEVELS)
USUAL: dict[str | None, tuple[int, int]] = {"5B": (15, 12), "ICU": (10, 8)}
"""Beds in service, and those usually taken."""
DRIVERS = (
    ("Here now", 12.0), ("Going home", -6.1), ("Moving to another ward", -0.9), ("Dying", -0.3),
    ("Emergency arrivals", 5.6), ("Elective arrivals", 1.2), ("Transfers in", 0.8), ("Planned operations", 1.1),
)  # fmt: skip


def occupied(ward: str | None, at: datetime) -> int:
    """Beds taken at an instant: fuller in the morning and midweek, a slow swing, a little chance."""
    if ward is None:
        return sum(occupied(name, at) for name in USUAL)
    beds, usual = USUAL[ward]
    hours = (at - NOW) / timedelta(hours=1)
    swing = 1.3 * math.sin(hours / 55 + len(ward)) + 0.8 * math.cos(at.hour / 24 * 2 * math.pi)
    luck = random.Random(f"{ward} {at:%j %H}").choice((-1, 0, 0, 0, 1))
    return max(0, min(beds, round(usual + swing + luck * 0.7 - 0.3 * (at.weekday() > 4))))


def counts(days: int = 14) -> list[Event]:
    """The census by the hour, as far as it changed; now it is told whatever it is."""
    found: list[Event] = []
    for ward in (*USUAL, None):
        before = None
        for h in range(24 * days, -1, -1):
            at = NOW - timedelta(hours=h)
            taken = {"5B": 12, "ICU": 8, None: 20}[ward] if h == 0 else occupied(ward, at)
            if taken == before and h:
                continue
            before = taken
            beds = sum(b for b, _ in USUAL.values()) if ward is None else USUAL[ward][0]
            closed, waiting = int(ward != "ICU"), {"5B": 2, "ICU": 1, None: 3}[ward]
            found.append(
                event(WardOccupancyChanged, at, ward, ward=ward, as_of=at, occupied=taken, beds=beds, closed=closed,
                      waiting=waiting)
            )  # fmt: skip
    return found


def forecasts() -> list[Event]:
    """Now in full; of the last nine days only the steps by which forecasts are judged."""
    found: list[Event] = []
    for ward in (*USUAL, None):
        for back in range(9 * 24, 0, -6):
            at = NOW - timedelta(hours=back)
            found.append(_forecast(ward, at, (6, 24, 72), past=True))
            if back % 24 == 0:
                found.append(_forecast(ward, at, (168,), past=True, resolution="day"))
        found.append(_forecast(ward, NOW, tuple(range(1, 73)), drivers=True))
        noon = (NOW.replace(hour=12, minute=0) + timedelta(days=1) - NOW) / timedelta(hours=1)
        found.append(_forecast(ward, NOW, tuple(noon + 24 * d for d in range(28)), resolution="day"))
    for service in ("medicine", "critical care"):
        ward = {"medicine": "5B", "critical care": "ICU"}[service]
        found.append(_forecast(ward, NOW, tuple(range(1, 73)), service=service))
    return found


def _forecast(
    ward: str | None, at: datetime, hours: tuple[float, ...], *, past: bool = False, drivers: bool = False,
    resolution: str = "hour", service: str | None = None,
) -> BedDemandForecasted:  # fmt: skip
    steps = tuple(_step(ward, at, h, past=past) for h in hours)
    told = _drivers(ward, steps[-1].mean) if drivers else ()
    return event(
        BedDemandForecasted, at, ward, service, resolution, ward=None if service else ward, service=service, as_of=at,
        model="ward-census", version="2", levels=LEVELS, resolution=resolution, drivers=told,
        hours=steps,
    )  # fmt: skip


def _drivers(ward: str | None, mean: float) -> tuple[Driver, ...]:
    """What the last step is made of: together its mean."""
    scale = {"5B": 12, "ICU": 8, None: 20}[ward] / DRIVERS[0][1]
    told = [Driver(label=label, beds=round(beds * scale, 2)) for label, beds in DRIVERS]
    return (*told, Driver(label="Usual pattern", beds=round(mean - sum(d.beds for d in told), 2)))


def _step(ward: str | None, at: datetime, h: float, *, past: bool) -> DemandHour:
    now = occupied(ward, at) if past else {"5B": 12, "ICU": 8, None: 20}[ward]
    usual = sum(u for _, u in USUAL.values()) if ward is None else USUAL[ward][1]
    rise = 0.0 if past else 1.9 * (1 - math.exp(-h / 30))
    week = 0.6 * math.sin((at.weekday() + (at.hour + h) / 24) / 7 * 2 * math.pi)
    mean = usual + (now - usual) * math.exp(-h / 40) + rise + 0.8 * math.cos((at.hour + h) / 24 * 2 * math.pi) + week
    spread = (1.3 if ward is None else 0.5) + (1 - math.exp(-h / 30))
    return DemandHour(hours=h, mean=mean, quantiles=tuple(max(0.0, mean + spread * z) for z in NORMAL))


def nurses() -> list[Event]:
    """Three days of shifts; intensive care is short tomorrow night, medicine may be."""
    found: list[Event] = []
    for ward, base, have in (("5B", 3.1, 4), ("ICU", 6.2, 7)):
        shifts = []
        for d in range(3):
            for s, shift in enumerate(("early", "late", "night")):
                needed = base * (1, 0.95, 0.7)[s] + 0.25 * d
                rostered = round(have * (1, 1, 0.75)[s]) - (ward == "ICU" and d == 1 and s == 2)
                chance = 1 / (1 + math.exp(-2.2 * (needed - 0.1 - rostered)))
                shifts.append(
                    ShiftNeed(
                        day=NOW.date() + timedelta(days=d), shift=shift, needed=round(needed, 2),  # type: ignore[arg-type]
                        needed_high=round(needed * 1.18, 2), rostered=rostered, chance_short=round(chance, 3),
                    )
                )  # fmt: skip
        found.append(event(StaffingForecasted, NOW, ward, ward=ward, as_of=NOW, shifts=tuple(shifts)))
    return found
