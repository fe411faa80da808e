"""All figures of a model that forecasts a stay once (task mortality2012)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ray_jobs.registry import Conformal
from ray_jobs.risk.evaluation.bootstrap import DRAWS, Measure, with_intervals
from ray_jobs.risk.evaluation.calibration import calibration
from ray_jobs.risk.evaluation.decisions import best_event1, confusion, coverage, event1
from ray_jobs.risk.evaluation.folds import spread
from ray_jobs.risk.evaluation.hourly import Progress
from ray_jobs.risk.evaluation.samples import BadSampleError, Once, groups, tells
from ray_jobs.risk.metrics import Flags, Floats, Ranked, discrimination
from ray_jobs.risk.scores import PUBLISHED

SHARES: Final = ("accuracy", "precision", "recall", "specificity", "f1")
FOLD_KEYS: Final = ("auroc", "auprc", "event1")


def figures_once(
    sample: Once,
    comparators: Mapping[str, Floats] | None = None,
    *,
    conformal: Conformal | None = None,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Figures of forecasts; {"value", "low", "high"} where a bootstrap over patients gave an interval.

    comparators: scores [n], NaN where unknown, beside the sample's own SAPS-I and SOFA. Raises BadSampleError.
    """
    n = len(sample.label)
    told = (lambda done, total: progress("bootstrap", done, total)) if progress else None
    best, at = best_event1(sample.probability, sample.label)
    figures: dict[str, Any] = {
        "patients": n,
        "deaths": int(sample.label.sum()),
        "prevalence": float(sample.label.mean()),
        "alarm_patients": float(sample.alarm.mean()),
        **with_intervals(_measure(sample.probability, sample.alarm, sample.label), n, draws, told),
        "event1_best": best,
        "event1_best_threshold": at,
        "confusion": _counts(sample.alarm, sample.label),
        "calibration": calibration(sample.probability, sample.label, sample.patient, draws),
        "groups": _groups(sample, conformal, draws),
    }
    if conformal:
        figures["conformal"] = coverage(sample.probability, sample.label, conformal)
    scores = {**sample.own_scores, **(comparators or {})}
    if scores:
        figures["comparators"] = {name: _comparator(name, score, sample.label, draws) for name, score in scores.items()}
    folds = [sample.fold == fold for fold in np.unique(sample.fold)]
    if len(folds) > 1:
        parts = [
            _measure(sample.probability[rows], sample.alarm[rows], sample.label[rows])(np.ones(rows.sum()))
            for rows in folds
        ]
        figures["folds"] = spread([{key: one[key] for key in FOLD_KEYS} for one in parts])
    return figures


def _measure(score: Floats, alarm: Flags, label: Flags) -> Measure:
    ranked = Ranked.of(score)

    def measure(weight: Floats) -> dict[str, float]:
        auroc, auprc = discrimination(ranked, label, weight)
        matrix = confusion(alarm, label, weight)
        return {"auroc": auroc, "auprc": auprc, "event1": event1(alarm, label, weight)} | {
            key: matrix[key] for key in SHARES
        }

    return measure


def _counts(alarm: Flags, label: Flags) -> dict[str, int]:
    return {key: int(value) for key, value in confusion(alarm, label).items() if "_" in key}


def _groups(sample: Once, conformal: Conformal | None, draws: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for by, members in groups(sample).items():
        found[by] = {}
        for name, rows in members.items():
            probability, alarm, label = sample.probability[rows], sample.alarm[rows], sample.label[rows]
            one: dict[str, Any] = {
                "patients": len(label),
                "deaths": int(label.sum()),
                "prevalence": float(label.mean()),
                "observed_expected": float(label.sum() / probability.sum()),
            }
            if tells(label, sample.patient[rows]):
                measured = with_intervals(_measure(probability, alarm, label), len(label), draws)
                one |= {key: measured[key] for key in ("auroc", "event1", "precision", "recall")}
            if conformal:
                one["conformal"] = coverage(probability, label, conformal)
            found[by][name] = one
    return found


def _comparator(name: str, score: Floats, label: Flags, draws: int) -> dict[str, Any]:
    """Figures of a score where it is known, alarming at its best published threshold, else at its best for event 1."""
    if score.shape != label.shape:
        message = f"comparator {name} has shape {score.shape}, label has {label.shape}"
        raise BadSampleError(message)
    known = ~np.isnan(score)
    score, label = score[known], label[known]
    if label.all() or not label.any():
        message = f"comparator {name} is known for {len(label)} patients, all with the same label"
        raise BadSampleError(message)
    best, best_at = best_event1(score, label)
    at = max(PUBLISHED.get(name, (best_at,)), key=lambda level: event1(score >= level, label))
    return {
        "known": float(known.mean()),
        "threshold": float(at),
        "published_threshold": name in PUBLISHED,
        **with_intervals(_measure(score, score >= at, label), len(label), draws),
        "event1_best": best,
        "confusion": _counts(score >= at, label),
    }
