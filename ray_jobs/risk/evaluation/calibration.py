"""Whether probabilities mean what they say: here, and at another hospital after a small correction there.

Cox's line (Biometrika 1958;45:562), expected calibration error over equal-count bins, observed over expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from ray_jobs.risk import metrics
from ray_jobs.risk.evaluation.bootstrap import DRAWS, LOW_HIGH, interval, weights
from ray_jobs.risk.metrics import Flags, Floats
from ray_jobs.risk.split import SEED

RECALIBRATION_PATIENTS: Final = 500
RECALIBRATION_DRAWS: Final = 200
# How far from 1 a slope may be expected to lie at another hospital, before any of its patients are seen.
SLOPE_DEVIATION: Final = 0.25
PERFECT_DRAWS: Final = 100


def calibration(probability: Floats, label: Flags, patient: NDArray[np.int64], draws: int = DRAWS) -> dict[str, Any]:
    """Slope, intercept, error (10 equal-count bins), Brier score and the ratios of the five highest twentieths.

    `interval` has the bootstrap over patients (numbered 0, 1, 2 … in order); `perfect` what 95 % of perfectly
    calibrated models with the same forecasts show: labels drawn from the probabilities, each row for itself (rows of
    one stay go together, so hourly ranges are too narrow).
    """
    slope, intercept = metrics.calibration_line(probability, label)
    return {
        "slope": slope,
        "intercept": intercept,
        "ece": metrics.expected_calibration_error(probability, label),
        "brier": float(np.mean((probability - label) ** 2)),
        "observed_expected": float(label.sum() / probability.sum()),
        "observed_expected_top_twentieths": metrics.observed_expected(probability, label),
        "interval": _intervals(probability, label, patient, draws),
        "perfect": _perfect(probability),
    }


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal-count bins by rising forecast: mean forecast, observed share with its interval, rows; each [count]."""

    expected: Floats
    observed: Floats
    low: Floats
    high: Floats
    rows: NDArray[np.int64]


def bins(probability: Floats, label: Flags, patient: NDArray[np.int64], count: int, draws: int = DRAWS) -> Bins:
    """Reliability over `count` bins; intervals of observed over expected by bootstrap over patients."""
    parts = np.array_split(np.argsort(probability, kind="stable"), count)
    patients = int(patient.max()) + 1
    expected = np.stack([np.bincount(patient[part], probability[part], patients) for part in parts])
    observed = np.stack([np.bincount(patient[part], label[part].astype(np.float64), patients) for part in parts])
    rows = np.array([len(part) for part in parts])
    ratios = [observed @ weight / (expected @ weight) for weight in weights(patients, draws)]
    low, high = np.percentile(ratios, LOW_HIGH, axis=0)
    mean = expected.sum(axis=1) / rows
    return Bins(mean, observed.sum(axis=1) / rows, low * mean, high * mean, rows)


def _intervals(probability: Floats, label: Flags, patient: NDArray[np.int64], draws: int) -> dict[str, Any]:
    x, y = logit(np.clip(probability, 1e-9, 1 - 1e-9)), label.astype(np.float64)
    start = metrics.fit_line(x, y, slope_deviation=np.inf)
    slopes = [
        metrics.fit_line(x, y, weight[patient], start=start, slope_deviation=np.inf)[0]
        for weight in weights(int(patient.max()) + 1, draws)
    ]
    twentieths = bins(probability, label, patient, 20, draws)
    ratios = np.stack([twentieths.low, twentieths.high]) / twentieths.expected
    return {
        "slope": interval(slopes),
        "observed_expected_top_twentieths": [
            {"low": float(low), "high": float(high)} for low, high in ratios[:, :-6:-1].T
        ],
    }


def _perfect(probability: Floats) -> dict[str, Any]:
    """Ranges over drawn labels; sorted once, so that bins are slices."""
    rng = np.random.default_rng(SEED)
    p = np.sort(probability)
    x = logit(np.clip(p, 1e-9, 1 - 1e-9))
    tenths, twentieths = np.array_split(np.arange(len(p)), 10), np.array_split(np.arange(len(p)), 20)[:-6:-1]
    slopes, errors, ratios = [], [], []
    for _ in range(PERFECT_DRAWS):
        y = (rng.random(len(p)) < p).astype(np.float64)
        slopes.append(metrics.fit_line(x, y, slope_deviation=np.inf)[0] if 0 < y.sum() < len(y) else np.nan)
        errors.append(sum(abs(y[part].sum() - p[part].sum()) for part in tenths) / len(p))
        ratios.append([y[part].sum() / p[part].sum() for part in twentieths])
    return {
        "slope": interval(slopes),
        "ece": interval(errors),
        "observed_expected_top_twentieths": [interval(list(column)) for column in zip(*ratios, strict=True)],
    }


def recalibrated(probability: Floats, label: Flags, patient: NDArray[np.int64]) -> tuple[float, float]:
    """Slope and intercept to put a model right at another hospital, from some of its patients' rows [n].

    The slope is shrunk to 1 (normal prior, deviation SLOPE_DEVIATION); rows count as one over the labelled rows of a
    patient who has any, for the hours of one onset are one observation, not many. Labels all alike move the intercept
    of no row: then slope 1, intercept 0.
    """
    if label.all() or not label.any():
        return 1.0, 0.0
    rows_of_one = label.sum() / len(np.unique(patient[label]))
    weight = np.full(len(label), 1 / rows_of_one)
    return metrics.calibration_line(probability, label, weight, slope_deviation=SLOPE_DEVIATION)


def recalibration(probability: Floats, label: Flags, patient: NDArray[np.int64]) -> dict[str, Any]:
    """What calibration others see after `recalibrated` on 500 random patients: over 200 draws, the slope and
    observed/expected on the patients not drawn. `patient` numbers each row's patient 0, 1, 2 … in order.

    Where there are fewer than 1,000 patients, half of them are drawn.
    """
    rng = np.random.default_rng(SEED)
    patients = int(patient.max()) + 1
    drawn = min(RECALIBRATION_PATIENTS, patients // 2)
    x, y = logit(np.clip(probability, 1e-9, 1 - 1e-9)), label.astype(np.float64)
    before = metrics.fit_line(x, y, slope_deviation=np.inf)
    slopes, fitted, ratios = [], [], []
    for _ in range(RECALIBRATION_DRAWS):
        chosen = np.zeros(patients, dtype=np.bool_)
        chosen[rng.choice(patients, drawn, replace=False)] = True
        here = chosen[patient]
        slope, intercept = recalibrated(probability[here], label[here], patient[here])
        # The slope of labels on (slope * x + intercept) is that on x, divided: one fit of the others will do.
        others = metrics.fit_line(x[~here], y[~here], start=before, slope_deviation=np.inf)[0]
        slopes.append(others / slope)
        fitted.append(slope)
        expected = 1 / (1 + np.exp(-(slope * x[~here] + intercept)))
        ratios.append(float(y[~here].sum() / expected.sum()))
    return {
        "patients": drawn,
        "draws": RECALIBRATION_DRAWS,
        "slope_before": before[0],
        "intercept_before": before[1],
        "fitted_slope_median": float(np.median(fitted)),
        "slope_median": float(np.median(slopes)),
        "slope": interval(slopes),
        "observed_expected_median": float(np.median(ratios)),
        "observed_expected": interval(ratios),
    }
