"""The pictures of a model's page: one call draws all that a sample can show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ray_jobs.figure_style import FAINT, INK, MODEL, QUIET, SCORES, SHORT, percent, picture
from ray_jobs.risk.evaluation.calibration import bins
from ray_jobs.risk.evaluation.decisions import net_benefit, net_benefit_curve
from ray_jobs.risk.evaluation.pictures_hourly import lead_time_picture, trade_off_picture
from ray_jobs.risk.evaluation.samples import Hourly, Sample
from ray_jobs.risk.metrics import Flags, Floats, Ranked

POINTS: Final = 500
RARE: Final = 0.1
# The first few thresholds raise a handful of alarms: their precision is noise.
STEADY_RECALL: Final = 0.005
MOST_FACTORS: Final = 20


def draw(
    sample: Sample, comparators: Mapping[str, Floats], figures: Mapping[str, Any], folder: Path, key: str
) -> list[Path]:
    """Draw the pictures of one part into folder/KEY-*.png, from a sample and the figures computed of it."""
    scores = dict(comparators) if isinstance(sample, Hourly) else {**sample.own_scores, **comparators}
    paths = {name: folder / f"{key}-{name}.png" for name in TITLES}
    _curves(sample, scores, figures, paths["roc"], paths["precision-recall"])
    _reliability(sample, figures, paths["reliability"])
    _decision(sample, scores, figures, paths["decision"])
    _forest(figures, paths["groups"])
    if isinstance(sample, Hourly):
        lead_time_picture(sample, scores, figures, paths["lead-time"])
        trade_off_picture(sample, scores, paths["alarms"])
    if figures.get("explanation"):
        _explanation(figures["explanation"], paths["explanation"])
    return [path for path in paths.values() if path.exists()]


# What each picture shows, in the order of the page.
TITLES: Final[dict[str, str]] = {
    "roc": "Receiver operating characteristic, all rows, beside the bedside scores.",
    "precision-recall": "Precision and recall at every threshold; the dotted line is the prevalence.",
    "reliability": "Forecast and observed risk in equal-count bins, with 95 % over patients; below, all forecasts.",
    "decision": "Net benefit of acting on the forecast (Vickers & Elkin 2006) beside acting on all, none or a score.",
    "alarms": "What more alarms would bring, with 24 h of silence after each; dots: the scores' levels.",
    "lead-time": "Septic patients warned by the hour before onset; alarms count from 24 h before to 3 h after it.",
    "groups": "AUROC by subgroup with 95 % intervals; the line is that of all.",
    "explanation": "How far the forecast moves, on average, when a reading is taken away (log-odds).",
}


def roc_points(score: Floats, label: Flags) -> tuple[Floats, Floats, Floats]:
    """Fall-out, recall and precision at falling thresholds, at most POINTS of each."""
    ranked = Ranked.of(score)
    hits = np.cumsum(label[ranked.order])[ranked.ends]
    rows = ranked.ends + 1
    keep = np.arange(len(rows))
    if len(keep) > POINTS:
        # Close together at the start, where precision moves most.
        keep = np.unique(np.geomspace(1, len(rows), POINTS).astype(np.int64)) - 1
        keep = np.union1d(keep, np.linspace(0, len(rows) - 1, POINTS).astype(np.int64))
    fall_out, recall = (rows - hits)[keep] / (~label).sum(), hits[keep] / label.sum()
    return np.append(0.0, fall_out), np.append(0.0, recall), np.append(np.nan, (hits / rows)[keep])


def _curves(sample: Sample, scores: Mapping[str, Floats], figures: Mapping[str, Any], roc: Path, pr: Path) -> None:
    label, legend = sample.label, {"loc": "lower right"}
    with picture(roc) as (_, axes):
        for name, score in scores.items():
            known = ~np.isnan(score)
            fall_out, recall, _ = roc_points(score[known], label[known])
            colour, dash = SCORES[name]
            area = figures["comparators"][name]["auroc"]["value"]
            axes.plot(fall_out, recall, color=colour, linestyle=dash, label=f"{SHORT[name]}  {area:.3f}")
        fall_out, recall, precision = roc_points(sample.probability, label)
        axes.plot(fall_out, recall, color=MODEL, linewidth=2.2, label=f"model  {figures['auroc']['value']:.3f}")
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
        axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="false alarms among the well", ylabel="found among the ill")
        axes.set_aspect("equal")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], title="AUROC", alignment="left", **legend)
        axes.set_title("Who is told apart")
        percent(axes.xaxis)
        percent(axes.yaxis)
    with picture(pr) as (_, axes):
        for name, score in scores.items():
            known = ~np.isnan(score)
            _, found, right = roc_points(score[known], label[known])
            steady = found >= STEADY_RECALL
            axes.plot(found[steady], right[steady], color=SCORES[name][0], linestyle=SCORES[name][1], label=SHORT[name])
        steady = recall >= STEADY_RECALL
        axes.plot(recall[steady], precision[steady], color=MODEL, linewidth=2.2, label="model")
        axes.axhline(figures["prevalence"], color=QUIET, linewidth=1, linestyle=":")
        axes.set(xlim=(0, 1), ylim=(0, None), xlabel="recall", ylabel="precision")
        axes.legend(loc="upper right")
        axes.set_title("Right alarms among alarms")
        percent(axes.xaxis)
        percent(axes.yaxis)


def _reliability(sample: Sample, figures: Mapping[str, Any], path: Path) -> None:
    rare = figures["prevalence"] < RARE
    shown = bins(sample.probability, sample.label, sample.patient, 20 if rare else 10)
    slope = figures["calibration"]["slope"]
    with picture(path, height=5.0, nrows=2, sharex=True, height_ratios=(3.6, 1)) as (_, (axes, below)):
        seen = shown.observed > 0 if rare else np.ones(len(shown.rows), dtype=np.bool_)
        low = float(shown.expected.min()) * 0.7 if rare else 0.0
        high = float(max(shown.expected.max(), shown.high.max())) * (1.3 if rare else 1.05)
        axes.plot([low, high], [low, high], color=QUIET, linewidth=1, linestyle=":")
        spread = np.abs(np.stack([shown.low, shown.high]) - shown.observed)[:, seen]
        axes.errorbar(
            shown.expected[seen], shown.observed[seen], yerr=spread, fmt="o", color=MODEL, markersize=4.5, elinewidth=1
        )
        if rare:
            axes.set(xscale="log", yscale="log")
        floor = max(min(low, float(shown.observed[seen].min()) * 0.7), low / 10)
        axes.set(xlim=(low, high), ylim=(floor, high), ylabel="observed")
        axes.set_title(f"Whether it means what it says (slope {slope:.2f})")
        edges = np.geomspace(low, high, 50) if rare else np.linspace(0, high, 40)
        below.hist(sample.probability, bins=edges, color=MODEL, alpha=0.35)
        below.set(xlabel="forecast", ylabel="hours" if isinstance(sample, Hourly) else "patients")
        below.grid(visible=False)
        for axis in (axes.yaxis, below.xaxis):
            percent(axis)


def _decision(sample: Sample, scores: Mapping[str, Floats], figures: Mapping[str, Any], path: Path) -> None:
    rate, label = figures["prevalence"], sample.label
    thousand, what = 1000.0, "hours" if isinstance(sample, Hourly) else "patients"
    last = min(0.8, float(np.quantile(sample.probability, 0.998)))
    at = np.linspace(last / 400, last, 120)
    with picture(path) as (_, axes):
        for name, score in scores.items():
            known, figure = ~np.isnan(score), figures["comparators"][name]
            worth = net_benefit(score[known] >= figure["threshold"], label[known], at) * thousand
            title = f"{SHORT[name]} ≥ {figure['threshold']:g}"
            axes.plot(at, worth, color=SCORES[name][0], linestyle=SCORES[name][1], label=title)
        axes.plot(at, (rate - (1 - rate) * at / (1 - at)) * thousand, color=QUIET, linewidth=1, label="always")
        axes.axhline(0, color=INK, linewidth=0.8, label="never")
        curve = net_benefit_curve(sample.probability, label, at) * thousand
        axes.plot(at, curve, color=MODEL, linewidth=2.2, label="model")
        axes.set(ylim=(-rate * thousand * 0.25, rate * thousand * 1.02), xlim=(0, last))
        axes.set(xlabel="risk from which one would act", ylabel=f"net benefit in 1,000 {what}")
        axes.legend(loc="upper right")
        axes.set_title("What acting on it is worth")
        percent(axes.xaxis)


def _forest(figures: Mapping[str, Any], path: Path) -> None:
    event = "septic" if "septic_patients" in figures else "died"
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for members in figures["groups"].values():
        known = [(name, one) for name, one in members.items() if "auroc" in one]
        rows += [(f"{name if len(name) > 1 else 'hospital ' + name.upper()}", one) for name, one in known]
        rows.append(("", {}))
    with picture(path, height=0.27 * len(rows) + 1.2) as (_, axes):
        axes.axvline(figures["auroc"]["value"], color=MODEL, linewidth=1)
        axes.axvspan(figures["auroc"]["low"], figures["auroc"]["high"], color=MODEL, alpha=0.08, linewidth=0)
        names: dict[int, str] = {}
        for i, (name, one) in enumerate(rows[:-1]):
            if one:
                area = one["auroc"]
                axes.plot([area["low"], area["high"]], [i, i], color=INK, linewidth=1.2)
                axes.plot(area["value"], i, "o", color=INK, markersize=4.5)
                ill = one["septic_patients"] if event == "septic" else one["deaths"]
                names[i] = f"{name}   {one['patients']:,} ({ill} {event})"
        axes.set_yticks(list(names), list(names.values()))
        axes.set(ylim=(len(rows) - 1.4, -0.6), xlabel="AUROC")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_title("For whom")


def _explanation(effects: Mapping[str, float], path: Path) -> None:
    largest = sorted(effects.items(), key=lambda item: -item[1])[:MOST_FACTORS]
    with picture(path, height=0.22 * len(largest) + 1.1) as (_, axes):
        axes.barh([name.replace("_", " ") for name, _ in largest], [value for _, value in largest], color=MODEL)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("mean change of the log-odds without it")
        axes.set_title("What it looks at")
