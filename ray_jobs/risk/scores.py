"""Bedside scores on hourly grids, for comparison with a model: NEWS2 without consciousness, qSOFA, SIRS.

Each item uses the last value known by that hour, however old, as the models' features do; an item never measured adds
no points. NEWS2: RCP 2017, chart 1. qSOFA: Singer et al., JAMA 2016;315:801. SIRS: Bone et al., Chest 1992;101:1644.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk.grid import INDEX, WIDTH
from ray_jobs.risk.news2 import (
    AIR_OR_OXYGEN,
    HIGH_FROM,
    MEDIUM_FROM,
    PULSE,
    RESPIRATORY_RATE,
    SPO2_SCALE_1,
    SYSTOLIC_BP,
    TEMPERATURE,
    Chart,
)
from ray_jobs.risk.stays import stays

Floats = NDArray[np.float64]

# The thresholds their authors published: NEWS2's urgent and emergency response, two items of qSOFA and of SIRS.
PUBLISHED: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"news2": (MEDIUM_FROM, HIGH_FROM), "qsofa": (2,), "sirs": (2,)}
)
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "news2": "NEWS2 without consciousness",
        "qsofa": "qSOFA without consciousness (2 of 3 items)",
        "sirs": "SIRS",
        "saps_i": "SAPS-I",
        "sofa": "SOFA",
    }
)
AIR_FIO2: Final = 0.21
ALERT_GCS: Final = 15
NOT_ALERT_POINTS: Final = 3


def carried(grid: Floats) -> Floats:
    """The last value known of each column at each hour: [hours, columns], NaN before the first."""
    known = ~np.isnan(grid)
    at = np.maximum.accumulate(np.where(known, np.arange(len(grid))[:, None], 0), axis=0)
    return np.asarray(np.take_along_axis(grid, at, axis=0))


def news2_partial(last: Floats, coma_scale: Floats | None = None) -> Floats:
    """NEWS2 (SpO2 scale 1) of last known values [n, 34]; oxygen where FiO2 > 0.21 is known.

    Consciousness counts only where `coma_scale` (Glasgow, [n]) is given: below 15 is not alert, 3 points.
    """
    fio2 = last[:, INDEX["fio2"]]
    total = _points(AIR_OR_OXYGEN, np.where(np.isnan(fio2), np.nan, fio2 > AIR_FIO2))
    for name, chart in (
        ("respiratory_rate", RESPIRATORY_RATE),
        ("spo2", SPO2_SCALE_1),
        ("systolic_bp", SYSTOLIC_BP),
        ("heart_rate", PULSE),
    ):
        total += _points(chart, _half_up(last[:, INDEX[name]]))
    total += _points(TEMPERATURE, _half_up(last[:, INDEX["temperature"]] * 10) / 10)
    if coma_scale is not None:
        total = total + NOT_ALERT_POINTS * (coma_scale < ALERT_GCS)
    return np.asarray(total)


def qsofa(last: Floats, coma_scale: Floats | None = None) -> Floats:
    """Items of qSOFA met by last known values [n, 34]: breathing >= 22/min, systolic pressure <= 100 mmHg.

    The third item, altered mentation (Glasgow < 15), counts only where `coma_scale` is given: without it the published
    threshold of two items means both.
    """
    met = 1.0 * (last[:, INDEX["respiratory_rate"]] >= 22) + 1.0 * (last[:, INDEX["systolic_bp"]] <= 100)  # noqa: PLR2004 - the paper's bounds
    return np.asarray(met if coma_scale is None else met + (coma_scale < ALERT_GCS))


def sirs(last: Floats) -> Floats:
    """Criteria of SIRS met by last known values [n, 34]; immature neutrophils are not in the data."""
    heart, breaths, paco2 = (last[:, INDEX[name]] for name in ("heart_rate", "respiratory_rate", "paco2"))
    temperature, wbc = (last[:, INDEX[name]] for name in ("temperature", "wbc"))
    criteria = (
        (temperature > 38) | (temperature < 36),  # noqa: PLR2004 - the paper's bounds, here and below
        heart > 90,  # noqa: PLR2004
        (breaths > 20) | (paco2 < 32),  # noqa: PLR2004
        (wbc > 12) | (wbc < 4),  # noqa: PLR2004
    )
    met: Floats = np.sum(criteria, axis=0).astype(np.float64)
    return met


def scores_of(table: pd.DataFrame) -> dict[str, Floats]:
    """News2, qsofa and sirs of every row of a table like `sepsis2019` (checked before), in the table's order."""
    last = np.full((len(table), WIDTH), np.nan)
    for stay in stays(table):
        last[stay.source] = carried(stay.grid)[stay.rows]
    return {"news2": news2_partial(last), "qsofa": qsofa(last), "sirs": sirs(last)}


def _half_up(values: Floats) -> Floats:
    """Whole numbers, halves upwards; the inner rounding takes away what is left of 0.1's binary form."""
    return np.asarray(np.floor(np.round(values, 6) + 0.5))


def _points(chart: Chart, values: Floats) -> Floats:
    """Points of a chart for each value, 0 where unknown."""
    tops, points = np.array([top for top, _ in chart]), np.array([float(score) for _, score in chart])
    cell = np.searchsorted(tops, np.where(np.isnan(values), 0.0, values))
    return np.where(np.isnan(values), 0.0, points[cell])
