"""Figures of a slice model from its table of answers by networks that had not seen the slice's group.

The table ships with the model and its hash stands on the card. Temperature and threshold of a fold are chosen on the
other folds, so no figure knows its own slice.
"""

import csv
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ray_jobs.imaging import figures
from ray_jobs.imaging.verdict import findings, verdict
from ray_jobs.registry import Card, load_model

HELD_OUT = "held-out.csv"
ROUNDS = 500
Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Metric = Callable[[Labels, Labels], float]


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out slices: label int64[n], logits float[n, classes], groups, fold int64[n], names in the set."""

    label: Labels
    logits: Floats
    group: tuple[str, ...]
    fold: Labels
    file: tuple[str, ...] = ()


def read_held(path: Path, classes: tuple[str, ...]) -> Held:
    """The table that ships. Raises OSError."""
    with path.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return Held(
        np.array([classes.index(row["label"]) for row in rows], dtype=np.int64),
        np.array([[float(row[f"logit_{name}"]) for name in classes] for row in rows]),
        tuple(row["group"] for row in rows),
        np.array([int(row["fold"]) for row in rows], dtype=np.int64),
        tuple(row["file"] for row in rows),
    )


def tempered(logits: Floats, heat: float) -> Floats:
    """Probabilities float[n, classes] of logits divided by the temperature."""
    scaled = logits / heat
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    answer: Floats = powers / powers.sum(1, keepdims=True)
    return answer


def best_threshold(ill: npt.NDArray[np.bool_], probability: Floats) -> float:
    """The threshold of the best F1 for the ill, on a grid of hundredths; the middle one of equals."""
    grid = np.arange(0.05, 0.96, 0.01)
    f1 = np.array([figures.at_threshold(float(t))["f1"](ill, probability) for t in grid])
    best = grid[f1 >= f1.max() - 1e-9]
    return round(float(best[len(best) // 2]), 3)


def evaluate_slices(name: str, *, models: Path | None = None) -> dict[str, object]:
    """Figures with 95 % bootstrap intervals over groups, confusion matrix, ROC points, referral curve."""
    model = load_model(name, models)
    card = model.card
    held = read_held(model.file(HELD_OUT), card.classes)
    named = findings(card)
    probability = held_probability(card, held)
    table: dict[str, object] = {}
    roc: list[tuple[float, float]] = []
    reliable: list[tuple[float, float, int]] = []
    if len(named) == 1:
        ill, score = held.label == named[0], probability[:, named[0]]
        called = _called(held, named[0]) if len(set(held.fold)) > 1 else score >= card.threshold
        # a call is carried as a score beside the threshold, so that one bootstrap serves all figures
        called_score = np.where(called, 1.0, 0.0)
        by_call = figures.at_threshold(0.5)
        table["malignant auroc"] = asdict(figures.with_interval(figures.auroc, ill, score, held.group))
        for metric in ("accuracy", "recall", "specificity", "f1"):
            table[f"malignant {metric}"] = asdict(figures.with_interval(by_call[metric], ill, called_score, held.group))
        table["malignant precision"] = asdict(
            figures.with_interval(
                lambda i, c: float((i & (c > 0)).sum() / max(1, (c > 0).sum())), ill, called_score, held.group
            )
        )
        table["calibration error"] = asdict(figures.with_interval(figures.calibration_error, ill, score, held.group))
        roc, reliable = figures.roc(ill, score), figures.reliability(ill, score)
    said = probability.argmax(1)
    for metric, measure in (("accuracy", accuracy), ("macro f1", macro_f1)):
        table[f"{len(card.classes)}-class {metric}"] = asdict(_interval(measure, held.label, said, held.group))
    verdicts = [verdict(card, p.astype(np.float32), 0.0) for p in probability]
    decided = np.array([one.decision != "refer" for one in verdicts])
    right = np.array(
        [
            (one.label == card.classes[k]) if len(named) > 1 else ((one.label == card.outcome) == (k == named[0]))
            for one, k in zip(verdicts, held.label, strict=True)
        ]
    )
    sure = np.maximum(probability[:, list(named)].max(1), 1 - probability[:, list(named)].max(1))
    top = probability.max(1)
    if len(named) > 1:  # which of several: how far the likeliest is to be believed
        reliable = figures.reliability(said == held.label, top)
    return {
        "model": name,
        "version": card.version,
        "films": {"outer": len(held.label), "groups": len(set(held.group)), "folds": len(set(held.fold))},
        "outer": table,
        "confusion": {
            f"{true} read as {read}": int(((held.label == i) & (said == j)).sum())
            for i, true in enumerate(card.classes)
            for j, read in enumerate(card.classes)
        },
        "subgroups": {
            f"recall of {one}": round(float((said[held.label == k] == k).mean()), 4)
            for k, one in enumerate(card.classes)
        },
        "roc": roc,
        "reliability": reliable,
        "referred": round(float((~decided).mean()), 4),
        "accuracy of the decided": round(float(right[decided].mean()), 4) if decided.any() else None,
        "accuracy by share referred": figures.by_share_referred(sure if len(named) == 1 else top, right),
    }


def accuracy(label: Labels, said: Labels) -> float:
    """Share named rightly."""
    return float((label == said).mean())


def macro_f1(label: Labels, said: Labels) -> float:
    """Mean over the label's classes of F1."""
    return float(
        np.mean(
            [
                2 * ((label == k) & (said == k)).sum() / max(1, (label == k).sum() + (said == k).sum())
                for k in set(label)
            ]
        )
    )


def held_probability(card: Card, held: Held) -> Floats:
    """With several folds each by the temperature of the others; with one by the card's."""
    folds = sorted(set(held.fold))
    if len(folds) == 1:
        return tempered(held.logits, float(card.extra["temperature"]))
    answer = np.empty_like(held.logits)
    for fold in folds:
        own = held.fold == fold
        answer[own] = tempered(held.logits[own], figures.temperature(held.logits[~own], held.label[~own]))
    return answer


def _called(held: Held, finding: int) -> npt.NDArray[np.bool_]:
    """Each fold's slices called at the threshold that the others choose."""
    called = np.zeros(len(held.label), dtype=np.bool_)
    for fold in set(held.fold):
        own = held.fold == fold
        heat = figures.temperature(held.logits[~own], held.label[~own])
        threshold = best_threshold(held.label[~own] == finding, tempered(held.logits[~own], heat)[:, finding])
        called[own] = tempered(held.logits[own], heat)[:, finding] >= threshold
    return called


def _interval(metric: Metric, label: Labels, said: Labels, group: tuple[str, ...]) -> figures.Interval:
    _, owner = np.unique(np.array(group), return_inverse=True)
    rows = [np.flatnonzero(owner == index) for index in range(owner.max() + 1)]
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(ROUNDS):
        chosen = np.concatenate([rows[index] for index in random.integers(0, len(rows), len(rows))])
        drawn.append(metric(label[chosen], said[chosen]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return figures.Interval(metric(label, said), float(low), float(high))
