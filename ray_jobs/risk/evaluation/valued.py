"""Hourly forecasts with all that does not change from draw to draw: sums of each patient, hours ranked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ray_jobs.risk.evaluation.lead_time import per_12_bed_days
from ray_jobs.risk.metrics import Flags, Floats, Hours, Ranked, areas
from ray_jobs.risk.utility import best_prediction, hour_utilities

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankedRows:
    """Hours by falling forecast: patient, label, and the last of each run of equal forecasts."""

    patient: Ints
    label: Flags
    ends: Ints

    @staticmethod
    def of(hours: Hours, chosen: Flags) -> RankedRows:
        """Rank the chosen hours."""
        ranked = Ranked.of(hours.probability[chosen])
        return RankedRows(hours.stay[chosen][ranked.order], hours.label[chosen][ranked.order], ranked.ends)

    def areas(self, patient_weight: Floats) -> tuple[float, float]:
        """AUROC and average precision, each patient counted as often as it was drawn."""
        weight = patient_weight[self.patient]
        return areas(weight, weight * self.label, self.ends)


@dataclass(frozen=True, slots=True)
class Valued:
    """Forecasts of hours and what they bring: `sums` by name, each [patients]."""

    hours: Hours
    raised: Flags
    live: Flags
    everyone: RankedRows
    before_onset: RankedRows
    sums: dict[str, Floats]

    @staticmethod
    def of(hours: Hours, alarm: Flags, alerts_at: float) -> Valued:
        """Value hourly alarms [n] by the challenge's utility, and alerts with silence at the budget and at a level."""
        patients = int(hours.stay.max()) + 1
        raised, live = hours.alarms(hours.budget_threshold()), hours.alarms(alerts_at)
        true, live_true = hours.true_alarms(raised), hours.true_alarms(live)
        bounds = np.append(np.flatnonzero(hours.starts), len(hours.stay))
        labels = [hours.label[a:b].astype(np.int8) for a, b in pairwise(bounds)]
        worth = [hour_utilities(label) for label in labels]
        loss, gain = (np.concatenate([pair[i] for pair in worth]) for i in (0, 1))
        best = np.concatenate([best_prediction(label) for label in labels])
        label = hours.label

        def total(rows: Flags | Floats) -> Floats:
            summed: Floats = np.bincount(hours.stay, rows.astype(np.float64), patients).astype(np.float64)
            return summed

        septic = total(label) > 0
        later = septic & (total(label & hours.starts) == 0)
        found = septic & (total(true) > 0)
        flags = {
            "septic": septic,
            "later": later,
            "found": found,
            "found_later": found & later,
            "found_live": septic & (total(live_true) > 0),
        }
        rows = {
            "rows": np.ones(len(label)),
            "silent": loss,
            "alarmed": np.where(alarm, gain, loss),
            "ideal": np.where(best, gain, loss),
            "raised": raised,
            "true": true,
            "live": live,
            "live_true": live_true,
            "tp": alarm & label,
            "fp": alarm & ~label,
            "fn": ~alarm & label,
            "tn": ~alarm & ~label,
        }
        return Valued(
            hours=hours,
            raised=raised,
            live=live,
            everyone=RankedRows.of(hours, np.ones(len(label), dtype=np.bool_)),
            # From onset on a label is no forecast any more: its hour and all later ones (37 % of labelled rows).
            before_onset=RankedRows.of(hours, hours.hour < hours.onset()),
            sums={name: flag.astype(np.float64) for name, flag in flags.items()}
            | {name: total(value) for name, value in rows.items()},
        )

    def figures(self, patient_weight: Floats) -> dict[str, float]:
        """The figures that get an interval, each patient counted as often as it was drawn."""
        s = {name: float(patient_weight @ column) for name, column in self.sums.items()}
        auroc, auprc = self.everyone.areas(patient_weight)
        return {
            "auroc": auroc,
            "auroc_until_onset": self.before_onset.areas(patient_weight)[0],
            "auprc": auprc,
            "utility": share(s["alarmed"] - s["silent"], s["ideal"] - s["silent"]),
            "accuracy": share(s["tp"] + s["tn"], s["rows"]),
            "precision": share(s["tp"], s["tp"] + s["fp"]),
            "recall": share(s["tp"], s["tp"] + s["fn"]),
            "specificity": share(s["tn"], s["tn"] + s["fp"]),
            "f1": share(2 * s["tp"], 2 * s["tp"] + s["fp"] + s["fn"]),
            "ppv_at_budget": share(s["true"], s["raised"]),
            "found_at_budget": share(s["found"], s["septic"]),
            "found_at_budget_later_onset": share(s["found_later"], s["later"]),
            "alerts_in_12_bed_days_at_budget": per_12_bed_days(s["raised"], s["rows"]),
            "ppv_live": share(s["live_true"], s["live"]),
            "found_live": share(s["found_live"], s["septic"]),
            "alerts_in_12_bed_days_live": per_12_bed_days(s["live"], s["rows"]),
        }

    @property
    def confusion(self) -> dict[str, int]:
        """Hours by label and hourly alarm."""
        return {title: int(self.sums[name].sum()) for name, title in COUNTS.items()}


COUNTS: Final = {"tp": "true_positive", "fp": "false_positive", "fn": "false_negative", "tn": "true_negative"}


def share(part: float, whole: float) -> float:
    """Part of a whole, NaN of none: a draw may hold no alarm at all."""
    return part / whole if whole else math.nan
