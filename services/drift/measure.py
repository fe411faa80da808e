"""Closed hours into measures: each in the newest day and the newest week, the one further beyond its limit is told.

A limit is the larger of what matters (below) and what unchanged data passes once in a hundred thousand windows; with
fewer patients than the minimum nothing is said. docs/decisions/0104-drift.md says why these numbers.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from ray_jobs.risk import drift
from ray_jobs.risk.drift import Chance
from schemas.events import (
    EstimatedPerformance,
    LabelledPerformance,
    Measure,
    ModelDriftMeasured,
    ReadingDrift,
)
from schemas.ids import digest
from services.drift.state import WEEK, Settled, Watched, end_of
from services.drift.watchable import Watchable
from services.drift.window import DAY, Window, window

EXCEEDED_IN: Final = 1e-5
LEAST_PATIENTS: Final = 20
LEAST_READINGS: Final = 100
LEAST_HOURS: Final = 200
LEAST_STAYS: Final = 50
LEAST_EXPECTED: Final = 5.0
LEAST_WITH_OUTCOME: Final = 10
DISTRIBUTION: Final = 0.25
"""Population stability index above which a population counts as changed (Siddiqi, Credit Risk Scorecards, 2006)."""
ODDS: Final = math.log(3)
TIMES: Final = 2.0
AUROC: Final = 0.05
CALIBRATION: Final = math.log(2)
DAY_HOURS: Final = 24


def measured(site: str, watched: Watched, known: Watchable, hour: int) -> ModelDriftMeasured:
    """What can be said of a model at the end of an hour."""
    windows = (window(watched, hour, DAY), window(watched, hour, WEEK))
    day, week = windows
    forecasts = known.reference.forecasts
    labels = _labelled(list(watched.settled.values()), known)
    found = [
        _worse(_forecast_distribution(w, known) for w in windows),
        _worse(_alarm_rate(w, known) for w in windows),
        _worse(_estimated_auroc(w, known) for w in windows),
        *(() if labels is None else _outcomes(watched, labels)),
    ]
    return ModelDriftMeasured(
        id=digest("ModelDriftMeasured", site, known.model, known.version, hour), site=site, known=end_of(hour),
        as_of=end_of(hour), model=known.model, version=known.version, patient_hours=week.rows, patients=week.patients,
        missed=day.missed, declined=day.declined,
        alarms_per_patient_day=week.alarms * DAY_HOURS / week.rows if _enough(week) else None,
        reference_alarms_per_patient_day=forecasts.alarms_per_patient_day,
        readings=tuple(_reading(windows, known, name) for name in known.readings) if _enough(week) else (),
        measures=tuple(m for m in found if m is not None),
        estimated=_estimated(week, known) if _enough(week) else None, labelled=labels,
    )  # fmt: skip


def everything(event: ModelDriftMeasured) -> Iterator[Measure]:
    """All measures of an event that can pass a limit."""
    for reading in event.readings:
        yield from (m for m in (reading.distribution, reading.frequency) if m is not None)
    yield from event.measures


def _enough(seen: Window) -> bool:
    return seen.patients >= LEAST_PATIENTS and seen.rows >= LEAST_HOURS


def _worse(measures: Iterable[Measure | None]) -> Measure | None:
    return max((m for m in measures if m is not None), key=lambda m: m.value / m.limit, default=None)


def _measure(name: str, value: float, limit: float, count: int, seen: Window, patients: int) -> Measure | None:
    """A measure, unless chance alone gives anything."""
    if not math.isfinite(limit) or not math.isfinite(value):
        return None
    return Measure(name=name, value=value, limit=limit, count=count, patients=patients, hours=seen.hours)


def _reading(windows: tuple[Window, Window], known: Watchable, name: str) -> ReadingDrift:
    reference, week = known.readings[name], windows[1]
    edges: drift.Floats = np.array(reference.edges)
    shares: drift.Floats = np.array(reference.shares)
    counts = week.readings[name].counts if name in week.readings else np.zeros(len(shares) + 1, dtype=np.int64)
    count, inside = int(counts.sum()), counts[:-1]
    told = name in week.readings and week.readings[name].patients >= LEAST_PATIENTS and count >= LEAST_READINGS
    return ReadingDrift(
        reading=name, hours=week.hours, count=count,
        distribution=_worse(_distribution(w, known, name) for w in windows),
        distance=min(1.0, drift.ks(counts, np.append(shares, 0.0))) if told else None,
        median=drift.median(inside, edges) if told and inside.sum() and len(edges) else None,
        reference_median=drift.median(np.round(shares * 1e6).astype(np.int64), edges) if len(edges) else None,
        measured=count / week.rows, reference_measured=reference.measured,
        frequency=_worse(_frequency(w, known, name) for w in windows),
    )  # fmt: skip


def _distribution(seen: Window, known: Watchable, name: str) -> Measure | None:
    held, reference = seen.readings.get(name), known.readings[name]
    if held is None or held.patients < LEAST_PATIENTS or held.count < LEAST_READINGS:
        return None
    worth = drift.effective(held.count, held.squares, reference.alike)
    value = drift.psi(held.counts, np.array([*reference.shares, 0.0]), worth, reference.effective)
    chance = Chance(EXCEEDED_IN, held.patients)
    limit = max(DISTRIBUTION, drift.psi_by_chance(len(held.counts), worth, reference.effective, chance))
    return _measure(f"{name} distribution", value, limit, held.count, seen, held.patients)


def _frequency(seen: Window, known: Watchable, name: str) -> Measure | None:
    if not _enough(seen):
        return None
    held, reference = seen.readings.get(name), known.readings[name]
    share = held.count / seen.rows if held else 0.0
    worth = drift.effective(seen.rows, seen.squares, reference.measured_alike)
    value = abs(drift.log_odds_ratio(share * worth, worth, reference.measured))
    chance = Chance(EXCEEDED_IN, seen.patients)
    limit = max(ODDS, drift.log_odds_by_chance(reference.measured, worth, chance))
    return _measure(f"{name} frequency", value, limit, seen.rows, seen, seen.patients)


def _forecast_distribution(seen: Window, known: Watchable) -> Measure | None:
    if not _enough(seen):
        return None
    reference, size = known.reference.forecasts, int(known.joined.max()) + 1
    counts: drift.Counts = np.zeros(size, dtype=np.int64)
    np.add.at(counts, known.joined, seen.probabilities)
    shares: drift.Floats = np.zeros(size)
    np.add.at(shares, known.joined, np.array(reference.shares))
    worth = drift.effective(seen.rows, seen.squares, reference.alike)
    value = drift.psi(counts, shares, worth, reference.effective)
    chance = Chance(EXCEEDED_IN, seen.patients)
    limit = max(DISTRIBUTION, drift.psi_by_chance(size, worth, reference.effective, chance))
    return _measure("forecast distribution", value, limit, seen.rows, seen, seen.patients)


def _alarm_rate(seen: Window, known: Watchable) -> Measure | None:
    expected = known.reference.forecasts.alarms_per_patient_day * seen.rows / DAY_HOURS
    if not _enough(seen) or expected <= 0:
        return None
    fewer = seen.alarms < expected
    value = expected / max(seen.alarms, 0.5) if fewer else seen.alarms / expected
    # As many alarms as are worth so many independent ones.
    worth = expected / known.reference.forecasts.alarm_dispersion
    limit = max(TIMES, drift.times_by_chance(worth, Chance(EXCEEDED_IN, seen.patients), fewer=fewer))
    return _measure("alarm rate", value, limit, seen.rows, seen, seen.patients)


def _estimated_auroc(seen: Window, known: Watchable) -> Measure | None:
    reference = known.reference.forecasts
    if not _enough(seen) or reference.estimated_auroc is None:
        return None
    area = drift.expected_auroc(seen.probabilities)
    worth = drift.effective(seen.rows, seen.squares, reference.alike) / seen.rows
    chance = Chance(EXCEEDED_IN, seen.patients)
    error = drift.auroc_error(area, seen.total * worth, (seen.rows - seen.total) * worth)
    limit = max(AUROC, error * chance.normal * chance.few)
    return _measure(
        "estimated AUROC", max(0.0, reference.estimated_auroc - area), limit, seen.rows, seen, seen.patients
    )


def _estimated(seen: Window, known: Watchable) -> EstimatedPerformance:
    """Expected performance of the newest week; the reference's by the same estimate on held-out patients."""
    reference = known.reference.forecasts
    area = drift.expected_auroc(seen.probabilities)
    return EstimatedPerformance(
        hours=seen.hours, auroc=None if math.isnan(area) else area, reference_auroc=reference.estimated_auroc,
        ppv=seen.over_total / seen.over if seen.over else None, reference_ppv=reference.ppv,
        recall=seen.over_total / seen.total if seen.total else None, reference_recall=reference.recall,
        mean=seen.total / seen.rows, reference_mean=reference.mean,
    )  # fmt: skip


def _labelled(settled: list[Settled], known: Watchable) -> LabelledPerformance | None:
    stays = sum(s.stays for s in settled)
    if stays < LEAST_STAYS:
        return None
    size = len(drift.MIDDLES)
    counts, labels = np.zeros(size), np.zeros(size)
    for one in settled:
        for place, count in one.counts.items():
            counts[place] += count
            labels[place] += one.labels[place]
    area = drift.auroc(labels, counts - labels)
    return LabelledPerformance(
        stays=stays, with_outcome=sum(s.with_outcome for s in settled), observed=sum(s.observed for s in settled),
        expected=sum(s.expected for s in settled), auroc=None if math.isnan(area) else area,
        reference_auroc=known.reference.forecasts.auroc,
    )  # fmt: skip


def _outcomes(watched: Watched, labels: LabelledPerformance) -> Iterator[Measure]:
    """Calibration in the large, and discrimination, of stays whose outcome is known."""
    chance = Chance(EXCEEDED_IN, labels.stays)
    about = {"count": labels.stays, "patients": labels.stays, "hours": DAY_HOURS * 30}
    # Where no such outcome came at all nobody sends them: that is no news of the model.
    if labels.with_outcome and labels.expected >= LEAST_EXPECTED:
        spread = math.sqrt(sum(s.squared for s in watched.settled.values())) / labels.expected
        value = abs(math.log((labels.observed + 0.5) / (labels.expected + 0.5)))
        limit = max(CALIBRATION, chance.normal * chance.few * spread)
        yield Measure(name="calibration", value=value, limit=limit, **about)
    without = labels.stays - labels.with_outcome
    if min(labels.with_outcome, without) >= LEAST_WITH_OUTCOME and labels.auroc and labels.reference_auroc:
        error = drift.auroc_error(labels.auroc, labels.with_outcome, without)
        limit = max(AUROC, error * chance.normal * chance.few)
        yield Measure(name="AUROC", value=max(0.0, labels.reference_auroc - labels.auroc), limit=limit, **about)
