"""What acting on a forecast brings: the confusion matrix, event 1, net benefit, the conformal sets' coverage.

Event 1: Silva et al., Comput Cardiol 2012;39:245. Net benefit: Vickers & Elkin, Med Decis Making 2006;26:565.
"""

from __future__ import annotations

import math

import numpy as np

from ray_jobs.registry import Conformal
from ray_jobs.risk.metrics import Flags, Floats, Ranked


def confusion(alarm: Flags, label: Flags, weight: Floats | None = None) -> dict[str, float]:
    """Counts and shares at the alarm: accuracy, precision, recall, specificity, F1; NaN of nothing."""
    weight = np.ones(len(label)) if weight is None else weight
    tp, fp = float(weight[alarm & label].sum()), float(weight[alarm & ~label].sum())
    fn, tn = float(weight[~alarm & label].sum()), float(weight[~alarm & ~label].sum())
    return {
        "true_positive": tp,
        "false_positive": fp,
        "false_negative": fn,
        "true_negative": tn,
        "accuracy": _share(tp + tn, tp + fp + fn + tn),
        "precision": _share(tp, tp + fp),
        "recall": _share(tp, tp + fn),
        "specificity": _share(tn, tn + fp),
        "f1": _share(2 * tp, 2 * tp + fp + fn),
    }


def event1(alarm: Flags, label: Flags, weight: Floats | None = None) -> float:
    """The lesser of sensitivity and positive predictive value."""
    matrix = confusion(alarm, label, weight)
    precision = matrix["precision"]
    return min(matrix["recall"], 0.0 if math.isnan(precision) else precision)


def best_event1(score: Floats, label: Flags) -> tuple[float, float]:
    """The greatest event 1 that any threshold of a score gives, and that threshold (alarm from it up)."""
    ranked = Ranked.of(score)
    hits = np.cumsum(label[ranked.order])[ranked.ends]
    least = np.minimum(hits / label.sum(), hits / (ranked.ends + 1))
    at = int(np.argmax(least))
    return float(least[at]), float(score[ranked.order[ranked.ends[at]]])


def net_benefit(alarm: Flags, label: Flags, at: Floats) -> Floats:
    """Net benefit a row of a fixed alarm at threshold probabilities `at` [k]: hits less misses at the odds of each."""
    hits, misses = np.mean(alarm & label), np.mean(alarm & ~label)
    return np.asarray(hits - misses * at / (1 - at))


def net_benefit_curve(probability: Floats, label: Flags, at: Floats) -> Floats:
    """Net benefit of acting at probability >= each of `at` [k]."""
    return np.array([net_benefit(probability >= p, label, np.array([p]))[0] for p in at])


def coverage(probability: Floats, label: Flags, conformal: Conformal) -> dict[str, float]:
    """Of the positives the share whose set has "yes", of the negatives "no"; shares undecided (both) and empty."""
    yes, no = probability >= conformal.yes_from, probability <= conformal.no_to
    return {
        "level": conformal.level,
        "positives_covered": _share(float((yes & label).sum()), float(label.sum())),
        "negatives_covered": _share(float((no & ~label).sum()), float((~label).sum())),
        "undecided": float(np.mean(yes & no)),
        "empty": float(np.mean(~yes & ~no)),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
