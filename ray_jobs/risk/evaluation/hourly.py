"""All figures of a model that forecasts every hour (task sepsis2019; definitions: `Valued`, `Hours`, utility)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from ray_jobs.registry import Conformal
from ray_jobs.risk.evaluation.bootstrap import DRAWS, with_intervals
from ray_jobs.risk.evaluation.calibration import calibration, recalibration
from ray_jobs.risk.evaluation.decisions import coverage
from ray_jobs.risk.evaluation.folds import spread
from ray_jobs.risk.evaluation.lead_time import lead_time
from ray_jobs.risk.evaluation.samples import BadSampleError, Hourly, groups, part, tells
from ray_jobs.risk.evaluation.valued import Valued
from ray_jobs.risk.metrics import Floats, Hours
from ray_jobs.risk.scores import PUBLISHED

# Told (what, done, total) as work goes on.
Progress = Callable[[str, int, int], None]
# What a subgroup shows: alerts at the one live level, for a ward has one.
GROUP_KEYS: Final = ("auroc", "utility", "ppv_live", "found_live", "alerts_in_12_bed_days_live")
FOLD_KEYS: Final = ("auroc", "auprc", "utility", "ppv_at_budget", "found_at_budget")


def figures_hourly(
    sample: Hourly,
    alerts_at: float,
    comparators: Mapping[str, Floats] | None = None,
    *,
    conformal: Conformal | None = None,
    elsewhere: bool = False,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Figures of forecasts; {"value", "low", "high"} where a bootstrap over patients gave an interval.

    alerts_at: the level of live alerts; comparators: scores [n] by a name of `scores.PUBLISHED`; elsewhere: the
    patients are another hospital's, so add what recalibrating there would do. Raises BadSampleError.
    """
    valued = Valued.of(sample.hours, sample.alarm, alerts_at)
    patients = len(valued.sums["septic"])

    def told(what: str) -> Callable[[int, int], None] | None:
        return (lambda done, total: progress(what, done, total)) if progress else None

    figures: dict[str, Any] = {
        "patients": patients,
        "hours": len(sample.label),
        "septic_patients": int(valued.sums["septic"].sum()),
        "prevalence": float(sample.label.mean()),
        "alarm_hours": float(sample.alarm.mean()),
        "budget_threshold": valued.hours.budget_threshold(),
        "alerts_at": alerts_at,
        **with_intervals(valued.figures, patients, draws, told("bootstrap")),
        "confusion": valued.confusion,
        "calibration": calibration(sample.probability, sample.label, sample.patient, draws),
        "lead_time": _lead_times(valued, sample),
        "groups": _groups(sample, alerts_at, conformal, draws),
    }
    if elsewhere:
        figures["recalibration"] = recalibration(sample.probability, sample.label, sample.patient)
    if conformal:
        figures["conformal"] = coverage(sample.probability, sample.label, conformal)
    if comparators:
        figures["comparators"] = {
            name: _comparator(sample, name, score, draws, told(name)) for name, score in comparators.items()
        }
    found = _spread(sample, alerts_at)
    return figures | ({"folds": found} if found else {})


def _lead_times(valued: Valued, sample: Hourly) -> dict[str, Any]:
    hours = valued.hours
    levels = {"at_budget": valued.raised, "live": valued.live, "hourly": sample.alarm}
    return {name: lead_time(hours, alarms) for name, alarms in levels.items()}


def _groups(sample: Hourly, alerts_at: float, conformal: Conformal | None, draws: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for by, members in groups(sample).items():
        found[by] = {}
        for name, rows in members.items():
            probability, label = sample.probability[rows], sample.label[rows]
            one: dict[str, Any] = {
                "patients": len(np.unique(sample.stay[rows])),
                "septic_patients": len(np.unique(sample.stay[rows & sample.label])),
                "prevalence": float(label.mean()),
                "observed_expected": float(label.sum() / probability.sum()),
            }
            if tells(label, sample.stay[rows]):
                valued = Valued.of(part(sample, rows).hours, sample.alarm[rows], alerts_at)
                measured = with_intervals(valued.figures, one["patients"], draws)
                one |= {key: measured[key] for key in GROUP_KEYS}
            if conformal:
                one["conformal"] = coverage(probability, label, conformal)
            found[by][name] = one
    return found


def _comparator(
    sample: Hourly, name: str, score: Floats, draws: int, told: Callable[[int, int], None] | None
) -> dict[str, Any]:
    """The same figures of a score, alarming at that published threshold which serves it best here (by utility)."""
    if score.shape != sample.label.shape or np.isnan(score).any():
        message = f"comparator {name} must be a number for each of the {len(sample.label)} rows"
        raise BadSampleError(message)
    hours = Hours(sample.patient, sample.hour, score, sample.label)
    candidates = [(float(at), Valued.of(hours, score >= at, float(at))) for at in PUBLISHED[name]]
    everyone = np.ones(int(hours.stay.max()) + 1)
    at, valued = max(candidates, key=lambda candidate: candidate[1].figures(everyone)["utility"])
    return {
        "threshold": at,
        "alarm_hours": float(np.mean(score >= at)),
        "budget_threshold": hours.budget_threshold(),
        **with_intervals(valued.figures, len(everyone), draws, told),
        "confusion": valued.confusion,
        "lead_time": {
            "at_budget": lead_time(hours, valued.raised),
            "live": lead_time(hours, valued.live),
            "hourly": lead_time(hours, score >= at),
        },
    }


def _spread(sample: Hourly, alerts_at: float) -> dict[str, Any]:
    parts = []
    for fold in np.unique(sample.fold):
        one = part_of_fold(sample, int(fold))
        valued = Valued.of(one.hours, one.alarm, alerts_at)
        figures = valued.figures(np.ones(len(valued.sums["septic"])))
        parts.append({key: figures[key] for key in FOLD_KEYS})
    return spread(parts) if len(parts) > 1 else {}


def part_of_fold(sample: Hourly, fold: int) -> Hourly:
    """The patients held out in one fold."""
    return part(sample, sample.fold == fold)
