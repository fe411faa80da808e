"""Pictures of alarms over hours: how early they come, and what more of them would find."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ray_jobs.figure_style import MODEL, QUIET, SCORES, SHORT, note, percent, picture
from ray_jobs.risk.evaluation.lead_time import first_warnings, trade_off
from ray_jobs.risk.evaluation.samples import Hourly
from ray_jobs.risk.metrics import TRUE_AFTER_HOURS, TRUE_BEFORE_HOURS, Flags, Floats, Hours

LEVELS: Final = 60
FEWEST, MOST = 0.1, 12.0


def lead_time_picture(sample: Hourly, scores: Mapping[str, Floats], figures: Mapping[str, Any], path: Path) -> None:
    """Share of septic patients warned by each hour before onset: the model's alerts, and scores at their thresholds.

    Scores alarm more often; so the model is shown a second time with as many alarms as NEWS2 raises.
    """
    hours = sample.hours
    with picture(path) as (_, axes):
        at = np.arange(TRUE_AFTER_HOURS, -TRUE_BEFORE_HOURS - 1, -1)

        def line(hours: Hours, alarms: Flags, budget: float, name: str, **style: Any) -> None:  # noqa: ANN401 - matplotlib's own options
            ahead = np.nan_to_num(first_warnings(hours, alarms), nan=-np.inf)
            share = [float(np.mean(ahead >= hour)) for hour in at]
            axes.step(at, share, where="post", label=f"{name}: {budget:.1f}", **style)

        live = figures["alerts_in_12_bed_days_live"]["value"]
        line(hours, hours.alarms(figures["alerts_at"]), live, "model, live alerts", color=MODEL, linewidth=2.2)
        for name, score in scores.items():
            figure = figures["comparators"][name]
            scored = Hours(hours.stay, hours.hour, score, hours.label)
            budget = figure["alerts_in_12_bed_days_live"]["value"]
            if name == "news2":
                level = _level_of(hours, budget)
                line(hours, hours.alarms(level), budget, "model, as many as NEWS2", color=MODEL, linewidth=1.2)
            title = f"{SHORT[name]} ≥ {figure['threshold']:g}"
            colour, dash = SCORES[name]
            line(scored, scored.alarms(figure["threshold"]), budget, title, color=colour, linestyle=dash)
        axes.axvline(0, color=QUIET, linewidth=0.8)
        axes.set(xlim=(TRUE_AFTER_HOURS, -TRUE_BEFORE_HOURS), ylim=(0, 1))
        axes.set_xticks([24, 18, 12, 6, 3, 0, -3])
        axes.set(xlabel="hours before onset", ylabel="septic patients warned")
        axes.legend(title="alarms in 12 bed-days", alignment="left", loc="upper left")
        axes.set_title("How early")
        percent(axes.yaxis)


def trade_off_picture(sample: Hourly, scores: Mapping[str, Floats], path: Path) -> None:
    """PPV and patients found against alarms in 12 bed-days: the model's curve, and each level of the scores."""
    hours = sample.hours
    highest = np.maximum.reduceat(sample.probability, np.flatnonzero(hours.starts))
    levels = np.unique(np.quantile(highest, 1 - np.geomspace(0.003, 1, LEVELS)))
    curve = trade_off(hours, levels)
    with picture(path, width=8.4, height=3.6, ncols=2, sharex=True) as (_, panels):
        for axes, key, title in zip(panels, ("ppv", "found"), ("Right alarms", "Septic patients found"), strict=True):
            axes.plot(curve["alarms_in_12_bed_days"], curve[key], color=MODEL, linewidth=2.2, label="model")
            for name, score in scores.items():
                scored = Hours(hours.stay, hours.hour, score, hours.label)
                points = trade_off(scored, np.unique(score)[1:])
                shown = points["alarms_in_12_bed_days"] >= FEWEST
                axes.plot(
                    points["alarms_in_12_bed_days"][shown],
                    points[key][shown],
                    color=SCORES[name][0],
                    linestyle=SCORES[name][1],
                    linewidth=1,
                    marker="o",
                    markersize=3.5,
                    label=SHORT[name],
                )
            axes.axvline(1, color=QUIET, linewidth=0.8, linestyle=":")
            axes.set(xscale="log", xlim=(FEWEST, MOST), ylim=(0, None), xlabel="alarms in 12 bed-days")
            axes.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
            axes.minorticks_off()
            axes.set_title(title)
            percent(axes.yaxis)
        note(panels[0], 1, 0.0, "budget")
        panels[0].legend(loc="upper right")


def _level_of(hours: Hours, alarms_in_12_bed_days: float) -> float:
    """The level of alarms that comes nearest to so many."""
    levels = np.quantile(hours.probability, np.linspace(0.3, 1, 200))
    counts = trade_off(hours, levels)["alarms_in_12_bed_days"]
    return float(levels[int(np.argmin(np.abs(counts - alarms_in_12_bed_days)))])
