"""A model's page in docs/models: pictures and every table, each from the figures, none by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ray_jobs.registry import Card
from ray_jobs.risk.card import must_text
from ray_jobs.risk.evaluation.about import ABOUT, hospitals, made_of
from ray_jobs.risk.evaluation.pictures import TITLES as PICTURES
from ray_jobs.risk.evaluation.table import (
    Row,
    head,
    interval_text,
    markdown,
    numbers_text,
    part_title,
    parts_of,
    rows,
)
from ray_jobs.risk.scores import TITLES as SCORES

COMPARED: Final[Mapping[str, str]] = {
    "auroc": "AUROC",
    "auroc_until_onset": "AUROC before onset",
    "auprc": "AUPRC",
    "utility": "utility",
    "event1": "event 1",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "ppv_at_budget": "PPV at the budget",
    "found_at_budget": "found at the budget",
    "alerts_in_12_bed_days_at_budget": "alarms in 12 bed-days then",
    "ppv_live": "PPV of alerts",
    "found_live": "found by alerts",
    "alerts_in_12_bed_days_live": "alerts in 12 bed-days",
}
GROUPED: Final[Mapping[str, str]] = {
    "auroc": "AUROC",
    "utility": "utility",
    "event1": "event 1",
    "ppv_live": "PPV of alerts",
    "found_live": "found by alerts",
    "alerts_in_12_bed_days_live": "alerts in 12 bed-days",
}


def write_page(figures: Mapping[str, Any], card: Card, pages: Path) -> Path:
    """Write pages/NAME.md with the pictures there are in pages/NAME/."""
    about, parts = ABOUT[card.feature_set], parts_of(figures)
    text = [
        f"# {card.name} {card.version}",
        about.forecast.format(outcome=card.outcome),
        f"The short card is `ray_jobs/models/{card.name}/card.md`, every figure for machines `metrics.json` beside it.",
        f"```sh\nwardwatch risk evaluate --model {card.name} --data ../shared/data    # makes this page\n```",
        f"Trained on {about.data.format(hospitals=hospitals(card))} Made of {made_of(card)}.",
        "## What was wanted, and what was measured",
        must_text(figures),
        "## All figures",
        markdown(head(parts), rows(parts)),
        f"In brackets: 2.5 to 97.5 % of {figures['bootstrap_draws']} bootstrap draws of patients. {about.label}",
    ]
    for key, part in parts.items():
        if not key.startswith("within_"):
            text += list(_part(key, part, card, pages))
    text += ["## Beside bedside scores", about.comparators] if any("comparators" in p for p in parts.values()) else []
    for key, part in parts.items():
        if "comparators" in part:
            text += [f"### {part_title(key).capitalize()}", _comparators(part)]
    text += ["## Limits", "\n".join(f"- {limit}" for limit in about.limits)]
    path = pages / f"{card.name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return path


def _part(key: str, part: Mapping[str, Any], card: Card, pages: Path) -> Iterable[str]:
    yield f"## {part_title(key).capitalize()}"
    for name, title in PICTURES.items():
        if (pages / card.name / f"{key}-{name}.png").exists():
            yield f"![{name.replace('-', ' ')}]({card.name}/{key}-{name}.png)\n\n{title}"
    yield "### At the alarm"
    yield _confusion(part)
    if "lead_time" in part:
        yield "### Lead time"
        yield _lead_time(part)
    yield "### Calibration"
    yield _calibration(part)
    yield "### Subgroups"
    yield _groups(part)
    if "conformal" in part:
        yield "### Conformal sets"
        yield _conformal(part)
    if "folds" in part:
        yield "### From fold to fold"
        yield _folds(part)


def _confusion(part: Mapping[str, Any]) -> str:
    counts = part["confusion"]
    what = "hours" if "hours" in part else "patients"
    return markdown(
        (what, "alarm", "no alarm"),
        [
            ("with the outcome", f"{counts['true_positive']:,}", f"{counts['false_negative']:,}"),
            ("without", f"{counts['false_positive']:,}", f"{counts['true_negative']:,}"),
        ],
    )


def _lead_time(part: Mapping[str, Any]) -> str:
    titles = {"live": "live alerts (24 h silence)", "hourly": "hourly alarm (no silence)"}
    body: list[Row] = []
    for key, title in titles.items():
        lead = part["lead_time"][key]
        body.append(
            (
                title,
                f"{lead['warned']:.0%}",
                f"{lead['median_hours']:g} ({lead['lower_quartile_hours']:g} to {lead['upper_quartile_hours']:g})",
                *(f"{lead[f'warned_{hour}_hours_before']:.0%}" for hour in (6, 3, 0)),
            )
        )
    columns = ("", "warned", "hours before onset, median (quartiles)", "≥ 6 h before", "≥ 3 h", "before onset")
    return markdown(columns, body) + (
        "\n\nWarned: with an alarm from 24 h before to 3 h after onset; shares are of all septic patients."
    )


def _calibration(part: Mapping[str, Any]) -> str:
    found = part["calibration"]
    perfect, spread = found["perfect"], found["interval"]

    def between(one: Mapping[str, float]) -> str:
        return f"{one['low']:.3f} to {one['high']:.3f}"

    body: list[Row] = [
        ("slope", f"{found['slope']:.3f}", between(spread["slope"]), between(perfect["slope"])),
        ("intercept", f"{found['intercept']:.3f}", "", ""),
        ("error (10 equal-count bins)", f"{found['ece']:.4f}", "", f"up to {perfect['ece']['high']:.4f}"),
        ("Brier score", f"{found['brier']:.4f}", "", ""),
    ]
    for i, ratio in enumerate(found["observed_expected_top_twentieths"]):
        key = "observed_expected_top_twentieths"
        title = f"observed/expected, twentieth {i + 1} from the top"
        body.append((title, f"{ratio:.2f}", between(spread[key][i]), between(perfect[key][i])))
    text = markdown(("", "measured", "95 % over patients", "perfect models of this size"), body)
    if "recalibration" in part:
        again = part["recalibration"]
        text += (
            f"\n\nRecalibrated on {again['patients']} patients of this hospital (intercept, and slope shrunk to 1: "
            f"`ray_jobs/risk/evaluation/calibration.py`), {again['draws']} draws, measured on the others: slope "
            f"{again['slope_median']:.2f} ({between(again['slope'])}), before {again['slope_before']:.2f}; "
            f"observed/expected {again['observed_expected_median']:.2f} ({between(again['observed_expected'])})."
        )
    return text


def _groups(part: Mapping[str, Any]) -> str:
    event = "septic_patients" if "septic_patients" in part else "deaths"
    keys = [key for key in GROUPED if any(key in one for by in part["groups"].values() for one in by.values())]
    columns = ("", "patients", event.replace("_", " "), *(GROUPED[key] for key in keys), "observed/expected")
    body: list[Row] = []
    for by, members in part["groups"].items():
        for name, one in members.items():
            cells = (interval_text(one[key]) if key in one else "" for key in keys)
            body.append(
                (f"{by}: {name}", f"{one['patients']:,}", str(one[event]), *cells, f"{one['observed_expected']:.2f}")
            )
    return markdown(columns, body)


def _conformal(part: Mapping[str, Any]) -> str:
    def row(title: str, found: Mapping[str, float]) -> Row:
        keys = ("positives_covered", "negatives_covered", "undecided", "empty")
        return (title, *("" if math.isnan(found[key]) else f"{found[key]:.1%}" for key in keys))

    body = [row("all", part["conformal"])]
    for by, members in part["groups"].items():
        body += [row(f"{by}: {name}", one["conformal"]) for name, one in members.items()]
    columns = ("", 'with the outcome, "yes" in the set', 'without, "no" in the set', "undecided (both)", "empty")
    said = f"Label-conditional sets at level {part['conformal']['level']:g}: covered should be about as much."
    return f"{said}\n\n{markdown(columns, body)}"


def _folds(part: Mapping[str, Any]) -> str:
    body: list[Row] = [
        (key, f"{one['mean']:.3f}", f"{one['deviation']:.3f}", numbers_text(one["folds"]))
        for key, one in part["folds"].items()
    ]
    said = "Inner folds, each forecast by members that did not see it; thresholds were chosen on all five together."
    return f"{said}\n\n{markdown(('', 'mean', 'deviation', 'folds'), body)}"


def _comparators(part: Mapping[str, Any]) -> str:
    scores = part["comparators"]
    body: list[Row] = []
    for key, title in COMPARED.items():
        if key in part and all(key in one for one in scores.values()):
            body.append((title, interval_text(part[key]), *(interval_text(one[key]) for one in scores.values())))
    names = (f"{_score_title(name, part)} ≥ {one['threshold']:g}" for name, one in scores.items())
    return markdown(("", "model", *names), body)


def _score_title(name: str, part: Mapping[str, Any]) -> str:
    # The stays of 2012 have a coma score: there NEWS2 is with consciousness.
    return "NEWS2" if name == "news2" and "deaths" in part else SCORES[name]
