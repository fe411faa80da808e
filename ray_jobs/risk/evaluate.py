"""Every figure on a sepsis model's card, from patients it never saw, through the code that scores live.

The outer fold of the model's own hospitals ("within"); for a model of one hospital also all patients of the other
("across"). Intervals are percentiles of a bootstrap over patients (2.5 and 97.5 %).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ray_jobs.risk import metrics
from ray_jobs.risk.dataset import HOSPITALS, Progress
from ray_jobs.risk.local import Scorer
from ray_jobs.risk.metrics import Flags, Floats, Hours
from ray_jobs.risk.score import score
from ray_jobs.risk.split import OUTER, SEED, fold_of
from ray_jobs.risk.stays import LABEL, read_table
from ray_jobs.risk.train import MODELS
from ray_jobs.risk.utility import best_prediction, hour_utilities, utility

DRAWS: Final = 200


def evaluate(name: str, data: Path, *, threads: int, progress: Progress, models: Path | None = None) -> dict[str, Any]:
    """Figures of model `name` on data/hospital_*.parquet; raises RegistryError, BadTableError."""
    scorer = Scorer(name, models)
    own = MODELS[name]
    figures: dict[str, Any] = {"model": name, "version": scorer.card.version, "bootstrap_draws": DRAWS}
    within = pd.concat([_outer(data / HOSPITALS[hospital]) for hospital in own], ignore_index=True)
    figures["within"] = _figures(scorer, within, threads, progress, "within")
    if len(own) > 1:
        for hospital in own:
            part = _outer(data / HOSPITALS[hospital])
            figures[f"within_{hospital}"] = _figures(scorer, part, threads, progress, f"within, hospital {hospital}")
    for hospital in set(HOSPITALS) - set(own):
        table = read_table(data / HOSPITALS[hospital])
        figures[f"across_{hospital}"] = _figures(scorer, table, threads, progress, f"across, hospital {hospital}")
    return figures


def _outer(path: Path) -> pd.DataFrame:
    table = read_table(path)
    chosen = {patient: fold_of(str(patient)) == OUTER for patient in table["patient"].unique()}
    return table[table["patient"].map(chosen)].reset_index(drop=True)


def _figures(scorer: Scorer, table: pd.DataFrame, threads: int, progress: Progress, what: str) -> dict[str, Any]:
    scored = score(
        scorer, table, threads=threads, progress=lambda done, total: progress(f"{what}: scoring", done, total)
    )
    stay, _ = pd.factorize(table["patient"])
    hours = Hours(
        stay=stay.astype(np.int64),
        hour=table["ICULOS"].to_numpy(np.int64),
        probability=scored["probability"].to_numpy(np.float64),
        label=table[LABEL].to_numpy() == 1,
    )
    sample = Sample.of(hours, scored["alarm"].to_numpy(np.bool_), scorer.card.alerts_at)
    patients = int(stay.max()) + 1
    point = sample.figures(np.ones(patients))
    rng = np.random.default_rng(SEED)
    draws = []
    for done in range(DRAWS):
        draws.append(sample.figures(np.bincount(rng.integers(0, patients, patients), minlength=patients).astype(float)))
        progress(f"{what}: bootstrap", done + 1, DRAWS)
    figures: dict[str, Any] = {
        "patients": patients,
        "hours": len(hours.label),
        "septic_patients": len(sample.septic),
        "prevalence": float(hours.label.mean()),
        "alarm_hours": float(scored["alarm"].mean()),
        "budget_threshold": hours.budget_threshold(),
    }
    for key, value in point.items():
        low, high = np.nanpercentile([draw[key] for draw in draws], [2.5, 97.5])
        figures[key] = {"value": value, "low": float(low), "high": float(high)}
    slope, intercept = metrics.calibration_line(hours.probability, hours.label)
    figures["calibration"] = {
        "slope": slope,
        "intercept": intercept,
        "ece": metrics.expected_calibration_error(hours.probability, hours.label),
        "observed_expected_top_twentieths": metrics.observed_expected(hours.probability, hours.label),
    }
    return figures


@dataclass(frozen=True, slots=True)
class Sample:
    """Scored hours with all that does not change from draw to draw."""

    hours: Hours
    ranked: metrics.Ranked
    loss: Floats
    gain: Floats
    best: Flags
    alarm: Flags
    raised: Flags
    true: Flags
    live: Flags
    live_true: Flags
    septic: NDArray[np.int64]
    labelled_at_first_hour: NDArray[np.int64]

    @staticmethod
    def of(hours: Hours, alarm: Flags, alert_threshold: float) -> Sample:
        """Rank the hours, value them and raise the budget's alarms, once."""
        bounds = np.append(np.flatnonzero(hours.starts), len(hours.stay))
        labels = [hours.label[a:b].astype(np.int8) for a, b in pairwise(bounds)]
        worth = [hour_utilities(label) for label in labels]
        raised, live = hours.alarms(hours.budget_threshold()), hours.alarms(alert_threshold)
        return Sample(
            hours=hours,
            ranked=metrics.Ranked.of(hours.probability),
            loss=np.concatenate([loss for loss, _ in worth]),
            gain=np.concatenate([gain for _, gain in worth]),
            best=np.concatenate([best_prediction(label) for label in labels]),
            alarm=alarm,
            raised=raised,
            true=hours.true_alarms(raised),
            live=live,
            live_true=hours.true_alarms(live),
            septic=np.unique(hours.stay[hours.label]),
            labelled_at_first_hour=np.unique(hours.stay[hours.label & hours.starts]),
        )

    def figures(self, patient_weight: Floats) -> dict[str, float]:
        """The figures that get an interval, each patient counted as often as it was drawn."""
        hours, weight = self.hours, patient_weight[self.hours.stay]
        auroc, auprc = metrics.discrimination(self.ranked, hours.label, weight)
        until_onset = hours.hour <= hours.onset()
        found = np.unique(hours.stay[self.true])
        later = np.setdiff1d(self.septic, self.labelled_at_first_hour)
        found_later = np.intersect1d(found, later)
        return {
            "auroc": auroc,
            "auroc_until_onset": metrics.discrimination(self.ranked, hours.label, weight * until_onset)[0],
            "auprc": auprc,
            "utility": utility(self.loss * weight, self.gain * weight, self.best, self.alarm),
            "ppv_at_budget": _share(weight[self.true], weight[self.raised]),
            "ppv_live": _share(weight[self.live_true], weight[self.live]),
            "alerts_in_12_bed_days_live": float(weight[self.live].sum() / weight.sum() * 24 * 12),
            "found_at_budget": _share(patient_weight[found], patient_weight[self.septic]),
            "found_at_budget_later_onset": _share(patient_weight[found_later], patient_weight[later]),
        }


def _share(part: Floats, whole: Floats) -> float:
    """Part of a weight, NaN of none: a draw may hold no alarm at all."""
    return float(part.sum() / whole.sum()) if whole.sum() else math.nan
