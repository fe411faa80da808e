"""Ship a sepsis model: weights and `model.json` after training, `metrics.json` and `card.md` after evaluation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ray_jobs import registry
from ray_jobs.risk.train import MODELS as SEPSIS_MODELS


def write_figures(figures: dict[str, Any], card: registry.Card, models: Path) -> None:
    """Write metrics.json and card.md beside the weights; figures as returned by `evaluate`."""
    folder = models / card.name
    (folder / "metrics.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(_text(figures, card), encoding="utf-8")


ROWS: Final = (
    ("AUROC, all hours", "auroc"),
    ("AUROC, hours up to onset", "auroc_until_onset"),
    ("AUPRC", "auprc"),
    ("Utility of the challenge at the model's threshold", "utility"),
    ("PPV at 1 alarm in 12 bed-days (24 h silence)", "ppv_at_budget"),
    ("Septic patients found by those alarms", "found_at_budget"),
    ("… of those not labelled at their first hour", "found_at_budget_later_onset"),
    ("PPV of live alerts, at the alert threshold", "ppv_live"),
    ("Live alerts in 12 bed-days", "alerts_in_12_bed_days_live"),
)


def _text(figures: dict[str, Any], card: registry.Card) -> str:
    parts = {key: value for key, value in figures.items() if isinstance(value, dict)}

    def row(title: str, cells: Iterable[str]) -> str:
        return f"| {title} | " + " | ".join(cells) + " |"

    table = [row("", (_title(key, part) for key, part in parts.items())), "|---" * (len(parts) + 1) + "|"]
    for title, key in ROWS:
        table.append(row(title, (_interval(part[key]) for part in parts.values())))
    calibration = [part["calibration"] for part in parts.values()]
    ratios = (", ".join(f"{x:.2f}" for x in c["observed_expected_top_twentieths"]) for c in calibration)
    table.append(row("Calibration slope", (f"{c['slope']:.2f}" for c in calibration)))
    table.append(row("Observed/expected, five highest twentieths", ratios))
    table.append(row("Hours with an alarm", (f"{part['alarm_hours']:.1%}" for part in parts.values())))
    return TEXT.format(
        card=card,
        table="\n".join(table),
        features=len(card.features),
        draws=figures["bootstrap_draws"],
        hospitals=" and ".join(f"hospital {hospital.upper()}" for hospital in SEPSIS_MODELS[card.name]),
    )


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _title(key: str, part: dict[str, Any]) -> str:
    where, _, hospital = key.partition("_")
    return f"{where}{f', hospital {hospital.upper()}' if hospital else ''} ({part['patients']} patients)"


TEXT: Final = """\
# {card.name} {card.version}

Hourly probability that {card.outcome}, from the stay so far.
Boosted trees and small networks on {features} features, weighted and calibrated on held-out folds.

**For** patients of {card.population.min_age:g} to {card.population.max_age:g} years: {card.population.setting}.
**Not for** wards outside intensive care, children, or as the only reason to treat or not to treat. It has been
measured on past records only, never at a bedside; a new site starts it silent.

## Measured on patients it never saw

{table}

Intervals: {draws} bootstrap draws of patients, 2.5 to 97.5 %. The label is the challenge's: 1 from six hours before
onset to the end of the record. `wardwatch risk evaluate --model {card.name}` prints and writes these figures again.

## How it was made

Data: PhysioNet/CinC Challenge 2019, {hospitals} (CC BY 4.0; Reyna et al., Crit Care Med 2020;48:210).
Every choice was made on five inner folds; `wardwatch risk train --model {card.name}` repeats it.

## Limits

- The data has no consciousness, urine output, drugs or cultures; the label follows the clinicians' suspicion of
  infection, so the model has partly learnt when they measure.
- Both hospitals are American intensive care units. Elsewhere expect less (a column across, where there is one, shows
  how much), and recalibrate.
- Ages 14 to 17 (23 patients) were in the data and are outside the population.
- Values outside the ranges of `ray_jobs/risk/grid.py` count as not measured.
"""
